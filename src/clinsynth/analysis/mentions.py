"""Which entities two sets of examples share."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

Mention = tuple[str, str]
"""Label and text, case folded."""


def different(examples: Sequence[Any]) -> frozenset[Mention]:
    """All mentions, each once."""
    return frozenset(
        (entity["label"], entity["text"].casefold()) for example in examples for entity in example.entities()
    )


def vary(mentions: Set[Mention]) -> bool:
    """False where each label has one spelling, such as `@GENE$`, or where there are none."""
    return len(mentions) > len({label for label, _ in mentions})


def share(mentions: Set[Mention], *, among: Set[Mention]) -> float:
    """Of the mentions, how many stand among others, in 0..1."""
    return len(mentions & among) / len(mentions) if mentions else 0.0
