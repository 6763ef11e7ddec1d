"""Finds known terms in synthetic sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from ahocorasick_rs import AhoCorasick

from clinsynth.text.alignment import Place, Taken
from clinsynth.text.words import plain, tokenise

NONE = frozenset({"", "none", "none mentioned", "no mention", "no mentions", "n/a", "-", "–", "—"})
"""Stand in the place of mentions where there are none."""

LONGEST_ACRONYM = 6
"""Letters of a word; longer ones in capitals are shouted words."""


class Gazetteer:
    """Finds terms in words: longest match first, with a plural `s`, case folded except for acronyms."""

    def __init__(self, terms: Iterable[str]) -> None:
        folded: set[str] = set()
        exact: set[str] = set()
        for term in map(plain, terms):
            words = tokenise(term)
            if not words:
                continue
            acronym = is_acronym(term)
            for form in (words, _plural(words)):
                (exact if acronym else folded).add("".join(_fenced(form, fold=not acronym)))
        self._searches = [
            (AhoCorasick(sorted(patterns)), fold) for patterns, fold in ((folded, True), (exact, False)) if patterns
        ]

    def find(self, words: Sequence[str]) -> list[Place]:
        """Return start and end (exclusive) of each match in the words, in order, without overlaps."""
        found = [place for search, fold in self._searches for place in _matches(search, words, fold=fold)]
        chosen = Taken(len(words))
        for place in sorted(set(found), key=lambda place: (place[0] - place[1], place[0])):
            chosen.take(place)
        return sorted(chosen.places)


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


def _fenced(words: Sequence[str], *, fold: bool) -> list[str]:
    return [f"{OPEN}{word.casefold() if fold else word}{CLOSE}" for word in words]


def _matches(search: AhoCorasick, words: Sequence[str], *, fold: bool) -> list[Place]:
    fenced = _fenced(words, fold=fold)
    ends = list(accumulate(map(len, fenced)))
    begins = {end - len(word): number for number, (word, end) in enumerate(zip(fenced, ends, strict=True))}
    after = {end: number for number, end in enumerate(ends, 1)}
    matches = search.find_matches_as_indexes("".join(fenced), overlapping=True)
    return [(begins[start], after[end]) for _, start, end in matches]
