"""Libraries that only some servers need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clinsynth.errors import ConfigError


@contextmanager
def extra(name: str, *, protocol: str) -> Iterator[None]:
    """Raise ConfigError, with the command that installs it, where what is imported here is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"llm.protocol={protocol} needs the library {error.name}, which is not installed: "
            f"pip install 'clinsynth[{name}]'. Nothing was asked."
        ) from None
