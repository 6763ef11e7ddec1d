"""The MLflow store of the config: what has been done, and who is at it."""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType

import numpy as np
from filelock import FileLock, Timeout
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import TrackingConfig
from clinsynth.errors import ConfigError, Pruned, redacted
from clinsynth.tracking import groups
from clinsynth.tracking.active import ActiveRun
from clinsynth.tracking.client import Client
from clinsynth.tracking.commit import commit_tags
from clinsynth.tracking.machine import measured
from clinsynth.tracking.sharing import SharedClaim, beating, is_dead, is_shared, now
from clinsynth.tracking.store import prepared, quietly_in
from clinsynth.tracking.tags import ANSWERS, BEAT, CORPUS, COUNTS, GROUP, HOST, LOCK, LOOK, NOTE, PRUNED, RUN_KEY
from clinsynth.tracking.traces import Traced, write_traces
from clinsynth.types import Outcomes, Summary

EVERYBODYS = "Default"
"""The experiment that each store has; its tags say who is at which job."""


class Ledger:
    """The MLflow store of the config, opened."""

    def __init__(self, config: TrackingConfig, *, store: ArtifactStore) -> None:
        self.store = store
        logging.getLogger("mlflow").setLevel(logging.WARNING)  # each migration of a fresh store is a line
        chosen = os.environ.get("MLFLOW_TRACKING_URI")
        self.uri = chosen or config.uri
        self.artifacts = None if chosen else Path(config.artifacts)
        self.shared = is_shared(self.uri)
        self.system_metrics, self.traces = config.system_metrics, config.traces
        if self.uri.startswith("file:") or "://" not in self.uri:
            raise ConfigError(
                f"tracking.uri={self.uri} is a plain folder, which MLflow 3 no longer writes: use "
                "sqlite:///mlruns/mlflow.db or the address of a server."
            )
        with FileLock(store.lock_path("mlflow")):  # processes that meet on a fresh store crash each other
            try:
                self.uri = prepared(self.uri)
                self.client = Client(tracking_uri=self.uri)
                self.client.search_experiments(max_results=1)
            except (MlflowException, SQLAlchemyError, sqlite3.Error) as error:
                raise ConfigError(
                    f"the MLflow store {self.where} cannot be opened: {error} Where it is locked, end the process that "
                    "holds it; where the disk is full, make room; a damaged one has to be moved away, and finished "
                    "jobs run anew."
                ) from error

    @contextmanager
    def claim(self, run_key: str) -> Iterator[None]:
        """Hold the job; where another process has it, of this machine or of one that shares the store, wait for it."""
        lock = FileLock(self._lock(run_key))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print("Another process is at this very job: waiting for it.", flush=True)
            lock.acquire()
        try:
            with self._claimed_for_others(run_key).held() if self.shared else nullcontext():
                yield
        finally:
            lock.release()

    def _claimed_for_others(self, run_key: str) -> SharedClaim:
        return SharedClaim(self.client, self._lock(run_key), experiment=self._experiment(EVERYBODYS))

    def finished(
        self,
        run_key: str,
        *,
        corpus: str | None = None,
        answers: str | None = None,
        need_model: bool = False,
        tag: str = RUN_KEY,
    ) -> Summary | None:
        """Return the summary of a FINISHED run of this job, in any experiment, on this corpus or on these answers.

        `tag` is the one that has the key.
        """
        wanted = f"attributes.status = 'FINISHED' and tags.{tag} = '{run_key}'"
        for run in self._search(wanted):
            if (run.data.tags.get(CORPUS), run.data.tags.get(ANSWERS)) != (corpus, answers):
                continue
            summary = self.summary(run.info.run_id)
            if summary is None or (need_model and not (summary.model and Path(summary.model).is_dir())):
                continue
            return summary
        return None

    def summary(self, run_id: str) -> Summary | None:
        try:
            return Summary.read(Path(self.client.download_artifacts(run_id, "summary.json")))
        except (MlflowException, OSError, KeyError, ValueError):  # deleted, or not one of ours
            return None

    def artifact(self, run_id: str, name: str) -> str | None:
        """Return the text of an artifact; `None` where the run has none of this name."""
        try:
            return Path(self.client.download_artifacts(run_id, name)).read_text(encoding="utf-8")
        except (MlflowException, OSError):  # deleted, or never there
            return None

    def beginning(self, start: str) -> list[str]:
        """Return the ids of the runs, finished or not, whose id begins so."""
        return [run.info.run_id for run in self._search(f"attributes.run_id LIKE '{start}%'")]

    def finished_beginning(self, start: str) -> list[Run]:
        """Return the finished runs whose id begins so, oldest first."""
        return self._finished(f"attributes.run_id LIKE '{start}%'") if start.isalnum() else []

    @property
    def where(self) -> str:
        """Return the address of the store, for people."""
        return redacted(self.uri)

    def outcomes(self, run_id: str) -> Outcomes | None:
        """Return what a run has scored on each test example; `None` where it has left nothing of the kind."""
        try:
            path = self.client.download_artifacts(run_id, COUNTS)
            rows = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2)
        except (MlflowException, OSError, ValueError):  # deleted, or not one of ours
            return None
        if rows.shape[1] not in (3, 4) or not len(rows):
            return None
        if rows.shape[1] == 3:  # of earlier releases, and the whole test set
            return Outcomes(np.arange(len(rows)), rows)
        rows = rows[np.argsort(rows[:, 0])]
        return Outcomes(rows[:, 0], rows[:, 1:])

    def tagged(self, name: str, value: str) -> list[Run]:
        """Return finished runs with a tag, oldest first."""
        return self._finished(f"tags.`{name}` = '{value}'")

    def with_param(self, name: str, value: str) -> list[Run]:
        """Return finished runs with a param, oldest first."""
        return self._finished(f"params.`{name}` = '{value}'")

    def values(self, tag: str) -> set[str]:
        """Return the values of a tag over all runs, however they have ended."""
        return {run.data.tags[tag] for run in self._search(f"tags.`{tag}` LIKE '%'") if tag in run.data.tags}

    def total(self, metric: str) -> float:
        """Return the sum of a metric over all runs, however they have ended."""
        return float(sum(run.data.metrics[metric] for run in self._search(f"metrics.`{metric}` > 0")))

    def _finished(self, wanted: str) -> list[Run]:
        found = self._search(f"attributes.status = 'FINISHED' and {wanted}")
        return sorted(found, key=lambda run: run.info.start_time)

    def tags(self, run_id: str) -> dict[str, str]:
        return dict(self.client.get_run(run_id).data.tags)

    def params(self, run_id: str) -> dict[str, str]:
        return dict(self.client.get_run(run_id).data.params)

    def is_claimed(self, start: str) -> bool:
        """Say whether a process is at a job whose run key begins so."""
        for lock in self.store.lock_path("run").parent.glob(f"run-{start}*.lock"):
            try:
                FileLock(lock).acquire(timeout=0).lock.release()
            except Timeout:
                return True
        return False

    def tag(self, run_id: str, name: str, value: str) -> None:
        self.client.set_tag(run_id, name, value)

    def stand_under(self, run_id: str, *, group: str, description: str) -> None:
        """Put a run below the one of its experiment that stands for a group, a table or a sweep, in MLflow's UI.

        A run that stands below one stays there. That of a group has no results, and no question to the ledger finds it.
        """
        lock = self.store.lock_path("mlflow")
        groups.stand_under(self.client, run_id, group=group, description=description, lock=lock)

    def end_dead_runs(self) -> int:
        """Mark runs KILLED whose process is gone, and those of other machines without a beat; returns how many."""
        wanted = "attributes.status = 'RUNNING'"
        if not self.shared:
            wanted += f" and tags.{HOST} = '{socket.gethostname()}'"
        gone = [run.info.run_id for run in self._search(wanted) if _is_gone(run.data.tags)]
        # One that ended between the two questions is gone, too; it said how it ended before it let go of its lock.
        dead = [run_id for run_id in gone if self.client.get_run(run_id).info.status == "RUNNING"]
        for run_id in dead:
            self.client.set_terminated(run_id, status="KILLED")
        return len(dead)

    def trace(self, found: Sequence[Traced], *, run_id: str, texts: bool) -> None:
        """Write requests to an LLM as traces of a run; see `write_traces`."""
        if found:
            experiment = self.client.get_run(run_id).info.experiment_id
            with quietly_in(self.uri):  # traces go to the store of the process
                write_traces(self.client, found, experiment=experiment, run_id=run_id, texts=texts)

    @contextmanager
    def run(
        self,
        *,
        experiment: str,
        name: str,
        run_key: str,
        corpus: str | None = None,
        description: str,
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[ActiveRun]:
        """Begin a new run; FINISHED at the end, KILLED on Ctrl-C, FAILED on any other exception.

        `tags` are those that people filter and group by.
        """
        fixed = {
            "mlflow.runName": name,
            "mlflow.note.content": redacted(description),
            "mlflow.source.name": "clinsynth",
            RUN_KEY: run_key,
            HOST: socket.gethostname(),
            LOCK: str(self._lock(run_key).resolve()),
        }
        fixed |= commit_tags()
        if self.shared:
            fixed[BEAT] = now()
        if corpus:
            fixed[CORPUS] = corpus
        run = self.client.create_run(self._experiment(experiment), tags={**fixed, **tags})
        status = "FAILED"
        alive = beating(lambda: self.tag(run.info.run_id, BEAT, now())) if self.shared else nullcontext()
        machine = measured(run.info.run_id, uri=self.uri) if self.system_metrics else nullcontext()
        try:
            with alive, machine:
                yield ActiveRun(self.client, run.info.run_id, lock=self.store.lock_path("mlflow"))
            status = "FINISHED"
        except (KeyboardInterrupt, Pruned) as stopped:
            status = "KILLED"
            if isinstance(stopped, Pruned):
                self.tag(run.info.run_id, PRUNED, "true")
            raise
        finally:
            self.client.set_terminated(run.info.run_id, status=status)

    def _experiment(self, name: str) -> str:
        with FileLock(self.store.lock_path("mlflow")):
            found = self.client.get_experiment_by_name(name)
            if found is None:
                location = None if self.artifacts is None else (self.artifacts / name).resolve().as_uri()
                tags = {**LOOK, "mlflow.note.content": NOTE.format(name=name)}
                try:
                    return str(self.client.create_experiment(name, artifact_location=location, tags=tags))
                except MlflowException:  # another machine was faster
                    if (found := self.client.get_experiment_by_name(name)) is None:
                        raise
        if found.lifecycle_stage == "deleted":
            raise ConfigError(
                f"the MLflow experiment {name!r} was deleted. Restore it (`mlflow experiments restore "
                f"--experiment-id {found.experiment_id}`) or empty the bin with `mlflow gc`."
            )
        return str(found.experiment_id)

    def _search(self, wanted: str) -> list[Run]:
        experiments = [experiment.experiment_id for experiment in self.client.search_experiments()]
        found: list[Run] = []
        token = None
        while experiments:
            page = self.client.search_runs(experiments, filter_string=wanted, page_token=token)
            found += [run for run in page if GROUP not in run.data.tags]
            token = page.token
            if not token:
                break
        return found

    def _lock(self, run_key: str) -> Path:
        return self.store.lock_path(f"run-{run_key[:24]}")


def _is_gone(tags: Mapping[str, str]) -> bool:
    """Say whether the process of a run is gone: its lock is free where it is of this machine, or its beat is old."""
    lock = Path(tags.get(LOCK, ""))
    if tags.get(HOST) != socket.gethostname() or not lock.is_file():
        return is_dead(tags.get(BEAT))
    try:
        with FileLock(lock, timeout=0):
            return True
    except Timeout:
        return False
