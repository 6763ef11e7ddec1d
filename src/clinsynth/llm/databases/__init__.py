"""Where completions are kept: a file of SQLite on this machine, or a PostgreSQL that many machines share.

The cache speaks the SQL that both know; what they do differently is in the module of each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from clinsynth.errors import ConfigError, redacted

VARIABLE = "CLINSYNTH_CACHE"
"""Says where the cache is where no setting does."""

FILE = "completions.db"

_ADDRESS = re.compile(r"postgres(?:ql)?(?:\+\w+)?://")


@dataclass(frozen=True)
class Address:
    """The address of a PostgreSQL; people and logs see it without name and password."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        return redacted(self.url)


Place = Path | Address


def cache_place(artifacts: Path, chosen: str | None = None) -> Place:
    """Return where answers are kept: where it is chosen, or the environment says, or in the folder of artifacts.

    Raises ConfigError for an address that is none of PostgreSQL.
    """
    given = chosen or os.environ.get(VARIABLE)
    return place_named(given) if given else artifacts / FILE


def place_named(given: str) -> Place:
    """Return a file or an address as people write it; raises ConfigError for another kind of address."""
    if "://" not in given:
        return Path(given)
    if not _ADDRESS.match(given) or "password=" in given:
        raise ConfigError(
            f"the cache of completions cannot be at {redacted(given).partition('?')[0]}: accepted are a file, such as "
            "artifacts/completions.db, and postgresql://NAME@HOST/DATABASE, whose password is in ~/.pgpass, in the "
            "variable PGPASSWORD, or in a variable with the whole address, 'llm.cache=${oc.env:MY_CACHE}'."
        )
    return Address(_ADDRESS.sub("postgresql://", given))


def is_there(place: Place) -> bool:
    """Say whether there may be answers; a server is not asked."""
    return isinstance(place, Address) or place.is_file()


class Gone(Exception):
    """The server went away, or has broken a transaction off: what was begun is undone, and can be done again."""


class Cursor(Protocol):
    """The rows of a statement."""

    @property
    def rowcount(self) -> int:
        """Return how many rows were changed."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A database with the tables of `schema`; its errors are ConfigErrors, or `Gone`."""

    def execute(self, query: str, values: Sequence[Any] = ()) -> Cursor:
        """Execute one statement, with a `?` for each value."""

    def reading(self) -> AbstractContextManager[None]:
        """Explain what goes wrong with a statement that reads."""

    def writing(self, *, alone: bool = False) -> AbstractContextManager[None]:
        """Write all or nothing; `alone`: no other process that wants to be alone is at it meanwhile."""

    def stream(self, query: str) -> Iterator[dict[str, Any]]:
        """Yield rows by the names of their columns, few of them in memory at a time."""

    def erasing(self) -> None:
        """Have what is deleted from now on overwritten, as far as the database can."""

    def held(self, text: str) -> str:
        """Return a text as it can be kept."""

    def damaged(self, how: str) -> ConfigError:
        """Return the error of rows that cannot be read as they should be."""

    def close(self) -> None: ...


def open_database(place: Place) -> Database:
    """Open, and make where it is not there; raises ConfigError where that cannot be."""
    if isinstance(place, Address):
        from clinsynth.llm.databases.postgres import PostgresServer  # whose library is an extra

        return PostgresServer(place)
    from clinsynth.llm.databases.sqlite import SqliteFile

    return SqliteFile(place)
