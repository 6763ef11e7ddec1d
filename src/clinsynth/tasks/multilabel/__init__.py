"""Which criteria a text meets, maybe none (Woolsey et al. 2024)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig
from clinsynth.task import Kind, Task
from clinsynth.tasks.multilabel.config import HOLDOUT, MultilabelDataset

if TYPE_CHECKING:  # imports torch
    from clinsynth.task import EncoderModel, EncoderReading

DATASET: type[DatasetConfig] = MultilabelDataset


def kind() -> Kind:
    """Return the parts that need no dataset."""
    from clinsynth.tasks.multilabel import examples, review, rows, scores

    return Kind(
        "multilabel",
        examples,
        reviewer=review,
        judge=scores,
        version="multilabel-1",
        model=_model,
        reading=_reading,
        holdout=HOLDOUT,
        probabilities=rows,
    )


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset."""
    from clinsynth.tasks.asked_texts import AskedTexts
    from clinsynth.tasks.multilabel import gold
    from clinsynth.tasks.multilabel.asker import MultilabelAsker
    from clinsynth.tasks.multilabel.voting import voted
    from clinsynth.tasks.multilabel.writer import MultilabelWriter

    assert isinstance(dataset, MultilabelDataset)
    asker = MultilabelAsker(dataset)
    return Task(
        kind(),
        dataset,
        labels=tuple(dataset.labels),
        read_gold=partial(gold.read_notes, dataset=dataset),
        writer=MultilabelWriter(dataset),
        asker=asker,
        real=AskedTexts(dataset, asker, "multilabel-2", blank=lambda text: gold.Note(text, ())),
        vote=partial(voted, labels=tuple(dataset.labels)),
        meanings=dict(dataset.labels),
    )


def _model() -> EncoderModel:
    from clinsynth.tasks.multilabel import model

    return model


def _reading() -> EncoderReading:
    from clinsynth.tasks.multilabel import inference

    return inference
