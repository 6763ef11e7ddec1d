"""Data sets of the Hugging Face hub, kept as Parquet. Needs the library datasets: the extra `hub`.

`hf:owner/name` names one, `hf:owner/name:test` a split of it, `hf:owner/name:config:test` a split of a configuration;
`hf:owner/name@revision` pins its edition. What the library opens from a folder, it opens so, too: `hf:folder:train`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, Unreachable

HUB = "hf:"
"""Prefix of a path that names a data set of the hub."""


@dataclass(frozen=True)
class HubData:
    """A split of a data set of the hub, as a path of the config names it."""

    name: str
    revision: str | None
    config: str | None
    split: str | None

    @classmethod
    def parse(cls, path: str) -> HubData:
        """Return what a path names; raises ConfigError for another form."""
        match = re.fullmatch(r"hf:([^:@]+)(?:@([^:@]+))?(?::([^:]+))??(?::([^:]+))?", path)
        if match is None:
            raise ConfigError(f"{path} names no data set: hf:owner/name:split, or hf:owner/name@revision:config:split.")
        return cls(*match.groups())

    @property
    def file(self) -> str:
        """Return the name of its file below the folder of the data."""
        parts = (self.name, self.revision, self.config, self.split)
        return "hf/" + ".".join(re.sub(r"[^\w-]+", "-", part).strip("-") for part in parts if part) + ".parquet"


def fetch_hub_data(path: str, *, data: Path) -> Path:
    """Return the file of a split, which is fetched unless it is there.

    Raises ConfigError for what the hub does not have, and where split or configuration have to be named.
    """
    wanted = HubData.parse(path)
    file = data / wanted.file
    if not file.is_file():
        print(f"Fetching {path} to {file}", flush=True)
        found = _load(wanted)
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_suffix(".part")
        found.to_parquet(scratch)
        scratch.replace(file)
    return file


def _load(wanted: HubData) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise ConfigError("a path hf:... needs the library datasets: pip install 'clinsynth[hub]'.") from error
    try:
        found = datasets.load_dataset(wanted.name, wanted.config, split=wanted.split, revision=wanted.revision)
    except (ConnectionError, TimeoutError) as error:
        raise Unreachable(f"hf:{wanted.name} cannot be fetched ({_said(error)}): is there a network?") from error
    except (OSError, ValueError, RuntimeError) as error:  # the library has no one kind of it
        raise ConfigError(
            f"hf:{wanted.name} cannot be opened ({_said(error)}). A path is hf:owner/name:split, or "
            "hf:owner/name:config:split; data sets that need a script of their own have to be saved as Parquet first."
        ) from error
    if isinstance(found, dict):
        if len(found) > 1:
            raise ConfigError(
                f"hf:{wanted.name} has the splits {', '.join(found)}: name one, as in hf:{wanted.name}:train."
            )
        return next(iter(found.values()))
    return found


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
