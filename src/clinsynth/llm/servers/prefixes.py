"""The beginning that messages share, such as guidelines of labels: what a server need not read again."""

from __future__ import annotations

from itertools import takewhile

SHORTEST = 4_000
"""Characters below which servers cache nothing: about 1,000 tokens."""


class SharedPrefix:
    """Finds the beginning that one message after another has; once found it stays, for a cache is for one text."""

    def __init__(self) -> None:
        self._known, self._last = "", ""

    def split(self, text: str) -> tuple[str, str]:
        """Return the shared beginning of a message, empty where it has none, and what comes after it."""
        if not self._known:
            same = takewhile(lambda pair: pair[0] == pair[1], zip(self._last, text, strict=False))
            common = text[: sum(1 for _ in same)]
            common = common[: common.rfind("\n") + 1]
            self._known = common if len(common) >= SHORTEST else ""
        self._last = text
        if self._known and text.startswith(self._known) and text != self._known:
            return self._known, text[len(self._known) :]
        return "", text
