"""Embeddings that are kept: a text is embedded once, in whichever process."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinsynth.analysis.embeddings import embed

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

FILE = "embeddings.db"
"""Below the artifacts; it may be removed at any time."""

MOST = 500
"""Texts that are looked up, or embedded and written down, together."""


class KeptEmbeddings:
    """Embeds texts; those that were embedded before are looked up."""

    def __init__(self, folder: Path, *, embed: Embed = embed) -> None:
        self._path, self._embed = folder / FILE, embed
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors [texts, dimensions]."""
        wanted = {_name(text): text for text in texts}
        new = {name: text for name, text in wanted.items() if name not in self._known}
        if new:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=60)) as store, store:
                store.execute("CREATE TABLE IF NOT EXISTS embeddings (text TEXT PRIMARY KEY, vector BLOB)")
            names = list(new)
            for start in range(0, len(names), MOST):
                self._learn({name: new[name] for name in names[start : start + MOST]})
        return np.stack([self._known[_name(text)] for text in texts])

    def _learn(self, new: dict[str, str]) -> None:
        """Take vectors that are kept, and embed the other texts."""
        with closing(sqlite3.connect(self._path, timeout=60)) as store:
            marks = ",".join("?" * len(new))
            rows = store.execute(f"SELECT text, vector FROM embeddings WHERE text IN ({marks})", list(new)).fetchall()
        for name, vector in rows:
            self._known[name] = np.frombuffer(vector, dtype=np.float32)
        lacking = [name for name in new if name not in self._known]
        if not lacking:
            return
        found = np.asarray(self._embed([new[name] for name in lacking]), dtype=np.float32)
        self._known |= dict(zip(lacking, found, strict=True))
        rows = [(name, vector.tobytes()) for name, vector in zip(lacking, found, strict=True)]
        with closing(sqlite3.connect(self._path, timeout=60)) as store, store:
            store.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?)", rows)


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
