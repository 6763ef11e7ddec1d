"""A PostgreSQL of the tests' own, in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def _programs() -> Path | None:
    """The folder of the server's programs, which Debian keeps out of the path."""
    found = [Path(place).resolve().parent for place in [shutil.which("initdb")] if place]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "postgres").is_file()), None)


PROGRAMS = _programs()

MEANWHILE = ("-c", "shared_buffers=32MB", "-c", "max_connections=60", "-c", "log_min_messages=fatal")
"""Settings of a small one."""


class Postgres:
    """A server on a free port of this machine; started anew, it has the same address."""

    def __init__(self, folder: Path, *, safe: bool = False) -> None:
        """`safe`: it waits for the disk, as one does that outlives a test."""
        self._data = folder / "data"
        self._options = [] if safe else ["-c", "fsync=off"]
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        assert PROGRAMS is not None
        self._as_somebody = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []  # it refuses to run as root
        if self._as_somebody:
            shutil.chown(folder, "nobody")
        made = [PROGRAMS / "initdb", "-D", self._data, "-U", "me", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
        subprocess.run([*self._as_somebody, *made], check=True, capture_output=True, cwd=folder)
        self.start()

    def start(self) -> None:
        assert PROGRAMS is not None
        options = ["-p", str(self.port), "-k", self._data, "-h", "127.0.0.1", *MEANWHILE, *self._options]
        command = [*self._as_somebody, PROGRAMS / "postgres", "-D", self._data, *options]
        self._process = subprocess.Popen(
            command, cwd=self._data.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        ready = [PROGRAMS / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "20"]
        for _ in range(200):
            if subprocess.run(ready, capture_output=True).returncode == 0:
                return
            assert self._process.poll() is None
            signal.sigtimedwait([], 0.05)
        raise AssertionError("it does not answer")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it at once, but in order (SIGINT), or as a crash (SIGQUIT)."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, how)
        self._process.wait(timeout=30)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://me@127.0.0.1:{self.port}/{database}"

    def new(self) -> str:
        """The address of a new and empty database."""
        name = f"d{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@contextmanager
def started(*, safe: bool = False) -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # short, for the name of its socket
        server = Postgres(Path(folder), safe=safe)
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)
