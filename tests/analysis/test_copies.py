from __future__ import annotations

import pytest

from clinsynth.analysis import copies
from clinsynth.analysis.copies import Copy

GOLD = [
    ["Gout", "is", "an", "old", "disease", "of", "kings", "and", "of", "those", "who", "dine", "with", "them", "."],
    ["No", "gene", "was", "found", "."],
]


def test_copies_are_exact_but_for_case() -> None:
    texts = [[word.upper() for word in GOLD[1]], ["Another", "gene", "was", "seen", "."]]
    assert copies.find(texts, references=GOLD) == [Copy(0, 1, "exact", 1.0)]


def test_near_copies_share_word_triples() -> None:
    changed = [*GOLD[0][:-2], "us", "."]  # two of twelve triples are others, so eleven of fifteen are shared
    triples = len(GOLD[0]) - 2
    similarity = (triples - 2) / (triples + 2)
    (found,) = copies.find([changed], references=GOLD, threshold=0.7)
    assert (found.kind, found.of, found.similarity) == ("near", 0, pytest.approx(similarity))
    assert copies.find([changed], references=GOLD, threshold=0.9) == []


def test_near_is_as_quality_control_has_it() -> None:
    from clinsynth.quality.near_duplicates import NearDuplicates, shingle_hashes

    changed = [*GOLD[0][:-1], "!"]
    for threshold in (0.8, 0.9):
        near = NearDuplicates(threshold)
        for words in (GOLD[0], changed):
            near.add(shingle_hashes([word.casefold() for word in words]))
        rejected = (near.twins() == 0).sum()
        near.close()
        assert len(copies.find([changed], references=[GOLD[0]], threshold=threshold)) == rejected


def test_short_texts_are_compared_whole() -> None:
    assert copies.find([["gout"]], references=[["Gout"], ["ataxia"]]) == [Copy(0, 0, "exact", 1.0)]
    assert copies.find([["gout"]], references=[["ataxia"]]) == []


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [[f"w{(number * step) % 17}" for step in range(12)] for number in range(20)]
    whole = copies.find(texts, references=texts[5:], threshold=0.2)
    monkeypatch.setattr(copies, "CHUNK", 3)
    assert copies.find(texts, references=texts[5:], threshold=0.2) == whole
    assert {copy.text for copy in whole if copy.kind == "exact"} >= set(range(5, 20))
