"""The LLM does the task itself: requests from test examples, and what its answers are read as (Tang et al. 2023, 3.1).

What a request shows of gold train (`zero_shot.shots`) stands before the question as turns of a conversation that has
gone well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinsynth.artifacts import digest
from clinsynth.config import PromptConfig, ZeroShotConfig, named_prompt
from clinsynth.errors import ConfigError
from clinsynth.tasks.base import ZeroShotRoom, config_room
from clinsynth.types import ADJUDICATED, STATUSES, Completion, Gold, Metrics, Reading, Request

VERSION = "zero-shot-1"
"""Bumped when the same answers would be scored otherwise, whatever the task."""

PART_SEED = 0
"""The part of the test set that `zero_shot.limit` takes is the same for all LLMs, prompts and shots."""


@dataclass(frozen=True)
class Question:
    """A test example and the request about it."""

    example: Any
    place: int
    """Of the example in the test set."""
    request: Request

    @property
    def text(self) -> str:
        """The last turn, which is about this example."""
        return self.request.messages[-1]["content"]


def chosen_prompt(settings: ZeroShotConfig) -> PromptConfig:
    """The task's own where none is chosen; its name tells how many shots it shows."""
    prompt = settings.prompt
    if prompt.name == "default":
        prompt = named_prompt(f"zero_shot_{settings.dataset.task}")
    shots = settings.zero_shot.shots
    return replace(prompt, name=f"{prompt.name}_k{shots}") if shots else prompt


def questions(settings: ZeroShotConfig, *, gold: Gold, room: ZeroShotRoom) -> list[Question]:
    """A question for each test example, or for the part that is asked about, in the order of the test set."""
    if not gold.test:
        raise ConfigError(
            f"{settings.dataset.name} has no test split to ask about: give one as dataset.files.test.path=..."
        )
    shots = _shots(settings, gold=gold)
    turns = [turn for shot in shots for turn in _turns(shot, settings=settings, room=room)]
    return [
        _question(place, gold=gold, turns=turns, shots=shots, settings=settings, room=room)
        for place in _part(len(gold.test), limit=settings.zero_shot.limit)
    ]


def read(
    asked: Sequence[Question], *, found: Mapping[str, Completion], settings: ZeroShotConfig, room: ZeroShotRoom
) -> tuple[list[Question], list[Reading]]:
    """The questions that are answered, and what the answers are read as."""
    answered = [question for question in asked if question.request.id in found]
    readings = [
        room.read(
            found[question.request.id].text, question=question.text, example=question.example, dataset=settings.dataset
        )
        for question in answered
    ]
    return answered, readings


def shares(readings: Sequence[Reading], *, asked: int) -> Metrics:
    """Share of the answers by status; how many there are, are missing, and name what is not there."""
    found = Counter(reading.status for reading in readings)
    told = {status: found[status] / len(readings) for status in STATUSES} | {
        "found": len(readings),
        "missing": asked - len(readings),
        "hallucinated": sum(len(reading.hallucinated) for reading in readings),
    }
    return {f"answers/{name}": float(number) for name, number in told.items()}


def run_key(settings: ZeroShotConfig, asked: Sequence[Question], *, gold: Gold, room: ZeroShotRoom) -> str:
    """Digest of all that changes the questions and how answers are scored; computable before there are any."""
    llm = settings.llm
    return digest(
        {
            "versions": [VERSION, room.VERSION],
            "gold": gold.hashes,
            "labels": config_room(settings.dataset.task).labels(settings.dataset),
            "prompt": settings.prompt.name,
            "questions": digest([question.request.messages for question in asked]),
            "llm": [llm.name, llm.model, llm.temperature, llm.max_tokens],
        }
    )


def _part(number: int, *, limit: int | None) -> list[int]:
    """Places in the test set; a smaller part stands within a larger one."""
    places = list(range(number))
    if limit is None or limit >= number:
        return places
    random.Random(PART_SEED).shuffle(places)
    return sorted(places[:limit])


def _shots(settings: ZeroShotConfig, *, gold: Gold) -> list[Any]:
    """Rows of gold train that are shown; none whose text is asked about."""
    number = settings.zero_shot.shots
    test = {example.text for example in gold.test}
    free = [example for example in gold.lessons if example.text not in test]
    if number > len(free):
        raise ConfigError(
            f"zero_shot.shots={number}, and {settings.dataset.name} has {len(free)} training examples to show (those "
            "whose text stands in the test split are left out)."
        )
    random.Random(settings.zero_shot.seed).shuffle(free)
    return free[:number]


def _question(
    place: int,
    *,
    gold: Gold,
    turns: Sequence[dict[str, str]],
    shots: Sequence[Any],
    settings: ZeroShotConfig,
    room: ZeroShotRoom,
) -> Question:
    dataset, example = settings.dataset, gold.test[place]
    unit, evidence = _named(place, gold=gold, fold=dataset.fold_number())
    message = {"role": "user", "content": room.question(example, prompt=settings.prompt, dataset=dataset)}
    request = Request(
        f"{dataset.name}/{settings.prompt.name}/{unit}#0",
        (*turns, message),
        evidence,
        sum(len(shown.text) for shown in (*shots, example)),
    )
    return Question(example, place, request)


def _named(place: int, *, gold: Gold, fold: int | None) -> tuple[str, dict[str, Any]]:
    """The unit of a test example, and its evidence: recorded answers say no more of what they were about."""
    review = gold.hashes.get(ADJUDICATED)
    if review is not None:
        return f"{ADJUDICATED}-{place:04d}", {"test_index": place, ADJUDICATED: review}
    return f"test-{place:04d}" if fold is None else f"{fold}-test-{place:04d}", {"test_index": place}


def _turns(shot: Any, *, settings: ZeroShotConfig, room: ZeroShotRoom) -> list[dict[str, str]]:
    question = room.question(shot, prompt=settings.prompt, dataset=settings.dataset)
    return [{"role": "user", "content": question}, {"role": "assistant", "content": room.answer(shot)}]
