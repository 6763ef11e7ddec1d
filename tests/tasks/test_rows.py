"""Classifiers as annotators: rows of probabilities a text."""

from __future__ import annotations

import numpy as np
import pytest

from clinsynth import tasks
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation


@pytest.mark.parametrize(
    ("name", "labels", "example"),
    [
        ("relation", ("No", "Yes"), Relation("@GENE$ causes @DISEASE$.", "No")),
        ("classes", ("a", "b"), Classified("A text.", "a")),
    ],
)
def test_the_likeliest_label_is_that_of_the_text(name: str, labels: tuple[str, ...], example: Relation) -> None:
    of = tasks.kind(name).probabilities
    assert of is not None
    rows = of.rows([example], encoded=[None], outputs=[np.array([0.2, 0.8])], labels=labels)
    assert [row.shape for row in rows] == [(1, 2)]
    (found,) = of.read_rows([example], rows=rows, labels=labels)
    assert (found.text, found.label) == (example.text, labels[1])
    assert of.targets(example, labels=labels) == [0]
    assert of.targets(found, labels=labels) == [1]


def test_each_criterion_is_absent_or_present() -> None:
    of, labels, note = tasks.kind("multilabel").probabilities, ("A1", "B2"), Note("A text.", ("A1",), weight=0.5)
    assert of is not None
    rows = of.rows([note], encoded=[None], outputs=[np.array([0.2, 0.8])], labels=labels)
    assert rows[0] == pytest.approx(np.array([[0.8, 0.2], [0.2, 0.8]]))
    (found,) = of.read_rows([note], rows=rows, labels=labels)
    assert (found.text, found.labels, found.weight) == ("A text.", ("B2",), 0.5)
    assert of.targets(note, labels=labels) == [1, 0]
    assert of.called(note, 1, labels=labels) == ("B2", ("absent", "present"))


def test_a_head_that_chooses_no_label_of_a_word_has_none() -> None:
    assert tasks.kind("ner").with_head("span").probabilities is None
    assert tasks.kind("ner").with_head("word").probabilities is tasks.kind("ner").probabilities
