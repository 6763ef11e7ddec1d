"""Conversations: an LLM talks with itself from seed questions, and a local chat model learns to answer as it does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clinsynth.config import DatasetConfig
from clinsynth.errors import ConfigError
from clinsynth.task import CausalModel, Kind, Task
from clinsynth.tasks.chat.config import ChatDataset

if TYPE_CHECKING:  # imports torch
    from clinsynth.task import EncoderModel, EncoderReading

DATASET: type[DatasetConfig] = ChatDataset


def kind() -> Kind:
    """Return the parts that need no dataset."""
    from clinsynth.tasks.chat import examples, review, scores, sharing

    return Kind(
        "chat",
        examples,
        reviewer=review,
        judge=scores,
        version="chat-1",
        model=_no_encoder,
        reading=_no_encoder_reading,
        learner="causal",
        conversation=_conversation,
        exports=sharing.files,
    )


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset."""
    from clinsynth.tasks.chat import checks, gold
    from clinsynth.tasks.chat.asker import ChatAsker
    from clinsynth.tasks.chat.writer import ChatWriter

    assert isinstance(dataset, ChatDataset)
    writer = ChatWriter(dataset)
    return Task(
        kind(),
        dataset,
        labels=(),
        read_gold=partial(gold.read_questions, dataset=dataset),
        writer=writer,
        asker=ChatAsker(dataset),
        read_path=partial(gold.read_path, dataset=dataset),
        checks=partial(checks.checks, dataset=dataset),
        exchange=writer.exchange,
    )


def _conversation() -> CausalModel:
    from clinsynth.tasks.chat import model

    return model


def _no_encoder() -> EncoderModel:
    raise ConfigError("the task chat is learnt by models that write: there is no encoder for it.")


def _no_encoder_reading() -> EncoderReading:
    raise ConfigError("the task chat is learnt by models that write: there is no encoder for it.")
