"""The same words labelled alike: where a model is unsure of a place, all places of its document or corpus decide."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clinsynth.task import Alike, Cut
from clinsynth.tasks.ner.annotators import Gazetteer, is_acronym
from clinsynth.tasks.ner.rows import Rows, read_rows
from clinsynth.text.abbreviations import definitions
from clinsynth.text.entities import Origin, Sentence, Span
from clinsynth.text.words import as_read

UNSURE = (0.1, 0.9)
"""Of the probability of a span: below and above, the model has its way."""

Place = tuple[int, Span]
"""The number of a sentence, and a span of it."""

Sure = dict[int, float]
"""By word: how sure all places together are of its label, where they and not the model have decided it."""


def consistent(
    predicted: Sequence[Sentence], *, rows: Sequence[Rows], labels: Sequence[str], how: Alike
) -> tuple[list[Sentence], list[Sure]]:
    """Return the sentences with what the places of the same words, in the same scope, say together, and how sure.

    How sure all places are is said of the words that they and not the model have decided.
    """
    found, sure = list(predicted), [Sure() for _ in predicted]
    for members in _scopes(predicted, whole=how.scope == "corpus"):
        scope = _Scope([predicted[one] for one in members], [rows[one] for one in members], labels)
        for number, sentence, votes in zip(members, *scope.decided(how), strict=True):
            found[number], sure[number] = sentence, votes
    return found, sure


def in_text(text: Cut, *, outputs: Sequence[Rows], labels: Sequence[str], how: Alike) -> dict[str, Any]:
    """Return the spans of a text, whose sentences agree."""
    from clinsynth.tasks.ner.inference import of_sentences, placed  # imports torch

    if not outputs:
        return {"spans": []}
    parts = of_sentences(text, np.concatenate(outputs))
    own = [row for _, row in parts]
    sentences = read_rows([_sentence(text.text, places) for places, _ in parts], rows=own, labels=labels)
    alike, _ = consistent(sentences, rows=own, labels=labels, how=how)
    spans: list[dict[str, Any]] = []
    for (places, _), sentence in zip(parts, alike, strict=True):
        spans += placed(sentence.spans, scores=sentence.scores, text=text.text, places=places)
    return {"spans": spans}


def _sentence(text: str, places: Sequence[tuple[int, int]]) -> Sentence:
    """Return a part of a text, with the place that it has there."""
    start, end = (places[0][0], places[-1][1]) if places else (0, 0)
    inside = tuple((first - start, last - start) for first, last in places)
    tokens = tuple(as_read(text[first:last]) for first, last in places)
    return Sentence(tokens, origin=Origin("", start, text[start:end], inside))


def _scopes(sentences: Sequence[Sentence], *, whole: bool) -> list[list[int]]:
    """Return the numbers of those that are read together: of a document, or all; one of no document is alone."""
    found: dict[object, list[int]] = defaultdict(list)
    for number, sentence in enumerate(sentences):
        own = sentence.origin.document if sentence.origin else number
        found["" if whole else own].append(number)
    return list(found.values())


@dataclass(frozen=True)
class _Scope:
    """Sentences that agree with each other."""

    sentences: Sequence[Sentence]
    rows: Sequence[Rows]
    labels: Sequence[str]

    def decided(self, how: Alike) -> tuple[list[Sentence], list[Sure]]:
        """Return the sentences as they are decided together, and how sure of what."""
        kinds = self._kinds()
        same = self._abbreviated(kinds) if how.abbreviations else {}
        if not kinds:
            return list(self.sentences), [Sure() for _ in self.sentences]
        if how.scope is None:
            kinds = {name: kind for name, kind in kinds.items() if name in same or name in same.values()}
        places = list(self._places(kinds))
        sure: dict[str, list[float]] = defaultdict(list)
        for number, span in places:
            sure[self._name(number, span, same)].append(self._chance(number, span))
        votes = {name: float(np.mean(chances)) for name, chances in sure.items() if len(chances) > 1}
        return self._changed(places, votes=votes, same=same)

    def _kinds(self) -> dict[str, str]:
        """Return the words of all predicted spans, with the type that most of them have."""
        types: dict[str, Counter[str]] = defaultdict(Counter)
        for number, sentence in enumerate(self.sentences):
            for span in sentence.spans:
                types[self._name(number, span, {})][span.label] += 1
        return {name: counts.most_common(1)[0][0] for name, counts in types.items()}

    def _abbreviated(self, kinds: dict[str, str]) -> dict[str, str]:
        """Return the long form of each abbreviation; what is said of one of the two is added to `kinds` for both."""
        found: dict[str, str] = {}
        for sentence in self.sentences:
            for long, short in definitions(sentence.text):
                whole, brief = (_folded(sentence.text[start:end]) for start, end in (long, short))
                kind = kinds.get(whole) or kinds.get(brief)
                if kind is not None:
                    kinds[whole] = kinds[brief] = kind
                    found.setdefault(brief, whole)
        return found

    def _places(self, kinds: Mapping[str, str]) -> Iterator[Place]:
        """Yield where the words stand, whether they are predicted there or not."""
        known = Gazetteer(kinds.items())
        for number, sentence in enumerate(self.sentences):
            for span in known.find(sentence.tokens):
                yield number, span

    def _name(self, number: int, span: Span, same: Mapping[str, str]) -> str:
        name = _folded(self.sentences[number].mention(span))
        return same.get(name, name)

    def _chance(self, number: int, span: Span) -> float:
        """Return the probability of a span: the mean of those of the labels of its words."""
        row, first, inner = self.rows[number], f"B-{span.label}", f"I-{span.label}"
        chosen = [self.labels.index(first if word == span.start else inner) for word in range(span.start, span.end)]
        return float(row[np.arange(span.start, span.end), chosen].mean())

    def _changed(
        self, places: Sequence[Place], *, votes: Mapping[str, float], same: Mapping[str, str]
    ) -> tuple[list[Sentence], list[Sure]]:
        """Return the sentences in which unsure places are labelled where the vote for their words says so."""
        spans = [dict(zip(one.spans, one.scores, strict=True)) for one in self.sentences]
        sure = [Sure() for _ in self.sentences]
        for number, span in places:
            vote, own = votes.get(self._name(number, span, same)), self._chance(number, span)
            if vote is None or not UNSURE[0] < own < UNSURE[1]:
                continue
            others = [other for other in spans[number] if other.overlaps(span) and other != span]
            if vote < 0.5:
                spans[number].pop(span, None)
                sure[number] |= dict.fromkeys(range(span.start, span.end), 1 - vote)
            elif all(spans[number][other] < UNSURE[1] for other in others):
                for other in others:
                    del spans[number][other]
                spans[number].setdefault(span, vote)
                words = {word for one in (span, *others) for word in range(one.start, one.end)}
                sure[number] |= dict.fromkeys(words, vote)
        marked = [
            sentence.marked(sorted(found), scores=[found[span] for span in sorted(found)])
            for sentence, found in zip(self.sentences, spans, strict=True)
        ]
        return marked, sure


def _folded(mention: str) -> str:
    """Return the words of a mention but for case; an acronym keeps its own."""
    return mention if is_acronym(mention) else mention.casefold()
