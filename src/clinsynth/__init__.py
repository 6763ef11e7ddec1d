"""Labelled clinical text from an LLM and a few seeds; a small local model learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinsynth.api import (
        analyse,
        compose,
        convert,
        generate,
        load_corpus,
        load_dataset,
        load_model,
        train,
    )

__version__ = "0.1.0"

__all__ = ["analyse", "compose", "convert", "generate", "load_corpus", "load_dataset", "load_model", "train"]


def __getattr__(name: str) -> Any:
    """Return a function of `clinsynth.api`, which is imported when it is first used: that takes a second."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import clinsynth.api

    return getattr(clinsynth.api, name)
