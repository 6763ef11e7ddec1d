"""Finds where the words of an answer stand in the sentence that it is about.

Characters are aligned, not words: an LLM skips, merges, splits and rewrites words, and each of these
would shift all that follows. Spaces do not count, nor do case, accents and typography.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from clinsynth.text.gotoh import cheapest_pairs
from clinsynth.text.words import tokenise

Place = tuple[int, int]
"""Start and end (exclusive): of words, of tokens."""

ALIKE = 0.6
"""Share of equal characters from which a part of the sentence is what an entity of the answer means."""
LARGEST = 10_000_000
"""Cells of an alignment; an answer that needs more is no answer to one sentence."""

_QUOTES = dict.fromkeys(map(ord, "’‘ʼ‛′`´"), "'") | dict.fromkeys(map(ord, "“”„‟«»″"), '"')
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_EDGE = frozenset(".,;:!?'\"()[]{}")


@dataclass(frozen=True)
class Characters:
    """Words without spaces; `ends`: where each of them ends in `text`."""

    text: str
    ends: tuple[int, ...]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        return (0, *self.ends[:-1])


def characters(words: Iterable[str], *, fold: bool = True) -> Characters:
    """Return the words with plain quotes and dashes and without accents; case folded where `fold`."""
    pieces = [plainest(word, fold=fold) for word in words]
    return Characters("".join(pieces), tuple(accumulate(map(len, pieces))))


@lru_cache(maxsize=16384)
def plainest(word: str, *, fold: bool = True) -> str:
    """Return a word's characters as they are compared, without spaces."""
    return "".join(_plain(character, fold) for character in word)


@lru_cache(maxsize=4096)
def _plain(character: str, fold: bool) -> str:
    if unicodedata.category(character) == "Pd" or character == "−":
        return "-"
    parts = unicodedata.normalize("NFKD", character.translate(_QUOTES)).translate(_QUOTES)
    parts = parts.casefold() if fold else parts
    return "".join(part for part in parts if not part.isspace() and unicodedata.category(part)[0] not in "MC")


def align(answer: Characters, gold: Characters) -> list[Place]:
    """Return pairs of a character of the answer and one of gold, equal or not, both rising; all others stand in gaps.

    Gaps have affine costs (Gotoh 1982) and like to begin and end between words.
    """
    head = _shared(answer.text, gold.text, (answer.ends, gold.ends))
    rest = answer.text[head:][::-1], gold.text[head:][::-1]
    back = [{len(whole.text) - start for start in whole.starts} for whole in (answer, gold)]
    tail = _shared(*rest, back)
    pairs = [(at, at) for at in range(head)]
    length, width = len(answer.text) - tail, len(gold.text) - tail
    ends = _within(answer.ends, head, length), _within(gold.ends, head, width)
    middle = cheapest_pairs(answer.text[head:length], gold.text[head:width], ends=ends)
    pairs += [(row + head, column + head) for row, column in middle]
    return pairs + [(length + at, width + at) for at in range(tail)]


def _shared(first: str, second: str, ends: Sequence[Iterable[int]]) -> int:
    """Return how many characters both begin with, to an end of words in both."""
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return max((end for end in set(ends[0]) & set(ends[1]) if end <= same), default=0)


def _within(ends: Iterable[int], start: int, end: int) -> list[int]:
    return [at - start for at in ends if start <= at <= end]


def place_entities(
    words: Sequence[str], *, entities: Sequence[Place], tokens: Sequence[str]
) -> tuple[list[Place], list[str]]:
    """Return the tokens of each entity, given as words of the answer, and entities that are not in the sentence."""
    answer, gold = characters(words), characters(tokens)
    if answer == gold:
        return list(entities), []
    pairs: dict[int, int] = {}
    if (len(answer.text) + 1) * (len(gold.text) + 1) <= LARGEST:
        pairs = dict(align(answer, gold))
    alone = sum(end - start for start, end in entities) == len(words)
    spelt = Spelt(tokens)
    found, astray = [], []
    for start, end in entities:
        place, likeness = _aligned((answer.starts[start], answer.ends[end - 1]), answer, gold, pairs)
        mention = " ".join(words[start:end])
        # With nothing but entities to align, the likest place is not yet the one that is meant.
        elsewhere = alone and likeness < 1 and bool(spelt.find(mention))
        if place is None or likeness < ALIKE or elsewhere:
            astray.append(mention)
        else:
            edges = [(answer.starts[word], answer.ends[word]) for word in (start, end - 1)]
            first, last = (_aligned(word, answer, gold, pairs)[0] for word in edges)
            found.append(_trimmed(place, first=first, last=last, tokens=tokens))
    chosen: list[Place] = []
    for place in sorted(found, key=lambda place: (place[0], -place[1])):
        if not chosen or place[0] >= chosen[-1][1]:
            chosen.append(place)
    return place_in_order(astray, tokens=tokens, taken=chosen)[0], _absent(astray, tokens=tokens)


