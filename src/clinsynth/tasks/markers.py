"""Finds the markers that stand for masked things, and mends the ways in which LLMs write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_WRAPS = tuple(zip("`\"“‘'<[{*_", "`\"”’'>]}*_", strict=True))  # round a marker; parentheses are the sentence's


def is_marker(word: str) -> bool:
    """Say whether a word has the form of a marker, such as `@GENE$`."""
    return len(word) > 2 and word[0] + word[-1] == "@$"


def marked_places(text: str, markers: Sequence[str]) -> list[dict[str, Any]]:
    """Return where the first of each marker stands, in the order of the text: start, end, label, text."""
    found = []
    for marker in markers:
        start = text.find(marker)
        if start >= 0:
            found.append({"start": start, "end": start + len(marker), "label": marker.strip("@$"), "text": marker})
    return sorted(found, key=lambda entity: entity["start"])


class Markers:
    """The markers of a dataset, as a text may have them."""

    # A run of @ is entered at its beginning only, and a word likewise: without that the search is quadratic.
    _WITH_AT = re.compile(r"(?<!@)@+ ?(?P<word>\w*[^\W_])(?: ?\$+)?")
    _WITH_DOLLAR = re.compile(r"(?<![\w@$])(?P<word>\w*[^\W_])\$+")

    def __init__(self, markers: tuple[str, ...]) -> None:
        self.markers = markers
        self._of_name = {marker[1:-1].casefold(): marker for marker in markers}
        self._bare = {marker: re.compile(rf"(?<![\w@$]){re.escape(marker[1:-1])}(?![\w$])") for marker in markers}

    def untagged(self, text: str) -> str:
        """Return a text in which a marker in the form of a tag is its name alone."""
        for name in (marker[1:-1] for marker in self.markers):
            text = text if f"</{name}" in text else text.replace(f"<{name}>", name)
        return text

    def mended(self, text: str) -> str:
        """Return a text in which every form of a marker that has a sign (@ or $) is the marker itself."""
        text = self._WITH_AT.sub(lambda found: self._of(found, loose=True), text)
        text = self._WITH_DOLLAR.sub(lambda found: self._of(found, loose=False), text)
        return self._unwrapped(text)

    def _unwrapped(self, text: str) -> str:
        for first, last in _WRAPS * 2:
            for marker in self.markers:
                text = text.replace(first + marker + last, marker)
        return text

    def _of(self, found: re.Match[str], *, loose: bool) -> str:
        word = found["word"].casefold()
        stem = re.sub(r"s$|(?<!\d)\d{1,3}$", "", word) if loose else word  # @GENES, @GENE1
        return self._of_name.get(word) or self._of_name.get(stem) or found.group()

    def with_bare(self, text: str) -> str:
        """Return a text in which a name in capitals is the marker where it can be nothing else."""
        for marker, bare in self._bare.items():
            if marker not in text and len(bare.findall(text)) == 1:
                text = self._unwrapped(bare.sub(marker, text))
        return text

    def counts(self, text: str) -> tuple[int, ...]:
        """Return how often a text has each marker."""
        text = self.with_bare(text)
        return tuple(text.count(marker) for marker in self.markers)

    def removed(self, text: str) -> str:
        """Return a text without markers."""
        for marker in self.markers:
            text = text.replace(marker, " ")
        return text
