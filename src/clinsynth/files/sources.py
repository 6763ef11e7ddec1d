"""Where files come from: the package, a folder, or a download."""

from __future__ import annotations

import logging
import sys
import time
from importlib import resources
from pathlib import Path

import pooch
import requests

from clinsynth.config import FileConfig
from clinsynth.errors import DataFormatError, MissingFile, Unreachable
from clinsynth.files.hub_data import HUB, fetch_hub_data
from clinsynth.keys import path_digest

ASSETS = "assets:"
"""Prefix of a path inside the package."""

CONNECT_TIMEOUT = 4  # seconds for each address of a host; a host may have eight
READ_TIMEOUT = 15
RETRY_WITHIN = 20  # seconds since the first attempt, so that a failure is said within a minute


def locate(file: FileConfig, *, data: Path, folders: bool = False) -> Path:
    """The file on this machine, or a folder where `folders` may be read; downloaded if need be, its sha256 checked."""
    assert file.path is not None
    if file.path.startswith(HUB):
        path = fetch_hub_data(file.path, data=data)
    else:
        path = resolve(file.path, below=data if file.url else Path())
    if not path.is_file() and not (folders and path.is_dir()):
        if file.url is None or path.is_dir():
            raise no_file(path)
        _download(file, path=path, data=data)
    elif file.sha256 and path_digest(path) != file.sha256:
        mend = f"Delete it to download it again from {file.url}."
        if file.url is None:
            mend = "If it is another one on purpose, say so: dataset.files.train.sha256=null, or that of its split."
        raise DataFormatError(
            f"{path} has sha256 {path_digest(path)}, expected is {file.sha256}: it is damaged or another edition. "
            f"{mend}"
        )
    return path


def no_file(path: Path, *, said: str = "no file") -> MissingFile:
    """Return the error of a path where a file should be: nothing is there, or a folder."""
    if not path.is_dir():
        return MissingFile(f"{said} at {path}; paths hang on the current folder, {Path.cwd()}.")
    files = sorted(found.name for found in path.iterdir() if found.is_file() and not found.name.startswith("."))
    there = ", ".join(files[:5]) + (" ..." if len(files) > 5 else "")
    return MissingFile(f"{said} at {path}, which is a folder. Name a file in it: {there or 'it has none'}.")


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
