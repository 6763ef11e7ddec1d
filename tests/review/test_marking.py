from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.review import label_studio
from clinsynth.review.folder import Review, ReviewItem, Subject
from clinsynth.review.forms import instructions
from clinsynth.review.marking import COLOURS, colours, legend, marked, styles

LABELS = ("O", "B-Problem", "I-Problem", "B-Test", "I-Test")
REVIEW = Review(Subject.corpus, "toy", "0" * 12, "ner", LABELS, {"Test": "an examination"}, blind=False, seed=0)
TEXT = "ECG for chest pain."


def test_types_share_the_colours_in_turn() -> None:
    found = colours(str(number) for number in range(len(COLOURS) + 1))
    assert found["0"] == found[str(len(COLOURS))] == 0
    assert styles().count("light-dark(") == len(COLOURS)


def test_people_are_told_how_types_are_written() -> None:
    assert "such as `ataxia (Problem)`; types are Problem; Test (an examination)" in instructions(REVIEW)


def exported(tmp_path: Path, *marks: tuple[int, int, list[str]]) -> Path:
    result: list[dict[str, Any]] = [
        {"from_name": "mentions", "value": {"start": start, "end": end, "labels": labels}}
        for start, end, labels in marks
    ]
    path = tmp_path / "export.json"
    task = {"data": {"id": "a", "text": TEXT}, "annotations": [{"completed_by": 1, "result": result}]}
    label_studio.write_whole(path, label_studio.json.dumps([task]))
    return path


def test_label_studio_has_a_colour_a_type_and_brings_types_back(tmp_path: Path) -> None:
    shown = label_studio.config(REVIEW)
    assert f'<Label value="Problem" background="{COLOURS[0][0]}"/><Label value="Test" background' in shown
    path = exported(tmp_path, (8, 18, ["Problem"]), (0, 3, ["Test"]))
    (found,) = label_studio.read_export(path, REVIEW)
    assert found.answer == "ECG (Test) | chest pain (Problem)"
    with pytest.raises(DataFormatError, match="a mark is labelled 'Drug', which is none of Problem, Test"):
        label_studio.read_export(exported(tmp_path, (0, 3, ["Drug"])), REVIEW)


def test_items_are_marked_in_their_colours() -> None:
    item = ReviewItem("a", TEXT, "", "", [{"start": 0, "end": 3, "label": "Test"}], {})
    kinds = colours(("Problem", "Test"))
    assert marked(item.text, item.entities, kinds).startswith('<mark class="l1" title="Test">ECG</mark> for')
    assert legend(kinds) == '<mark class="l0">Problem</mark> <mark class="l1">Test</mark>'
