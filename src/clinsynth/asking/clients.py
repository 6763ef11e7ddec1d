"""Clients of an LLM, out of its settings: an endpoint, prices and limits."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self

from clinsynth.config import DatasetConfig, LLMConfig, LLMMode, WhenCut
from clinsynth.config import Structured as StructuredName
from clinsynth.errors import ConfigError, redacted
from clinsynth.files.sources import resolve
from clinsynth.llm import RECORDED, KnownCompletions, prices
from clinsynth.llm.account import Account, Heard, Limits, nobody_hears
from clinsynth.llm.batch import BatchClient
from clinsynth.llm.budget import Cap, Price, Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.cached import CachedCompletions
from clinsynth.llm.client import Client
from clinsynth.llm.databases import cache_place
from clinsynth.llm.progress import Watch, nobody_watches
from clinsynth.llm.recorded import RecordedCompletions
from clinsynth.llm.send_log import SendLog
from clinsynth.llm.servers import connect, connect_batches, each, protocol_named
from clinsynth.llm.servers.base import Endpoint, Server, ServerAnswer, Structured
from clinsynth.llm.servers.dialect import dialect_of
from clinsynth.llm.watermark import Watermark
from clinsynth.types import Request

REMEMBERED_S = 30 * 24 * 3600.0
"""For so long what a server has refused is not tried again."""

MOST_ROOM = 4
"""How many times `llm.max_tokens` an answer may be long that was cut before."""

_AS_THEY_ARE = (
    *("temperature", "max_tokens", "top_p", "seed", "reasoning_effort", "system", "extra_body", "routing"),
    *("extra_headers", "organization", "project", "api_version", "region", "logprobs", "trusted"),
)
"""Settings that an endpoint has under the same name."""


def endpoint(llm: LLMConfig, *, key: str | None = None) -> Endpoint:
    """Return where an LLM is and how it is asked; without a key its answers can be looked up, but it cannot be asked.

    Raises ConfigError for a protocol that nobody speaks.
    """
    return Endpoint(
        protocol_named(llm.protocol),
        model=llm.model or "",
        base_url=llm.base_url,
        base_urls=tuple(llm.base_urls),
        **{name: getattr(llm, name) for name in _AS_THEY_ARE},
        stop=tuple(llm.stop),
        watermark=watermark(llm),
        structured=Structured.auto if llm.structured is StructuredName.off else Structured(llm.structured.value),
        key=key,
        key_variable=llm.api_key_env,
        timeout_s=llm.timeout_s,
        concurrency=llm.concurrency,
    )


def watermark(llm: LLMConfig) -> Watermark | None:
    """Return the mark of an LLM's answers, if they carry one; raises ConfigError where its secret is not set."""
    mark = llm.watermark
    if mark.key_env is None:
        return None
    secret = os.environ.get(mark.key_env, "").strip()
    if not secret:
        raise ConfigError(
            f"the variable {mark.key_env} is not set: it has to hold the secret of the mark (llm.watermark.key_env "
            "names it), by which marked answers are found again, too."
        )
    return Watermark(secret, bias=mark.bias, share=mark.share)


def open_completions(llm: LLMConfig, *, dataset: DatasetConfig, artifacts: Path) -> KnownCompletions:
    """Return the answers of an LLM that there are: of a recorded one in its files, of others in the cache."""
    if llm.name == RECORDED:
        return RecordedCompletions([resolve(name) for name in llm.recordings or dataset.recordings])
    return CachedCompletions(endpoint(llm), path=cache_place(artifacts, llm.cache))


def api_key(llm: LLMConfig) -> str | None:
    """Return the key of a server, `None` where it wants none; raises ConfigError where its variable is not set."""
    if llm.api_key_env is None:
        return None
    key = os.environ.get(llm.api_key_env, "").strip()
    if not all("!" <= sign <= "~" for sign in key):
        raise ConfigError(
            f"the variable {llm.api_key_env} holds no key: there are blanks, line ends or other signs in it that no "
            "key of a server has."
        )
    if not key:
        raise ConfigError(
            f"the variable {llm.api_key_env} is not set: it has to hold the key of {whose(llm)} "
            "(llm.api_key_env names it; null for a server that wants no key)."
        )
    return key


