"""Reads what an LLM's answer says about the entities of one sentence where several types were asked for at once.

The answer is read once for each type, as if it alone had been asked for and the others were beside it, and what is read
is put together. A place that is read as two types is of neither: the answer does not say of which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clinsynth.tasks.ner.answers import read_clean, read_entities
from clinsynth.text.entities import Span
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading


def read_typed_entities(text: str, *, question: str, tokens: Sequence[str], nouns: Mapping[str, str]) -> Reading:
    """Return spans over the gold tokens of a sentence, each of one of the types; `nouns` are what these are called."""
    clean = read_clean(text, tokens=tokens, entity_types=list(nouns))
    if clean is not None:
        return Reading(clean, CLEAN)
    readings = []
    for name in nouns:
        others = frozenset(word for other, noun in nouns.items() if other != name for word in (other, noun))
        others -= {name, nouns[name]}
        readings.append(read_entities(text, question=question, tokens=tokens, entity_type=name, others=others))
    if all(reading.status == UNUSABLE for reading in readings):
        return readings[0]
    kept, conflicts = _together([span for reading in readings for span in reading.predicted])
    hallucinated = dict.fromkeys(name for reading in readings for name in reading.hallucinated)
    return Reading(kept, REPAIRED, tuple(hallucinated), conflicts)


def _together(found: Sequence[Span]) -> tuple[tuple[Span, ...], int]:
    """Return the spans, of those that overlap the longest, and how many others there were; of equal ones none stays."""
    kept: list[Span] = []
    passed: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start - span.end, span)):
        alike = [other for other in found if (other.start, other.end) == (span.start, span.end)]
        if len(alike) == 1 and all(other.end <= span.start or span.end <= other.start for other in passed):
            kept.append(span)
        passed.append(span)
    return tuple(sorted(kept)), len(found) - len(kept)
