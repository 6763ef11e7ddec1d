"""Tells a user where memory has run out: a circumstance of the machine, and no bug."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from clinsynth.errors import OutOfMemory

_WORDS = re.compile(r"out of memory|can(not|'t) allocate memory|bad_alloc|failed to map segment", re.IGNORECASE)
"""PyTorch's, the kernel's and the loader's words for it, in errors that are of no class of their own."""


@contextmanager
def told_of_memory() -> Iterator[None]:
    """Raise OutOfMemory where what is done inside raises for lack of memory, whichever library it is that lacks it."""
    try:
        yield
    except Exception as error:
        if not any(map(_is_of_memory, _causes(error))):
            raise
        raise OutOfMemory(
            f"memory has run out ({' '.join(str(error).split())[:150]}). What is finished is kept, and the same "
            "command goes on from there. Less is needed with half of backbone.batch_size and trainer.accumulate=2, a "
            "smaller backbone.max_length or another backbone, where the stage has them, and with fewer jobs at once."
        ) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_of_memory(error: BaseException) -> bool:
    words = isinstance(error, RuntimeError | OSError | ImportError) and _WORDS.search(str(error))
    return isinstance(error, MemoryError) or bool(words)
