"""A cache on a PostgreSQL, which processes of many machines share.

A claim is a row: who inserts it has it, and who comes at the same moment waits for that row alone. What has to be seen
whole, a cap on costs and claims that are voided, is done under one lock of the server's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from clinsynth.errors import ConfigError, redacted
from clinsynth.llm import schema
from clinsynth.llm.databases import Address, Cursor, Gone

LOCK = 0x636C696E
"""The number of the lock, which stands for nothing else in a database."""

AT_ONCE = 500
"""Rows that are fetched together by a stream."""

CONNECT_S = 15


class PostgresServer:
    """One connection, opened again after the server was away; each statement is a transaction where none is begun."""

    def __init__(self, address: Address) -> None:
        self.address = address
        try:
            import psycopg
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"llm.cache={address} needs the library {error.name}, which is not installed: "
                "pip install 'clinsynth[postgres]'. Nothing was asked."
            ) from None
        self._library = psycopg
        try:
            self._connection = self._connected()
            self._prepare()
        except (psycopg.Error, Gone) as error:
            raise ConfigError(f"the cache of completions {address} cannot be opened: {_told(error)}") from None

    def execute(self, query: str, values: Sequence[Any] = ()) -> Cursor:
        cursor: Cursor = self._connection.execute(query.replace("?", "%s").encode(), values)
        return cursor

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._explained("read"):
            yield

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[None]:
        with self._explained("written"), self._connection.transaction():
            if alone:
                self.execute("SELECT pg_advisory_xact_lock(?)", (LOCK,))
            yield

    def stream(self, query: str) -> Iterator[dict[str, Any]]:
        with self._explained("read"), self._connected() as other, other.transaction(), other.cursor("rows") as cursor:
            cursor.itersize = AT_ONCE
            cursor.execute(query.encode())
            columns = [column.name for column in cursor.description or ()]
            for values in cursor:
                yield dict(zip(columns, values, strict=True))

    def erasing(self) -> None:
        """Do nothing: the server writes over what was deleted when it tidies up."""

    def held(self, text: str) -> str:
        return text.replace("\0", "\ufffd")  # the one sign that no text of PostgreSQL has

    def damaged(self, how: str) -> ConfigError:
        return ConfigError(
            f"the cache of completions {self.address} is damaged: {how}. `clinsynth cache action=verify` says where; "
            "put a backup of the database in its place."
        )

    def close(self) -> None:
        with suppress(self._library.Error):
            self._connection.close()

    def _connected(self) -> Any:
        told: dict[str, Any] = {
            "connect_timeout": CONNECT_S,
            "application_name": "clinsynth",
            "client_encoding": "utf8",
        }
        connection = self._library.connect(self.address.url, autocommit=True, **told)
        connection.isolation_level = self._library.IsolationLevel.READ_COMMITTED  # what others did is seen by the next
        return connection

    def _prepare(self) -> None:
        """Make the tables; raises ConfigError where they are of another release."""
        with self.writing(alone=True):
            self.execute("CREATE TABLE IF NOT EXISTS clinsynth_cache (version BIGINT NOT NULL)")
            found = self.execute("SELECT version FROM clinsynth_cache").fetchone()
            if found is None:
                for statement in schema.statements(real="DOUBLE PRECISION", integer="BIGINT"):
                    self.execute(statement)
                self.execute("INSERT INTO clinsynth_cache VALUES (?)", (schema.VERSION,))
            elif found[0] != schema.VERSION:
                raise ConfigError(
                    f"the cache of completions {self.address} is of another release of clinsynth (its schema is "
                    f"{found[0]}, this one knows {schema.VERSION}): all who share it need the same release."
                )

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        """Turn errors into `Gone`, after which there is a new connection, or into ConfigErrors."""
        errors = self._library.errors
        try:
            yield
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            raise Gone(_told(error)) from None
        except self._library.Error as error:
            if not self._connection.closed:
                raise ConfigError(
                    f"the cache of completions {self.address} cannot be {done}: {_told(error)} What was stored before "
                    "is kept; the same command goes on from there."
                ) from None
            with suppress(self._library.Error):
                self._connection = self._connected()
            raise Gone(_told(error)) from None


def _told(error: Exception) -> str:
    """Return the first line of what the server says, which quotes no row."""
    return redacted((str(error).strip() or type(error).__name__).splitlines()[0])
