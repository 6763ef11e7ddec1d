"""Corpora in the artifact store: the synthetic examples of one generation, kept ones and rejected ones."""

from __future__ import annotations

import json
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from operator import eq
from pathlib import Path
from shlex import quote
from sys import intern
from typing import Any

from filelock import FileLock

from clinsynth import tasks
from clinsynth.analysis.variety import compare
from clinsynth.artifacts import MANIFEST, ArtifactStore, check_files, read_entry, write_whole
from clinsynth.corpora.manifest import Manifest
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.stored import StoredExamples
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files import parquet
from clinsynth.files.exported import EXPORT, is_intact
from clinsynth.files.json_lines import each_json_line, write_json_lines, write_lines
from clinsynth.keys import digest
from clinsynth.task import Examples
from clinsynth.types import Gold

KIND = "corpus"
EXAMPLES, REJECTED = "examples.jsonl", "rejected.jsonl"


@dataclass(frozen=True)
class Corpus:
    """The synthetic examples of one generation."""

    digest: str
    """12 hex digits, as in the folder's name."""
    folder: Path
    examples: StoredExamples
    manifest: Manifest

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Return which unit each example was written for."""
        return tuple(intern(row["unit"]) for row in self.rows())

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the examples as they were written down."""
        return each_json_line(self.folder / EXAMPLES)

    def rejected(self) -> Iterator[dict[str, Any]]:
        """Yield the rejected texts as they were written down, each with its `reason`."""
        return each_json_line(self.folder / REJECTED)


