"""sha256 of content, files and folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Hashes = Mapping[str, str]
"""sha256 of the gold files by split (`types.Gold.hashes`)."""


def digest(content: Any) -> str:
    """Return the sha256 of the canonical JSON of `content`, 64 hex digits."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def digest_each(items: Iterable[Any]) -> str:
    """Return the digest of a list of these items, of which one at a time is in memory."""
    found = hashlib.sha256(b"[")
    for number, item in enumerate(items):
        text = json.dumps(item, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        found.update(f",{text}".encode() if number else text.encode())
    found.update(b"]")
    return found.hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def path_digest(path: Path) -> str:
    """Return the sha256 of a file, or of the names and sha256 of the files of a folder, hidden ones left out."""
    if path.is_file():
        return file_digest(path)
    names = sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())
    seen = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    return digest([[name.as_posix(), file_digest(path / name)] for name in seen])
