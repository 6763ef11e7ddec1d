"""The completions of a plan, parsed, and the labels that an LLM gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.config import CorpusConfig, OnMissing
from clinsynth.corpora.plans import Plan
from clinsynth.errors import MissingCompletions
from clinsynth.llm import LLM
from clinsynth.tasks.base import SynthesisRoom
from clinsynth.types import Completion, Draft, Rejected, Request


@dataclass(frozen=True)
class Answer:
    """One request with what came back and what it was read as."""

    unit: str
    replicate: int
    completion: Completion
    drafts: tuple[Draft, ...]
    rejected: tuple[Rejected, ...]
    labels: Completion | None = None


def collect(settings: CorpusConfig, planned: Plan, *, llm: LLM, room: SynthesisRoom) -> list[Answer]:
    """Completions of the plan, parsed, with the labels of their own that an annotator asks for."""
    found = _found([request for _, _, request in planned.requests], settings, llm=llm)
    answers: list[Answer] = []
    seconds: list[Request | None] = []
    for unit, replicate, request in planned.requests:
        if request.id not in found:
            continue
        completion = found[request.id]
        drafts, rejected = room.parse(completion, unit=unit, replicate=replicate)
        answers.append(Answer(unit, replicate, completion, tuple(drafts), tuple(rejected)))
        seconds.append(
            room.label_request(drafts, completion=completion, dataset=settings.dataset, annotator=settings.annotator)
        )
    labels = _found([request for request in seconds if request is not None], settings, llm=llm)
    labelled = []
    for answer, second in zip(answers, seconds, strict=True):
        if second is None:
            labelled.append(answer)
        elif second.id in labels:
            labelled.append(replace(answer, labels=labels[second.id]))
    return labelled


def _found(requests: Sequence[Request], settings: CorpusConfig, *, llm: LLM) -> dict[str, Completion]:
    """Completions by request id; raises MissingCompletions unless what is missing may be skipped."""
    found = llm.find(requests)
    missing = [request for request in requests if request.id not in found]
    if missing:
        count = f"{len(missing)} of {len(requests)} completions are missing, the first is {missing[0].id!r}."
        if settings.generation.on_missing is OnMissing.error or not found:
            per_unit, per_request = settings.size.per_unit or 0, settings.generation.per_request or 0
            smaller = f" size.per_unit={per_request} needs one per unit." if per_unit > per_request else ""
            raise MissingCompletions(
                f"{count} {llm.explain(missing)} `clinsynth generate` with the same settings and a live LLM makes "
                f"them; generation.on_missing=skip goes on without them.{smaller}",
                requests=missing,
            )
        print(f"{count} Going on without them (generation.on_missing=skip).", flush=True)
    return found