def load_corpus(folder: Path) -> Corpus:
    """Return a corpus of the store; raises DataFormatError where it is not what was written."""
    mend = (
        f"Remove the folder, `rm -r {quote(str(folder))}`, and give the command that made the corpus again (or name "
        "the export again): it is built anew out of the answers that are there."
    )
    entry = read_entry(folder, mend=mend)
    try:
        manifest = Manifest.from_json(entry)
        if (digest(manifest.content), manifest.digest[:12]) != (manifest.digest, folder.name.rpartition("-")[2]):
            raise ValueError("its content is that of another corpus")
        check_files(folder, manifest.files or {}, mend=mend)
        examples = StoredExamples(folder / EXAMPLES, tasks.kind(manifest.task).examples.from_json)
        if len(examples) != manifest.counts["kept"]:
            raise ValueError(f"{EXAMPLES} has {len(examples)} of {manifest.counts['kept']} examples")
        corpus = Corpus(manifest.digest[:12], folder, examples, manifest)
        if manifest.files is None:  # of an early release, of whose files nothing else says that they are whole
            deque(zip(examples, corpus.units, strict=True), maxlen=0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataFormatError(f"the corpus in {folder} is damaged ({_said(error)}). {mend}") from error
    return corpus


def stored_corpus(
    store: ArtifactStore, *, version: str, content: Any, builder: Callable[[Path], dict[str, Any]]
) -> Corpus:
    """Return the corpus of `content`; `builder` builds it if it is not in the store.

    Of one that an export has brought nothing but the export says that it is this one: it is built anew, and compared.
    Raises DataFormatError where it was another one.
    """
    folder = store.folder(KIND, version=version, content=content)
    brought = load_corpus(folder) if folder.is_dir() else None
    if brought is not None and not brought.manifest.taken_in:
        return brought
    rows = list(brought.rows()) if brought else []
    own = load_corpus(store.build(KIND, version=version, content=content, builder=builder, replace=brought is not None))
    if brought is not None and not _are_alike(rows, list(own.rows())):
        raise DataFormatError(
            f"{folder} came out of an export that said to be this corpus, with other examples than its completions "
            "give: somebody changed them. It is replaced: give the same command again. Runs that learnt from it have "
            f"the tag corpus={own.digest}; force=true trains them again."
        )
    return own


def write_examples(
    folder: Path, *, kept: Iterable[str], rejected: Iterable[dict[str, Any]], gold: Gold, of: Examples
) -> dict[str, Any]:
    """Write the lines and rows of a corpus into its folder, one after another.

    Returns the fields of its manifest that are counted in them.
    """
    write_lines(folder / EXAMPLES, kept)
    reasons: Counter[str] = Counter()
    write_json_lines(folder / REJECTED, _counted(rejected, reasons))
    examples = StoredExamples(folder / EXAMPLES, of.from_json)
    return {
        "rejected": dict(reasons.most_common()),
        "described": of.describe(examples),
        "statistics": compare(examples, gold=gold.train or gold.test, of=of),
    }


def derived(
    folder: Path,
    base: Corpus,
    *,
    kept: SpilledLines,
    refused: Iterable[dict[str, Any]],
    counts: dict[str, int],
    gold: Gold,
    of: Examples,
    **entries: Any,
) -> dict[str, Any]:
    """Write a corpus that is made of another one: what is kept of it, and what is rejected in addition.

    Returns its manifest: that of `base` with further `counts` and `entries`.
    """
    rejected = chain(base.rejected(), refused)
    counted = write_examples(folder, kept=kept.at(range(len(kept))), rejected=rejected, gold=gold, of=of)
    counts = {**base.manifest.counts, "kept": len(kept), **counts}
    return replace(base.manifest, counts=counts, review=None, **entries, **counted).entries()


def _counted(rows: Iterable[dict[str, Any]], reasons: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows, and count their reasons."""
    for row in rows:
        reasons[row["reason"]] += 1
        yield row


def find_corpus(start: str, *, store: ArtifactStore) -> Path:
    """Return the folder of the corpus whose digest begins with `start`; `latest` is the one that was built last.

    A folder that `clinsynth export` wrote is taken into the store.
    """
    there = sorted(store.root.glob(f"{KIND}-*"), key=lambda folder: folder.stat().st_mtime)
    chosen = [folder for folder in there if folder.name.rpartition("-")[2].startswith(start)]
    if start == "latest":
        chosen = there[-1:]
    exported = Path(start).expanduser()
    if not chosen and (exported / MANIFEST).is_file():
        return _take_in(exported, store=store)
    if len(chosen) != 1:
        newest = ", ".join(folder.name.rpartition("-")[2] for folder in there[-8:]) or "none"
        raise ConfigError(
            f"corpus={start} is {'no' if not chosen else 'more than one'} corpus of {store.root}, nor a folder that "
            f"`clinsynth export` wrote. The newest are: {newest}. `clinsynth train source=synthetic` builds one and "
            "names its digest."
        )
    return chosen[0]


def _take_in(exported: Path, *, store: ArtifactStore) -> Path:
    """Put an exported corpus into the store, with the digest that it had; raises DataFormatError for another one."""
    try:
        content = json.loads((exported / MANIFEST).read_text(encoding="utf-8"))
        exports = content.pop(EXPORT)["files"]
        files = [name for name in (parquet.KEPT, parquet.REJECTED) if name in exports]
        manifest, version = Manifest.from_json(content), str(content["version"])
        known = (manifest.kind, manifest.digest) == (KIND, digest(manifest.content))
        known = known and re.fullmatch(r"[\w.-]+", version) is not None and manifest.task in tasks.TASKS
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise DataFormatError(f"{exported} is no corpus that `clinsynth export` wrote, or its manifest was changed.")
    changed = [name for name in files if not is_intact(exported, name)]
    if changed:
        raise DataFormatError(
            f"{exported / changed[0]} is not what `clinsynth export` wrote: the sha256 of the manifest is another one. "
            "Export or download it again."
        )
    kept, rejected = (
        parquet.read_parquet(exported / name) if name in files else [] for name in (parquet.KEPT, parquet.REJECTED)
    )
    _check_rows(kept, manifest, path=exported / parquet.KEPT)
    folder = store.folder(KIND, version=version, content=manifest.content)
    if folder.is_dir():
        if not _are_alike(list(load_corpus(folder).rows()), kept):
            raise DataFormatError(
                f"{exported} says that it is the corpus {manifest.digest[:12]}, which {store.root} has with other "
                f"examples: somebody changed them. Nothing of it was used; corpus={manifest.digest[:12]} is your own."
            )
        return folder

    def build(scratch: Path) -> dict[str, Any]:
        write_json_lines(scratch / EXAMPLES, kept)
        write_json_lines(scratch / REJECTED, rejected)
        return manifest.entries() | {"taken_in": True}

    return store.build(KIND, version=version, content=manifest.content, builder=build)


def _check_rows(rows: Sequence[dict[str, Any]], manifest: Manifest, *, path: Path) -> None:
    """Raise DataFormatError for a row that is no example of the corpus's task and labels."""
    of, known = tasks.kind(manifest.task).examples, {*manifest.labels}
    if len(rows) != manifest.counts.get("kept"):
        raise DataFormatError(f"{path} has {len(rows)} examples where its manifest says {manifest.counts.get('kept')}.")
    for number, row in enumerate(rows):
        try:
            if not all(isinstance(row.get(name, []), list) for name in of.LISTS):
                raise TypeError(f"{' and '.join(of.LISTS)} are lists")
            example = of.from_json(row)
            example.entities()
            labels = {*row.get("tags", ()), *row.get("labels", ()), *([row["label"]] if "label" in row else [])}
            if not (isinstance(row["unit"], str) and isinstance(example.text, str) and labels <= known):
                raise ValueError(f"labels are {', '.join(manifest.labels)}")
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise DataFormatError(
                f"{path}: row {number} is no example of {manifest.task} ({_said(error)}). Ask for the export again; "
                "`clinsynth export corpus=...` writes it."
            ) from error


def _are_alike(rows: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> bool:
    """Say whether examples are the same; weights are computed, and their last digits may differ between machines."""

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in row.items()
            if value is not None
        }

    return len(rows) == len(others) and all(map(eq, map(plain, rows), map(plain, others)))


def _said(error: Exception) -> str:
    """Return an error's own words; a KeyError has the bare name of what lacks."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def note_in_manifest(folder: Path, *, store: ArtifactStore, **entries: Any) -> None:
    """Add to the manifest of a corpus what was found out later; its digest stays, and so does its age."""
    path, before = folder / MANIFEST, folder.stat()
    with FileLock(store.lock_path(folder.name)):
        content = json.loads(path.read_text(encoding="utf-8")) | entries
        write_whole(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))  # by which `find_corpus` knows the newest
