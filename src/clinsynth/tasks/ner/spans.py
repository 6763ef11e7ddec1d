"""Scores of spans out of what a linear layer says of single words: how nested mentions are learnt.

Of each type the layer gives every word a vector as a beginning, one as an end, a score as an end, and a score for each
width that a span from it may have. The score of a span is the product of the two vectors plus the two scores (a
biaffine head as in Yu et al. 2020, factored as in GlobalPointer), so that a saved model is an ordinary token
classifier, and windows are joined word by word as those of tags are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.text.entities import Span

WIDEST = 12
"""Words of the longest span; longer mentions are not learnt."""

SIZE = 32
"""Of the vectors."""

PRIOR = 4.0
"""Taken off each score: a span is no mention (odds of 1 to 55) until something says that it is."""

LEAST = 0.5
"""Probability from which on a span is a mention."""


def outputs_of(types: int) -> int:
    """Return how many numbers a word has."""
    return types * (2 * SIZE + 1 + WIDEST)


def span_logits(words: torch.Tensor) -> torch.Tensor:
    """Return the scores of spans, [..., words, widths, types], out of those of words, [..., words, outputs].

    A span that would end behind the last word has one of minus infinity.
    """
    number = words.shape[-2]
    parts = words.reshape(*words.shape[:-1], -1, 2 * SIZE + 1 + WIDEST)
    begins, ends, end, width = torch.split(parts, [SIZE, SIZE, 1, WIDEST], dim=-1)
    ends = torch.cat([ends, end], dim=-1)
    begins = torch.cat([begins, torch.ones_like(end)], dim=-1)
    widths = []
    for wide in range(WIDEST):
        scores = (begins[..., : max(number - wide, 0), :, :] * ends[..., wide:, :, :]).sum(-1)
        scores = scores + width[..., : max(number - wide, 0), :, wide] - PRIOR
        missing = min(wide, number)
        widths.append(torch.nn.functional.pad(scores, (0, 0, 0, missing), value=-torch.inf))
    return torch.stack(widths, dim=-2)


def found_spans(words: NDArray[np.float32], *, types: Sequence[str]) -> tuple[list[Span], list[float]]:
    """Return the spans of a text, in order, with their probabilities; none crosses one that is likelier."""
    if not len(words):
        return [], []
    probabilities = span_logits(torch.from_numpy(words)).sigmoid().numpy()
    likely = np.argwhere(probabilities >= LEAST)
    scored = {
        Span(int(start), int(start + wide) + 1, types[kind]): float(probabilities[start, wide, kind])
        for start, wide, kind in likely
    }
    kept: list[Span] = []
    for span in sorted(scored, key=lambda span: (-scored[span], span)):
        if not any(_cross(span, other) for other in kept):
            kept.append(span)
    return sorted(kept), [scored[span] for span in sorted(kept)]


def _cross(span: Span, other: Span) -> bool:
    """Say whether two spans overlap, and neither lies in the other."""
    first, second = sorted((span, other), key=lambda found: (found.start, -found.end))
    return second.start < first.end < second.end


def targets(spans: Iterable[Span], *, words: Sequence[int], types: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return first word, width less one and type of spans that lie in the words of a window, by their places in it."""
    places = {word: place for place, word in enumerate(words)}
    found = []
    for span in spans:
        inside = [places[word] for word in range(span.start, span.end) if word in places]
        if len(inside) == span.end - span.start <= WIDEST:
            found.append((inside[0], len(inside) - 1, types.index(span.label)))
    return found
