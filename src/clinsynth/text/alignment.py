"""Finds where the words of an answer stand in the sentence that it is about.

Characters are aligned, not words: an LLM skips, merges, splits and rewrites words, and each of these
would shift all that follows. Spaces do not count, nor do case, accents and typography.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from clinsynth.text.words import tokenise

Place = tuple[int, int]
"""Start and end (exclusive): of words, of tokens."""

ALIKE = 0.6
"""Share of equal characters from which a part of the sentence is what an entity of the answer means."""
LARGEST = 10_000_000
"""Cells of an alignment; an answer that needs more is no answer to one sentence."""

_UNEQUAL, _OPEN, _EXTEND, _INSIDE = 2, 4, 1, 2  # costs; _INSIDE: a gap begins or ends within a word
_QUOTES = dict.fromkeys(map(ord, "’‘ʼ‛′`´"), "'") | dict.fromkeys(map(ord, "“”„‟«»″"), '"')
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_EDGE = frozenset(".,;:!?'\"()[]{}")


@dataclass(frozen=True)
class Characters:
    """Words without spaces; `ends`: where each of them ends in `text`."""

    text: str
    ends: tuple[int, ...]

    @property
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
    middle = _gotoh(_part(answer, head, length), _part(gold, head, width))
    pairs += [(row + head, column + head) for row, column in middle]
    return pairs + [(length + at, width + at) for at in range(tail)]


def _shared(first: str, second: str, ends: Sequence[Iterable[int]]) -> int:
    """Return how many characters both begin with, to an end of words in both."""
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return max((end for end in set(ends[0]) & set(ends[1]) if end <= same), default=0)


_Costs = NDArray[np.int64]


def _part(whole: Characters, start: int, end: int) -> tuple[_Costs, _Costs]:
    """Return codes of the characters, and what it costs a gap to begin or end before each of them or at the end."""
    codes = np.array([ord(character) for character in whole.text[start:end]], dtype=np.int64)
    inside = np.full(end - start + 1, _INSIDE, dtype=np.int64)
    inside[[0, -1]] = 0
    inside[[at - start for at in whole.ends if start <= at <= end]] = 0
    return codes, inside


def _gotoh(answer: tuple[_Costs, _Costs], gold: tuple[_Costs, _Costs]) -> list[Place]:
    (rows, row_inside), (columns, inside) = answer, gold
    shape = len(rows) + 1, len(columns) + 1
    skipped = np.arange(shape[1]) * _EXTEND
    never = 1 << 40
    added = np.full(shape, never)  # the last character of the answer stands in a gap
    taken = np.full(shape, never)  # ... or is paired; or its gap ends here
    taken[0, 0] = 0
    best = np.empty(shape, dtype=np.int64)
    begun = np.empty(shape, dtype=np.int64)  # a gap in gold begins here
    for row in range(shape[0]):
        if row:
            opened = best[row - 1] + _OPEN + row_inside[row - 1] + 2 * inside
            added[row] = np.minimum(added[row - 1], opened) + _EXTEND
            taken[row] = added[row] + row_inside[row]
            paired = best[row - 1, :-1] + (rows[row - 1] != columns) * _UNEQUAL
            taken[row, 1:] = np.minimum(taken[row, 1:], paired)
        begun[row] = taken[row] + _OPEN + 2 * row_inside[row] + inside - skipped
        best[row] = taken[row]
        left = np.minimum.accumulate(begun[row])[:-1] + skipped[1:] + inside[1:]
        best[row, 1:] = np.minimum(best[row, 1:], left)

    pairs = []
    row, column = shape[0] - 1, shape[1] - 1
    while row or column:
        if best[row, column] < taken[row, column]:
            left = begun[row, :column] + skipped[column] + inside[column]
            column = int(np.flatnonzero(left == best[row, column])[-1])
        value = taken[row, column]
        paired_cost = _UNEQUAL * (row > 0 and column > 0 and rows[row - 1] != columns[column - 1])
        if row and column and value == best[row - 1, column - 1] + paired_cost:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif row:
            while added[row, column] == added[row - 1, column] + _EXTEND:
                row -= 1
            row -= 1
    return pairs[::-1]


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
    found, astray = [], []
    for start, end in entities:
        place, likeness = _aligned((answer.starts[start], answer.ends[end - 1]), answer, gold, pairs)
        mention = " ".join(words[start:end])
        # With nothing but entities to align, the likest place is not yet the one that is meant.
        elsewhere = alone and likeness < 1 and bool(occurrences(mention, tokens=tokens))
        if place is None or likeness < ALIKE or elsewhere:
            astray.append(mention)
        else:
            edges = [(answer.starts[word], answer.ends[word]) for word in (start, end - 1)]
            first, last = (_aligned(word, answer, gold, pairs)[0] for word in edges)
            found.append(_trimmed(place, first=first, last=last, tokens=tokens))
    chosen: list[Place] = []
    for place in sorted(found, key=lambda place: (place[0], -place[1])):
        if is_free(place, chosen):
            chosen.append(place)
    return place_in_order(astray, tokens=tokens, taken=chosen)[0], _absent(astray, tokens=tokens)


def _aligned(part: Place, answer: Characters, gold: Characters, pairs: dict[int, int]) -> tuple[Place | None, float]:
    """Return the tokens that characters of the answer are aligned to, and how much of both is equal."""
    met = {at: pairs[at] for at in range(*part) if at in pairs}
    if not met:
        return None, 0.0
    low, high = min(met.values()), max(met.values()) + 1
    tokens = enumerate(zip(gold.starts, gold.ends, strict=True))
    inside = [at for at, (a, z) in tokens if a < z and 2 * (min(z, high) - max(a, low)) >= z - a]
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
    chosen: list[Place] = []
    if len({plainest(name, fold=False) for name in names}) < len(names):
        chosen, _ = place_in_order(names, tokens=tokens)
    else:
        for name in sorted(names, key=lambda name: -len(plainest(name))):
            exact = occurrences(name, tokens=tokens, fold=False)
            for place in exact or occurrences(name, tokens=tokens):
                if is_free(place, chosen):
                    chosen.append(place)
    return sorted(chosen), _absent(names, tokens=tokens)


def place_in_order(
    mentions: Iterable[str], *, tokens: Sequence[str], taken: Iterable[Place] = (), by_words: bool = False
) -> tuple[list[Place], list[str]]:
    """Return the places that are taken and those of the mentions, and mentions that none is left for.

    Mentions are listed in the order of the sentence, so each is looked for behind the one before it;
    a list that strays from the order is searched from the start. Case has to agree only where it can.
    Taken `by_words`, a mention has the very words of the sentence, accents and all.
    """
    find = _same_words if by_words else occurrences
    places, missed, cursor = list(taken), [], 0
    for mention in mentions:
        for fold in (False, True):
            free = [place for place in find(mention, tokens=tokens, fold=fold) if is_free(place, places)]
            if free:
                places.append(next((place for place in free if place[0] >= cursor), free[0]))
                cursor = places[-1][1]
                break
        else:
            missed.append(mention)
    return sorted(places), missed


def _absent(mentions: Iterable[str], *, tokens: Sequence[str]) -> list[str]:
    return [mention for mention in mentions if not occurrences(mention, tokens=tokens)]


def occurrences(mention: str, *, tokens: Sequence[str], fold: bool = True) -> list[Place]:
    """Return where whole tokens are the mention, however it is split."""
    whole, wanted = characters(tokens, fold=fold), plainest(mention, fold=fold)
    if not wanted:
        return []
    starts = dict(zip(whole.starts, range(len(tokens)), strict=False))
    ends = {end: number + 1 for number, end in reversed(list(enumerate(whole.ends)))}
    found = (
        (match.start(), match.start() + len(wanted)) for match in re.finditer(f"(?={re.escape(wanted)})", whole.text)
    )
    return [(starts[start], ends[end]) for start, end in found if start in starts and end in ends]


def _same_words(mention: str, *, tokens: Sequence[str], fold: bool = True) -> list[Place]:
    words, wanted = ([word.casefold() if fold else word for word in part] for part in (tokens, tokenise(mention)))
    starts = range(len(words) - len(wanted) + 1) if wanted else ()
    return [(start, start + len(wanted)) for start in starts if words[start : start + len(wanted)] == wanted]


def is_free(place: Place, others: Iterable[Place]) -> bool:
    """Say whether a place overlaps none of the others."""
    return all(place[1] <= start or end <= place[0] for start, end in others)
