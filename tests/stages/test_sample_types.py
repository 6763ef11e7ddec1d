"""The sample dataset of several types, from its assets alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from support import TINY, Command, Rows, rows, summary

TYPES = {"Problem", "Treatment", "Test"}


def entity_types(examples: Rows) -> Counter[str]:
    return Counter(tag[2:] for row in examples for tag in row["tags"] if tag.startswith("B-"))


def test_notes_of_three_types_are_learnt_from_gold_and_synthetic_ones(
    clinsynth: Command, with_store: Path, tiny_bert: Path
) -> None:
    said = clinsynth(
        *("train", "dataset=sample_types", "source=augmented", "annotator=llm", "size=n5", *TINY),
        *("source.examples=null", f"backbone.name_or_path={tiny_bert}", "backbone.lr=0.001"),
    )
    assert said.status == 0, said.err
    assert "24 of 116 units are recorded" in said.out
    (corpus,) = with_store.glob("artifacts/corpus-*")
    examples = rows(corpus / "examples.jsonl")
    assert len(examples) == 120
    assert entity_types(examples) == {"Problem": 87, "Treatment": 84, "Test": 66}
    assert {row["unit"].partition(":")[0] for row in examples} == TYPES


def test_all_types_are_asked_for_at_once_in_zero_shot(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("zero_shot", "dataset=sample_types")
    assert said.status == 0, said.err
    assert "40 of 40 questions are answered: 40.0% clean, 60.0% repaired, 0.0% unusable" in said.out
    assert round(summary(with_store)["test/f1"], 3) == 0.844