def whose(llm: LLMConfig) -> str:
    """Return the name of whom a request goes to: an address, or the owner of the protocol."""
    addresses = llm.base_urls or ([llm.base_url] if llm.base_url else [])
    return ", ".join(map(redacted, addresses)) or protocol_named(llm.protocol).owner


def unspent(llm: LLMConfig) -> Spend:
    """Return an empty bill, with the prices of the LLM in its mode."""
    return Spend(price(llm), llm.max_tokens)


def price(llm: LLMConfig) -> Price:
    """Return the prices of the LLM in its mode: given ones, else those of the list that is kept, else unknown.

    Raises ConfigError where a cap on costs is set and they are unknown.
    """
    given = llm.priced()
    found = Price(given.input, given.output, given.cached, given.written)
    if found == Price() and llm.price_provider is not None:
        found = prices.kept_price(llm.price_as or llm.model or "", provider=llm.price_provider)
        if llm.mode is LLMMode.batch:
            found = prices.in_batch(found, provider=llm.price_provider)
    llm.check_priced(known=None not in (found.input, found.output))
    return found


def client(
    llm: LLMConfig,
    *,
    cache: CompletionCache,
    spend: Spend | None = None,
    watch: Watch = nobody_watches,
    caps: Sequence[Cap] = (),
    sent: SendLog | None = None,
    heard: Heard = nobody_hears,
) -> Client | BatchClient:
    """Return what asks an LLM in its mode; answers go into the cache, and their cost onto `spend`."""
    if llm.mode is LLMMode.batch:
        return batch_client(llm, cache=cache, spend=spend, watch=watch, caps=caps, sent=sent, heard=heard)
    try:
        account = _account(llm, cache=cache, spend=spend, key=api_key(llm), caps=caps, sent=sent, heard=heard)
        remember(account.endpoint, cache=cache)
        server: Server = connect(account.endpoint)
    except ConfigError as error:
        account = _account(llm, cache=cache, spend=spend, key=None, caps=caps)
        server = _Unasked(error)
    return Client(server, account=account, limits=_limits(llm), watch=watch)


def batch_client(
    llm: LLMConfig,
    *,
    cache: CompletionCache,
    spend: Spend | None = None,
    watch: Watch = nobody_watches,
    caps: Sequence[Cap] = (),
    sent: SendLog | None = None,
    heard: Heard = nobody_hears,
) -> BatchClient:
    """Return what asks an LLM in batches; raises ConfigError where its protocol has none."""
    account = _account(llm, cache=cache, spend=spend, key=api_key(llm), caps=caps, sent=sent, heard=heard)
    remember(account.endpoint, cache=cache)
    return BatchClient(connect_batches(account.endpoint), account=account, limits=_limits(llm), watch=watch)


def remember(endpoint: Endpoint, *, cache: CompletionCache) -> None:
    """Tell the dialect of each server what earlier sessions found out, and have it kept what this one does."""
    since = time.time() - REMEMBERED_S
    for one in each(endpoint):
        known = cache.learnt(one.server, one.model, since=since)
        dialect_of(one).recall(known, keep=partial(cache.note_learnt, one.server, one.model))


class _Unasked:
    """A server that has no key: answers that are in the cache need none, and the first other one is the error."""

    def __init__(self, error: ConfigError) -> None:
        self.error = error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None: ...

    async def ask(self, request: Request) -> ServerAnswer:
        raise self.error


def _account(
    llm: LLMConfig,
    *,
    cache: CompletionCache,
    spend: Spend | None,
    key: str | None,
    caps: Sequence[Cap],
    sent: SendLog | None = None,
    heard: Heard = nobody_hears,
) -> Account:
    found = endpoint(llm, key=key)
    room = MOST_ROOM if llm.when_cut is WhenCut.again else 1
    return Account(
        found,
        cache,
        spend or unspent(llm),
        max_cost_usd=llm.max_cost_usd,
        most_room=room,
        caps=tuple(caps),
        sent=sent,
        heard=heard,
    )


def _limits(llm: LLMConfig) -> Limits:
    return Limits(
        requests_per_minute=llm.requests_per_minute,
        tokens_per_minute=llm.tokens_per_minute,
        patience_s=llm.patience_s,
        poll_s=llm.poll_s,
    )
