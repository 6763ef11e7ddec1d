"""Tests of what gives something away, all the way: what is asked, found, logged, and not done twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import clinsynth as package
from clinsynth.analysis import canaries
from clinsynth.config import SourceName
from clinsynth.stages import train
from clinsynth.stages.detecting import membership
from support import TINY, Command, Composed, MockServer, Said, digest, examples, gold, rows, sentence, summary

TRAIN = 130
"""Sentences of the sample's train split."""

SECRET = "the house's own"
UNITS = ("APC", "DMD")
RECORDED = Path(package.__file__).parent / "assets" / "recordings" / "ncbi_disease.sentences.jsonl"
Detect = Callable[..., Said]


@pytest.fixture
def llama(cache_home: Path) -> Path:
    from clinsynth.learning.causal.tiny import tiny_llama

    return tiny_llama()


@pytest.fixture
def detect(with_store: Path, clinsynth: Command, llama: Path, monkeypatch: pytest.MonkeyPatch) -> Detect:
    monkeypatch.setenv("HOUSE_MARK", SECRET)
    monkeypatch.setenv("OTHER_MARK", "another")

    def run(*words: object, key: str = "HOUSE_MARK") -> Said:
        return clinsynth("analyse", "detect=watermark", f"llm.model={llama}", f"llm.watermark.key_env={key}", *words)

    return run


def last_summary(folder: Path) -> dict[str, Any]:
    """The summary of the test that ran last."""
    found: dict[str, Any] = json.loads(max(folder.glob("outputs/analyse/*/summary.json")).read_text(encoding="utf-8"))
    return found


def greened(texts: list[str], *, model: Path) -> list[str]:
    """Texts in which each second token is a green one that is a word."""
    from clinsynth.llm.green_lists import GreenLists, open_tokenizer
    from clinsynth.llm.watermark import Watermark

    tokenizer, vocabulary = open_tokenizer(str(model))
    lists = GreenLists(Watermark(SECRET), vocabulary=vocabulary)
    words = [number for number in range(vocabulary) if re.fullmatch(r" [a-z]{3,}", tokenizer.decode([number]))]
    found = []
    for row, text in enumerate(texts):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        for place in range(1, len(ids), 2):
            turned = words[(7 * row + place) % len(words) :] + words
            ids[place] = next(word for word in turned if lists((ids[place - 1], word)))
        found.append(str(tokenizer.decode(ids)))
    return found


def marked_recording(folder: Path, *, model: Path) -> Path:
    """The recorded answers about some units, as if a model that marks had written them."""
    kept = []
    for row in rows(RECORDED):
        unit = row["id"].split("/")[2].partition("#")[0]
        if unit in UNITS:
            lines = greened([line.partition(". ")[2] for line in row["completion"].splitlines()], model=model)
            texts = [f"{number}. The {unit} {' '.join(line.split())}." for number, line in enumerate(lines, 1)]
            kept.append(row | {"completion": "\n".join(texts)})
    path = folder / "marked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    return path


def test_a_marked_corpus_is_found_and_filters_leave_it(detect: Detect, with_store: Path, llama: Path) -> None:
    marked = marked_recording(with_store, model=llama)
    words = ["size=n30", f"units.only=[{','.join(UNITS)}]", "annotator=seed", f"llm.recordings=[{marked}]"]
    said = detect(*words)
    assert said.status == 0, said.err
    found = summary(with_store)
    assert found["watermark/p"] < 1e-9
    assert "Marked with this key" in said.out
    (folder,) = with_store.glob("outputs/analyse/*")
    assert (folder / "watermark.png").read_bytes().startswith(b"\x89PNG")
    assert "| z |" in (folder / "detection.md").read_text(encoding="utf-8")
    middle = sorted(len(row["tokens"]) for row in examples(said, with_store))[int(found["watermark/texts"]) // 2]
    assert detect(*words, f"quality.min_words={middle}").status == 0
    filtered = summary(with_store)
    assert filtered["watermark/texts"] < found["watermark/texts"]
    assert filtered["watermark/p"] < 1e-6
    kept = [path for top in ("mlruns", "outputs") for path in (with_store / top).rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_a_file_is_tested_once_and_by_its_own_key(detect: Detect, with_store: Path, llama: Path) -> None:
    texts = greened([f"She was seen in the clinic for the {n}th time this year" for n in range(40)], model=llama)
    given = "".join(json.dumps({"note": text}) + "\n" for text in texts)
    (with_store / "suspect.jsonl").write_text(given, encoding="utf-8")
    words = ["input=suspect.jsonl", "column=note"]
    assert detect(*words).status == 0
    first = summary(with_store)
    assert first["watermark/p"] < 1e-9
    assert "This was tested" in detect(*words).out
    assert summary(with_store) == first
    said = detect(*words, key="OTHER_MARK")
    assert "No mark of this key is found" in said.out
    assert summary(with_store)["run_key"] != first["run_key"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["llm.watermark.key_env=null"], "needs the secret that the texts may be marked with"),
        (["llm.watermark.key_env=NOWHERE"], "the variable NOWHERE is not set"),
        (["llm.watermark.key_env=my-secret"], "has to be the name of the variable"),
        (["llm.model=null"], "whose tokenizer is opened"),
        (["llm.model=./nowhere", "input=texts.txt"], "has no tokenizer that can be opened"),
        (["input=texts.txt", "corpus=latest"], "test one of them, and then the other"),
        (["input=empty.txt"], "holds no text"),
        (["detect=membership"], "is about a trained model: give model=latest"),
        (["model=latest"], "null but for detect=membership or canaries"),
        (["llm.watermark.share=1.5"], "llm.watermark.share=1.5 is out of range"),
    ],
)
def test_what_is_missing_is_said(detect: Detect, with_store: Path, words: list[str], expected: str) -> None:
    (with_store / "texts.txt").write_text("A text.", encoding="utf-8")
    (with_store / "empty.txt").write_text(" \n", encoding="utf-8")
    said = detect(*words)
    assert said.status == 2
    assert expected in " ".join(said.err.split())
    assert "Traceback" not in said.err


