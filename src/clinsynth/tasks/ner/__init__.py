"""Named entities of one type or several (Tang et al. 2023)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig
from clinsynth.task import Head, Kind, Task
from clinsynth.tasks.ner.config import WINDOWS, NerDataset

if TYPE_CHECKING:  # imports torch
    from collections.abc import Sequence

    from clinsynth.task import EncoderModel, EncoderReading
    from clinsynth.text.entities import Sentence

DATASET: type[DatasetConfig] = NerDataset


def kind() -> Kind:
    """Return the parts that need no dataset."""
    from clinsynth.tasks.ner import calibration, consistency, examples, review, rows, scores

    return Kind(
        "ner",
        examples,
        reviewer=review,
        judge=scores,
        version="ner-3",
        model=_model,
        reading=_reading,
        heads=(
            Head("span", "ner-span-2", _span_model, _span_reading),
            Head("word", "ner-word-2", _word_model, _word_reading, labels_words=True),
        ),
        confidence=calibration,
        probabilities=rows,
        consistency=consistency,
        sentences=_sentences,
    )


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset."""
    from clinsynth.tasks.ner import gold
    from clinsynth.tasks.ner.asker import NerAsker
    from clinsynth.tasks.ner.completing import NerPartial
    from clinsynth.tasks.ner.missed import missed_units
    from clinsynth.tasks.ner.real_texts import NerTexts
    from clinsynth.tasks.ner.voting import voted
    from clinsynth.tasks.ner.writer import NerWriter, hard_negatives, known_terms

    assert isinstance(dataset, NerDataset)
    return Task(
        kind(),
        dataset,
        labels=dataset.labels,
        read_gold=partial(gold.read_sentences, dataset=dataset),
        read_path=partial(gold.read_path, dataset=dataset),
        writer=NerWriter(dataset),
        asker=NerAsker(dataset),
        partial=NerPartial(dataset),
        meanings=dataset.meanings,
        real=NerTexts(dataset),
        terms=partial(known_terms, dataset=dataset),
        vote=voted,
        missed=partial(missed_units, dataset=dataset),
        hard_negatives=partial(hard_negatives, dataset=dataset),
    )


def _sentences(dataset: NerDataset, examples: Sequence[Sentence]) -> str | None:
    """Return the language of a dataset whose documents were cut into sentences."""
    if dataset.documents == WINDOWS or not any(example.origin for example in examples):
        return None
    return dataset.language or "en"


def _model() -> EncoderModel:
    from clinsynth.tasks.ner import model

    return model


def _reading() -> EncoderReading:
    from clinsynth.tasks.ner import inference

    return inference


def _span_model() -> EncoderModel:
    from clinsynth.tasks.ner import span_model

    return span_model


def _span_reading() -> EncoderReading:
    from clinsynth.tasks.ner import span_inference

    return span_inference


def _word_model() -> EncoderModel:
    from clinsynth.tasks.ner import word_model

    return word_model


def _word_reading() -> EncoderReading:
    from clinsynth.tasks.ner import word_inference

    return word_inference
