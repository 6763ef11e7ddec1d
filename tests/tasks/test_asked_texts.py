"""Real texts of the tasks that label a whole text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.stages import resolving
from clinsynth.task import Shot, Task
from clinsynth.tasks.asked_texts import voted_label
from clinsynth.tasks.classes.examples import Classified
from clinsynth.types import Completion
from support import Command, Composed, MockServer, examples, writing

NOBODY = Completion("", "", "", "stop")
CASES = [
    ("sample_relation", "@GENE$ raises the risk of @DISEASE$.", "Yes", "Yes"),
    ("sample_classes", None, "{second}", "{second}"),
    ("sample_asd", "He lines up his cars all day.", "B1; A1", "A1, B1"),
]


class Shown:
    def __init__(self, shot: Shot) -> None:
        self.rows, self.characters = [shot], 0

    def shown(self, texts: object) -> list[Shot]:
        return self.rows


def opened(composed: Composed, dataset: str) -> tuple[Task, Any]:
    settings = resolving.complete(composed("generate", f"dataset={dataset}", "material=texts", "annotator=llm"))
    task = tasks.open(settings.dataset)
    return task, resolving.load_gold(settings.dataset, paths=settings.paths)


@pytest.mark.parametrize(("dataset", "text", "answer", "label"), CASES, ids=lambda value: str(value)[:12])
def test_a_text_is_asked_about_as_zero_shot_asks(
    dataset: str, text: str | None, answer: str, label: str, composed: Composed
) -> None:
    task, gold = opened(composed, dataset)
    assert task.real is not None
    example, answer = gold.train[0], answer.replace("{second}", task.labels[1])
    writer = task.real.writer([task.real.bare(example)], per_request=1)
    (draft,), _ = writer.parse(NOBODY, unit="texts-0000", replicate=0)
    asked = writing(annotator="llm", label_prompt=task.asker.prompt, shots=Shown(Shot(1, gold.train[1])))
    request = writer.label_request([draft], completion=NOBODY, writing=asked)
    assert request is not None
    assert [turn["role"] for turn in request.messages] == ["user", "assistant", "user"]
    assert request.messages[2]["content"] == task.asker.question(example, prompt=task.asker.prompt)
    assert request.messages[1]["content"] == task.asker.answer(gold.train[1])
    assert request.evidence["shots"] == [1]
    said = Completion("", "m", answer, "stop")
    (found,), rejected = writer.annotate([draft], annotator="llm", lexicon=(), answer=said)
    assert (found.example.label, found.example.text) == (label.replace("{second}", task.labels[1]), example.text)
    assert rejected == []
    unreadable = Completion("", "m", "", "stop")
    assert writer.annotate([draft], annotator="llm", lexicon=(), answer=unreadable)[1][0].reason == "labels_unreadable"
    assert task.vote is not None
    assert task.vote([found.example, found.example]) == (found.example, 1)


def test_the_label_that_most_answers_give_has_its_share_of_them() -> None:
    one, other, third = (Classified("A text.", label) for label in ("a", "b", "c"))
    assert voted_label([one, other, other]) == (other, 2 / 3)
    assert voted_label([one, other, third]) == (one, 1 / 3)


@pytest.mark.parametrize("dataset", ["sample_relation", "sample_asd"])
def test_a_text_is_as_sure_as_its_answer(dataset: str, composed: Composed) -> None:
    task, gold = opened(composed, dataset)
    assert task.real is not None
    writer = task.real.writer([task.real.bare(gold.train[0])], per_request=1)
    (draft,), _ = writer.parse(NOBODY, unit="texts-0000", replicate=0)
    answer = task.asker.answer(gold.train[0])
    for said, sure in (((), None), (((len(answer), -0.5),), pytest.approx(0.6065, abs=1e-4))):
        completion = Completion("", "m", answer, "stop", logprobs=said)
        (found,), _ = writer.annotate([draft], annotator="llm", lexicon=(), answer=completion)
        assert found.draft.confidence == sure


def test_texts_without_a_marker_are_named(composed: Composed, tmp_path: Path) -> None:
    task, _ = opened(composed, "sample_relation")
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "@GENE$ and @DISEASE$."}\n{"text": "@GENE$ alone."}\n', encoding="utf-8")
    assert task.real is not None
    with pytest.raises(DataFormatError, match=r"mine.jsonl:2: @DISEASE\$ stands 0 times"):
        task.real.read(path, column="text")


@pytest.mark.parametrize("dataset", ["sample_asd", "sample_classes"])
def test_a_lexicon_has_no_labels_of_whole_texts(dataset: str, composed: Composed) -> None:
    with pytest.raises(ConfigError, match="has to be llm or model with material=texts"):
        resolving.complete(composed("generate", f"dataset={dataset}", "material=texts", "annotator=gazetteer"))


def test_pairs_are_labelled_and_paid_for_once(clinsynth: Command, with_store: Path, server: MockServer) -> None:
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "dataset=sample_relation", "material=texts")
    said = clinsynth("generate", *live, "annotator=llm", "texts.number=10")
    found = examples(said, with_store)
    assert {row["label"] for row in found} <= {"Yes", "No"}
    assert len(found) + said.out.count("near_duplicate") >= 9
    asked = server.asked()["requests"]
    assert asked == 10
    assert clinsynth("generate", *live, "annotator=llm", "texts.number=12").status == 0
    assert server.asked()["requests"] == 12


def test_votes_are_kept_as_confidences(clinsynth: Command, with_store: Path, server: MockServer) -> None:
    live = ("dataset=sample_relation", "material=texts", "llm=local", "llm.model=m", f"llm.base_url={server.url}")
    asked = (*live, "llm.trusted=true", "annotator=llm", "annotator.passes=3", "llm.temperature=0.5")
    said = clinsynth("generate", *asked, "texts.number=4")
    found = examples(said, with_store)
    assert server.asked()["requests"] == 12
    assert [row["confidence"] in (2 / 3, 1.0) for row in found] == [True] * 4
    assert "confidence of the LLM's passes, by their votes in the labels of 4 texts" in said.out


@pytest.mark.parametrize(("dataset", "number"), [("sample_classes", 20), ("sample_asd", 160)])
def test_a_trained_model_labels_texts(
    dataset: str, number: int, clinsynth: Command, with_store: Path, tiny_bert: Path
) -> None:
    words = (f"dataset={dataset}", f"backbone.name_or_path={tiny_bert}", "trainer.epochs=1", "trainer.min_steps=0")
    assert clinsynth("train", *words, "source=original", f"source.examples={number}").status == 0
    (model,) = with_store.glob("artifacts/model-*")
    own = ("material=texts", "texts.number=8", "annotator=model", f"annotator.model={model}")
    found = examples(clinsynth("generate", *words[:1], *own), with_store)
    assert all("label" in row or "labels" in row for row in found)
    assert len(found) == 8
    assert all(row["confidence_of"] == "model" and "word_confidences" not in row for row in found)
    assert clinsynth("train", *words, *own, "trainer.weights=confidence").status == 0
