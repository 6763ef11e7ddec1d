"""Asking a live LLM in a stage: what it will cost, what is seen meanwhile, what it has cost.

Settings end here: what asks gets an endpoint, prices and limits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from clinsynth.config import AskingConfig, CorpusConfig, DatasetConfig, LLMConfig, LLMMode, SearchConfig, ZeroShotConfig
from clinsynth.datasets import resolve
from clinsynth.errors import ConfigError, MissingCompletions
from clinsynth.llm import RECORDED, KnownCompletions, cache_path, recorded
from clinsynth.llm.account import Account, Limits
from clinsynth.llm.batch import BatchClient
from clinsynth.llm.budget import Price, Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.cached import CachedCompletions
from clinsynth.llm.client import Client
from clinsynth.llm.progress import FollowUp, Watch, nobody_watches, nothing_follows
from clinsynth.llm.recorded import RecordedCompletions
from clinsynth.llm.servers import connect_batches, protocol_named
from clinsynth.llm.servers.base import Endpoint
from clinsynth.llm.view import View
from clinsynth.reports.spending import show_estimate, show_spend
from clinsynth.tracking import ActiveRun
from clinsynth.types import Request


def endpoint(llm: LLMConfig, *, key: str | None = None) -> Endpoint:
    """Return where an LLM is and how it is asked; without a key its answers can be looked up, but it cannot be asked.

    Raises ConfigError for a protocol that nobody speaks.
    """
    return Endpoint(
        protocol_named(llm.protocol),
        model=llm.model or "",
        base_url=llm.base_url,
        temperature=llm.temperature,
        max_tokens=llm.max_tokens,
        key=key,
        key_variable=llm.api_key_env,
        timeout_s=llm.timeout_s,
        concurrency=llm.concurrency,
    )


def open_completions(llm: LLMConfig, *, dataset: DatasetConfig, artifacts: Path) -> KnownCompletions:
    """Return the answers of an LLM that there are: of a recorded one in its files, of others in the cache."""
    if llm.name == RECORDED:
        return RecordedCompletions([resolve(name) for name in llm.recordings or dataset.recordings])
    return CachedCompletions(endpoint(llm), path=cache_path(artifacts))


def completions_of(settings: CorpusConfig | ZeroShotConfig | SearchConfig) -> KnownCompletions:
    """Return the answers that the LLM of a job has given."""
    return open_completions(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))


def api_key(llm: LLMConfig) -> str | None:
    """Return the key of a server, `None` where it wants none; raises ConfigError where its variable is not set."""
    if llm.api_key_env is None:
        return None
    key = os.environ.get(llm.api_key_env)
    if not key:
        raise ConfigError(
            f"the variable {llm.api_key_env} is not set: it has to hold the key of {whose(llm)} "
            "(llm.api_key_env names it; null for a server that wants no key)."
        )
    return key


def whose(llm: LLMConfig) -> str:
    """Return the name of whom a request goes to: an address, or the owner of the protocol."""
    return llm.base_url or protocol_named(llm.protocol).owner


def unspent(llm: LLMConfig) -> Spend:
    """Return an empty bill, with the prices of the LLM in its mode."""
    price = llm.priced()
    return Spend(Price(price.input, price.output, price.cached), llm.max_tokens)


def client(
    llm: LLMConfig, *, cache: CompletionCache, spend: Spend | None = None, watch: Watch = nobody_watches
) -> Client | BatchClient:
    """Return what asks an LLM in its mode; answers go into the cache, and their cost onto `spend`."""
    if llm.mode is LLMMode.batch:
        return batch_client(llm, cache=cache, spend=spend, watch=watch)
    account = _account(llm, cache=cache, spend=spend)
    server = account.endpoint.protocol.connect(account.endpoint)
    return Client(server, account=account, limits=_limits(llm), watch=watch)


def batch_client(
    llm: LLMConfig, *, cache: CompletionCache, spend: Spend | None = None, watch: Watch = nobody_watches
) -> BatchClient:
    """Return what asks an LLM in batches; raises ConfigError where its protocol has none."""
    account = _account(llm, cache=cache, spend=spend)
    return BatchClient(connect_batches(account.endpoint), account=account, limits=_limits(llm), watch=watch)


def _account(llm: LLMConfig, *, cache: CompletionCache, spend: Spend | None) -> Account:
    return Account(endpoint(llm, key=api_key(llm)), cache, spend or unspent(llm), max_cost_usd=llm.max_cost_usd)


def _limits(llm: LLMConfig) -> Limits:
    return Limits(
        requests_per_minute=llm.requests_per_minute,
        tokens_per_minute=llm.tokens_per_minute,
        patience_s=llm.patience_s,
        poll_s=llm.poll_s,
    )


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
            print(f"{batch_client(llm, cache=cache).cancel()} batches are cancelled.")
            return True
        planned = Account(endpoint(llm), cache, unspent(llm)).estimate(requests, labelled=labelled)
    finally:
        cache.close()
    show_estimate(planned, model=llm.model or "", dry_run=asking.dry_run, at_most=at_most)
    return asking.dry_run


def check_consent(
    dataset: DatasetConfig, requests: Sequence[Request], *, asking: AskingConfig, llm: LLMConfig, what: str
) -> None:
    """Raise ConfigError where gold text of a dataset that is not public would be sent unasked.

    `what` names that text: its units, its test texts.
    """
    if dataset.public or asking.send_gold_text or llm.trusted:
        return
    if not any(request.gold_characters for request in requests):  # such as the criteria of an instrument
        return
    raise ConfigError(
        f"{dataset.name} is not public (dataset.public=false), and {what} would be sent to {whose(llm)}. Say that "
        "they may with generation.send_gold_text=true, or that the server is inside the house with llm.trusted=true."
    )


def unanswered(
    count: str, missing: Sequence[Request], *, completions: KnownCompletions, folder: Path, hint: str = ""
) -> MissingCompletions:
    """The error for requests without an answer, which are left as a file to be answered by hand."""
    place = folder / "requests.jsonl"
    recorded.write_requests(place, missing)
    how = f"the requests are in {place}, to be answered there (`completion`). {hint}".strip()
    return MissingCompletions(
        f"{count} {completions.explain(missing)} A live LLM (llm=openai, llm=local) is asked for them; or give answers "
        f"as llm.recordings=[mine.jsonl]: {how}",
        requests=missing,
    )


class Session:
    """Questions to one LLM, in one or more goes; says and logs their cost when it is left, however that is."""

    def __init__(self, llm: LLMConfig, *, artifacts: Path, run: ActiveRun) -> None:
        self.llm, self.run = llm, run
        self.spend = unspent(llm)
        self._cache = CompletionCache(cache_path(artifacts))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._cache.close()
        self.run.metrics(self.spend.metrics())
        show_spend(self.spend)

    def ask(
        self,
        requests: Sequence[Request],
        *,
        title: str,
        follow_up: FollowUp = nothing_follows,
        counts: Callable[[], dict[str, int]] = dict,
    ) -> None:
        """Get all requests answered, and what their answers give rise to; the answers are in the cache then."""
        with View(f"{title} from {self.llm.model}", counts=counts) as view:
            asker = client(self.llm, cache=self._cache, spend=self.spend, watch=view)
            asker.answer(requests, follow_up=follow_up)
