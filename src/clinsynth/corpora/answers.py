"""The completions of a plan, parsed, and the labels that an LLM gave them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.config import CorpusConfig, OnMissing
from clinsynth.corpora.plans import Plan, most_requests, request_of
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
    answers = [
        _parsed(unit, replicate, found[request.id], room=room)
        for unit, replicate, request in planned.requests
        if request.id in found
    ]
    answers += _topped_up(settings, planned, answers, llm=llm, room=room)
    seconds = [
        room.label_request(
            answer.drafts, completion=answer.completion, dataset=settings.dataset, annotator=settings.annotator
        )
        for answer in answers
    ]
    labels = _found([request for request in seconds if request is not None], settings, llm=llm)
    labelled = []
    for answer, second in zip(answers, seconds, strict=True):
        if second is None:
            labelled.append(answer)
        elif second.id in labels:
            labelled.append(replace(answer, labels=labels[second.id]))
        else:
            unlabelled = tuple(Rejected(draft, "labels_missing") for draft in answer.drafts)
            labelled.append(replace(answer, drafts=(), rejected=(*answer.rejected, *unlabelled)))
    return labelled


def _parsed(unit: str, replicate: int, completion: Completion, *, room: SynthesisRoom) -> Answer:
    drafts, rejected = room.parse(completion, unit=unit, replicate=replicate)
    return Answer(unit, replicate, completion, tuple(drafts), tuple(rejected))


def _topped_up(
    settings: CorpusConfig, planned: Plan, answers: Sequence[Answer], *, llm: LLM, room: SynthesisRoom
) -> list[Answer]:
    """Further answers that there are for units whose first ones fall short, as `generate` asked for them."""
    wanted = settings.size.per_unit or 0
    usable: Counter[str] = Counter()
    asked = Counter(unit for unit, _, _ in planned.requests)
    answered = Counter(answer.unit for answer in answers)
    for answer in answers:
        usable[answer.unit] += sum(map(room.contains, answer.drafts))
    short = [unit for unit in planned.units if usable[unit] < wanted and answered[unit] == asked[unit]]
    further: list[Answer] = []
    while short := [unit for unit in short if usable[unit] < wanted and asked[unit] < most_requests(settings)]:
        requests = {unit: request_of(settings, unit, asked[unit], room=room) for unit in short}
        found = llm.find(list(requests.values()))
        short = [unit for unit in short if requests[unit].id in found]
        for unit in short:
            answer = _parsed(unit, asked[unit], found[requests[unit].id], room=room)
            asked[unit] += 1
            usable[unit] += sum(map(room.contains, answer.drafts))
            further.append(answer)
    return further


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
