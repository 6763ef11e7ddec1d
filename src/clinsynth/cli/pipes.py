"""Output whose reader has left, as `head` does when it has seen enough: nothing is wrong then."""

from __future__ import annotations

import os
import select
import sys


def left() -> bool:
    """Say whether a reader has left; what is still to be printed for it goes nowhere."""
    closed = [number for stream in (sys.stdout, sys.stderr) if (number := _number(stream)) is not None]
    closed = [number for number in closed if _is_closed(number)]
    for number in closed:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
    return bool(closed)


def _number(stream: object) -> int | None:
    try:
        return stream.fileno()  # type: ignore[attr-defined,no-any-return]
    except (AttributeError, OSError, ValueError):  # closed, or held in memory
        return None


def _is_closed(number: int) -> bool:
    watched = select.poll()
    watched.register(number, 0)  # errors are told in any case
    return any(event & select.POLLERR for _, event in watched.poll(0))
