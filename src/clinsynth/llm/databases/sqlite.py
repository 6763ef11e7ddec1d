"""A cache in a file of this machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from clinsynth.environment import network_file_system
from clinsynth.errors import ConfigError
from clinsynth.llm import schema


class SqliteFile:
    """Processes of one machine share it: a writer waits for the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        warn_of_network(path.resolve())
        try:
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None)
            self.execute = self._database.execute
            with FileLock(path.with_name(f"{path.name}.lock")):  # a change of mode does not wait for others
                self.execute("PRAGMA journal_mode=WAL")
                self.execute("PRAGMA synchronous=NORMAL")  # safe against kill -9; fsync at checkpoints
                schema.prepare(self._database, path=path)
        except sqlite3.Error as error:
            raise ConfigError(f"the cache of completions {path} cannot be opened: {_told(error)}") from None

    @contextmanager
    def reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self.damaged(_told(error)) from None

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[None]:
        """Write all or nothing; raises ConfigError where the disk is full or the file may not be written."""
        try:
            with schema.transaction(self._database):  # a writer is always alone
                yield
        except sqlite3.OperationalError as error:
            raise ConfigError(
                f"the cache of completions {self.path} cannot be written: {_told(error)}. What was stored before is "
                "kept; make room, and the same command goes on from there."
            ) from None
        except sqlite3.Error as error:
            raise self.damaged(_told(error)) from None

    def stream(self, query: str) -> Iterator[dict[str, Any]]:
        with self.reading():
            cursor = self.execute(query)
            columns = [column[0] for column in cursor.description]
            for values in cursor:
                yield dict(zip(columns, values, strict=True))

    def erasing(self) -> None:
        self.execute("PRAGMA secure_delete = ON")

    def held(self, text: str) -> str:
        return text

    def damaged(self, how: str) -> ConfigError:
        return ConfigError(
            f"the cache of completions {self.path} is damaged: {how}. `clinsynth cache action=verify` says where. Put "
            f"back a copy of it; or save what can be read with `sqlite3 {self.path} .recover | sqlite3 new.db` and put "
            "new.db in its place; or move it out of the way, and its answers are asked for again."
        )

    def close(self) -> None:
        self._database.close()


@cache
def warn_of_network(path: Path) -> None:
    """Print once a process that a file lies where SQLite's locks may not hold."""
    if kind := network_file_system(path):
        print(
            f"{path} lies on a network file system ({kind}), on which locks of SQLite may not hold: processes of "
            "several machines can pay twice, or damage it. Share a PostgreSQL instead (llm.cache=postgresql://...), or "
            "choose a local folder (paths.artifacts=...).",
            flush=True,
        )


def _told(error: sqlite3.Error) -> str:
    """Return what SQLite says, without the text of an answer that it may quote."""
    return str(error).partition(" with text ")[0]
