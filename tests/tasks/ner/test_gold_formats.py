"""Gold of every format that holds entities is the same gold, and is found out by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clinsynth import tasks
from clinsynth.config import FileConfig, FilesConfig
from clinsynth.datasets import open_gold
from clinsynth.files.annotated.formats import FORMATS
from clinsynth.files.annotated.losses import MENTIONS
from clinsynth.files.annotated.rows import to_row
from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.files.annotated.words import word_places
from clinsynth.files.annotated.writing import write_annotated
from clinsynth.learning.learner import Student
from clinsynth.tasks.ner.config import EntityType, NerDataset

NEEDS = {"docbin": "spacy", "xmi": "cassis"}
SUFFIX = {"docbin": ".spacy", "parquet": ".parquet"}
TEXTS = [
    AnnotatedText("Aspirin for acute gout", "1", (Mention(0, 7, "Drug"), Mention(12, 22, "Problem"))),
    AnnotatedText("He has no ataxia", "2", (Mention(10, 16, "Problem"),)),
]


@pytest.mark.parametrize("name", [name for name, known in FORMATS.items() if MENTIONS in known.HOLDS])
def test_every_format_gives_the_same_gold_and_is_learnt(
    name: str, tmp_path: Path, tiny_student: Callable[..., Student]
) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    path = tmp_path / f"mine{SUFFIX.get(name, '')}"
    if name == "datasets":
        datasets = pytest.importorskip("datasets")
        datasets.Dataset.from_list([to_row(text) for text in TEXTS]).save_to_disk(path)
    else:
        write_annotated([replace(text, words=tuple(word_places(text))) for text in TEXTS], path, format=name)
    file = FileConfig(path=str(path))
    types = {"Problem": EntityType(), "Drug": EntityType()}
    dataset = NerDataset(name="mine", task="ner", entity_types=types, files=FilesConfig(train=file, test=file))
    gold = open_gold(tasks.open(dataset), data=tmp_path)
    assert [(found.text, found.tags) for found in gold.train] == [
        ("Aspirin for acute gout", ["B-Drug", "O", "B-Problem", "I-Problem"]),
        ("He has no ataxia", ["O", "O", "O", "B-Problem"]),
    ]
    student = tiny_student(dataset, gold.train, epochs=20, lr=1e-2)
    losses: list[float] = []
    student.fit(report=lambda measured: losses.extend(value for _, value, _ in measured))
    assert losses[-1] < losses[0] / 2
    predicted = student.predict(gold.test).predicted
    assert [found.entities() for found in predicted] == [found.entities() for found in gold.train]
