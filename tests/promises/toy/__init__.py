"""A task of a test: one label of several for a text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig, option
from clinsynth.task import Kind, Task

if TYPE_CHECKING:  # imports torch
    from clinsynth.task import EncoderModel, EncoderReading


@dataclass
class ToyDataset(DatasetConfig):
    classes: list[str] = option([], "labels")

    def needs_train(self) -> bool:
        return False


DATASET: type[DatasetConfig] = ToyDataset


def kind() -> Kind:
    from clinsynth.tasks.toy import toy

    return Kind("toy", toy, reviewer=toy, judge=toy, version="toy-1", model=_model, reading=_reading)


def open(dataset: DatasetConfig) -> Task:
    from clinsynth.tasks.toy import toy

    assert isinstance(dataset, ToyDataset)
    return Task(
        kind(),
        dataset,
        labels=tuple(dataset.classes),
        read_gold=partial(toy.read_gold, dataset=dataset),
        writer=toy.ToyWriter(dataset),
        asker=toy.ToyAsker(tuple(dataset.classes)),
    )


def _model() -> EncoderModel:
    from clinsynth.tasks.toy import model

    return model


def _reading() -> EncoderReading:
    from clinsynth.tasks.toy import model

    return model
