"""Keys of gold files, reviews, exports, reports and folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinsynth.keys.hashing import digest, file_digest, path_digest
from clinsynth.keys.settings import later
from clinsynth.keys.versions import CONVERTED, EXPORT, REVIEW

if TYPE_CHECKING:
    from clinsynth.config import FileConfig


def gold_digest(path: Path, *, file: FileConfig) -> str:
    """Return the digest of a split: of its file or folder, and of how it is read where the settings say so."""
    content = path_digest(path)
    return digest([content, *later(file)]) if later(file) else content


def review(content: str) -> str:
    """Return the key of logging what people answered, by the whole digest of their answers."""
    return digest([REVIEW, content])


def review_content(
    *, subject: str, dataset: str, of: str, blind: bool, items: Sequence[str], answered: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all that decides the judgements of a review; `items` are their ids."""
    return {
        "subject": subject,
        "dataset": dataset,
        "of": of,
        "blind": blind,
        "items": digest(list(items)),
        "answers": digest(answered),
    }


def review_item(source: str, *, place: int | None, text: str) -> str:
    """Return the id of an example in a review; begins with a letter, for spreadsheets take 12e5 for a number."""
    return f"r-{digest([source, place, text])[:10]}"


def export(content: str, *, push: str | None) -> str:
    """Return the key of an export, by the whole digest of what is exported and the repository it is pushed to."""
    return digest([EXPORT, content, push])


def export_content(files: Iterable[Path]) -> str:
    """Return the whole digest of the files of a model that is exported."""
    return digest([[path.name, file_digest(path)] for path in files])


def converted_content(content: str, *, format: str, precision: str) -> str:
    """Return the whole digest of a model that is exported for another runtime, by that of its files."""
    return digest([CONVERTED, content, format, precision])


def shard(job: str, *, name: str | None) -> str:
    """Return the key of a part of a job by that of the whole; the whole's for `None`."""
    return job if name is None else digest([job, name])


def report(name: str) -> str:
    """Return the key of writing a table or figure of a paper down; each time anew."""
    return f"report-{digest(name)}"


def folder(path: Path) -> str:
    """Return the key under which one process at a time writes into a folder."""
    return f"folder-{digest(str(path.resolve()))}"
