"""The requests that other processes wait for, looked up together: with many processes most requests are such."""

from __future__ import annotations

import asyncio

from clinsynth.llm.cache import CompletionCache


class Others:
    """The answers that are awaited of others; changed by `look`, which is called again and again."""

    def __init__(self, cache: CompletionCache) -> None:
        self._cache = cache
        self._awaited: dict[str, asyncio.Future[bool]] = {}

    async def wait(self, key: str) -> bool:
        """Wait until there is an answer (True), or nobody waits for one any more (False)."""
        if key not in self._awaited:
            self._awaited[key] = asyncio.get_running_loop().create_future()
        return await self._awaited[key]

    def look(self) -> None:
        """See what has come, and what nobody waits for any more."""
        if not self._awaited:
            return
        answered, claimed = self._cache.settled(list(self._awaited))
        for key in self._awaited.keys() - (claimed - answered):
            self._end(key, is_answered=key in answered)

    def give_up(self) -> None:
        """End all waiting."""
        for key in list(self._awaited):
            self._end(key, is_answered=False)

    def _end(self, key: str, *, is_answered: bool) -> None:
        future = self._awaited.pop(key)
        if not future.done():
            future.set_result(is_answered)
