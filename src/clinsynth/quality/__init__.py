"""Checks of labelled texts; each returns what it keeps and what it rejects, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clinsynth.config import QualityConfig
from clinsynth.quality import duplicates, filters
from clinsynth.types import Candidate, Draft, Rejected

Contains = Callable[[Draft], bool]


def control(
    candidates: Sequence[Candidate],
    *,
    config: QualityConfig,
    contains: Contains,
    words: Callable[[object], Sequence[str]],
    test_texts: frozenset[tuple[str, ...]],
) -> tuple[list[Candidate], list[Rejected]]:
    """Apply all checks of the config, in the order of `candidates`: of two that are alike the first is kept."""
    checks: list[filters.Check] = []
    if config.sentence:
        checks.append(filters.no_sentence)
    if config.unit:
        checks.append(filters.unit_missing(contains))
    checks.append(filters.length(words, least=config.min_words, most=config.max_words))
    if config.test_copies:
        checks.append(filters.test_copy(words, test_texts))
    kept, rejected = filters.apply(candidates, checks)
    if config.duplicates:
        kept, more = duplicates.exact(kept, words=words)
        rejected += more
    if config.near_duplicates is not None:
        kept, more = duplicates.near(kept, words=words, threshold=config.near_duplicates)
        rejected += more
    return kept, rejected
