"""Asking a live LLM in a stage: what it will cost, what is seen meanwhile, what it has cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from clinsynth.config import AskingConfig, LLMConfig, LLMMode
from clinsynth.errors import MissingCompletions
from clinsynth.llm import LLM, batch, cache_path, recorded
from clinsynth.llm.budget import Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.client import Client, FollowUp
from clinsynth.llm.view import View
from clinsynth.reports import tables
from clinsynth.tracking import ActiveRun
from clinsynth.types import Completion, Request


def settled(
    llm: LLMConfig,
    requests: Sequence[Request],
    *,
    asking: AskingConfig,
    artifacts: Path,
    labelled: bool = False,
    at_most: bool = False,
) -> bool:
    """True where the user wants no answers: a dry run, or an end to batches. Says first what asking would take.

    `labelled`: every answer is sent back once to be labelled. `at_most`: the requests stand for others, of which some
    may be answered already.
    """
    cache = CompletionCache(cache_path(artifacts))
    try:
        if asking.cancel:
            print(f"{batch.cancel(llm, cache=cache)} batches are cancelled.")
            return True
        planned = Client(llm, cache=cache, offline=True).estimate(requests, labelled=labelled)
    finally:
        cache.close()
    tables.show_estimate(planned, model=llm.model or "", dry_run=asking.dry_run, at_most=at_most)
    return asking.dry_run


def unanswered(count: str, missing: Sequence[Request], *, llm: LLM, folder: Path, hint: str = "") -> MissingCompletions:
    """The error for requests without an answer, which are left as a file to be answered by hand."""
    place = folder / "requests.jsonl"
    recorded.write_requests(place, missing)
    how = f"the requests are in {place}, to be answered there (`completion`). {hint}".strip()
    return MissingCompletions(
        f"{count} {llm.explain(missing)} A live LLM (llm=openai, llm=local) is asked for them; or give answers as "
        f"llm.recordings=[mine.jsonl]: {how}",
        requests=missing,
    )


class Session:
    """Questions to one LLM, in one or more goes; says and logs their cost when it is left, however that is."""

    def __init__(self, llm: LLMConfig, *, artifacts: Path, run: ActiveRun) -> None:
        self.llm, self.run = llm, run
        self.spend = Spend(llm.priced(), llm.max_tokens)
        self._cache = CompletionCache(cache_path(artifacts))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._cache.close()
        self.run.metrics(self.spend.metrics())
        tables.show_spend(self.spend)

    def ask(
        self,
        requests: Sequence[Request],
        *,
        title: str,
        follow_up: FollowUp | None = None,
        counts: Callable[[], dict[str, int]] = dict,
    ) -> None:
        """Get all requests answered, and what their answers give rise to; the answers are in the cache then."""
        with View(f"{title} from {self.llm.model}", counts=counts) as view:
            kind = batch.BatchClient if self.llm.mode is LLMMode.batch else Client
            client = kind(self.llm, cache=self._cache, watch=view, spend=self.spend)
            client.answer(requests, follow_up=follow_up or _nothing)


def _nothing(request: Request, completion: Completion) -> Sequence[Request]:
    return ()
