"""Ends a command that is asked to end, by a scheduler or `kill`, as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Take SIGTERM for one Ctrl-C, however often it comes: what is under way is kept, and the run ends as KILLED."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _interrupt:  # else it has come, and may come again while we end
            signal.signal(signal.SIGTERM, before)


def _interrupt(_: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    on_ctrl_c = signal.getsignal(signal.SIGINT)  # of asyncio, while an LLM is asked
    if not callable(on_ctrl_c):  # a job in the background of a script ignores Ctrl-C
        raise KeyboardInterrupt
    on_ctrl_c(signal.SIGINT, frame)