def test_a_model_is_tested_on_what_it_has_learnt(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    said = clinsynth("train", "source=original", f"backbone.name_or_path={tiny_bert}", *TINY)
    assert said.status == 0, said.err
    said = clinsynth("analyse", "detect=membership", "model=latest")
    assert said.status == 0, said.err
    found = last_summary(with_store)
    assert found["membership/members"] == 20
    assert found["membership/loss_auc_low"] < found["membership/loss_auc"] < found["membership/loss_auc_high"]
    assert "AUC by neighbours" in said.out
    (picture,) = with_store.glob("outputs/analyse/*/membership.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "This was tested" in clinsynth("analyse", "detect=membership", "model=latest").out


def test_of_synthetic_text_the_seeds_are_members() -> None:
    train_split = [sentence(f"case/O {n}/O has/O {name}/B") for n, name in enumerate(["gout", "ataxia"] * 12)]
    learnt: Any = SimpleNamespace(
        settings=SimpleNamespace(source=SimpleNamespace(name=SourceName.synthetic)),
        corpus=SimpleNamespace(units=("Gout",)),
        task=SimpleNamespace(dataset=SimpleNamespace(shown_rows=lambda: [1])),
        gold=gold(*train_split),
    )
    sides = membership._sides(learnt, seed=0)
    assert sorted(example.text for example in sides.members) == sorted(
        example.text for row, example in enumerate(train_split) if row == 1 or row % 2 == 0
    )
    assert len(sides.others) == 11


def test_a_detector_judges_a_second_corpus(clinsynth: Command, with_store: Path) -> None:
    relations = digest(clinsynth("generate", "dataset=sample_relation", "size=t60"))
    words = ["detect=synthetic", "size=n2", "units.max=30", f"against={relations[:8]}"]
    said = clinsynth("analyse", *words)
    assert said.status == 0, said.err
    found = last_summary(with_store)
    assert 0.5 < found["detector/auc"] <= 1
    assert found["detector/against_synthetic"] == 60
    assert "the other corpus: texts, and gold ones" in said.out
    (folder,) = with_store.glob("outputs/analyse/*")
    assert {row["of"] for row in rows(folder / "words.jsonl")} == {"synthetic", "gold"}
    assert (folder / "detector.png").is_file()


def test_the_half_that_looks_most_real_is_trained_on(
    clinsynth: Command, with_store: Path, composed: Composed, tiny_bert: Path
) -> None:
    tiny = [word for word in TINY if not word.startswith("source.")]
    words = [
        "source=synthetic",
        "size=n2",
        "units.max=20",
        "annotator=seed",
        f"backbone.name_or_path={tiny_bert}",
        *tiny,
    ]
    said = clinsynth("train", *words, "source.realistic=0.5")
    assert said.status == 0, said.err
    found = summary(with_store)
    whole, half = re.findall(r"(\d+) of (\d+) examples look most like gold train", said.out)[0][::-1]
    assert found["examples"] == int(half) == round(int(whole) / 2)
    keys = {train.planned(composed("train", *words, *more))[1] for more in ([], ["source.realistic=0.5"])}
    assert found["run_key"] in keys
    assert len(keys) == 2
    refused = clinsynth("train", "source=original", "source.realistic=0.5")
    assert "null with source=original" in " ".join(refused.err.split())


def test_canaries_are_found_where_they_came_out(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    tiny = [word for word in TINY if not word.startswith("source.")]
    planted = "privacy.canaries=4"
    said = clinsynth("train", "source=original", f"backbone.name_or_path={tiny_bert}", *tiny, planted)
    assert said.status == 0, said.err
    assert summary(with_store)["examples"] == TRAIN + 4
    code = canaries.codes(4, seed=0)[2]
    (with_store / "answers.jsonl").write_text(json.dumps({"text": f"It was {code[:4]} {code[4:]}."}), encoding="utf-8")
    said = clinsynth("analyse", "detect=canaries", planted, "input=answers.jsonl", "model=latest")
    assert said.status == 0, said.err
    found = last_summary(with_store)
    assert (found["canaries/planted"], found["canaries/input"], found["canaries/corpora"]) == (4, 1, 0)
    assert 0 <= found["canaries/exposure"] <= found["canaries/exposure_possible"]
    assert "Canaries stand in input" in said.out
    (path,) = with_store.glob("outputs/analyse/*/canaries.jsonl")
    assert rows(path) == [{"canary": f"Canary {code}", "in": "input", "which": "answers.jsonl", "texts": 1}]
    assert "give privacy.canaries=20" in " ".join(clinsynth("analyse", "detect=canaries").err.split())


def test_rows_with_canaries_that_are_shown_are_found_in_requests(
    clinsynth: Command, with_store: Path, server: MockServer
) -> None:
    live = ["llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.api_key_env=null", "size=n1"]
    words = ["units.max=2", "annotator=llm", "annotator.shots=8", "privacy.canaries=150", *live]
    assert clinsynth("generate", *words, "generation.max_attempts=1").status in (0, 1)
    said = clinsynth("analyse", "detect=canaries", "privacy.canaries=150")
    assert said.status == 0, said.err
    assert last_summary(with_store)["canaries/requests"] >= 1
    assert "Canaries stand in requests" in said.out
