"""Finds known terms in synthetic sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ahocorasick_rs import AhoCorasick

from clinsynth.text.alignment import Taken
from clinsynth.text.entities import Span
from clinsynth.text.words import plain, tokenise

NONE = frozenset({"", "none", "none mentioned", "no mention", "no mentions", "n/a", "-", "–", "—"})
"""Stand in the place of mentions where there are none."""

LONGEST_ACRONYM = 6
"""Letters of a word; longer ones in capitals are shouted words."""

PLURAL_IN_S = frozenset({"en", "es", "fr", "pt", "ca", "gl", "nl"})
"""Languages in which a plural may be the word with an `s`; a dataset that names no language counts as English."""

Term = tuple[str, str]
"""A term and its type."""


class Gazetteer:
    """Finds terms in words: longest match first, with a plural `s`, case folded except for acronyms.

    The plural is that of some languages (`PLURAL_IN_S`); acronyms are told by their case in every script that has one.
    A term of several types counts as the one that comes first.
    """

    def __init__(self, terms: Iterable[Term], *, language: str | None = None) -> None:
        self.of_several_types: list[Term] = []
        """Terms that are not found, for they come with another type before."""
        known: dict[bool, dict[str, str]] = {True: {}, False: {}}
        plurals: list[tuple[bool, str, str]] = []
        for written, kind in terms:
            words, fold = tokenise(plain(written)), not is_acronym(plain(written))
            if words and known[fold].setdefault(_pattern(words, fold=fold), kind) != kind:
                self.of_several_types.append((written, kind))
            elif words:
                plurals.append((fold, _pattern(_plural(words), fold=fold), kind))
        if (language or "en").partition("-")[0] in PLURAL_IN_S:
            for fold, pattern, kind in plurals:  # once all terms are known, of which one may be another's plural
                known[fold].setdefault(pattern, kind)
        self._searches = [
            (AhoCorasick(sorted(patterns)), [kind for _, kind in sorted(patterns.items())], fold)
            for fold, patterns in known.items()
            if patterns
        ]

    def find(self, words: Sequence[str]) -> tuple[Span, ...]:
        """Return the matches in the words, in order, without overlaps; an acronym before what is spelt alike."""
        found: dict[tuple[int, int], str] = {}
        for search, kinds, fold in self._searches:
            for number, start, end in _matches(search, words, fold=fold):
                found[start, end] = kinds[number]  # acronyms are searched last
        chosen = Taken(len(words))
        for place in sorted(found, key=lambda place: (place[0] - place[1], place[0])):
            chosen.take(place)
        return tuple(Span(*place, found[place]) for place in sorted(chosen.places))


def is_acronym(term: str) -> bool:
    """Say whether case tells a term from a common word: AS, NO, K, vWD, A-T."""
    letters = [letter for letter in term if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    short = all(len(word) <= LONGEST_ACRONYM for word in tokenise(term))
    return len(letters) <= 2 or (short and 2 * capitals >= len(letters))


def _plural(words: Sequence[str]) -> list[str]:
    last = words[-1]
    return [*words[:-1], f"{last}s"] if last.isalpha() and last[-1] not in "sS" else list(words)


OPEN, CLOSE = "\x02", "\x03"
"""Each word is fenced on both sides, so that matches begin and end at words and neighbours share no fence."""


def _pattern(words: Sequence[str], *, fold: bool) -> str:
    return "".join(_fenced(words, fold=fold))


def _fenced(words: Sequence[str], *, fold: bool) -> list[str]:
    return [f"{OPEN}{word.casefold() if fold else word}{CLOSE}" for word in words]


def _matches(search: AhoCorasick, words: Sequence[str], *, fold: bool) -> list[tuple[int, int, int]]:
    """Return number of the pattern, start and end (exclusive) of each match, overlapping ones too."""
    fenced = _fenced(words, fold=fold)
    matches = search.find_matches_as_indexes("".join(fenced), overlapping=True)
    if not matches:
        return []
    ends = list(accumulate(map(len, fenced)))  # so many words end before a place
    return [(number, bisect_right(ends, start), bisect_right(ends, end)) for number, start, end in matches]
