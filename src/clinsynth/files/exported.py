"""The folder of an export: written whole or not at all, with a manifest that tells its files."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import clinsynth
from clinsynth.artifacts import CARD, MANIFEST
from clinsynth.errors import ConfigError
from clinsynth.keys import file_digest

EXPORT = "export"
"""Key of the manifest: what was exported, by its digest, and the sha256 of each file."""


def check_free(folder: Path, *, digest: str, force: bool) -> None:
    """Raise ConfigError where the folder holds something else than this export, without `force`."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"to={folder} is a file; it has to be a folder, which is made if need be.")
    if not force and folder.is_dir() and any(folder.iterdir()) and not holds_export(folder, digest):
        raise ConfigError(
            f"to={folder} is not empty. Name another folder, or write into it with force=true, which replaces the "
            "files of an export and leaves all others."
        )


def write_export(
    folder: Path, *, digest: str, manifest: Mapping[str, Any], builder: Callable[[Path], None], force: bool
) -> bool:
    """Let `builder` fill the folder, and add the manifest.

    Return False, and leave all as it is, where the same export is there and its card was edited by hand. What else
    lies in the folder stays there. Raise ConfigError as `check_free` does.
    """
    check_free(folder, digest=digest, force=force)
    if not force and holds_export(folder, digest) and not is_intact(folder, CARD):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    built = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        builder(built)
        names = sorted(path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file())
        files = {name: file_digest(built / name) for name in names}
        told = {"clinsynth": clinsynth.__version__, "digest": digest, "files": files}
        text = json.dumps(dict(manifest) | {EXPORT: told}, indent=2, ensure_ascii=False)
        (built / MANIFEST).write_text(text + "\n", encoding="utf-8")
        built.chmod(0o755)  # mkdtemp's folders are closed to other users
        if folder.is_dir():
            _replace(folder, built, names)
        else:
            built.rename(folder)
    finally:
        shutil.rmtree(built, ignore_errors=True)
    return True


def _replace(folder: Path, built: Path, names: list[str]) -> None:
    """Replace file by file; while it lasts there is no manifest, and so no export."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in [*names, MANIFEST]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).replace(folder / name)


def export_facts(folder: Path) -> dict[str, Any]:
    """Return what the manifest says of the export; empty where there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = manifest[EXPORT]
        return dict(found) if isinstance(found["files"], dict) else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def holds_export(folder: Path, digest: str) -> bool:
    """Say whether the folder is the export of this very thing, its files untouched but for the card."""
    found = export_facts(folder)
    return found.get("digest") == digest and all(name == CARD or is_intact(folder, name) for name in found["files"])


def is_intact(folder: Path, name: str) -> bool:
    """Say whether a file of an export is as it was written."""
    path = folder / name
    return path.is_file() and file_digest(path) == export_facts(folder)["files"].get(name)
