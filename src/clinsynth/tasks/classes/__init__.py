"""Which one of several classes a text belongs to: a document's category, how two masked things are related."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig
from clinsynth.task import Kind, Task
from clinsynth.tasks.classes.config import ClassesDataset

if TYPE_CHECKING:  # imports torch
    from clinsynth.task import EncoderModel, EncoderReading

DATASET: type[DatasetConfig] = ClassesDataset


def kind() -> Kind:
    """Return the parts that need no dataset."""
    from clinsynth.tasks.classes import examples, review, scores
    from clinsynth.tasks.one_label_rows import OneLabelRows

    return Kind(
        "classes",
        examples,
        reviewer=review,
        judge=scores,
        version="classes-1",
        model=_model,
        reading=_reading,
        probabilities=OneLabelRows(_model),
    )


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset."""
    from clinsynth.tasks.asked_texts import AskedTexts, voted_label
    from clinsynth.tasks.classes import gold
    from clinsynth.tasks.classes.asker import ClassesAsker
    from clinsynth.tasks.classes.examples import Classified
    from clinsynth.tasks.classes.writer import ClassesWriter

    assert isinstance(dataset, ClassesDataset)
    asker, markers = ClassesAsker(dataset), tuple(dataset.markers)
    return Task(
        kind(),
        dataset,
        labels=tuple(dataset.classes),
        read_gold=partial(gold.read_classified, dataset=dataset),
        writer=ClassesWriter(dataset),
        asker=asker,
        real=AskedTexts(
            dataset,
            asker,
            "classes-2",
            blank=lambda text: Classified(text, "", markers, dataset.negative),
            markers=markers,
        ),
        vote=voted_label,
        markers={marker: marker.strip("@$").replace("_", " ").lower() for marker in dataset.markers},
        meanings=dict(dataset.classes),
        read_path=partial(gold.read_path, dataset=dataset),
    )


def _model() -> EncoderModel:
    from clinsynth.tasks.classes import model

    return model


def _reading() -> EncoderReading:
    from clinsynth.tasks import one_label_reading

    return one_label_reading
