"""Who labels synthetic sentences: the unit alone, known entities, or the LLM that wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick

from clinsynth.errors import DataFormatError
from clinsynth.text.entities import Sentence, Span
from clinsynth.text.lists import clean, read_list
from clinsynth.text.words import plain, tokenise
from clinsynth.types import Completion

NONE = frozenset({"", "none", "none mentioned", "no mention", "no mentions", "n/a", "-", "–", "—"})
"""What stands in the place of mentions where there are none."""

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
                (exact if acronym else folded).add(_joined(form, fold=not acronym))
        self._searches = [
            (AhoCorasick(sorted(patterns)), fold) for patterns, fold in ((folded, True), (exact, False)) if patterns
        ]

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Start and end (exclusive) of each match in the words, in order, without overlaps."""
        found = [place for search, fold in self._searches for place in _matches(search, words, fold=fold)]
        chosen: list[tuple[int, int]] = []
        for start, end in sorted(set(found), key=lambda place: (place[0] - place[1], place[0])):
            if all(end <= other[0] or other[1] <= start for other in chosen):
                chosen.append((start, end))
        return sorted(chosen)


def is_acronym(term: str) -> bool:
    """Whether case tells a term from a common word: AS, NO, K, vWD, A-T."""
    letters = [letter for letter in term if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    short = all(len(word) <= LONGEST_ACRONYM for word in tokenise(term))
    return len(letters) <= 2 or (short and 2 * capitals >= len(letters))


def label(words: Sequence[str], *, places: Iterable[tuple[int, int]], entity_type: str) -> Sentence:
    return Sentence(tuple(words), tuple(Span(start, end, entity_type) for start, end in places))


def read_mentions(completion: Completion, *, sentences: int) -> list[list[str]]:
    """The mentions of each numbered sentence; raises DataFormatError where the lines do not pair with sentences."""
    items = read_list(plain(completion.text), wrapped=False).items
    numbers = [item.number for item in items if item.number is not None]
    if len(items) != sentences or (numbers and numbers != list(range(1, sentences + 1))):
        raise DataFormatError(
            f"the completion {completion.id!r} lists the mentions of {len(items)} sentences where {sentences} were "
            "shown: it needs one line for each, numbered like them, with mentions separated by ' | ' or the word none."
        )
    return [_mentions(item.text) for item in items]


def _mentions(line: str) -> list[str]:
    parts = (clean(part).rstrip(".;,") for part in line.split("|"))
    return [mention for mention in parts if mention.strip("()[] ").casefold() not in NONE]


def place_mentions(words: Sequence[str], mentions: Sequence[str]) -> tuple[list[tuple[int, int]], list[str]]:
    """Where the mentions stand in the words, and those that stand nowhere.

    They are listed in the order of the sentence, so each is looked for behind the one before it;
    a list that strays from the order is searched from the start. Case has to agree only where it can.
    """
    places: list[tuple[int, int]] = []
    absent: list[str] = []
    cursor = 0
    for mention in mentions:
        wanted = tokenise(mention)
        exact, folded = (_occurrences(words, wanted, fold=fold) for fold in (False, True))
        free = [place for place in exact if not _overlaps(place, places)]
        free = free or [place for place in folded if not _overlaps(place, places)]
        if not free:
            absent.append(mention)
            continue
        place = next((found for found in free if found[0] >= cursor), free[0])
        places.append(place)
        cursor = place[1]
    return sorted(places), absent


def _occurrences(words: Sequence[str], wanted: Sequence[str], *, fold: bool) -> list[tuple[int, int]]:
    haystack, needle = _fold(words, fold), _fold(wanted, fold)
    starts = range(len(words) - len(wanted) + 1) if wanted else ()
    return [(start, start + len(wanted)) for start in starts if haystack[start : start + len(needle)] == needle]


def _fold(words: Sequence[str], fold: bool) -> list[str]:
    return [word.casefold() for word in words] if fold else list(words)


def _overlaps(place: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(place[0] < end and start < place[1] for start, end in others)


def _plural(words: Sequence[str]) -> list[str]:
    last = words[-1]
    return [*words[:-1], f"{last}s"] if last.isalpha() and last[-1] not in "sS" else list(words)


OPEN, CLOSE = "\x02", "\x03"
"""Each word is fenced on both sides, so that matches begin and end at words and neighbours share no fence."""


def _joined(words: Sequence[str], *, fold: bool) -> str:
    return "".join(f"{OPEN}{word}{CLOSE}" for word in _fold(words, fold))


def _matches(search: AhoCorasick, words: Sequence[str], *, fold: bool) -> list[tuple[int, int]]:
    text = _joined(words, fold=fold)
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    position = 0
    for number, word in enumerate(_fold(words, fold)):
        begins[position] = number
        position += len(word) + len(OPEN) + len(CLOSE)
        ends[position] = number + 1
    return [(begins[start], ends[end]) for _, start, end in search.find_matches_as_indexes(text, overlapping=True)]
