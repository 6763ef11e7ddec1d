"""A live LLM that is not asked: the completions that were paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.databases import Place, is_there
from clinsynth.llm.recorded import parse_id
from clinsynth.llm.servers.base import Endpoint
from clinsynth.types import Completion, Request

NAMED = 8
"""Requests without an answer that a message names."""


def named_in_vain(vain: Mapping[str, tuple[str, str]]) -> str:
    """Return units with the reason why each has no answer; of what is said of all of them the first is quoted."""
    named = [f"{parse_id(id)[2]} ({reason})" for id, (reason, _) in list(vain.items())[:NAMED]]
    more = f" and {len(vain) - NAMED} more" if len(vain) > NAMED else ""
    said = next((" ".join(said.split()) for _, said in vain.values() if said.strip()), "")
    quoted = f"; it said: {said[:200]!r}" if said else ""
    return ", ".join(dict.fromkeys(named)) + more + quoted


class CachedCompletions:
    """Looks answers up in the cache; `clinsynth generate` puts them there."""

    limited = False

    def __init__(self, endpoint: Endpoint, *, path: Place) -> None:
        self.endpoint, self.path = endpoint, path

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        if not is_there(self.path):
            return {}
        by_id = {request.id: self.endpoint.cache_key(request) for request in requests}
        with closing(CompletionCache(self.path)) as cache:
            found = cache.get(by_id.values())
        return {id: found[key][0] for id, key in by_id.items() if key in found}

    def unasked(self, requests: Sequence[Request]) -> list[Request]:
        """Return those that nobody was asked yet, not even in vain."""
        by_key = {self.endpoint.cache_key(request): request for request in requests}
        if not is_there(self.path):
            return list(requests)
        with closing(CompletionCache(self.path)) as cache:
            known = {*cache.get(by_key), *cache.lacking(by_key)}
        return [request for key, request in by_key.items() if key not in known]

    def explain(self, missing: Sequence[Request]) -> str:
        """Say which of them the LLM was asked in vain, and why; or that it was not asked."""
        by_id = {request.id: self.endpoint.cache_key(request) for request in missing}
        found: dict[str, tuple[str, str]] = {}
        if is_there(self.path):
            with closing(CompletionCache(self.path)) as cache:
                found = cache.lacking(by_id.values())
        vain = {id: found[key] for id, key in by_id.items() if key in found}
        if not vain:
            return f"{self.endpoint.model} was not asked yet, as far as {self.path} knows."
        return f"{self.endpoint.model} was asked {len(vain)} of them without an answer: {named_in_vain(vain)}."