def _aligned(part: Place, answer: Characters, gold: Characters, pairs: dict[int, int]) -> tuple[Place | None, float]:
    """Return the tokens that characters of the answer are aligned to, and how much of both is equal."""
    met = {at: pairs[at] for at in range(*part) if at in pairs}
    if not met:
        return None, 0.0
    low, high = min(met.values()), max(met.values()) + 1
    near = range(bisect_right(gold.ends, low), bisect_left(gold.starts, high))
    tokens = ((at, gold.starts[at], gold.ends[at]) for at in near)
    inside = [at for at, a, z in tokens if a < z and 2 * (min(z, high) - max(a, low)) >= z - a]
    if not inside:
        return None, 0.0
    equal = sum(answer.text[at] == gold.text[other] for at, other in met.items())
    return (inside[0], inside[-1] + 1), equal / max(part[1] - part[0], high - low)


def _trimmed(place: Place, *, first: Place | None, last: Place | None, tokens: Sequence[str]) -> Place:
    """Leave out punctuation that a word of several tokens drags in; `first`, `last`: tokens of the outer words."""
    start, end = place
    start_limit = first[1] - 1 if first and first[1] - first[0] > 1 else start
    end_limit = last[0] + 1 if last and last[1] - last[0] > 1 else end
    while True:
        if start < min(start_limit, end - 1) and _is_dragged(tokens[start:end], closing=False):
            start += 1
        elif end > max(end_limit, start + 1) and _is_dragged(tokens[start:end], closing=True):
            end -= 1
        else:
            return start, end


def _is_dragged(tokens: Sequence[str], *, closing: bool) -> bool:
    mark = plainest(tokens[-1 if closing else 0])
    if mark not in _EDGE:
        return False
    others = "".join(tokens[:-1] if closing else tokens[1:-1])
    if closing and mark in _BRACKETS.values():
        opening = next(key for key, value in _BRACKETS.items() if value == mark)
        return others.count(opening) <= others.count(mark)
    if not closing and mark in _BRACKETS:
        return others.count(_BRACKETS[mark]) <= others.count(mark)
    return True


def place_names(names: Sequence[str], *, tokens: Sequence[str]) -> tuple[list[Place], list[str]]:
    """Return the tokens that the names of a list stand for, and the names that are not in the sentence.

    A list without repetitions names what there is: each name stands for all its occurrences. One
    with repetitions goes through the sentence.
    """
    absent = _absent(names, tokens=tokens)
    if len({plainest(name, fold=False) for name in names}) < len(names):
        return place_in_order(names, tokens=tokens)[0], absent
    exact, folded, taken = Spelt(tokens, fold=False), Spelt(tokens), Taken(len(tokens))
    for name in sorted(names, key=lambda name: -len(plainest(name))):
        for place in exact.find(name) or folded.find(name):
            taken.take(place)
    return sorted(taken.places), absent


def place_in_order(
    mentions: Iterable[str], *, tokens: Sequence[str], taken: Iterable[Place] = (), by_words: bool = False
) -> tuple[list[Place], list[str]]:
    """Return the places that are taken and those of the mentions, and mentions that none is left for.

    Mentions are listed in the order of the sentence, so each is looked for behind the one before it;
    a list that strays from the order is searched from the start. Case has to agree only where it can.
    Taken `by_words`, a mention has the very words of the sentence, accents and all.
    """
    listed, taken = list(mentions), list(taken)
    places = places_in_order(listed, tokens=tokens, taken=taken, by_words=by_words)
    missed = [mention for mention, place in zip(listed, places, strict=True) if place is None]
    return sorted([*taken, *(place for place in places if place)]), missed


