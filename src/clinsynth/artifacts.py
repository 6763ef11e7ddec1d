"""Content-addressed store: what was made once from the same content is never made again.

An entry is complete as soon as its folder has its final name: it is built in a temporary folder,
under a lock that processes share, and renamed into place.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from filelock import FileLock

from clinsynth.errors import DataFormatError
from clinsynth.keys import digest, file_digest

MANIFEST, CARD = "manifest.json", "README.md"
FILES = "files"
"""Key of a manifest: the sha256 of each file of the entry, but for the manifest and the card, which people may edit."""


def write_whole(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write the whole file or none of it, in a folder that is made if need be; line ends stay as they are."""
    with writing_whole(path, encoding=encoding) as file:
        file.write(text)


@contextmanager
def writing_whole(path: Path, *, encoding: str = "utf-8", private: bool = False) -> Iterator[TextIO]:
    """Open a file to be written part by part, which has its name only when all of it is there.

    A `private` one can be read by its owner alone, from its first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    half.unlink(missing_ok=True)  # whoever could read the rest of a killed job

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600 if private else 0o666)

    with open(half, "w", encoding=encoding, newline="", opener=opener) as file:
        yield file
    half.replace(path)


def read_entry(folder: Path, *, mend: str) -> dict[str, Any]:
    """Return the manifest of an entry; raises DataFormatError, which ends with how to `mend` it, where it is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
        reason = "it is no JSON object"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise DataFormatError(f"{folder / MANIFEST} is damaged ({reason}). {mend}")


def check_files(folder: Path, files: Mapping[str, str], *, mend: str) -> None:
    """Raise DataFormatError, which ends with how to `mend` it, where a file has not its sha256, or is gone.

    A file is read once in a process, as long as its size and time stay.
    """
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise DataFormatError(f"{path} is gone. {mend}")
        if known_digest(path) != expected:
            raise DataFormatError(f"{path} is not what was written: it was cut or changed. {mend}")


def known_digest(path: Path) -> str:
    """Return the sha256 of a file, which is read only where this process has not read it as it is now."""
    known = path.stat()
    return _digest_of(path.resolve(), known.st_size, known.st_mtime_ns, known.st_ino)


@lru_cache(maxsize=4096)
def _digest_of(path: Path, *_: int) -> str:
    return file_digest(path)


def _hashes(folder: Path) -> dict[str, str]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: file_digest(found[name]) for name in sorted(found) if name not in (MANIFEST, CARD)}


class ArtifactStore:
    """Folders `<kind>-<version>-<digest12>/`, each with a `manifest.json`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, kind: str, *, version: str, content: Any) -> Path:
        """Return where the entry of `content` is, or would be."""
        return self.root / f"{kind}-{version}-{digest(content)[:12]}"

    def build(
        self,
        kind: str,
        *,
        version: str,
        content: Any,
        builder: Callable[[Path], dict[str, Any] | None],
        replace: bool = False,
    ) -> Path:
        """Return the complete folder of `content`; `builder` fills it if it is not there.

        The manifest gets what `builder` returns. Of several processes one builds and the
        others wait. With `replace` an entry that is there is built anew.
        """
        folder = self.folder(kind, version=version, content=content)
        if folder.is_dir() and not replace:
            return folder
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.lock_path(folder.name)):
            if folder.is_dir() and not replace:
                return folder
            for leftover in self.root.glob(f".{folder.name}-*"):  # of a builder that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=self.root))
            try:
                made = builder(scratch) or {}
                manifest = {"kind": kind, "version": version, "digest": digest(content), "content": content}
                text = json.dumps(manifest | {FILES: _hashes(scratch)} | made, indent=2, ensure_ascii=False)
                (scratch / MANIFEST).write_text(text + "\n", encoding="utf-8")
                scratch.chmod(0o755)  # mkdtemp's folders are closed to other users
                if folder.is_dir():
                    folder.rename(scratch.with_name(f"{scratch.name}-old"))
                scratch.rename(folder)
            finally:
                for rest in self.root.glob(f".{folder.name}-*"):
                    shutil.rmtree(rest, ignore_errors=True)
        return folder

    def lock_path(self, name: str) -> Path:
        """Return a lock file that processes on this machine share."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.lock"
