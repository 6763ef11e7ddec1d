"""A live LLM that is not asked: the completions that were paid for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.servers.base import Endpoint
from clinsynth.types import Completion, Request


class CachedCompletions:
    """Looks answers up in the cache; `clinsynth generate` puts them there."""

    limited = False

    def __init__(self, endpoint: Endpoint, *, path: Path) -> None:
        self.endpoint, self.path = endpoint, path

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        if not self.path.is_file():
            return {}
        by_id = {request.id: self.endpoint.cache_key(request) for request in requests}
        with closing(CompletionCache(self.path)) as cache:
            found = cache.get(by_id.values())
        return {id: found[key][0] for id, key in by_id.items() if key in found}

    def explain(self, missing: Sequence[Request]) -> str:
        return f"{self.endpoint.model} was not asked yet, as far as {self.path} knows."
