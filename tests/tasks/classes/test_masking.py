"""Sentences with masked mentions, out of annotated documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.tasks.classes.gold import read_path

DRUGS = "Warfarin and aspirin cause bleeding. Avoid ibuprofen with warfarin.\n"
ENTITIES = """\
T1\tDrug 0 8\tWarfarin
T2\tDrug 13 20\taspirin
T3\tDrug 43 52\tibuprofen
T4\tDrug 58 66\twarfarin
T5\tSign 27 35\tbleeding
"""
RELATIONS = "R1\teffect Arg1:T2 Arg2:T1\nR2\tadvice Arg1:T3 Arg2:T4\n"
CLASSES = {"effect": "e", "advice": "a", "none": "n"}


def read(folder: Path, annotation: str, *, text: str = DRUGS, **keys: object) -> list[tuple[str, str]]:
    (folder / "note.txt").write_text(text, encoding="utf-8")
    (folder / "note.ann").write_text(annotation, encoding="utf-8")
    usual = {"classes": CLASSES, "negative": "none", "markers": ["@A$", "@B$"], "masked": ["Drug", "Drug"]}
    dataset = ClassesDataset(name="mine", task="classes", language="en", **(usual | keys))  # type: ignore[arg-type]
    found = read_path(folder, format=None, encoding=None, columns=None, dataset=dataset)
    return [(example.text, example.label) for example in found]


def test_each_pair_in_a_sentence_is_a_text_of_the_class_of_its_relation(tmp_path: Path) -> None:
    assert read(tmp_path, ENTITIES + RELATIONS) == [
        ("@A$ and @B$ cause bleeding.", "effect"),
        ("Avoid @A$ with @B$.", "advice"),
    ]


def test_a_pair_without_a_relation_is_negative_or_no_text(tmp_path: Path) -> None:
    only = ENTITIES + "R1\teffect Arg1:T2 Arg2:T1\n"
    assert read(tmp_path, only)[1] == ("Avoid @A$ with @B$.", "none")
    assert read(tmp_path, only, negative=None) == [("@A$ and @B$ cause bleeding.", "effect")]


def test_markers_follow_types_and_not_the_text(tmp_path: Path) -> None:
    found = read(tmp_path, ENTITIES + "R1\teffect Arg1:T1 Arg2:T5\n", masked=["Sign", "Drug"])
    assert found == [("@B$ and aspirin cause @A$.", "effect"), ("Warfarin and @B$ cause @A$.", "none")]


def test_relations_between_sentences_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = read(tmp_path, ENTITIES + "R1\teffect Arg1:T1 Arg2:T4\nR2\tadvice Arg1:T3 Arg2:T4\n")
    assert [label for _, label in found] == ["none", "advice"]
    assert "1 of 2 relations or attributes are not of two such mentions in a sentence" in capsys.readouterr().out


@pytest.mark.parametrize("attribute", ["A1\tAssertion T2 absent", "A1\tabsent T2"])
def test_a_marked_mention_has_the_class_of_its_attribute(attribute: str, tmp_path: Path) -> None:
    text = "No fever, but a cough.\n"
    annotation = f"T1\tProblem 16 21\tcough\nT2\tProblem 3 8\tfever\n{attribute}\n"
    keys = {
        "classes": {"present": "p", "absent": "a"},
        "negative": "present",
        "markers": ["@P$"],
        "masked": ["Problem"],
    }
    assert read(tmp_path, annotation, text=text, **keys) == [
        ("No @P$, but a cough.", "absent"),
        ("No fever, but a @P$.", "present"),
    ]


def test_mentions_within_each_other_are_no_pair(tmp_path: Path) -> None:
    annotation = "T1\tDrug 0 8\tWarfarin\nT2\tDrug 0 20\tWarfarin and aspirin\n"
    assert read(tmp_path, annotation) == []


def test_a_relation_of_no_class_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        DataFormatError, match=r"'treats' is no class of mine: dataset\.classes has effect, advice, none"
    ):
        read(tmp_path, ENTITIES + "R1\ttreats Arg1:T1 Arg2:T2\n")
