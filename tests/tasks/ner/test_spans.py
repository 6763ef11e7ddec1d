"""The head for spans: what it scores, and that it learns mentions that lie in each other, as a tagger cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from clinsynth import tasks
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner
from clinsynth.learning.encoder.opening import open_model
from clinsynth.learning.learner import Opening, Student
from clinsynth.tasks.ner.config import EntityType, NerDataset
from clinsynth.tasks.ner.counts import count
from clinsynth.tasks.ner.spans import SIZE, WIDEST, found_spans, outputs_of, span_logits, targets
from clinsynth.text.entities import Sentence, Span
from support import Composed

TYPES = ["X", "Y"]


def said(words: int, *scored: tuple[Span, float]) -> Any:
    """What the layer says of words where these spans have these scores, and all others a low one."""
    rows = np.zeros((words, len(TYPES), 2 * SIZE + 1 + WIDEST), dtype=np.float32)
    rows[..., 2 * SIZE + 1 :] = -20
    for span, score in scored:
        rows[span.start, TYPES.index(span.label), 2 * SIZE + span.end - span.start] = score
    return rows.reshape(words, outputs_of(len(TYPES)))


def test_a_score_is_of_beginning_end_and_width() -> None:
    torch.manual_seed(0)
    words = torch.randn(5, outputs_of(len(TYPES)))
    found = span_logits(words)
    assert found.shape == (5, WIDEST, len(TYPES))
    parts = words.reshape(5, len(TYPES), -1)
    begin, end = parts[1, 1], parts[3, 1]
    expected = begin[:SIZE] @ end[SIZE : 2 * SIZE] + end[2 * SIZE] + begin[2 * SIZE + 1 + 2] - 4.0
    assert found[1, 2, 1] == pytest.approx(float(expected), abs=1e-4)
    assert found.isfinite().sum() == len(TYPES) * 15
    assert span_logits(words[None]).equal(found[None])


def test_spans_lie_in_each_other_and_cross_no_likelier_one() -> None:
    outer, inner, crossing = Span(0, 4, "X"), Span(1, 2, "Y"), Span(3, 6, "X")
    spans, scores = found_spans(said(6, (outer, 9.0), (inner, 6.0), (crossing, 5.0)), types=TYPES)
    assert spans == [outer, inner]
    assert scores == pytest.approx([1 / (1 + np.exp(-5.0)), 1 / (1 + np.exp(-2.0))])
    assert found_spans(said(6, (outer, 3.9)), types=TYPES) == ([], [])
    assert found_spans(said(0), types=TYPES) == ([], [])


def test_targets_are_the_spans_of_a_window() -> None:
    spans = [Span(0, 2, "X"), Span(4, 6, "Y"), Span(5, 6, "X"), Span(6, 8, "X"), Span(0, 20, "X")]
    assert targets(spans, words=[3, 4, 5, 6], types=TYPES) == [(1, 1, 1), (2, 0, 0)]
    assert targets(spans, words=range(20), types=TYPES)[-1] == (6, 1, 0)


NOUNS = ["breast", "ovary", "colon", "lung"]


def nested() -> tuple[Sentence, ...]:
    """A cancer is a disease, with an organ in it."""
    found = []
    for noun in NOUNS:
        found.append(Sentence(("no", noun, "cancer", "today"), (Span(1, 2, "Organ"), Span(1, 3, "Disease"))))
        found.append(Sentence(("the", noun, "was", "well"), (Span(1, 2, "Organ"),)))
        found.append(Sentence(("cancer", "of", "the", noun), (Span(0, 4, "Disease"), Span(3, 4, "Organ"))))
    return tuple(found)


@pytest.fixture
def learnt(tiny_student: Callable[..., Student]) -> Callable[[str], Student]:
    def fit(head: str) -> Student:
        dataset = NerDataset("mine", "ner", entity_types={"Disease": EntityType(), "Organ": EntityType()})
        student = tiny_student(dataset, nested(), epochs=25, lr=5e-3, head=head)
        student.fit(report=lambda measured: None)
        return student

    return fit


def test_nested_mentions_are_learnt_by_the_head_for_spans_alone(
    learnt: Callable[[str], Student], tmp_path: Path
) -> None:
    examples = nested()
    whole = 5 * len(NOUNS)
    assert count(examples, learnt("token").predict(examples).predicted).sum(axis=0)[0] <= 3 * len(NOUNS)
    student = learnt("span")
    predicted = student.predict(examples).predicted
    assert count(examples, predicted).sum(axis=0).tolist() == [whole, whole, whole]
    assert all(0.5 <= score <= 1 for sentence in predicted for score in sentence.scores)

    student.save(tmp_path / "model")
    model = open_model(tmp_path / "model", kinds=tasks.kinds(), how=Opening(overlap=0.25, batch_tokens=64))
    (found,) = model.read(["no breast cancer today"])
    assert [(span["text"], span["label"]) for span in found["spans"]] == [
        ("breast", "Organ"),
        ("breast cancer", "Disease"),
    ]
    scores = [span["score"] for span in found["spans"]]
    assert scores == pytest.approx(predicted[0].scores, abs=1e-3)


def test_a_task_without_spans_refuses_the_head(composed: Composed) -> None:
    settings = composed("train", "dataset=sample_relation", "backbone.head=span")
    with pytest.raises(ConfigError, match=r"backbone\.head=span is of ner: relation classifies whole texts"):
        open_learner("encoder").version(tasks.open(settings.dataset), backbone=settings.backbone)


def test_a_head_that_there_is_not_is_refused(composed: Composed) -> None:
    with pytest.raises(ConfigError, match=r"backbone\.head=crf is out of range: it has to be token, word or span"):
        composed("train", "backbone.head=crf")
