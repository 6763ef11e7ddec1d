"""What an allocation of Slurm does when it is asked to end; the whole way is tried in `tests/slurm`."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.cli import slurm
from clinsynth.stages import queue


@pytest.mark.parametrize(
    ("sent", "restarts", "requeued"),
    [
        (signal.SIGUSR2, "0", ["7_1"]),
        (signal.SIGUSR1, "2", ["7_1"]),
        (signal.SIGUSR2, "3", []),
        (signal.SIGTERM, "0", []),
    ],
    ids=["out of time", "again", "too often", "cancelled or preempted"],
)
def test_an_allocation_that_is_put_off_ends_its_run_and_waits_for_its_turn(
    sent: int, restarts: str, requeued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm itself queues what it preempts; jobs behind the one that was stopped do not begin."""
    began: list[int] = []
    asked: list[str] = []

    def run(self: Any, number: int, words: list[str], *, state: Any) -> Any:
        began.append(number)
        if number == 1:
            os.kill(os.getpid(), sent)
        return number

    before = [signal.getsignal(each) for each in (signal.SIGTERM, *slurm.PUT_OFF)]
    monkeypatch.setattr(slurm.Allocation, "_run", run)
    monkeypatch.setattr(slurm, "JobEnvironment", lambda: SimpleNamespace(job_id="7_1"))
    monkeypatch.setattr(queue, "requeue", asked.append)
    monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
    with pytest.raises(SystemExit) as stopped:
        slurm.Allocation(requeues=3)([(0, []), (1, []), (2, [])], state={})
    assert (stopped.value.code, began, asked) == (slurm.STOPPED, [0, 1], requeued)
    for each, handler in zip((signal.SIGTERM, *slurm.PUT_OFF), before, strict=True):
        signal.signal(each, handler)