def places_in_order(
    mentions: Iterable[str], *, tokens: Sequence[str], taken: Iterable[Place] = (), by_words: bool = False
) -> list[Place | None]:
    """Return the place of each mention of a list as `place_in_order` finds it; `None` where none is left for it."""
    spelt = [Spelt(tokens, fold=fold, by_words=by_words) for fold in (False, True)]
    known: dict[tuple[str, int], _Queue] = {}
    chosen, cursor = Taken(len(tokens), taken), 0
    places: list[Place | None] = []
    for mention in mentions:
        places.append(None)
        for fold, whole in enumerate(spelt):
            queue = known.get((mention, fold)) or known.setdefault((mention, fold), _Queue(whole.find(mention)))
            place = queue.next(chosen, cursor=cursor)
            if place is not None:
                chosen.take(place)
                places[-1], cursor = place, place[1]
                break
    return places


def _absent(mentions: Iterable[str], *, tokens: Sequence[str]) -> list[str]:
    spelt = Spelt(tokens)
    return [mention for mention in mentions if not spelt.find(mention)]


def occurrences(mention: str, *, tokens: Sequence[str], fold: bool = True) -> list[Place]:
    """Return where whole tokens are the mention, however it is split."""
    return Spelt(tokens, fold=fold).find(mention)


class Spelt:
    """A sentence as it is compared with mentions, which may be split otherwise; `by_words` they may not."""

    def __init__(self, tokens: Sequence[str], *, fold: bool = True, by_words: bool = False) -> None:
        self._fold, self._by_words = fold, by_words
        pieces = [self._spell([token]) for token in tokens]
        ends = list(accumulate(map(len, pieces)))
        self._text = "".join(pieces)
        self._starts = dict(zip([0, *ends], range(len(tokens)), strict=False))
        self._ends = {end: number for number, end in reversed(list(enumerate(ends, 1)))}
        self._found: dict[str, list[Place]] = {}

    def find(self, mention: str) -> list[Place]:
        """Return where whole tokens are the mention, from left to right."""
        if mention not in self._found:
            wanted = self._spell(tokenise(mention) if self._by_words else [mention])
            self._found[mention] = list(self._matches(wanted)) if wanted else []
        return self._found[mention]

    def _spell(self, words: Sequence[str]) -> str:
        if not self._by_words:
            return "".join(plainest(word, fold=self._fold) for word in words)
        return "".join(f"\0{word.casefold() if self._fold else word}" for word in words)

    def _matches(self, wanted: str) -> Iterator[Place]:
        start = self._text.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            if start in self._starts and end in self._ends:
                yield self._starts[start], self._ends[end]
            start = self._text.find(wanted, start + 1)


class Taken:
    """Places of a sentence that do not overlap."""

    def __init__(self, length: int, places: Iterable[Place] = ()) -> None:
        self._tokens = bytearray(length)
        self.places: list[Place] = []
        for place in places:
            self.take(place)

    def is_free(self, place: Place) -> bool:
        return self._tokens.find(1, *place) < 0

    def take(self, place: Place) -> None:
        """Take a place if it is free."""
        if self.is_free(place):
            self._tokens[slice(*place)] = b"\1" * (place[1] - place[0])
            self.places.append(place)


class _Queue:
    """The places of one mention, from left to right; what was found to be taken is not looked at again."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        self._next = list(range(len(places)))

    def next(self, taken: Taken, *, cursor: int) -> Place | None:
        """Return the first free place from a token on, else the first of all; `None` where none is free."""
        for start in (bisect_left(self._places, (cursor, 0)), 0):
            at = self._free(start, taken)
            if at < len(self._places):
                return self._places[at]
        return None

    def _free(self, at: int, taken: Taken) -> int:
        passed = []
        while at < len(self._places) and (self._next[at] > at or not taken.is_free(self._places[at])):
            passed.append(at)
            at = max(self._next[at], at + 1)
        for number in passed:
            self._next[number] = at
        return at
