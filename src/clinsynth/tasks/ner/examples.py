"""The columns, words and counts of labelled sentences, whichever dataset they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

from clinsynth.task import NONE
from clinsynth.text.entities import Sentence, Span, to_spans

COLUMNS: Mapping[str, str] = {
    "tokens": "its words, split as in gold",
    "tags": "IOB2, one a word",
    "entities": "the same as characters `start` to `end` (exclusive) of `text`",
}
LISTS: tuple[str, ...] = ("tokens", "tags")


def from_json(row: Mapping[str, Any]) -> Sentence:
    if len(row["tokens"]) != len(row["tags"]):
        raise ValueError(f"{len(row['tokens'])} tokens and {len(row['tags'])} tags")
    spans = to_spans(row["tags"])
    if "spans" in row:  # of which tags cannot tell
        spans = tuple(sorted(Span(int(start), int(end), str(label)) for start, end, label in row["spans"]))
    unlabelled, scores = (tuple(row.get(name) or ()) for name in ("unlabelled", "scores"))
    sure = _confidence(row, spans=spans, scores=scores)
    words = tuple(map(intern, row["tokens"]))
    return Sentence(words, spans, unlabelled=unlabelled, scores=scores, confidence=sure)


def _confidence(row: Mapping[str, Any], *, spans: Sequence[Span], scores: Sequence[float]) -> tuple[float, ...]:
    """Return how sure each word's label is: as a model has said, as a mention has votes, or as the whole text is."""
    said, words = row.get("word_confidences"), len(row["tokens"])
    if isinstance(said, list | tuple) and len(said) == words:
        return tuple(map(float, said))
    if not scores:
        whole = row.get("confidence")
        return (float(whole),) * words if isinstance(whole, int | float) else ()
    sure = [1.0] * words
    for span, score in zip(spans, scores, strict=False):
        sure[span.start : span.end] = [score] * (span.end - span.start)
    return tuple(sure)


def statistics(examples: Sequence[Sentence]) -> dict[str, float]:
    """Return counts of mentions."""
    mentions = Counter(mention.casefold() for example in examples for mention in example.mentions)
    return {
        "mentions": mentions.total(),
        "mentions per sentence": mentions.total() / max(len(examples), 1),
        "different mentions": len(mentions),
    }


def words(example: Sentence) -> Sequence[str]:
    return example.tokens


def describe(examples: Sequence[Sentence]) -> dict[str, int]:
    """Count sentences, mentions, those of each type where there are several, and sentences without any."""
    types: Counter[str] = Counter()
    without = 0
    for example in examples:  # once: it may be read from a file
        types.update(span.label for span in example.spans)
        without += not example.spans
    by_type = {f"of {name}": number for name, number in types.most_common()} if len(types) > 1 else {}
    return {"sentences": len(examples), "mentions": types.total(), **by_type, NONE: without}
