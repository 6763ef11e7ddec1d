"""The sentence that an answer is about, and what an answer says of it: words with tags, or names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from clinsynth.tasks.ner.answers import entity_types
from clinsynth.tasks.ner.answers.entity_types import Closeness, counted, stands_in
from clinsynth.tasks.ner.answers.tags import BARE, BEGIN, OTHER, OUTSIDE, Tag, read_tag
from clinsynth.text.alignment import Place, plainest

Pair = tuple[str, Tag]
"""A word and what its tag says of it."""
Named = tuple[str, str]
"""A name and the type that stands with it, in its place or over it; empty where none does."""


@dataclass(frozen=True)
class Tagging:
    """Words as an answer has them, each with what it is (see tags)."""

    pairs: tuple[Pair, ...]

    @property
    def words(self) -> list[str]:
        return [word for word, _ in self.pairs]

    @property
    def lists_names(self) -> bool:
        """Say whether they are names with their type behind them."""
        return all(tag in (BARE, OTHER) for _, tag in self.pairs)

    @property
    def entities(self) -> list[Place]:
        """Words of each entity; what continues nothing opens one."""
        places: list[Place] = []
        before = OUTSIDE
        for number, (_, written) in enumerate(self.pairs):
            tag = OUTSIDE if written == OTHER else written
            if tag != OUTSIDE:
                opens = tag == BEGIN or before == OUTSIDE or (tag == BARE and before != BARE)
                start = number if opens else places.pop()[0]
                places.append((start, number + 1))
            before = tag
        return places


@dataclass(frozen=True)
class Asked:
    """The sentence and the entities that an answer is about."""

    tokens: tuple[str, ...]
    entity_type: str
    question: str = ""
    """What was asked, without the sentence."""
    others: frozenset[str] = frozenset()
    """What other types are called that were asked for beside this one."""

    def tag(self, written: str, *, typed: bool = False) -> Tag | None:
        return read_tag(written, entity_type=self.entity_type, typed=typed, others=self.others)

    def tagging(self, pairs: Sequence[Pair]) -> Tagging:
        """Return words with tags, of which those of other types are none."""
        meant = self._counted(tag.named for _, tag in pairs)
        return Tagging(
            tuple((word, tag if not tag.named or tag.named in meant else _denied(tag)) for word, tag in pairs)
        )

    def names(self, found: Sequence[Named]) -> list[str]:
        """Return the names that are not of other types."""
        meant = self._counted(named for _, named in found)
        return [name for name, named in found if not named or named in meant]

    def offers(self, name: str) -> bool:
        """Say whether the question names a type."""
        return stands_in(name, self.question)

    def _counted(self, types: Iterable[str]) -> frozenset[str]:
        return counted(filter(None, types), entity_type=self.entity_type, offered=self.question, others=self.others)

    def closeness(self, name: str) -> Closeness:
        return entity_types.closeness(name, entity_type=self.entity_type, others=self.others)

    def is_type(self, name: str) -> bool:
        return entity_types.is_type(name, entity_type=self.entity_type, others=self.others)

    def is_asked(self, name: str) -> bool:
        return entity_types.is_asked(name, entity_type=self.entity_type, others=self.others)

    def names_type(self, text: str) -> bool:
        return entity_types.names_type(text, entity_type=self.entity_type, others=self.others)

    def names_other(self, text: str) -> bool:
        return entity_types.names_other(text, entity_type=self.entity_type, others=self.others)

    @cached_property
    def text(self) -> str:
        """The sentence as it is compared, without spaces."""
        return "".join(map(plainest, self.tokens))

    @cached_property
    def _grams(self) -> Counter[str]:
        return _grams(self.text)

    def knows(self, text: str) -> bool:
        """Say whether this stands in the sentence, be it within words."""
        return plainest(text) in self.text

    def is_sentence(self, text: str) -> bool:
        """Say whether a text is the sentence, or nearly so, and nothing else."""
        return self.likeness([text]) > 0.9

    def likeness(self, words: Iterable[str]) -> float:
        """Return how alike words and the sentence are, from 0 to 1 (Dice coefficient of trigrams)."""
        grams = _grams("".join(map(plainest, words)))
        shared = (grams & self._grams).total()
        return 2 * shared / ((grams.total() + self._grams.total()) or 1)


def _denied(tag: Tag) -> Tag:
    return OTHER if tag in (BARE, OTHER) else OUTSIDE


def _grams(text: str) -> Counter[str]:
    text = f"\x02{text}\x03"
    return Counter(text[at : at + 3] for at in range(len(text) - 2))
