"""Ends a command that is asked to end, by a scheduler or `kill`, as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def as_ctrl_c(*signals: int) -> Iterator[list[int]]:
    """Take signals for one Ctrl-C, however often they come: what is under way is kept, and the run ends as KILLED.

    The list that is given has the one that has come.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        on_ctrl_c = signal.getsignal(signal.SIGINT)  # of asyncio, while an LLM is asked
        if not callable(on_ctrl_c):
            raise KeyboardInterrupt
        on_ctrl_c(signal.SIGINT, frame)

    before = {each: signal.signal(each, interrupt) for each in signals}
    try:
        with _ctrl_c_known():
            yield came
    finally:
        for each, handler in before.items():
            if signal.getsignal(each) is interrupt:  # else one has come, and may come again while we end
                signal.signal(each, handler)


@contextmanager
def _ctrl_c_known() -> Iterator[None]:
    """Let Python have a handler of Ctrl-C where the command ignores it, as a script's job in the background does.

    Other signals are taken for it, and asyncio's way to end what is under way hangs on it; Ctrl-C itself is held back.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one that was held back is forgotten
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
