"""Classifiers as annotators: one row of probabilities a text."""

from __future__ import annotations

import numpy as np
import pytest

from clinsynth import tasks
from clinsynth.tasks.classes.examples import Classified
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


def test_tasks_of_several_labels_a_text_have_none() -> None:
    assert tasks.kind("multilabel").probabilities is None
    assert tasks.kind("ner").with_head("span").probabilities is None
    assert tasks.kind("ner").with_head("word").probabilities is tasks.kind("ner").probabilities
