"""Stand-ins for the requests of a search, for an estimate: its prompts are not known before they are written."""

from __future__ import annotations

from dataclasses import replace

from clinsynth.config import JudgeName, SearchConfig
from clinsynth.search.judges import PairwiseJudge
from clinsynth.search.proposals import proposal_request
from clinsynth.search.sampling import Sampler
from clinsynth.search.tree import CandidatePrompt
from clinsynth.types import Request

SAMPLE = (
    "A sentence of twenty-five words, as they are in abstracts, stands here for one that has not been written. " * 2
)


def stand_ins(settings: SearchConfig, *, sampler: Sampler) -> list[Request]:
    """Return as many requests as the search has, about as long, with the task's usual prompt for all candidates."""
    text = sampler.writing.prompt.text or ""
    usual = CandidatePrompt("0.0", None, text, kept=(SAMPLE,) * settings.samples, rejected=())
    asked: list[Request] = []
    for number in range(1, settings.rounds + 1):
        best = usual if number > 1 else None
        wanted = settings.candidates
        asked.append(proposal_request(settings, number=number, attempt=0, wanted=wanted, best=best, sampler=sampler))
        asked += sampler.requests(text) * wanted
        if settings.judge.name is JudgeName.llm:
            running = wanted + (best is not None)
            panel = PairwiseJudge(settings, ask=sampler.ask)
            asked += [panel.request(usual, usual, number=number)] * (running * (running - 1))
    # A replicate of its own, so that none is taken for one that is answered.
    return [replace(request, id=f"{request.id}{place:06d}") for place, request in enumerate(asked, 1)]
