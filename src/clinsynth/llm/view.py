"""The view of a person while an LLM is asked: a panel in a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType

from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clinsynth.llm.progress import Progress
from clinsynth.text.printable import printable

EVERY = 5.0
"""Seconds between lines where there is no terminal."""


class View:
    """Called with the progress about once a second; `counts` adds what the stage counts, such as accepted texts."""

    def __init__(self, title: str, *, counts: Callable[[], dict[str, int]] = dict) -> None:
        self.title, self.counts = title, counts
        self._live = Live(auto_refresh=False, transient=True) if sys.stdout.isatty() else None
        self._began = self._last = time.monotonic()
        self._told: set[str] = set()

    def __enter__(self) -> View:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        shown = self._shown(progress)
        if self._live:
            table = Table.grid(padding=(0, 2))
            for name, value in shown.items():
                table.add_row(name, Text(printable(value)))
            self._live.update(Panel(table, title=Text(printable(self.title)), expand=False), refresh=True)
            return
        for said in [said for said in progress.troubles if said not in self._told]:
            self._told.add(said)
            print(printable(f"{self.title}: the server says: {said}"), flush=True)
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            print(f"{self.title}: " + ", ".join(f"{name} {value}" for name, value in shown.items()), flush=True)

    def _shown(self, progress: Progress) -> dict[str, str]:
        spend = progress.spend
        seconds = time.monotonic() - self._began
        asked = spend.requests - progress.requests_before  # answers that were there are no sign of speed
        rate = asked / seconds if seconds else 0.0
        left = progress.known - progress.answered - progress.given_up
        hits = spend.hits - progress.hits_before
        shown = {
            "answered": f"{progress.answered} of {progress.known} ({hits} were there already)",
            "per second": f"{rate:.1f}",
            "left": _duration(left / rate) if rate else "?",
            "tokens": f"{spend.tokens_in} in, {spend.tokens_out} out",
            "retries": str(spend.retries),
            "window": f"{progress.window.busy} of {progress.window.size}",
        }
        if spend.usd:
            projected = spend.usd * progress.known / max(progress.answered, 1)
            shown["cost"] = f"{spend.usd:.4f} USD so far, about {projected:.4f} in all"
        if progress.errors:
            shown["errors"] = ", ".join(f"{number} {kind}" for kind, number in progress.errors.most_common(5))
        if progress.given_up:
            shown["without an answer"] = str(progress.given_up)
        if progress.troubles:
            said = next(reversed(progress.troubles))
            shown["the server says"] = f"{said} ({progress.troubles[said]} times)"
        if progress.elsewhere:
            shown["waiting for another process"] = str(progress.elsewhere)
        return shown | {name: str(value) for name, value in self.counts().items()}


def _duration(seconds: float) -> str:
    """Return seconds as a person says them: 40 s, 12 min, 3.5 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
