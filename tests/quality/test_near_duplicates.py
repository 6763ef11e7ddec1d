from __future__ import annotations

import random
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from datasketch import MinHash, MinHashLSH

from clinsynth.quality import near_duplicates
from clinsynth.quality.near_duplicates import NONE, PERMUTATIONS, SEED, SLACK, NearDuplicates, shingle_hashes, shingles

Words = list[str]


def texts(number: int, *, vocabulary: int, seed: int = 0) -> list[Words]:
    """Random texts of all lengths, of which four in ten are one before with up to four words changed."""
    chance, words = random.Random(seed), [f"w{place}" for place in range(vocabulary)]
    found: list[Words] = []
    for _ in range(number):
        if found and chance.random() < 0.4:
            found.append(changed(chance.choice(found[-300:]), words, chance))
        else:
            found.append(chance.choices(words, k=chance.choice([0, 1, 2, 3, 5, 8, 12, 20, 30, 60])))
    return found


def changed(text: Words, words: Words, chance: random.Random) -> Words:
    text = list(text)
    for _ in range(chance.randint(0, 4) if text else 0):
        place = chance.randrange(len(text) + 1)
        text[place : place + chance.randint(0, 1)] = [chance.choice(words)] if chance.random() < 0.7 else []
    return text


def by_datasketch(found: Sequence[Words], *, threshold: float) -> list[int]:
    """The first kept text that each is like, as it was found before hashes lay in files."""
    index = MinHashLSH(threshold=SLACK * threshold, num_perm=PERMUTATIONS)
    runs = [shingles(text) for text in found]
    hashes = MinHash.bulk([[one.encode() for one in run] for run in runs], num_perm=PERMUTATIONS, seed=SEED)
    twins = []
    for number, own in enumerate(hashes):
        alike = [other for other in sorted(index.query(own)) if jaccard(runs[number], runs[other]) >= threshold]
        twins.append(alike[0] if alike else NONE)
        if not alike:
            index.insert(number, own)
    return twins


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right)


def twins_of(found: Sequence[Words], *, threshold: float, folder: Path) -> list[int]:
    near = NearDuplicates(threshold, folder=folder)
    try:
        for text in found:
            near.add(shingle_hashes(text))
        return [int(twin) for twin in near.twins()]
    finally:
        near.close()


@pytest.mark.parametrize(
    ("number", "threshold", "vocabulary"), [(10_000, 0.9, 2000), (4000, 0.7, 300), (2000, 0.4, 20), (500, 1.0, 50)]
)
def test_what_is_rejected_is_what_datasketch_finds(
    number: int, threshold: float, vocabulary: int, tmp_path: Path
) -> None:
    found = texts(number, vocabulary=vocabulary)
    expected = by_datasketch(found, threshold=threshold)
    assert number // 20 < sum(twin != NONE for twin in expected) < number
    assert twins_of(found, threshold=threshold, folder=tmp_path) == expected


def test_how_many_are_hashed_together_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = texts(700, vocabulary=100)
    whole = twins_of(found, threshold=0.7, folder=tmp_path)
    for chunk in (1, 64, 699):
        monkeypatch.setattr(near_duplicates, "CHUNK", chunk)
        assert twins_of(found, threshold=0.7, folder=tmp_path) == whole


def test_hashes_lie_in_files_until_they_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "CHUNK", 10)
    near = NearDuplicates(0.9, folder=tmp_path)
    for text in texts(30, vocabulary=100):
        near.add(shingle_hashes(text))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) > 30 * 8
    near.close()
    assert list(tmp_path.iterdir()) == []


def test_memory_is_a_few_hundred_bytes_a_text(tmp_path: Path) -> None:
    """It was 10 KB."""
    chance, words = random.Random(0), [f"w{place}" for place in range(5000)]
    number = 20_000
    twins_of(texts(10, vocabulary=10), threshold=0.9, folder=tmp_path)  # imports
    tracemalloc.start()
    near = NearDuplicates(0.9, folder=tmp_path)
    for _ in range(number):
        near.add(shingle_hashes(chance.choices(words, k=25)))
    assert (near.twins() == NONE).all()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    near.close()
    assert peak < number * 800


def test_of_nothing_nothing_is_like_another(tmp_path: Path) -> None:
    assert twins_of([], threshold=0.9, folder=tmp_path) == []
