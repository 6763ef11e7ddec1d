"""What is known of a live LLM without asking it: the completions that were paid for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinsynth.config import LLMConfig
from clinsynth.llm.cache import CompletionCache, cache_key
from clinsynth.llm.client import sampling
from clinsynth.types import Completion, Request


class CachedLLM:
    """Looks answers up in the cache; `clinsynth generate` puts them there."""

    limited = False

    def __init__(self, llm: LLMConfig, *, path: Path) -> None:
        self.llm, self.path = llm, path

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        if not self.path.is_file():
            return {}
        keys = {
            request.id: cache_key(request, model=self.llm.model or "", sampling=sampling(self.llm))
            for request in requests
        }
        cache = CompletionCache(self.path)
        try:
            found = cache.get(keys.values())
        finally:
            cache.close()
        return {id: found[key][0] for id, key in keys.items() if key in found}

    def explain(self, missing: Sequence[Request]) -> str:
        return f"{self.llm.model} was not asked yet, as far as {self.path} knows."
