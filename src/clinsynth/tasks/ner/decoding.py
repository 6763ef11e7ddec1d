"""Tags out of a model's probabilities: the likeliest ones in which every `I-` goes on with an entity of its type."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clinsynth.text.entities import Span

Path = NDArray[np.intp]
"""Shape [words]: the number of each word's label."""

LEAST = float(np.finfo(np.float32).tiny)
"""Probabilities are at least this, so that a path that is allowed is never as bad as one that is not."""


def decode(outputs: Sequence[NDArray[np.float32]], *, labels: Sequence[str]) -> list[Path]:
    """Return the likeliest valid IOB2 path of each sentence, whose `output` is probabilities [words, labels].

    Where the likeliest label of every word makes a valid path, as nearly always, it is that one.
    """
    forbidden = _forbidden(tuple(labels))
    paths = [output.argmax(-1) for output in outputs]
    broken = [number for number, path in enumerate(paths) if _is_broken(path, forbidden)]
    for number, path in zip(broken, _viterbi([outputs[number] for number in broken], forbidden), strict=True):
        paths[number] = path
    return paths


def span_scores(spans: Sequence[Span], *, rows: NDArray[np.float32], path: Path) -> list[float]:
    """Return how sure a model is of each span of a path: the mean probability of the labels of its words."""
    chosen = rows[np.arange(len(path)), path]
    return [float(chosen[span.start : span.end].mean()) for span in spans]


@lru_cache(maxsize=8)
def _forbidden(labels: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which label may not follow which, [1 + labels, labels]; the last row is the beginning of a sentence."""
    kinds = [(kind, name) for kind, _, name in (label.partition("-") for label in labels)]
    rows = [[kind == "I" and before not in (("B", name), ("I", name)) for kind, name in kinds] for before in kinds]
    return np.array([*rows, [kind == "I" for kind, _ in kinds]])


def _is_broken(path: Path, forbidden: NDArray[np.bool_]) -> bool:
    return bool(len(path)) and bool(forbidden[-1, path[0]] or forbidden[path[:-1], path[1:]].any())


def _viterbi(outputs: Sequence[NDArray[np.float32]], forbidden: NDArray[np.bool_]) -> list[Path]:
    """Return the best path of each sentence; all of them take a step together."""
    if not outputs:
        return []
    lengths = np.array([len(output) for output in outputs])
    scores = np.zeros((len(outputs), lengths.max(), forbidden.shape[1]))  # of no consequence behind a sentence's end
    for row, output in zip(scores, outputs, strict=True):
        row[: len(output)] = np.log(np.maximum(output, LEAST))
    step = np.where(forbidden, -np.inf, 0.0)
    best = scores[:, 0] + step[-1]
    came, reached = [], [best]
    for word in range(1, lengths.max()):
        through = best[:, :, None] + step[:-1]
        came.append(through.argmax(1))
        best = through.max(1) + scores[:, word]
        reached.append(best)
    return [_traced(row, length, came=came, reached=reached) for row, length in enumerate(lengths)]


def _traced(row: int, length: int, *, came: Sequence[NDArray[np.intp]], reached: Sequence[NDArray[np.float64]]) -> Path:
    """Follow the path of one sentence back from its last word."""
    path = [int(reached[length - 1][row].argmax())]
    for steps in reversed(came[: length - 1]):
        path.append(int(steps[row, path[-1]]))
    return np.array(path[::-1])
