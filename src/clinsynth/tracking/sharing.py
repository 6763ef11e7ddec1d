"""Claims in the ledger itself, for a store that processes of several machines share, where lock files do not hold.

A claim is a tag of an experiment: its owner, and the time of the last beat. MLflow has no lock: who finds a job free
writes its name, waits until all who found it free at the same moment have written theirs, and has the job where its
name is the last (Fischer's algorithm). Times are compared over machines, whose clocks may be some minutes apart.
"""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

BEAT_S = 60.0
"""Seconds between two beats."""

DEAD_S = 600.0
"""Seconds without a beat after which a claim is void, and a run is dead."""

SETTLE_S = 1.0
"""Seconds in which a tag that others write at the same moment is there, at least."""

SLOWER = 5
"""How many times as slow as for this process a store may be for others."""

LOOK_S = 5.0
"""Seconds between two looks at a job that another process has."""


def is_shared(uri: str) -> bool:
    """Say whether a store can be one of several machines."""
    return not uri.startswith(("sqlite:", "file:"))


def now() -> str:
    """Return the time of a beat, as a tag has it."""
    return str(int(time.time()))


def is_dead(beat: str | None) -> bool:
    """Say whether a beat was too long ago; what has none says nothing."""
    return beat is not None and beat.isdigit() and time.time() - int(beat) > DEAD_S


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Beat from a thread of its own until the block ends; a store that is away now hears the next one."""
    over = threading.Event()

    def again() -> None:
        while not over.wait(BEAT_S):
            with suppress(MlflowException):
                beat()

    thread = threading.Thread(target=again, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()  # a beat that waits for the store holds nobody up


class SharedClaim:
    """The claim of one job, as all machines see it."""

    def __init__(self, client: MlflowClient, lock: Path, *, experiment: str) -> None:
        """`lock` is the file that processes of this machine hold before they ask for the claim."""
        self._client, self._experiment = client, experiment
        self._name = f"claim.{lock.stem}"
        self._machine = f"{socket.gethostname()}:{lock.resolve().parent}".replace(" ", "_")
        self._owner = f"{self._machine}:{uuid.uuid4().hex}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the job; where another machine has it, wait for that one."""
        self._acquire()
        try:
            with beating(self._beat):
                yield
        finally:
            if self._is_ours():
                self._release()

    def _acquire(self) -> None:
        told = False
        while True:
            began = time.monotonic()
            if self._is_free():
                self._write()
                time.sleep(max(SETTLE_S, SLOWER * (time.monotonic() - began)))
                if self._is_ours():
                    return
            if not told:
                print("A process of another machine is at this very job: waiting for it.", flush=True)
                told = True
            time.sleep(LOOK_S)

    def _release(self) -> None:
        try:
            self._client.delete_experiment_tag(self._experiment, self._name)
        except MlflowException as error:  # gone, where the answer to a first request was lost
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise

    def _beat(self) -> None:
        if self._is_ours():  # or it was taken over, while this machine was away
            self._write()

    def _write(self) -> None:
        self._client.set_experiment_tag(self._experiment, self._name, f"{self._owner} {now()}")

    def _is_free(self) -> bool:
        owner, beat = self._read()
        of_this_machine = owner.rpartition(":")[0] == self._machine  # and gone, for this process holds its lock
        return not owner or of_this_machine or is_dead(beat)

    def _is_ours(self) -> bool:
        return self._read()[0] == self._owner

    def _read(self) -> tuple[str, str]:
        """Return the owner and its last beat; empty where nobody has the job."""
        value = self._client.get_experiment(self._experiment).tags.get(self._name, "")
        owner, _, beat = value.partition(" ")
        return owner, beat
