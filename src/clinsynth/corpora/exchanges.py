"""Texts that several requests write, as far as they have come."""

from __future__ import annotations

from clinsynth.task import Exchange, Writing
from clinsynth.types import Completion, Request

Place = tuple[str, int]
"""Unit and replicate."""


class Exchanges:
    """Remembers what was said, and asks on; without an exchange each answer is a whole text."""

    def __init__(self, exchange: Exchange | None, *, writing: Writing) -> None:
        self.exchange, self.writing = exchange, writing
        self.later: set[str] = set()
        """Ids of requests that follow a first one."""
        self._said: dict[Place, tuple[Completion, ...]] = {}

    def following(self, place: Place, answer: Completion) -> Request | None:
        """Return the request that an answer leads to; `None` where it ends its text."""
        if self.exchange is None:
            return None
        unit, replicate = place
        said = (*self._said.get(place, ()), answer)
        return self.exchange.request(unit, replicate=replicate, said=said, writing=self.writing)

    def whole(self, place: Place, answer: Completion) -> Completion:
        """Return the text that an answer ends."""
        if self.exchange is None:
            return answer
        return self.exchange.joined(place[0], (*self._said.get(place, ()), answer))

    def go_on(self, place: Place, answer: Completion, following: Request) -> None:
        """Remember an answer, and the request that it has led to."""
        self._said[place] = (*self._said.get(place, ()), answer)
        self.later.add(following.id)

    def end(self, place: Place) -> None:
        """Forget a text that has ended."""
        self._said.pop(place, None)
