"""Folders of BRAT."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.texts import AnnotatedText

TEXT = "Left and right renal failure,\r\ntreated with aspirin."
ANN = """T1\tProblem 0 4;15 28\tLeft renal failure
T2\tProblem 9 28\tright renal failure
T3\tTreatment 44 51\taspirin
R1\tTreats Arg1:T3 Arg2:T2\t
A1\tNegated T1
A2\tCertainty T2 high
N1\tConcept T3 UMLS:C0004057\taspirin
E1\tTreatment:T3 Theme:T2
#1\tAnnotatorNotes T1\tsure?
"""


def folder(root: Path, *, text: str = TEXT, ann: str = ANN, name: str = "a/note") -> Path:
    path = root / "notes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".txt").write_bytes(text.encode())
    path.with_suffix(".ann").write_text(ann, encoding="utf-8")
    return root / "notes"


def test_entities_relations_and_attributes_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = folder(tmp_path)
    (notes / "README.txt").write_text("about", encoding="utf-8")
    (text,) = read_annotated(notes)
    assert (text.id, text.text) == ("a/note", TEXT)
    assert [(text.covered(found), found.type, found.id) for found in text.mentions] == [
        ("Left renal failure", "Problem", "T1"),
        ("right renal failure", "Problem", "T2"),
        ("aspirin", "Treatment", "T3"),
    ]
    assert text.mentions[0].parts == ((0, 4), (15, 28))
    assert [found.attributes for found in text.mentions] == [
        {"Negated": "true"},
        {"Certainty": "high"},
        {"Concept": "UMLS:C0004057"},
    ]
    assert [(link.type, link.head, link.tail) for link in text.links] == [("Treats", "T3", "T2")]
    said = capsys.readouterr().out
    assert "read as brat (format=brat)" in said
    assert "1 events, 1 notes, 1 texts (.txt) without an .ann" in said


@pytest.mark.parametrize("start", [44, 43], ids=["two characters", "one"])
def test_a_line_end_of_windows_counts_as_the_words_tell(start: int, tmp_path: Path) -> None:
    (text,) = read_annotated(folder(tmp_path, ann=f"T1\tTreatment {start} {start + 7}\taspirin\n"))
    assert (text.mentions[0].start, text.covered(text.mentions[0])) == (44, "aspirin")


def test_one_annotation_file_is_read_alone(tmp_path: Path) -> None:
    folder(tmp_path, name="a/other")
    (text,) = read_annotated(folder(tmp_path) / "a" / "note.ann")
    assert isinstance(text, AnnotatedText)
    assert text.id == "note"


@pytest.mark.parametrize(
    ("ann", "said"),
    [
        ("T1\tProblem 0 99\tLeft", r"note.ann:1: a mention from 0 to 99, beyond its text, which has 52 characters"),
        ("T1\tProblem 0 4\tLeft\nT2\tProblem 0 4\tRight", r"note.ann:2: .* the text says 'Left', and not 'Right'"),
        ("T1\tProblem 0 4\tLeft\nR1\tOf Arg1:T1 Arg2:T9\t", r"note.ann: the relation R1 names the entity T9"),
        ("T1 Problem 0 4 Left", r"note.ann:1: 'T1 Problem 0 4 Left' is no line of BRAT's"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(ann: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=said):
        read_annotated(folder(tmp_path, ann=ann))


def test_annotations_without_their_text_are_refused(tmp_path: Path) -> None:
    notes = folder(tmp_path)
    (notes / "a" / "note.txt").unlink()
    with pytest.raises(DataFormatError, match=r"note.ann has no text beside it: note.txt is missing"):
        read_annotated(notes)
