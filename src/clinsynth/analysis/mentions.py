"""Which entities two sets of examples share."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

Mention = tuple[str, str]
"""Label and text, case folded."""


def different(examples: Sequence[Any]) -> frozenset[Mention]:
    """Return all mentions, each once."""
    return frozenset(
        (entity["label"], entity["text"].casefold()) for example in examples for entity in example.entities()
    )


def vary(mentions: Set[Mention]) -> bool:
    """Say whether a label has several spellings, as `@GENE$` has not."""
    return len(mentions) > len({label for label, _ in mentions})


def share(mentions: Set[Mention], *, among: Set[Mention]) -> float:
    """Return the share of the mentions that stand among others, in 0..1."""
    return len(mentions & among) / len(mentions) if mentions else 0.0
