"""Tables 1 and 6: the prompts, each as a template and as the messages of a request."""

from __future__ import annotations

from clinsynth import corpora, tasks
from clinsynth.asking.questions import questions
from clinsynth.errors import MissingCompletions
from clinsynth.reports.markdown import fenced
from clinsynth.reports.report import Report
from clinsynth.stages import asking, resolving
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import Asked, quietly
from clinsynth.types import Request

RUNS = False


def make_report(asked: Asked) -> Report:
    """Return the prompts."""
    made = Report(asked.target, asked.title)
    for job in asked.jobs():
        dataset = job.settings.dataset
        made.public = made.public and job.settings.tracking.may_hold_text(public=dataset.public)
        shown = _zero_shot(job) if job.stage == "zero_shot" else _synthesis(job)
        for name, template, request in shown:
            made.body += [f"## {dataset.name}: prompt `{name}`\n", fenced(template, "text") + "\n"]
            made.body.append(f"As it is sent, with the id `{request.id}`:\n")
            made.body += [
                f"{message['role']}:\n\n{fenced(message['content'], 'text')}\n" for message in request.messages
            ]
    return made


def _zero_shot(job: Planned) -> list[tuple[str, str, Request]]:
    settings = job.settings
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    first, *_ = questions(tasks.open(settings.dataset), part=resolving.part(settings), gold=gold)
    return [(settings.prompt.name, settings.prompt.text, first.request)]


def _synthesis(job: Planned) -> list[tuple[str, str, Request]]:
    """Return the request for texts, and where there is one, the second request about the texts that have come back."""
    resolved = resolving.load_and_resolve(job.settings)
    recipe = resolved.recipe
    writer, writing, gold = recipe.task.writer, recipe.writing, recipe.gold
    units = writer.units(gold, writing=writing, number=0)
    leaking = writer.leaking(units, writing=writing, gold=gold)
    unit = next(unit for unit in units if unit not in leaking)
    asked = writer.request(unit, replicate=0, writing=writing, gold=gold)
    found = [(writing.prompt.name, writing.prompt.text or "", asked)]
    if writing.annotator == "llm":
        try:
            with quietly():
                first, *_ = corpora.replay_answers(recipe, completions=asking.completions_of(resolved.settings)).answers
        except MissingCompletions:
            return found
        if first.label_request and writing.label_prompt:
            found.append((writing.label_prompt.name, writing.label_prompt.text or "", first.label_request))
    return found
