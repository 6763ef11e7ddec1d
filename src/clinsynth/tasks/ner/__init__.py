"""Named entities of one type or several (Tang et al. 2023)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig
from clinsynth.task import Kind, Task
from clinsynth.tasks.ner.config import NerDataset

if TYPE_CHECKING:  # imports torch
    from clinsynth.task import EncoderModel, EncoderReading

DATASET: type[DatasetConfig] = NerDataset


def kind() -> Kind:
    """Return the parts that need no dataset."""
    from clinsynth.tasks.ner import examples, review, scores

    return Kind("ner", examples, reviewer=review, judge=scores, model=_model, reading=_reading)


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset."""
    from clinsynth.tasks.ner import gold
    from clinsynth.tasks.ner.asker import NerAsker
    from clinsynth.tasks.ner.writer import NerWriter

    assert isinstance(dataset, NerDataset)
    return Task(
        kind(),
        dataset,
        labels=dataset.labels,
        read_gold=partial(gold.read_sentences, dataset=dataset),
        read_path=partial(gold.read_path, dataset=dataset),
        writer=NerWriter(dataset),
        asker=NerAsker(dataset),
        meanings=dataset.meanings,
    )


def _model() -> EncoderModel:
    from clinsynth.tasks.ner import model

    return model


def _reading() -> EncoderReading:
    from clinsynth.tasks.ner import inference

    return inference
