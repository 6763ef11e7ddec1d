"""Whether a sentence says that two marked things are related (Tang et al. 2023)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig
from clinsynth.task import Kind, Task
from clinsynth.tasks.relation.config import LABELS, RelationDataset

if TYPE_CHECKING:  # imports torch
    from clinsynth.task import EncoderModel, EncoderReading

DATASET: type[DatasetConfig] = RelationDataset


def kind() -> Kind:
    """Return the parts that need no dataset."""
    from clinsynth.tasks.one_label_rows import OneLabelRows
    from clinsynth.tasks.relation import examples, review, scores

    return Kind(
        "relation",
        examples,
        reviewer=review,
        judge=scores,
        version="relation-1",
        model=_model,
        reading=_reading,
        probabilities=OneLabelRows(_model),
        numbered=True,
    )


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset."""
    from clinsynth.tasks.asked_texts import AskedTexts, voted_label
    from clinsynth.tasks.relation import gold
    from clinsynth.tasks.relation.asker import RelationAsker
    from clinsynth.tasks.relation.writer import RelationWriter

    assert isinstance(dataset, RelationDataset)
    asker, markers = RelationAsker(dataset), tuple(dataset.markers)
    return Task(
        kind(),
        dataset,
        labels=LABELS,
        read_gold=partial(gold.read_relations, dataset=dataset),
        writer=RelationWriter(dataset),
        asker=asker,
        real=AskedTexts(dataset, asker, "relation-2", blank=partial(gold.unlabelled, markers=markers), markers=markers),
        vote=voted_label,
        markers={marker: marker.strip("@$").replace("_", " ").lower() for marker in dataset.markers},
    )


def _model() -> EncoderModel:
    from clinsynth.tasks.relation import model

    return model


def _reading() -> EncoderReading:
    from clinsynth.tasks import one_label_reading

    return one_label_reading
