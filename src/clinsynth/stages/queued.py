"""What `sweep` tells of the jobs that Slurm has, and how it ends them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import SweepAction
from clinsynth.reports.console import print_columns, say
from clinsynth.stages import queue
from clinsynth.stages.queue import Array, Progress

EVERY = 5.0
"""Seconds between two looks of `follow`."""


def act(action: SweepAction, *, store: ArtifactStore, target: str | None) -> None:
    """Tell of the jobs of a target, or of all, or end them."""
    arrays, held = queue.arrays(store, target=target), queue.queued()
    if not arrays:
        say("Of late Slurm was handed nothing from here: clinsynth sweep target=... launcher=slurm does it.")
        return
    if action is SweepAction.cancel:
        ended = queue.cancel(arrays, held=held)
        say(f"{ended} allocations are cancelled; a run that was under way ends as KILLED.")
        return
    if action is SweepAction.follow:
        _follow(arrays)
    _show(arrays)


def _follow(arrays: Sequence[Array]) -> None:
    """Print a line when a count changes, until the queue has none of the jobs."""
    ids = {each for array in arrays for each in array.ids}
    before: list[Progress] = []
    while True:
        held = queue.queued()
        found = [queue.progress(array, held=held) for array in arrays]
        if found != before:
            say(_line(found))
        if not ids & set(held):
            return
        before = found
        time.sleep(EVERY)


def _line(found: Sequence[Progress]) -> str:
    done, running, waiting, failed, gone = (
        sum(getattr(each, name) for each in found) for name in ("done", "running", "waiting", "failed", "gone")
    )
    total = sum(each.jobs for each in found)
    return f"{done} of {total} jobs done, {running} running, {waiting} waiting, {failed} failed, {gone} gone"


def _show(arrays: Sequence[Array]) -> None:
    held = queue.queued()
    found = [queue.progress(array, held=held) for array in arrays]
    heads = ["array", "experiment", "jobs", "done", "running", "waiting", "failed", "gone", "folder"]
    print_columns(
        heads,
        [
            [
                array.id,
                array.experiment,
                *map(str, (p.jobs, p.done, p.running, p.waiting, p.failed, p.gone)),
                array.folder,
            ]
            for array, p in zip(arrays, found, strict=True)
        ],
        left=(0, 1, 8),
    )
    if any(each.gone or each.failed for each in found):
        say(
            "What failed says why in failure.json of its folder. Gone is what has left the queue without a result: "
            "cancelled, out of time, or killed with its node. The same sweep runs both again, and no others."
        )
    for experiment in dict.fromkeys(array.experiment for array in arrays if array.names):
        _, scale, grid = experiment.split("/")
        words = f"target={grid.partition('_')[0]} scale={scale}"
        say(f"The table: clinsynth report {words}, and what the sweep had behind --")
