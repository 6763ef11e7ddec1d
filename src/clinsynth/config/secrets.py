"""Keeps secrets of the environment out of the settings, which stand in files, in MLflow, on cards and in prompts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import reduce
from typing import Any

from omegaconf import DictConfig, OmegaConf

from clinsynth.errors import ConfigError

_SECRET = re.compile(r"key|token|secret|passw|_pwd$|credential|auth(?!or)", re.IGNORECASE)
"""What the name of a variable says whose value is nobody's business."""

_SHORTEST = 6
"""Characters of a value that is looked for: shorter ones stand in many texts by chance."""

_VARIABLE = re.compile(r"\$\{oc\.env:(\w+)(?:,[^${}]*)?\}")
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
"""Name and password of an address, which are left out wherever it is written down."""

Path = tuple[str | int, ...]


def check_no_secrets(config: DictConfig) -> None:
    """Raise ConfigError where an interpolation puts the value of such a variable into a setting.

    What is looked for is the value: an interpolation may be nested, and the name in it computed.
    """
    written = dict(_texts((), OmegaConf.to_container(config)))
    keys = {text for path, text in written.items() if path[-1] in ("api_key_env", "key_env")}
    secret = {name for name in os.environ if name in keys or _SECRET.search(name)}
    doubtful = {path: text for path, text in written.items() if "${" in _without_others(text, secret=secret)}
    if not doubtful:
        return
    resolved: Any = OmegaConf.to_container(config, resolve=True)
    values = {name: os.environ[name].strip() for name in sorted(secret)}
    for path, text in doubtful.items():
        value = _LOGIN.sub("", str(reduce(lambda node, name: node[name], path, resolved)))
        taken = next((name for name, known in values.items() if len(known) >= _SHORTEST and known in value), None)
        if taken is not None:
            raise ConfigError(
                f"{'.'.join(map(str, path))} is {text!r}, which takes {taken} out of the environment: it would stand "
                "in MLflow, in files and in what is sent. Take it out there. The key of a server is found by the name "
                "of its variable alone, llm.api_key_env=NAME."
            )


def _without_others(text: str, *, secret: set[str]) -> str:
    """Return a text without the interpolations that name another variable, such as that of the data's folder."""
    return _VARIABLE.sub(lambda found: found.group() if found.group(1) in secret else "", text)


def _texts(path: Path, node: Any) -> Iterator[tuple[Path, str]]:
    """Yield the texts below a node as they are written, interpolations and all."""
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _texts((*path, name), inner)
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from _texts((*path, place), inner)
    elif isinstance(node, str):
        yield path, node
