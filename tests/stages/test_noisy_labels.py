"""Trained models that label texts, and that look for label errors; a backbone of one layer, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from support import TINY, Command, Said

TERMS = ("ataxia", "gout", "lupus")
QUICK = [word for word in TINY if not word.startswith("source.")]
VERBS = ("was found in the first visit", "returned in a cold winter", "had gone by then", "came late in life")
MINE = (
    "dataset=terms",
    "dataset.units=terms.txt",
    "dataset.entity_type=Disease",
    "generation.per_request=4",
    "size=n4",
)


def recorded(term: str) -> str:
    completion = "\n".join(f"{number}. Case {number}: {term} {verb}." for number, verb in enumerate(VERBS, 1))
    prompt = render(named_prompt("sentences"), {"n": 4, "entity": term})
    return json.dumps({"id": f"mine/sentences/{term}#0", "prompt": prompt, "completion": completion})


class Trainings:
    """Trainings in a folder, with the tiny backbone."""

    def __init__(self, clinsynth: Command, folder: Path, backbone: Path) -> None:
        self.clinsynth, self.folder = clinsynth, folder
        self.words = (*MINE, "size=n4", "llm.recordings=[mine.jsonl]", f"backbone.name_or_path={backbone}", *QUICK)

    def __call__(self, *words: object) -> Said:
        return self.clinsynth("train", *self.words, *words)

    @property
    def summary(self) -> dict[str, Any]:
        """That of the job that ran last."""
        path = max(self.folder.glob("outputs/train/*/summary.json"), key=lambda path: path.stat().st_mtime)
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def rows(self, name: str = "examples") -> list[dict[str, Any]]:
        """Those of the corpus of the job that ran last."""
        (folder,) = self.folder.glob(f"artifacts/corpus-*-{self.summary['corpus']}")
        return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def train(with_store: Path, clinsynth: Command, tiny_bert: Path) -> Trainings:
    (with_store / "terms.txt").write_text("\n".join(TERMS) + "\n", encoding="utf-8")
    (with_store / "mine.jsonl").write_text("\n".join(map(recorded, TERMS)) + "\n", encoding="utf-8")
    return Trainings(clinsynth, with_store, tiny_bert)


def test_models_label_the_texts_of_the_next_one(train: Trainings) -> None:
    """By the mean of what they say; a text of which they are not sure enough is rejected, and says so."""
    for seed in (0, 1):
        assert train("annotator=gazetteer", f"seed={seed}").status == 0
    folders = [str(folder) for folder in train.folder.glob("artifacts/model-*")]
    assert train("annotator=model", f"annotator.model=[{','.join(folders)}]").status == 0
    rows, corpus = train.rows(), train.summary["corpus"]
    assert len(rows) == 12
    assert all(len(row["word_confidences"]) == len(row["tokens"]) for row in rows)
    assert all(row["confidence"] == min(row["word_confidences"]) > 0 for row in rows)
    assert {row["confidence_of"] for row in rows} == {"model"}
    assert "confidence of the model in the labels of 12 texts: mean" in train.clinsynth("show", f"corpus={corpus}").out
    assert train.clinsynth("export", f"corpus={corpus}", "to=out").status == 0
    card = (train.folder / "out" / "README.md").read_text(encoding="utf-8")
    assert "`confidence`: the probability that a trained model gives to the label that it is least sure of" in card
    assert "LLM gave to the labels" not in card
    by_models = ("annotator=model", f"annotator.model=[{','.join(folders)}]", "llm.recordings=[mine.jsonl]")
    assert f"corpus={corpus}" in train.clinsynth("generate", *MINE, *by_models).out  # which is the command for it
    least = sorted(row["confidence"] for row in rows)
    said = train("annotator=model", f"annotator.model=[{','.join(folders[::-1])}]", "trainer.weights=confidence")
    assert said.status == 0
    assert train.summary["corpus"] == corpus  # whose order does not count
    assert (
        train("annotator=model", f"annotator.model=[{','.join(folders)}]", f"annotator.threshold={least[6]}").status
        == 0
    )
    assert len(train.rows()) == sum(one >= least[6] for one in least)
    rejected = train.rows("rejected")
    assert {row["reason"] for row in rejected} == {"unsure"}
    assert len(rejected) + len(train.rows()) == 12


def test_models_label_words_alike_in_all_texts(train: Trainings) -> None:
    """Where they are unsure: then all places of the words decide, and are as sure as that."""
    assert train("annotator=gazetteer").status == 0
    model = f"annotator.model={train.summary['model']}"
    assert train("annotator=model", model).status == 0
    plain = train.rows()
    assert train("annotator=model", model, "annotator.alike=corpus").status == 0
    alike = train.rows()
    assert [row["tokens"] for row in plain] == [row["tokens"] for row in alike]
    others = [
        (old, new)
        for before, after in zip(plain, alike, strict=True)
        for old, new in zip(before["word_confidences"], after["word_confidences"], strict=True)
        if old != new
    ]
    assert others
    assert all(new >= 0.5 for _, new in others)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["annotator=model"], "annotator.model: model=latest: there is no model"),
        (["annotator=model", "annotator.model=null"], "annotator=model labels texts with a trained model, and none is"),
        (["annotator=gazetteer", "annotator.model=latest"], "annotator=gazetteer, which has no model"),
        (["annotator.alike=corpus"], "annotator.alike=corpus is of annotator=model; with annotator=gazetteer leave it"),
        (["annotator=model", "annotator.alike=page"], "annotator.alike=page is out of range: it has to be null,"),
        (["quality.folds=13", "quality.label_errors=drop"], "quality.folds=13 are more parts than the 12 examples"),
        (["backbone.head=span", "quality.label_errors=drop"], "has no probabilities of the labels of a word"),
    ],
)
def test_what_cannot_be_is_said(train: Trainings, words: list[str], said: str) -> None:
    found = train("annotator=gazetteer", *words)
    assert found.status == 2
    assert said in " ".join(found.err.split())


@pytest.mark.parametrize("how", ["drop", "relabel", "review"])
def test_label_errors_are_found_and_told(train: Trainings, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinsynth.corpora import cleaned
    from clinsynth.quality.label_errors import Doubt

    monkeypatch.setattr(cleaned, "find_label_errors", lambda rows, targets, separately: [Doubt(4, 3, 1, 0, 0.97)])
    assert train("annotator=gazetteer", f"quality.label_errors={how}", "quality.folds=2").status == 0
    rows, rejected = train.rows(), train.rows("rejected")
    doubted = " is B-Disease, and a model of the other examples says O (0.97)"
    show = train.clinsynth("show", f"corpus={train.summary['corpus']}")
    assert show.status == 0
    if how == "review":
        (doubt,) = [row["doubt"] for row in rows if "doubt" in row]
        assert doubt.endswith(doubted)
        assert "doubt: 1" in show.out
        assert train.clinsynth("review", "review.n=1", f"corpus={train.summary['corpus']}").status == 0
        (items,) = train.folder.glob("reviews/*/items.jsonl")
        (item,) = [json.loads(line) for line in items.read_text(encoding="utf-8").splitlines()]
        assert item["text"] == next(row["text"] for row in rows if "doubt" in row)
    else:
        reason = {"drop": "label_error", "relabel": "relabelled"}[how]
        assert [row["reason"] for row in rejected] == [reason]
        assert rejected[0]["detail"].endswith(doubted)
        assert len(rows) == (11 if how == "drop" else 12)
        assert f"{reason}: 1" in show.out
