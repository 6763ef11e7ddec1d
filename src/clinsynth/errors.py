"""Errors that a user can mend.

A message says what is wrong, where, what is accepted, and the command that mends it. The command
line prints it as one paragraph and exits with status 2; every other exception is a bug and keeps
its traceback.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clinsynth.types import Request


def redacted(text: str) -> str:
    """Return the text without the name and password of an address such as `https://me:secret@host`."""
    return re.sub(r"(\w+://)[^/\s]*@", r"\1***@", text)


def withheld(text: str) -> str:
    """Return a message without what stands in quotes, which may be gold, as it is written down for others to read."""
    return re.sub(r"""(?<!\w)('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""", "'...'", text)


class ClinsynthError(Exception):
    """A user's mistake, or a circumstance that the user can change."""

    status = 2
    """Exit status of the command line."""


class ConfigError(ClinsynthError):
    """A setting is unknown, out of range, or does not go with another one."""


class MissingFile(ConfigError):
    """A file that is named is not there."""


class DataFormatError(ClinsynthError):
    """A data file does not hold what its format promises."""


class MissingCompletions(ClinsynthError):
    """Answers of the LLM that a corpus needs are neither recorded nor cached."""

    def __init__(self, message: str, *, requests: Sequence[Request] = ()) -> None:
        super().__init__(message)
        self.requests = tuple(requests)


class BudgetExceeded(ClinsynthError):
    """The next request would cost more than may be spent; what was paid for is kept."""


class JobsFailed(ClinsynthError):
    """Jobs of a sweep failed, for another reason than that completions are missing."""

    status = 1


class Unreachable(ClinsynthError):
    """Something that has to come over the network did not."""


class OutOfMemory(ClinsynthError):
    """The machine, or its GPU, has no more memory to give."""


class Pruned(ClinsynthError):
    """A trial of a study is given up, for others were better at the same pass."""
