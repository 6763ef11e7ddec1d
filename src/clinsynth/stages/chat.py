"""Talk to a chat model in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from clinsynth import tasks
from clinsynth.config import ChatConfig, TalkingConfig
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_lines
from clinsynth.learning import hardware, open_learner, saved
from clinsynth.learning.learner import Opening
from clinsynth.stages import Job, models
from clinsynth.stages.frame import Frame
from clinsynth.text.printable import printable
from clinsynth.tracking import Ledger

if TYPE_CHECKING:  # imports torch
    from clinsynth.learning.causal.opening import OpenedChat

ANEW, END = "/new", "/end"


def main(settings: ChatConfig, *, job: Job) -> None:
    """Answer what is typed, until the end of the input."""
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job)
    folder, model = open_named(settings.model, talk=settings.talk, ledger=frame.ledger)
    kept = f"conversations are added to {settings.keep}" if settings.keep else "nothing is kept"
    print(f"{folder.name} (no medical advice). {ANEW} begins anew, {END} or Ctrl-D ends; {kept}.", flush=True)
    said: list[dict[str, str]] = []
    try:
        while (line := _typed()) != END:
            if line == ANEW:
                _keep(said, settings.keep)
                said = []
            elif line:
                said.append({"role": "user", "content": line})
                said.append({"role": "assistant", "content": _answer(model, said, talk=settings.talk)})
    except KeyboardInterrupt:
        print()
    _keep(said, settings.keep)


def open_named(model: str, *, talk: TalkingConfig, ledger: Ledger) -> tuple[Path, OpenedChat]:
    """Return the folder of a chat model, and the model; raises ConfigError where it is none."""
    folder = models.locate(model, ledger=ledger)
    told = saved.describe_model(folder)
    if told.learner != "causal":
        raise ConfigError(
            f"model={model} ({folder}) has learnt {told.task or 'a task'} and does not talk: `clinsynth predict` lets "
            "it read texts. `clinsynth train dataset=sample_chat backbone=tiny_llama` makes a chat model."
        )
    how = Opening(device=hardware.device(talk.accelerator), precision=hardware.precision(talk))
    opened = open_learner("causal").open_model(folder, kinds=tasks.kinds(), how=how)
    return folder, opened  # type: ignore[return-value]


def _typed() -> str:
    """Return the next line; `END` where there is none."""
    print("> ", end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else END


def _answer(model: OpenedChat, said: list[dict[str, str]], *, talk: TalkingConfig) -> str:
    """Print an answer as it is written, and return it."""
    parts = []
    for text in model.speech(said, pieces=talk.pieces, temperature=talk.temperature):
        parts.append(text)
        print(printable(text), end="", flush=True)
    print(flush=True)
    return "".join(parts)


def _keep(said: list[dict[str, str]], path: str | None) -> None:
    if path and said:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json_lines([{"messages": said}]))
