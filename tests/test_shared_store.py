"""A store of runs that several machines share: whose job it is, who is dead, and a server that is started anew."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.tracking import HOST, Ledger, sharing
from clinsynth.tracking.client import TRIES, Client
from clinsynth.tracking.tags import BEAT
from clinsynth.types import Summary
from postgres import Postgres
from support import environment

KEY = "a" * 64

Machine = Callable[[str], Ledger]


@pytest.fixture
def machine(with_store: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Opens the store on a machine, which is a name and a folder of artifacts."""
    monkeypatch.setattr("clinsynth.tracking.ledger.is_shared", lambda uri: True)
    monkeypatch.setattr(sharing, "SETTLE_S", 0.3)
    monkeypatch.setattr(sharing, "LOOK_S", 0.05)
    return lambda name: opened(name, monkeypatch=monkeypatch)


def opened(name: str, *, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    return Ledger(tracking, store=ArtifactStore(Path(f"artifacts-{name}")))


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    real = time.time
    monkeypatch.setattr(sharing.time, "time", lambda: real() + seconds)


def run_of(ledger: Ledger, key: str = KEY):  # type: ignore[no-untyped-def]
    return ledger.run(experiment="mine", name="run", run_key=key, description="how")


def status(ledger: Ledger, run_id: str) -> str:
    return str(ledger.client.get_run(run_id).info.status)


def test_a_job_of_another_machine_is_waited_for(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    one, two = machine("one"), machine("two")
    free, seen = threading.Event(), threading.Event()

    def wait() -> bool:
        with two.claim(KEY):
            seen.set()
            return free.is_set()

    with ThreadPoolExecutor(1) as pool:
        with one.claim(KEY):
            waits = pool.submit(wait)
            assert not seen.wait(1.0)
            with two.claim("b" * 64):  # another job is free
                pass
            free.set()
        assert waits.result(timeout=60)
    assert capfd.readouterr().out.count("another machine is at this very job") == 1
    assert claims(one) == []


def claims(ledger: Ledger) -> list[str]:
    found = ledger.client.get_experiment_by_name("Default")
    return [name for name in found.tags if name.startswith("claim.")] if found else []


def test_of_two_that_find_a_job_free_at_once_the_last_has_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (machine(name)._claimed_for_others(KEY) for name in ("one", "two"))
    two_holds = two.held()
    paused: list[float] = []

    def sleep(seconds: float) -> None:
        """What happens meanwhile: first the other one, which has found it free, too, writes; at last it is done."""
        paused.append(seconds)
        if len(paused) == 1:
            monkeypatch.setattr(sharing.time, "sleep", lambda _: None)  # of two
            two._is_free = lambda: True
            two_holds.__enter__()
            monkeypatch.setattr(sharing.time, "sleep", sleep)
        if len(paused) == 3:
            assert not one._is_ours()
            two_holds.__exit__(None, None, None)

    monkeypatch.setattr(sharing.time, "sleep", sleep)
    with one.held():
        assert len(paused) >= 3


@pytest.mark.parametrize(("host", "seconds", "waits"), [("two", 60, True), ("two", 660, False), ("one", 0, False)])
def test_the_job_of_a_machine_that_is_gone_is_taken_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, host: str, seconds: float, waits: bool
) -> None:
    """By another machine after a time that is stated, by the same one at once: there its lock is free."""
    gone = machine("one")
    claim = gone._claimed_for_others(KEY).held()
    claim.__enter__()  # and no exit
    other = machine(host)
    later(monkeypatch, seconds)
    with ThreadPoolExecutor(1) as pool:
        took = threading.Event()

        def take() -> None:
            with other.claim(KEY):
                took.set()

        pool.submit(take)
        assert took.wait(2.0) is not waits
        claim.__exit__(None, None, None)
        assert took.wait(30)


def test_a_run_of_another_machine_is_dead_when_its_beat_is_old(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = machine("one"), machine("two")
    other = one.client.create_run(one._experiment("mine"), tags={HOST: "old release"}).info.run_id
    with run_of(two) as run:
        assert one.end_dead_runs() == 0
        later(monkeypatch, 660)
        assert one.end_dead_runs() == 1
        assert status(one, run.id) == "KILLED"
    assert status(one, run.id) == "FINISHED"  # it was alive after all, and says so
    assert status(one, other) == "RUNNING"  # it never said that it would beat


def test_a_run_beats_while_it_runs(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "BEAT_S", 0.05)
    ledger = machine("one")
    with run_of(ledger) as run:
        later(monkeypatch, 5000)
        deadline = time.monotonic() + 30
        while int(ledger.tags(run.id)[BEAT]) < time.time() - 100 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert machine("two").end_dead_runs() == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "beat" and thread.join(5)]


def test_a_store_of_one_machine_knows_nothing_of_it(with_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened("one", monkeypatch=monkeypatch)
    with ledger.claim(KEY), run_of(ledger) as run:
        assert BEAT not in ledger.tags(run.id)
        assert claims(ledger) == []


class Served:
    """An MLflow server on a database, which keeps artifacts in a folder."""

    def __init__(self, database: str, folder: Path) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.uri = f"http://127.0.0.1:{port}"
        store = ["--backend-store-uri", database.replace("postgresql://", "postgresql+psycopg://"), "--serve-artifacts"]
        place = ["--artifacts-destination", folder / "shared", "--host", "127.0.0.1", "--port", str(port)]
        self._command = [sys.executable, "-m", "mlflow", "server", *store, *place, "--workers", "1"]
        self.start()

    def start(self) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        own = environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")  # seven processes more
        self._process = subprocess.Popen(self._command, env=own, start_new_session=True, **quiet)  # type: ignore[call-overload]
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if requests.get(f"{self.uri}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        self.kill()
        raise AssertionError("it does not answer")

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def served(postgres: Postgres, tmp_path: Path) -> Iterator[Served]:
    server = Served(postgres.new(), tmp_path)
    yield server
    server.kill()


@pytest.mark.postgres
def test_eight_write_to_a_server_that_is_killed_and_started_anew(
    served: Served, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody fails, every run is whole, and what a lost answer left behind is marked."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", served.uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    monkeypatch.setattr(sharing, "SETTLE_S", 0.1)
    tracking = config.TrackingConfig(uri="none://", artifacts="none", log_text=True)
    under_way = threading.Semaphore(0)

    def write(number: int) -> list[str]:
        ledger = Ledger(tracking, store=ArtifactStore(Path(f"artifacts-{number}")))
        return [job(ledger, f"{number}{part}".ljust(64, "0"), part) for part in range(2)]

    def job(ledger: Ledger, key: str, part: int) -> str:
        with ledger.claim(key), run_of(ledger, key) as run:
            run.params({"key": key})
            under_way.release()
            run.measured([("loss", step / 10, step) for step in range(20)])
            run.dataset(name="mine", digest="d", source="s", context="train")
            run.text("how it was", "config.yaml")
            folder = ledger.store.root / key
            folder.mkdir(parents=True)
            Summary(run.id, key, None, None, 20, {"test/f1": 0.5}).write(folder)
            run.file(folder / "summary.json")
            return run.id

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write, number) for number in range(8)]
        for _ in range(4):
            under_way.acquire()
        served.kill()
        time.sleep(1)
        served.start()
        written = [run for writer in writers for run in writer.result(timeout=240)]
    ledger = Ledger(tracking, store=ArtifactStore(Path("artifacts-0")))
    ledger.end_dead_runs()
    runs = ledger._search("attributes.status != 'KILLED'")
    assert {run.info.run_id for run in runs} == set(written)
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        assert run.data.params == {"key": run.data.tags["run_key"]}
        assert [point.step for point in ledger.client.get_metric_history(run.info.run_id, "loss")] == list(range(20))
        assert ledger.summary(run.info.run_id) == ledger.finished(run.data.tags["run_key"])
        assert len(run.inputs.dataset_inputs) == 1
    assert claims(ledger) == []


@pytest.mark.parametrize("torn", [1, 2, 3])
def test_an_answer_that_is_torn_off_is_asked_for_again(torn: int) -> None:
    """A server that dies between the head of an answer and its body has said nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"

        def answer() -> None:
            for body in (*([b""] * torn), b"{}"):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(head + body)

        server = threading.Thread(target=answer, daemon=True)
        server.start()
        client = Client(tracking_uri=f"http://127.0.0.1:{listening.getsockname()[1]}")
        if torn < TRIES:
            client.log_batch("run", metrics=[Metric("loss", 0.5, 0, 0)])
            server.join(10)
            assert not server.is_alive()
        else:
            with pytest.raises(MlflowException, match="IncompleteRead"):
                client.log_batch("run", metrics=[Metric("loss", 0.5, 0, 0)])
