"""Who is waiting for which answer: a claim a request, and the beats of their owners.

Everybody else watches a beat, a number, by a clock of its own, so that clocks need not agree.
"""

from __future__ import annotations

import time
import uuid

from clinsynth.llm.databases import Database

STALE = 20.0
"""Seconds without a beat of its owner after which a claim is void."""

BEAT = 1.0
"""Seconds from which a claim is a beat, too."""


class Claims:
    """The claims of one process, and those that it sees; each method is a part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self.owner = uuid.uuid4().hex
        self._database = database
        self._beats: dict[str, tuple[int, float]] = {}
        """The last beat seen of other owners, and when that was, on this process's clock."""
        self._beaten = 0.0
        """When this process last beat, on its clock."""

    def begin_anew(self) -> None:
        """Watch others' beats anew, for nobody could beat while the server was away."""
        self._beats.clear()
        self._beaten = 0.0

    def take(self, key: str, usd: float) -> bool:
        """Say whether the claim is this process's now: nobody had it, or one that is gone."""
        took = self._database.execute(
            "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET cost_usd = excluded.cost_usd "
            "WHERE claims.owner = excluded.owner",
            (key, self.owner, usd),
        )
        return bool(took.rowcount) or self._take_over(key, usd)

    def _take_over(self, key: str, usd: float) -> bool:
        held = self._database.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()
        if held is None or not self._is_gone(held[0]):
            return False
        over = "UPDATE claims SET owner = ?, cost_usd = ? WHERE key = ? AND owner = ?"
        return bool(self._database.execute(over, (self.owner, usd, key, held[0])).rowcount)

    def drop(self, key: str) -> None:
        """Give up the claim of a request, whoever has it."""
        self._database.execute("DELETE FROM claims WHERE key = ?", (key,))

    def release(self, key: str) -> None:
        """Give up the claim of a request where it is this process's."""
        self._database.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self.owner))

    def release_all(self) -> None:
        """Give up all claims of this process."""
        self._forget(self.owner)
        self._beaten = 0.0

    def beat(self, *, unless_beaten: bool = False) -> None:
        """Say that this process is alive; `unless_beaten`: where it has not just said so."""
        if unless_beaten and time.monotonic() - self._beaten < BEAT:
            return
        self._database.execute(
            "INSERT INTO owners VALUES (?, 0) ON CONFLICT (owner) DO UPDATE SET beat = owners.beat + 1", (self.owner,)
        )
        self._beaten = time.monotonic()

    def void(self) -> None:
        """Void the claims of those who are gone."""
        for (owner,) in self._database.execute("SELECT DISTINCT owner FROM claims").fetchall():
            if owner != self.owner and self._is_gone(owner):
                self._forget(owner)

    def has_others(self) -> bool:
        """Say whether there are claims of others, alive or not."""
        return bool(self._database.execute("SELECT 1 FROM claims WHERE owner != ?", (self.owner,)).fetchone())

    def _is_gone(self, owner: str) -> bool:
        """Say whether the beat of another owner has stood still for so long that its claims are void."""
        row = self._database.execute("SELECT beat FROM owners WHERE owner = ?", (owner,)).fetchone()
        beat, now = (row[0] if row else -1), time.monotonic()
        if self._beats.get(owner, (None, 0.0))[0] != beat:
            self._beats[owner] = (beat, now)
        return now - self._beats[owner][1] > STALE

    def _forget(self, owner: str) -> None:
        self._database.execute("DELETE FROM claims WHERE owner = ?", (owner,))
        self._database.execute("DELETE FROM owners WHERE owner = ?", (owner,))
