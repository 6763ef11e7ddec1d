"""`clinsynth demo`: the main job on the embedded defaults, as commands that anyone may give, in one process."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

NAME = "demo"
MEANING = "Train eleven small models on three sample corpora, print tables, draw figures, show samples."

COMMANDS = (
    "train experiment=train/demo/annotators",
    "train experiment=train/demo/sources source=augmented trainer.save_model=true",
    "train experiment=train/demo/sources",
    "train experiment=train/demo/relation",
    "train experiment=train/demo/criteria",
    "report table=demo",
    "show samples=3",
)


HELP = "\n".join(
    [
        f"clinsynth {NAME}\n\n{MEANING}\n",
        "It writes into the current folder, needs no network, and gives these commands:\n",
        *(f"  clinsynth {words}" for words in COMMANDS),
    ]
)


def run(command: Callable[[Sequence[str]], int]) -> int:
    """Give each command, which is printed before; return the exit status of the first one that fails, else 0."""
    for words in COMMANDS:
        print(f"\n$ clinsynth {words}", flush=True)
        if status := command(shlex.split(words)):
            return status
    return 0
