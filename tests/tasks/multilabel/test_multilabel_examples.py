from __future__ import annotations

import json

import pytest

from clinsynth.tasks.multilabel import examples
from clinsynth.tasks.multilabel.gold import Note


def test_how_many_texts_each_label_holds_for_is_told() -> None:
    notes = [Note("a", ("B", "A")), Note("b", ("A",)), Note("c", ()), Note("d", ())]
    assert examples.statistics(notes) == {"labels per text": 0.75, "A": 2, "B": 1, "none": 2}
    assert examples.statistics([]) == {"labels per text": 0}


@pytest.mark.parametrize("note", [Note("a", ("B", "A"), weight=0.25), Note("b ’ é", ()), Note("c", ("A",))])
def test_a_corpus_line_is_read_back(note: Note) -> None:
    row = {"unit": "A", "replicate": 0, "index": 3} | note.to_json()
    assert examples.from_json(json.loads(json.dumps(row))) == note


def test_words_are_split_as_gold_is() -> None:
    assert examples.words(Note("He's non-verbal.", ())) == ["He", "'", "s", "non", "-", "verbal", "."]


def test_counts_that_are_reported() -> None:
    notes = [Note("a", ("B4", "A2")), Note("b", ("A10",)), Note("c", ()), Note("d", ("B4", "A2"))]
    assert examples.describe(notes) == {"texts": 4, "A10": 1, "A2": 2, "B4": 2, "none": 1}
    assert examples.describe([]) == {"texts": 0, "none": 0}
