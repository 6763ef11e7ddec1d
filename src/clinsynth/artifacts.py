"""Content-addressed store: what was made once from the same content is never made again.

An entry is complete as soon as its folder has its final name: it is built in a temporary folder,
under a lock that processes share, and renamed into place.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from filelock import FileLock

from clinsynth.keys import digest


def write_whole(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write the whole file or none of it, in a folder that is made if need be; line ends stay as they are."""
    with writing_whole(path, encoding=encoding) as file:
        file.write(text)


@contextmanager
def writing_whole(path: Path, *, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Open a file to be written part by part, which has its name only when all of it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    with half.open("w", encoding=encoding, newline="") as file:
        yield file
    half.replace(path)


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
                manifest = {"kind": kind, "version": version, "digest": digest(content), "content": content} | made
                text = json.dumps(manifest, indent=2, ensure_ascii=False)
                (scratch / "manifest.json").write_text(text + "\n", encoding="utf-8")
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
