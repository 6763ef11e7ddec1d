"""A key of the config: its default, its line of help, its range."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from clinsynth.errors import ConfigError

AT_LEAST_1 = "null or at least 1"


def option(default: Any, help: str) -> Any:
    """A field with a line of help, which `clinsynth STAGE --help` prints."""
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata={"help": help})
    return field(default=default, metadata={"help": help})


def check(holds: bool, key: str, value: object, accepted: str) -> None:
    if not holds:
        raise ConfigError(f"{key}={value} is out of range: it has to be {accepted}.")
