"""Tables 1 and 6: the prompts, each as a template and as the messages of a request."""

from __future__ import annotations

from pathlib import Path

from clinsynth import corpora, datasets, zero_shot
from clinsynth.config import named_prompt
from clinsynth.errors import MissingCompletions
from clinsynth.llm.recorded import parse_id
from clinsynth.reports.documents import Document
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import Asked, quietly
from clinsynth.tasks.base import config_room, synthesis_room, zero_shot_room
from clinsynth.types import Request

RUNS = False


def document(asked: Asked) -> Document:
    made = Document(asked.target, asked.title)
    for job in asked.jobs():
        dataset = job.settings.dataset
        made.public = made.public and job.settings.tracking.may_hold_text(public=dataset.public)
        shown = _zero_shot(job) if job.stage == "zero_shot" else _synthesis(job)
        for name, template, request in shown:
            made.body += [f"## {dataset.name}: prompt `{name}`\n", _block(template)]
            made.body.append(f"As it is sent, with the id `{request.id}`:\n")
            made.body += [f"{message['role']}:\n\n{_block(message['content'])}" for message in request.messages]
    return made


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"


def _zero_shot(job: Planned) -> list[tuple[str, str, Request]]:
    settings = job.settings
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    first, *_ = zero_shot.questions(settings, gold=gold, room=zero_shot_room(settings.dataset.task))
    return [(settings.prompt.name, settings.prompt.text, first.request)]


def _synthesis(job: Planned) -> list[tuple[str, str, Request]]:
    """The request for texts, and where there is one, the second request about the texts that have come back."""
    settings = job.settings
    config_room(settings.dataset.task).resolve(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    room = synthesis_room(settings.dataset.task)
    room.propose(settings, gold=gold)
    units = room.units(settings, gold=gold)
    leaking = room.leaking(units, settings=settings, gold=gold)
    unit = next(unit for unit in units if unit not in leaking)
    found = [
        (settings.prompt.name, settings.prompt.text, room.request(unit, replicate=0, settings=settings, gold=gold))
    ]
    if settings.annotator.name == "llm":
        try:
            with quietly():
                first, *_ = corpora.answered(settings, gold=gold).answers
        except MissingCompletions:
            return found
        if first.label_request:
            name = parse_id(first.label_request.id)[1]
            found.append((name, named_prompt(name).text, first.label_request))
    return found
