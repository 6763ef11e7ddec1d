"""Corpora that label some of a dataset's entity types: what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clinsynth.task import split_unit
from clinsynth.tasks.ner.annotators import Gazetteer
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.gold_mentions import gold_mentions
from clinsynth.text.alignment import Taken
from clinsynth.text.entities import Sentence, types_of_labels
from clinsynth.types import Gold, Unlabelled


@dataclass(frozen=True)
class NerPartial:
    """Makes sentences with some types of a dataset into sentences of the dataset."""

    dataset: NerDataset

    def missing(self, labels: Sequence[str]) -> tuple[str, ...] | None:
        """Return the types that labels lack; `None` where they are not those of some of the types."""
        theirs = types_of_labels(labels)
        if not theirs or not set(theirs) <= set(self.dataset.types):
            return None
        return tuple(name for name in self.dataset.types if name not in theirs)

    def completed(self, missing: Sequence[str], *, how: Unlabelled, gold: Gold) -> Callable[[Sentence], Sentence]:
        """Return what makes a sentence without labels of the `missing` types into one of the dataset."""
        if how is Unlabelled.outside:
            return lambda sentence: sentence
        if how is Unlabelled.masked:
            return lambda sentence: replace(sentence, unlabelled=tuple(missing))
        units = gold.units or gold_mentions(gold.trainable, dataset=self.dataset)
        terms = [split_unit(unit, types=tuple(self.dataset.types)) for unit in units]
        known = Gazetteer([term for term in terms if term[1] in missing], language=self.dataset.language)

        def marked(sentence: Sentence) -> Sentence:
            taken = Taken(len(sentence.tokens), [(span.start, span.end) for span in sentence.spans])
            further = [span for span in known.find(sentence.tokens) if taken.is_free((span.start, span.end))]
            return sentence.marked(sorted([*sentence.spans, *further]))

        return marked
