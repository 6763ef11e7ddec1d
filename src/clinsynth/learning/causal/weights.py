"""What names the weights of a causal backbone, without the libraries that open it."""

from __future__ import annotations

from pathlib import Path

from clinsynth.config import BackboneConfig
from clinsynth.learning.saved import folder_digest

NAME = "causal"
"""Of the learner, in the folders of saved models."""

TINY, TINY_VERSION = "tiny_llama", "1"
"""The backbone that is built here, and what is bumped when it would come out otherwise."""


def identity(backbone: BackboneConfig) -> dict[str, str | None]:
    """Return hub name and revision, or the content of a folder's files."""
    if backbone.name_or_path == TINY:
        return {"name": TINY, "revision": TINY_VERSION}
    folder = Path(backbone.name_or_path).expanduser()
    if folder.is_dir():
        return {"weights": folder_digest(folder)}
    return {"name": backbone.name_or_path, "revision": backbone.revision}
