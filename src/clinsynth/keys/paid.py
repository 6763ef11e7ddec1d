"""Keys of paid answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinsynth.keys.hashing import digest

if TYPE_CHECKING:
    from clinsynth.types import Completion, Request


def request(asked: Request, *, model: str, sampling: Mapping[str, Any]) -> str:
    """Return the key of a paid answer: what changes it (model, messages, sampling, replicate) and nothing else."""
    replicate = int(asked.id.rpartition("#")[2])
    return digest(
        {"model": model, "messages": list(asked.messages), "sampling": dict(sampling), "replicate": replicate}
    )


def answers(found: Mapping[str, Completion]) -> str:
    """Return the digest of the answers to requests, by their id: 12 hex digits."""
    return digest({id: completion.text for id, completion in found.items()})[:12]
