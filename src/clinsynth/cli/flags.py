"""The flags of the command line, which are Hydra's: their order, and which of them go together."""

from __future__ import annotations

from argparse import Action
from collections.abc import Mapping, Sequence
from functools import cache

from hydra._internal.utils import get_args_parser

from clinsynth.errors import ConfigError

SHOWN = "--cfg"
MODES = (("--run", "-r"), ("--multirun", "-m"), (SHOWN, "-c"), ("--info", "-i"))
"""Flags of which Hydra takes one, each with its short name."""


@cache
def _known() -> Mapping[str, Action]:
    return get_args_parser()._option_string_actions


def flags_first(words: Sequence[str]) -> list[str]:
    """Return Hydra's flags, with their values, before the overrides that they rule: argparse takes no others."""
    flags: list[str] = []
    others: list[str] = []
    before = ""
    for word in words:
        (flags if word.startswith("-") or _is_value(word, flag=before) else others).append(word)
        before = word
    return [*flags, *others]


def _is_value(word: str, *, flag: str) -> bool:
    action = _known().get(flag)
    if action is None or action.nargs == 0:
        return False
    return action.nargs is None or word in (action.choices or ())


def check_flags(words: Sequence[str]) -> None:
    """Raise ConfigError for flags that there are not, and for those that do not go together.

    Hydra would answer with a traceback or its usage, or pass over them.
    """
    for word in words:
        name = word.partition("=")[0]
        if word.startswith("-") and not any(flag.startswith(name) for flag in _known()):
            raise ConfigError(
                f"{word} is no flag. Settings have no dashes: {word.lstrip('-') + ('' if '=' in word else '=true')}. "
                "Flags are those of `clinsynth --help` and of Hydra, as --multirun and --config-dir=folder."
            )
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    modes = [long for long, short in MODES if given & {long, short}]
    if len(modes) > 1:
        raise ConfigError(
            f"{' and '.join(modes)} do not go together: give one of them. {SHOWN} shows the config of one job, with "
            "one value of each setting, and runs nothing."
        )
    for long, short, what in (("--resolve", "--resolve", ""), ("--package", "-p", " PACKAGE")):
        if given & {long, short} and SHOWN not in modes:
            raise ConfigError(f"{long} holds for a config that is shown: {SHOWN} job {long}{what}.")
