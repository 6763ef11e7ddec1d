"""One function for many items: on all cores where there are very many, and always in their order."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MANY = 1000
"""Answers from which other processes are worth their start, which takes seconds."""
PART = 16
"""Answers that are sent together."""
AHEAD = 4
"""Parts for each process that are under way, so that results do not pile up before somebody takes them."""

_function: list[Callable[[Any], Any]] = []
"""The one function of a process of the pool, which gets it once."""


def mapped(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield the result of each item in order; the function has to be one that another process can be given."""
    cores = _cores()
    if len(items) < MANY or cores < 2:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")  # a fork has the locks of threads that it has not
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_remember, initargs=(function,)) as pool:
        waiting: deque[Future[list[Result]]] = deque()
        for start in range(0, len(items), PART):
            waiting.append(pool.submit(_each, list(items[start : start + PART])))
            if len(waiting) >= AHEAD * cores:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _cores() -> int:
    """Return how many cores this process may use: one, where it is one of several that have been started together."""
    if multiprocessing.parent_process() is not None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _remember(function: Callable[[Any], Any]) -> None:
    _function[:] = [function]


def _each(items: list[Any]) -> list[Any]:
    return list(map(_function[0], items))
