"""The SQLite store of MLflow on this machine: made whole or not at all."""

from __future__ import annotations

import io
import os
import sqlite3
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import mlflow
from filelock import FileLock
from mlflow import MlflowClient

SQLITE = "sqlite:///"

STORE, SILENT = "MLFLOW_TRACKING_URI", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
"""Variables that MLflow reads."""


def prepared(uri: str) -> str:
    """Return the address of a store as MLflow keeps it; one of SQLite is there then, with its tables."""
    if not uri.startswith(SQLITE):
        return uri
    path = Path(uri.removeprefix(SQLITE)).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):  # jobs with other artifacts may share the store
        if not path.exists() or (path.is_file() and not path.stat().st_size):
            _build(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")  # readers and a writer do not wait for each other
    return f"{SQLITE}{path}"  # MLflow keeps stores by this name, wherever the process goes


def _build(path: Path) -> None:
    """Make an empty store, aside and renamed into place: MLflow takes up no migration that was broken off."""
    start = f".{path.name}-new-"
    for rest in path.parent.glob(f"{start}*"):  # of a process that was killed
        rest.unlink()
    scratch = path.with_name(f"{start}{os.getpid()}-{time.time_ns()}")  # MLflow keeps an engine by this name
    try:
        client = MlflowClient(tracking_uri=f"sqlite:///{scratch}")
        client.search_experiments(max_results=1)
        client._tracking_client.store.engine.dispose()
        scratch.replace(path)
    finally:
        for rest in path.parent.glob(f"{start}*"):
            rest.unlink()


@contextmanager
def quietly_in(uri: str) -> Iterator[None]:
    """Write to this store, as the process does to its own.

    Models and traces are logged to the store of the process, of which MLflow tells its children by a variable; another
    one may be the user's. MLflow loads what it has just logged, and tells of its own doings on the terminal.
    """
    before = {name: os.environ.get(name) for name in (STORE, SILENT)}
    own = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
    os.environ[SILENT] = "true"
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            mlflow.set_tracking_uri(uri)
            yield
    finally:
        mlflow.set_tracking_uri(own)  # type: ignore[arg-type]  # None is what it begins with
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
