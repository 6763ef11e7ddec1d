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

from clinsynth.config import DRAW
from clinsynth.errors import ConfigError
from clinsynth.task import AnswerForm, Asker, Shots, Task
from clinsynth.text.words import folded
from clinsynth.types import ADJUDICATED, STATUSES, Completion, Gold, Metrics, Prompt, Reading, Request

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


@dataclass(frozen=True)
class Part:
    """Which test examples are asked about, and what they are shown."""

    prompt: Prompt
    shots: int = 0
    """Labelled rows of gold train that a request shows."""
    seed: int = 0
    """Random number that draws these rows."""
    nearest: Shots | None = None
    """Chooses the rows of each test example; `None` where all show the same."""
    structured: bool = False
    """Whether a prompt of the project's own asks for JSON with a schema."""
    limit: int | None = None
    """Only so many test examples, always the same ones; `None` is all."""


def named_by_shots(prompt: Prompt, shots: int, *, of: str) -> Prompt:
    """Return the prompt with a name that tells how many shots it shows, and which: by it answers are told apart."""
    which = "k" if of == DRAW else of
    return replace(prompt, name=f"{prompt.name}_{which}{shots}") if shots else prompt


def questions(task: Task, *, part: Part, gold: Gold) -> list[Question]:
    """Return a question for each test example, or for the part that is asked about, in the order of the test set."""
    if not gold.test:
        raise ConfigError(
            f"{task.dataset.name} has no test split to ask about: give one as dataset.files.test.path=..."
        )
    form = task.asker.form(part.prompt) if part.structured else None

    def shown(shots: Sequence[Any]) -> tuple[Sequence[Any], list[dict[str, str]]]:
        return shots, [turn for shot in shots for turn in _turns(shot, prompt=part.prompt, asker=task.asker, form=form)]

    nearest = part.nearest
    same = shown([] if nearest else _shots(task, part=part, gold=gold))

    def asked(place: int) -> Question:
        own = nearest and shown([shot.example for shot in nearest.shown([gold.test[place].text])])
        shots, turns = own or same
        found = _question(place, task=task, gold=gold, turns=turns, shots=shots, prompt=part.prompt)
        return replace(found, request=form.asked(found.request)) if form else found

    return [asked(place) for place in _places(len(gold.test), limit=part.limit)]


def read_answers(
    asked: Sequence[Question], *, found: Mapping[str, Completion], asker: Asker
) -> tuple[list[Question], list[Reading]]:
    """Return the questions that are answered, and what the answers are read as."""
    answered = [question for question in asked if question.request.id in found]
    readings = [
        asker.read(found[question.request.id].text, question=question.text, example=question.example)
        for question in answered
    ]
    return answered, readings


def shares(readings: Sequence[Reading], *, asked: int) -> Metrics:
    """Return the share of the answers by status, and how many there are, are missing, and name what is not there."""
    found = Counter(reading.status for reading in readings)
    told = {status: found[status] / len(readings) for status in STATUSES} | {
        "found": len(readings),
        "missing": asked - len(readings),
        "hallucinated": sum(len(reading.hallucinated) for reading in readings),
    }
    return {f"answers/{name}": float(number) for name, number in told.items()}


def _places(number: int, *, limit: int | None) -> list[int]:
    """Places in the test set; a smaller part stands within a larger one."""
    places = list(range(number))
    if limit is None or limit >= number:
        return places
    random.Random(PART_SEED).shuffle(places)
    return sorted(places[:limit])


def _shots(task: Task, *, part: Part, gold: Gold) -> list[Any]:
    """Rows of gold train that are shown; none whose text, but for case and spaces, is asked about."""
    number = part.shots
    test = {folded(example.text.split()) for example in gold.test}
    free = [example for example in gold.trainable if folded(example.text.split()) not in test]
    if number > len(free):
        raise ConfigError(
            f"zero_shot.shots={number}, and {task.dataset.name} has {len(free)} training examples to show (those "
            "whose text stands in the test split are left out)."
        )
    random.Random(part.seed).shuffle(free)
    return free[:number]


def _question(
    place: int,
    *,
    task: Task,
    gold: Gold,
    turns: Sequence[dict[str, str]],
    shots: Sequence[Any],
    prompt: Prompt,
) -> Question:
    dataset, example = task.dataset, gold.test[place]
    unit, evidence = _named(place, gold=gold, fold=dataset.fold_number())
    message = {"role": "user", "content": task.asker.question(example, prompt=prompt)}
    request = Request(
        f"{dataset.name}/{prompt.name}/{unit}#0",
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


def _turns(shot: Any, *, prompt: Prompt, asker: Asker, form: AnswerForm | None) -> list[dict[str, str]]:
    question, answer = asker.question(shot, prompt=prompt), asker.answer(shot)
    if form is not None and form.write is not None:
        question, answer = f"{question}\n{form.words}", form.write(answer)
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
