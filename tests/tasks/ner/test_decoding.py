from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from clinsynth.task import Cut
from clinsynth.tasks.ner.decoding import decode
from clinsynth.tasks.ner.inference import answer
from clinsynth.text.entities import to_spans, to_tags

LABELS = ("O", "B-X", "I-X", "B-Y", "I-Y")


def is_valid(tags: list[str]) -> bool:
    return to_tags(to_spans(tags), length=len(tags)) == tags


def likelihood(output: NDArray[np.float32], path: tuple[int, ...]) -> float:
    return float(np.log(output[np.arange(len(path)), list(path)]).sum())


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 4), min_size=1, max_size=6), st.floats(0.5, 8))
def test_the_likeliest_of_all_valid_paths_is_found(seed: int, lengths: list[int], certainty: float) -> None:
    """Sentences of any length take their steps together; each is as good as the best of all paths of its own."""
    draw = np.random.default_rng(seed)
    logits = [certainty * draw.normal(size=(length, len(LABELS))) for length in lengths]
    outputs = [(np.exp(row) / np.exp(row).sum(-1, keepdims=True)).astype(np.float32) for row in logits]
    for output, path in zip(outputs, decode(outputs, labels=LABELS), strict=True):
        assert len(path) == len(output)
        assert is_valid([LABELS[label] for label in path])
        valid = [
            one
            for one in itertools.product(range(len(LABELS)), repeat=len(output))
            if is_valid([LABELS[label] for label in one])
        ]
        best = max(likelihood(output, one) for one in valid)
        assert likelihood(output, tuple(path)) == pytest.approx(best, abs=1e-4)


def test_what_no_path_can_have_is_never_chosen() -> None:
    sure = np.zeros((4, 3), dtype=np.float32)
    sure[:, 2] = 1.0
    (path,) = decode([sure], labels=("O", "B-X", "I-X"))
    assert path.tolist() == [1, 2, 2, 2]


def test_labels_may_stand_in_any_order() -> None:
    output = np.array([[0.1, 0.8, 0.1], [0.1, 0.8, 0.1]], dtype=np.float32)
    (path,) = decode([output], labels=("B-X", "I-X", "O"))
    assert path.tolist() == [0, 1]


def test_no_sentences_have_no_paths() -> None:
    assert decode([], labels=LABELS) == []


def test_a_text_is_read_without_orphans_and_scored_by_the_labels_that_are_chosen() -> None:
    output = np.array([[0.9, 0.1, 0.0], [0.1, 0.3, 0.6]], dtype=np.float32)
    text = Cut("mild gout", (), places=((0, 4), (5, 9)))
    found = answer(text, outputs=[output], labels=("O", "B-X", "I-X"))
    assert found == {"spans": [{"start": 5, "end": 9, "label": "X", "score": 0.3, "text": "gout"}]}
