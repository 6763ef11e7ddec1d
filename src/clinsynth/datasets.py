"""Finds, downloads and checks the files of a dataset, and opens them."""

from __future__ import annotations

import logging
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

import pooch
import requests

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import DatasetConfig, FileConfig, TestName
from clinsynth.errors import ConfigError, DataFormatError, Unreachable
from clinsynth.keys import digest, file_digest
from clinsynth.review import results
from clinsynth.task import Task
from clinsynth.types import Gold

ASSETS = "assets:"
"""Prefix of a path inside the package."""

CONNECT_TIMEOUT = 4  # seconds for each address of a host; a host may have eight
READ_TIMEOUT = 15
RETRY_WITHIN = 20  # seconds since the first attempt, so that a failure is said within a minute

_parsed: dict[tuple[str, str, str], list[Any]] = {}
"""What this process has read: the jobs of a sweep share it."""


def load(task: Task, *, data: Path, artifacts: Path | None = None) -> Gold:
    """Return the gold of a task's dataset; `artifacts` has the reviews that `dataset.test` may name.

    Raises ConfigError for a file that is not there, DataFormatError for what a file holds,
    Unreachable for what cannot be downloaded.
    """
    splits: dict[str, list[Any]] = {"train": [], "test": [], "devel": []}
    hashes: dict[str, str] = {}
    dataset: DatasetConfig = task.dataset
    files = dataset.split_files()
    for split in ("train", "test", "devel"):
        if split not in files:
            if split != "devel" and dataset.needs_train():  # units of its own can do without gold
                raise ConfigError(
                    f"dataset.files of {dataset.name} has no {split} file: give one as dataset.files.{split}.path=..."
                )
            continue
        path = locate(files[split], data=data)
        hashes[split] = file_digest(path)
        splits[split] = _read(path, sha256=hashes[split], task=task)
        if not splits[split]:
            raise DataFormatError(f"{path}: the {split} split of {dataset.name} is empty.")
    named = dataset.unit_list()
    units = terms(resolve(named)) if named else []
    gold = Gold(splits["train"], test=splits["test"], devel=splits["devel"], hashes=hashes, units=tuple(units))
    if dataset.test is TestName.gold:
        return gold
    assert artifacts is not None, "a stage says where reviews are"
    return results.adjudicated(gold, task=task, store=ArtifactStore(artifacts))


def terms(path: Path) -> list[str]:
    """A list with one term a line, each once; raises DataFormatError where there is none."""
    if not path.is_file():
        raise ConfigError(f"no list of terms at {path}; paths hang on the current folder, {Path.cwd()}.")
    found = dict.fromkeys(" ".join(line.split()) for line in decode(path).split("\n"))
    found.pop("", None)
    if not found:
        raise DataFormatError(f"{path}: the list of terms is empty; it needs one term a line, such as: ataxia.")
    return list(found)


def locate(file: FileConfig, *, data: Path) -> Path:
    """The file on this machine, downloaded if need be, its sha256 checked."""
    assert file.path is not None
    path = resolve(file.path, below=data if file.url else Path())
    if not path.is_file():
        if file.url is None:
            raise ConfigError(f"no file at {path}; paths hang on the current folder, {Path.cwd()}.")
        _download(file, path=path, data=data)
    elif file.sha256 and file_digest(path) != file.sha256:
        raise DataFormatError(
            f"{path} has sha256 {file_digest(path)}, expected is {file.sha256}: it is damaged or another edition. "
            f"Delete it to download it again{'' if file.url is None else f' from {file.url}'}."
        )
    return path


def resolve(path: str, *, below: Path = Path()) -> Path:
    """A path of the config: `assets:` names a file of the package, others hang on `below`."""
    if path.startswith(ASSETS):
        return Path(str(resources.files("clinsynth") / "assets" / path.removeprefix(ASSETS)))
    return below / Path(path).expanduser()


def _download(file: FileConfig, *, path: Path, data: Path) -> None:
    """Fetch into `data`; pooch writes to a temporary file, checks it and renames it."""
    assert file.url is not None
    began = time.monotonic()
    print(f"Downloading {file.url} to {path}", flush=True)
    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=(CONNECT_TIMEOUT, READ_TIMEOUT))
    while True:
        try:
            pooch.retrieve(
                file.url,
                known_hash=None if file.sha256 is None else f"sha256:{file.sha256}",
                fname=path.name,
                path=path.parent,
                downloader=downloader,
            )
            return
        except ValueError as error:  # pooch: the hash does not match
            raise DataFormatError(f"{file.url} sent something else than expected: {error}") from error
        except requests.RequestException as error:
            if time.monotonic() - began < RETRY_WITHIN and _transient(error):
                time.sleep(2)
                continue
            raise Unreachable(
                f"{file.url} cannot be downloaded ({_cause(error)}). Without network, put the file at {path}, or "
                f"point CLINSYNTH_DATA (or paths.data, now {data}) at a folder that has {file.path}."
            ) from error


def _transient(error: requests.RequestException) -> bool:
    return error.response is None or error.response.status_code >= 500


def _cause(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return type(error).__name__


def _read(path: Path, *, sha256: str, task: Task) -> list[Any]:
    key = (str(path), sha256, digest(str(task.dataset)))
    if key not in _parsed:
        _parsed[key] = task.read_gold(decode(path), path=path)
    return _parsed[key]


def decode(path: Path) -> str:
    """Text of a UTF-8 file, with or without a byte order mark."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise not_utf8(path, line=line, byte=content[error.start], start=content[:2]) from error


def not_utf8(path: Path, *, line: int, byte: int, start: bytes) -> DataFormatError:
    """The error of a file with such a byte; `start` are its first two, by which UTF-16 is known."""
    known = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "latin1"
    return DataFormatError(
        f"{path}:{line}: byte {byte:#04x} is not UTF-8. Convert the file, for example with "
        f"`iconv -f {known} -t utf-8 {path.name}`."
    )
