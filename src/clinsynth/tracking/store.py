"""The SQLite store of MLflow on this machine: made whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient

SQLITE = "sqlite:///"


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
