"""A key of the config: its default, its line of help, its range."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any

from clinsynth.errors import ConfigError

NAME = "a name of up to 100 characters without slashes, and without a dot or blank at its beginning"
AT_LEAST_1 = "null or at least 1"
SCOPES = ("document", "corpus")
"""Texts in which words are labelled alike."""


def option(default: Any, help: str, *, keyless: bool = False, **later: Any) -> Any:
    """Return a field with a line of help, which `clinsynth STAGE --help` prints, and how it stands in keys (`keys.py`).

    A field is part of every key that its node is part of, unless it is `keyless`: it changes no result, or another part
    of the key covers it. A field that came after the first edition says `before=...`: the value that means "as before
    this field came", with which it stands in no key, or a tuple of such values. That is its default of the day on which
    it came, and stays so when the default changes.
    """
    metadata = {"help": help, "keyless": keyless} | later
    assert set(later) <= {"before"}, later
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def is_name(value: str) -> bool:
    """Say whether a name can stand in ids and be that of a folder, in which it stays."""
    return re.fullmatch(r"[^\s./\\\x00-\x1f\x7f]([^/\\\x00-\x1f\x7f]{0,98}[^\s/\\\x00-\x1f\x7f])?", value) is not None


def check(holds: bool, key: str, value: object, accepted: str) -> None:
    if not holds:
        raise ConfigError(f"{key}={value} is out of range: it has to be {accepted}.")
