"""Errors that a user can mend.

A message says what is wrong, where, what is accepted, and the command that mends it. The command
line prints it as one paragraph and exits with status 2; every other exception is a bug and keeps
its traceback.
"""


class ClinsynthError(Exception):
    """A user's mistake, or a circumstance that the user can change."""


class ConfigError(ClinsynthError):
    """A setting is unknown, out of range, or does not go with another one."""


class DataFormatError(ClinsynthError):
    """A data file does not hold what its format promises."""


class MissingCompletions(ClinsynthError):
    """An answer of the LLM that a corpus needs is neither recorded nor cached."""


class Unreachable(ClinsynthError):
    """Something that has to come over the network did not."""
