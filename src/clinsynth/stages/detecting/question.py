"""A test: its question, and its finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinsynth.types import Metrics


@dataclass(frozen=True)
class Finding:
    """The result of a test."""

    metrics: Metrics
    number: int
    """How many texts it is about."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """By the names of their files."""
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """By the names of their files; they hold text, and stand in MLflow where that may."""


@dataclass(frozen=True)
class Question:
    """A test whose material is there."""

    key: str
    """The run key."""
    name: str
    """The run's."""
    title: str
    """Above its table."""
    answer: Callable[[], Finding]
    corpus: str | None = None
    """The digest of the corpus that it is about."""
