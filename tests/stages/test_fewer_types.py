"""Corpora of one entity type train a model of two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from support import TINY, Command, Said, rows

FILES = {split: {"path": f"assets:sample_ner/{split}.tsv"} for split in ("train", "test")}


@pytest.fixture
def train(clinsynth: Command, with_store: Path, tiny_bert: Path) -> Any:
    """Trains on a corpus of diseases alone, for a dataset of some types."""
    made = clinsynth("generate", "dataset=sample_ner", "size=n2", "units.max=4", "annotator=seed")
    assert made.status == 0, made.err
    (digest,) = [folder.name.rpartition("-")[2] for folder in with_store.glob("artifacts/corpus-*")]

    def run(*words: str, types: tuple[str, ...] = ("Disease", "Drug")) -> Said:
        told: dict[str, Any] = {"name": "both", "task": "ner", "entity_types": {name: {} for name in types}}
        told |= {"defaults": ["/schema/dataset/ner@_here_"], "files": FILES}
        Path("both.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
        tiny = [word for word in TINY if not word.startswith("source.")]
        given = ("dataset=both.yaml", "source=synthetic", f"source.corpora=[{digest}]", *tiny)
        return clinsynth("train", *given, f"backbone.name_or_path={tiny_bert}", *words)

    return run


def test_types_that_a_corpus_does_not_label_are_masked(train: Any, with_store: Path) -> None:
    said = train()
    assert said.status == 0, said.err
    assert "has no labels of Drug (source.unlabelled=masked)" in said.out
    merged = max(with_store.glob("artifacts/corpus-*"), key=lambda folder: folder.stat().st_mtime)
    examples = rows(merged / "examples.jsonl")
    assert len(examples) == 8
    assert all(row["unlabelled"] == ["Drug"] for row in examples)
    assert "This job is finished" in train().out
    outside = train("source.unlabelled=outside")
    assert outside.status == 0, outside.err
    assert "This job is finished" not in outside.out


def test_a_lexicon_without_terms_of_the_type_finds_nothing(train: Any, with_store: Path) -> None:
    """Gold train has diseases alone."""
    said = train("source.unlabelled=lexicon")
    assert said.status == 0, said.err
    merged = max(with_store.glob("artifacts/corpus-*"), key=lambda folder: folder.stat().st_mtime)
    assert not any("unlabelled" in row for row in rows(merged / "examples.jsonl"))


def test_a_corpus_of_a_type_that_is_not_declared_is_refused(train: Any) -> None:
    said = train("dataset.other_types=ignore", types=("Drug", "Gene"))
    assert said.status == 2
    labels = "is a corpus for ner with the labels O, B-Disease, I-Disease; both is ner with O, B-Drug"
    assert labels in " ".join(said.err.split())
