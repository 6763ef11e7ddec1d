"""Checks of labelled texts: what is kept and what is rejected, with the reason; one text after another."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from clinsynth.config import QualityConfig
from clinsynth.quality import filters
from clinsynth.quality.near_duplicates import NONE, NearDuplicates, shingle_hashes
from clinsynth.task import Check
from clinsynth.text.words import folded
from clinsynth.types import Candidate, Draft, Rejected

Contains = Callable[[Draft], bool]


@dataclass(frozen=True)
class Findings:
    """All that is known of a text when it has been looked at by itself."""

    fault: tuple[str, str] | None
    """Reason and detail of its rejection."""
    words: bytes = b""
    """A hash of its words but for case, which copies have in common."""
    shingles: bytes = b""
    """Those of its word triples, where near-duplicates are looked for."""


@dataclass(frozen=True)
class Checks:
    """What is looked at of one text at a time, in any order and process."""

    config: QualityConfig
    words: Callable[[Any], Sequence[str]]
    test_texts: frozenset[tuple[str, ...]]
    own: Check | None = None
    """That of a task whose texts are no sentences, in the place of what is asked of a sentence and its length."""

    def look(self, candidate: Candidate, *, contains: bool) -> Findings:
        """Return what is found; `contains` says whether the text is about its unit."""
        if (fault := self._fault(candidate, contains)) is not None:
            return Findings(fault)
        text = folded(self.words(candidate.example))
        near = shingle_hashes(text) if self.config.near_duplicates is not None else b""
        return Findings(None, filters.folded_hash(text), near)

    def _fault(self, candidate: Candidate, contains: bool) -> tuple[str, str] | None:
        if self.own is not None and (fault := self.own(candidate)):
            return fault
        if self.own is None and self.config.sentence and (fault := filters.no_sentence(candidate)):
            return fault
        if self.config.unit and not contains:
            return "unit_missing", candidate.draft.unit
        return next((fault for check in self._of_words if (fault := check(candidate)) is not None), None)

    @cached_property
    def _of_words(self) -> list[Check]:
        length = filters.length(self.words, least=self.config.min_words, most=self.config.max_words)
        copy = filters.test_copy(self.words, self.test_texts)
        least = self.config.min_confidence
        unsure = [] if least is None else [filters.unsure(least)]
        return [*([] if self.own else [length]), *([copy] if self.config.test_copies else []), *unsure]


@dataclass(frozen=True)
class Refused:
    """The place of a text that is not kept, among all that were looked at."""

    place: int
    reason: str
    detail: str = ""
    twin: int | None = None
    """The place of the kept text that it is like, which the detail has to name."""

    def at(self, places: Sequence[int]) -> Refused:
        """Return it with the places that its own and its twin's are among others."""
        twin = None if self.twin is None else places[self.twin]
        return replace(self, place=places[self.place], twin=twin)


class Control:
    """Decides which texts are kept, in the order in which they are added: of two that are alike the first is."""

    def __init__(self, config: QualityConfig, *, folder: Path | None = None) -> None:
        """What is remembered of texts is left in `folder` meanwhile."""
        self._duplicates = config.duplicates
        self._near = None if config.near_duplicates is None else NearDuplicates(config.near_duplicates, folder=folder)
        self._first: dict[bytes, int] = {}
        self._faulty: list[Refused] = []
        self._copies: list[Refused] = []
        self._passed = array("q")
        self._number = 0

    def close(self) -> None:
        """Remove what was remembered."""
        if self._near is not None:
            self._near.close()

    def add(self, found: Findings) -> None:
        """Take the next text."""
        place, self._number = self._number, self._number + 1
        if found.fault is not None:
            self._faulty.append(Refused(place, *found.fault))
            return
        if self._duplicates and (first := self._first.setdefault(found.words, place)) != place:
            self._copies.append(Refused(place, "duplicate", twin=first))
            return
        self._passed.append(place)
        if self._near is not None:
            self._near.add(found.shingles)

    def decide(self) -> tuple[list[int], list[Refused]]:
        """Return the places of the kept texts, and the others."""
        passed = self._passed.tolist()
        refused = [*self._faulty, *self._copies]
        if self._near is None:
            return passed, refused
        twins = self._near.twins().tolist()
        refused += [
            Refused(place, "near_duplicate", twin=passed[twin])
            for place, twin in zip(passed, twins, strict=True)
            if twin != NONE
        ]
        return [place for place, twin in zip(passed, twins, strict=True) if twin == NONE], refused


def control(
    candidates: Sequence[Candidate],
    *,
    config: QualityConfig,
    contains: Contains,
    words: Callable[[object], Sequence[str]],
    test_texts: frozenset[tuple[str, ...]],
    own: Check | None = None,
) -> tuple[list[Candidate], list[Rejected]]:
    """Apply all checks of the config, in the order of `candidates`: of two that are alike the first is kept."""
    checks = Checks(config, words, test_texts, own)
    with closing(Control(config)) as gate:
        for candidate in candidates:
            gate.add(checks.look(candidate, contains=not config.unit or contains(candidate.draft)))
        kept, refused = gate.decide()
    drafts = [candidate.draft for candidate in candidates]
    return [candidates[place] for place in kept], [rejected(found, drafts=drafts) for found in refused]


def rejected(found: Refused, *, drafts: Sequence[Draft]) -> Rejected:
    """Return a refused one of these texts with its reason."""
    detail = found.detail if found.twin is None else f"of {drafts[found.twin].id}"
    return Rejected(drafts[found.place], found.reason, detail)
