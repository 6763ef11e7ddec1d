"""Completion of stages, groups, options and keys in a shell: `eval "$(clinsynth -sc install=bash)"`, or `=zsh`.

Hydra's script calls the command without a stage at each Tab, and the line that is typed stands in `COMP_LINE`.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Sequence

from clinsynth import config
from clinsynth.errors import ConfigError

FLAGS = ("-sc", "--shell-completion")
SHELLS = ("bash", "zsh", "fish")
ACTIONS = ("install", "uninstall", "query")

ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
autoload -Uz bashcompinit && bashcompinit"""
"""What zsh needs before it takes the script for bash."""

Hydra = Callable[[str, list[str]], None]
"""Runs a stage's flags and overrides."""


def is_asked(words: Sequence[str]) -> bool:
    """Return whether the words are about completion, with a stage or without one."""
    return bool(set(words[:2]) & set(FLAGS))


def complete(words: Sequence[str], *, hydra: Hydra) -> None:
    """Print the script that installs completion, or what may stand at the end of the line that is typed."""
    action, _, shell = next((word for word in words if "=" in word), "").partition("=")
    if action not in ACTIONS or shell not in SHELLS:
        raise ConfigError(
            "completion is installed in the shell that you use with one line of its start-up file: "
            'eval "$(clinsynth -sc install=bash)" in .bashrc, eval "$(clinsynth -sc install=zsh)" in .zshrc, '
            "clinsynth -sc install=fish | source in config.fish."
        )
    if action == "query":
        print(_quietly(lambda: _query(shell, hydra=hydra)), end="")
    else:
        if (action, shell) == ("install", "zsh"):
            print(ZSH)
        hydra(next(iter(config.STAGES)), ["-sc", f"{action}={'bash' if shell == 'zsh' else shell}"])


def _query(shell: str, *, hydra: Hydra) -> None:
    line = os.environ.get("COMP_LINE", "")
    command, *typed = line.split(" ")
    typed = [word for word in typed[:-1] if word] + typed[-1:]
    if len(typed) > 1 and typed[0] in config.STAGES:
        os.environ["COMP_LINE"] = " ".join([command, *typed[1:]])
        hydra(typed[0], ["-sc", f"query={shell}"])
    elif len(typed) == 1 or (typed[0] == "help" and len(typed) == 2):
        found = [stage for stage in config.STAGES if stage.startswith(typed[-1])]
        print("\n".join(found) if shell == "fish" else " ".join(found))


def _quietly(query: Callable[[], None]) -> str:
    """Return what the query prints; what it cannot complete is no error that a terminal should show at a Tab."""
    said = io.StringIO()
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(Exception, SystemExit),
    ):
        query()
    return said.getvalue()
