"""A file of guidelines, cut at its headings: a request shows the sections that are nearest to its texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from clinsynth.analysis.kept_embeddings import Embed
from clinsynth.errors import DataFormatError
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode

_HEADING = re.compile(r"(?m)^(?=#{1,6}\s)")
_FENCE = re.compile(r"(?ms)^(```|~~~).*?^\1")


@dataclass(frozen=True)
class NearestRules:
    """Sections of guidelines."""

    sections: tuple[str, ...]
    number: int
    """So many stand in a request."""
    embed: Embed

    @property
    def characters(self) -> int:
        """Return how many characters so many sections have, on the average."""
        return min(self.number, len(self.sections)) * sum(map(len, self.sections)) // len(self.sections)

    def shown(self, texts: Sequence[str]) -> str:
        """Return the sections that are nearest to one of the texts, in the order of the file."""
        if len(self.sections) <= self.number:
            return "\n".join(self.sections)
        near = (self.embed(self.sections) @ self.embed(texts).T).max(axis=1)
        chosen = sorted((-near).argsort(kind="stable")[: self.number].tolist())
        return "\n".join(self.sections[place] for place in chosen)


def read_rules(path: Path, *, number: int, embed: Embed) -> NearestRules:
    """Return the sections of a Markdown file; raises DataFormatError where it is empty."""
    if not path.is_file():
        raise no_file(path, said="no guidelines")
    sections = sections_of(decode(path))
    if not sections:
        raise DataFormatError(f"{path} holds no guidelines: it is empty.")
    return NearestRules(tuple(sections), number, embed)


def sections_of(text: str) -> list[str]:
    """Return the parts of a Markdown text, each with its heading; one that is a heading alone heads the next."""
    fenced = [found.span() for found in _FENCE.finditer(text)]
    inside = {place for start, end in fenced for place in range(start + 1, end)}
    cuts = [0, *(found.start() for found in _HEADING.finditer(text) if found.start() not in inside), len(text)]
    sections: list[str] = []
    waiting = ""
    for start, end in pairwise(cuts):
        part = text[start:end].strip()
        if part.startswith("#") and "\n" not in part:
            waiting = f"{waiting}{part}\n"
        elif part:
            sections.append(waiting + part)
            waiting = ""
    return [*sections, *([waiting.strip()] if waiting else [])]
