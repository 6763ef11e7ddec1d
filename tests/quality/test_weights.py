from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from clinsynth.quality import weights
from clinsynth.quality.weights import weigh
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.types import Candidate, Draft

Vectors = NDArray[np.float32]


def weighed(labels: Sequence[str], vectors: Vectors) -> list[float]:
    """Weights of texts with these labels and embeddings; `""` is a text that nothing holds for."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"text {place}" for place in range(len(labels))]
    candidates = [
        Candidate(Draft(label or "none", 0, place, text), Note(text, (label,) if label else ()))
        for place, (label, text) in enumerate(zip(labels, texts, strict=True))
    ]
    given: list[Sequence[str]] = []

    def embed(said: Sequence[str]) -> Vectors:
        given.append(list(said))
        return units.astype(np.float32)

    found = weigh(candidates, embed=embed)
    assert given in ([texts], [])
    assert [item.draft for item in found] == [item.draft for item in candidates]
    assert [item.example.labels for item in found] == [item.example.labels for item in candidates]
    return [item.example.weight for item in found]


def turned(*degrees: float) -> Vectors:
    angles = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def cloud(number: int, *, seed: int, dimensions: int = 64, middle: Vectors | None = None) -> Vectors:
    """Directions round one, none of them near another; without a middle any."""
    draws = np.random.default_rng(seed).normal(size=(number, dimensions))
    found: Vectors = (draws + (0 if middle is None else middle)).astype(np.float32)
    return found


AXES = np.eye(64, dtype=np.float32) * 12
"""Middles of clouds; two are at right angles."""


def test_texts_among_their_own_kind_count_in_full() -> None:
    vectors = np.concatenate([cloud(15, seed=1, middle=AXES[0]), cloud(15, seed=2, middle=AXES[1])])
    assert weighed(["A"] * 15 + [""] * 15, vectors) == [1.0] * 30


def test_a_text_among_texts_of_another_label_counts_less() -> None:
    """Its ten nearest are all of the other label; those see one stranger, or none."""
    vectors = np.concatenate([cloud(15, seed=1, middle=AXES[0]), cloud(15, seed=2, middle=AXES[1])])
    found = weighed(["A"] * 14 + ["B"] + ["B"] * 15, vectors)
    assert found[14] == pytest.approx(1 / 11, abs=1e-3)
    assert set(found[:14]) <= {1.0, round(10 / 11, 3)}
    assert min(found[:14]) < 1
    assert found[15:] == [1.0] * 15


@pytest.mark.parametrize(
    ("labels", "degrees", "expected"),
    [
        ("AAAA", (0, 40, 80, 120), (1, 1, 1, 1)),
        ("ABAB", (0, 40, 80, 120), (2 / 4, 2 / 4, 2 / 4, 2 / 4)),  # of three others one, and the text itself
        ("AAAB", (0, 40, 80, 120), (3 / 4, 3 / 4, 3 / 4, 1 / 4)),
        ("AB", (0, 40), (1 / 2, 1 / 2)),
        ("AA", (0, 40), (1, 1)),
        ("AA", (0, 0), (1 / 2, 1 / 2)),
        ("AAA", (0, 0, 90), (1 / 2, 1 / 2, 1)),
        ("AAA", (0, 10, 10), (1 / 3, 1 / 3, 1 / 3)),  # cosine 0.985
        ("AAA", (0, 15, 30), (1 / 2, 1 / 3, 1 / 2)),  # 0.966, and 0.866 from end to end
        ("AAA", (0, 20, 40), (1, 1, 1)),  # 0.940
        ("AB", (0, 0), (1 / 4, 1 / 4)),
    ],
)
def test_weights_of_a_few_texts(labels: str, degrees: Sequence[float], expected: Sequence[float]) -> None:
    assert weighed(list(labels), turned(*degrees)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("copies", [1, 2, 5, 12])
def test_texts_that_say_the_same_share_the_weight_of_one(copies: int) -> None:
    vectors = np.concatenate([np.repeat(AXES[:1], copies, axis=0), AXES[1:20]])
    found = weighed(["A"] * len(vectors), vectors)
    assert sum(found[:copies]) == pytest.approx(1.0, abs=0.01)
    assert found[copies:] == [1.0] * 19


@pytest.mark.parametrize("label", ["", "A"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_text_alone_counts_in_full(number: int, label: str) -> None:
    assert weighed([label] * number, turned(*[0.0] * number).reshape(number, 2)) == [1.0] * number


def drawn(number: int, seed: int) -> tuple[list[str], Vectors]:
    generator = np.random.default_rng(seed)
    return generator.choice(["A", "B", ""], number).tolist(), cloud(number, seed=seed, dimensions=5)


@pytest.mark.parametrize("number", [2, 3, 10, 11, 12, 50])
def test_a_weight_is_above_0_and_at_most_1(number: int) -> None:
    for seed in range(5):
        found = weighed(*drawn(number, seed))
        assert all(0 < weight <= 1 for weight in found)


def test_a_text_that_nearly_all_others_contradict_still_counts() -> None:
    assert min(weighed(["A"] + ["B"] * 183, np.repeat(AXES[:1], 184, axis=0))) > 0


@pytest.mark.parametrize("chunk", [1, 7, 16, 40, 41])
def test_chunks_change_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, vectors = drawn(40, 3)
    vectors[30:] = vectors[:10]  # copies in other chunks
    whole = weighed(labels, vectors)
    assert len(set(whole)) > 3
    monkeypatch.setattr(weights, "CHUNK", chunk)
    assert weighed(labels, vectors) == whole


def test_the_embedded_encoder_tells_near_from_far() -> None:
    from clinsynth.analysis.embeddings import embed

    texts = [
        "He lines up his toy cars for hours.",
        "She arranges toy cars in a row all day.",
        "The invoice was paid by bank transfer in March.",
    ]
    found = embed(texts)
    assert found.shape == (3, 384)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    cosines = found @ found.T
    assert cosines[0, 1] > 0.5 > 0.3 > max(cosines[0, 2], cosines[1, 2])
    assert embed(texts[2:])[0] == pytest.approx(found[2], abs=1e-4)
