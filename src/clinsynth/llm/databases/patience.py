"""A server that went away is waited for: it may be starting anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from clinsynth.errors import ConfigError
from clinsynth.llm.databases import Gone, Place

PATIENCE = 120.0
"""Seconds."""

PAUSE = 0.2


class Waiting(Protocol):
    """An object whose methods are done again."""

    path: Place

    def begin_anew(self) -> None:
        """Forget what was seen before the server went away."""


_Self = TypeVar("_Self", bound=Waiting)
_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def patient(
    method: Callable[Concatenate[_Self, _Given], _Found],
) -> Callable[Concatenate[_Self, _Given], _Found]:
    """Do again what a server that went away has undone, for as long as `PATIENCE`; then raise ConfigError."""

    @wraps(method)
    def again(self: _Self, /, *given: _Given.args, **named: _Given.kwargs) -> _Found:
        began = time.monotonic()
        while True:
            try:
                return method(self, *given, **named)
            except Gone as error:
                self.begin_anew()
                if time.monotonic() - began > PATIENCE:
                    raise ConfigError(
                        f"the cache of completions {self.path} has gone away: {error}. What was stored before is "
                        "kept; the same command goes on from there."
                    ) from None
                time.sleep(PAUSE)

    return again
