"""Refuses settings that hold a key or a password, before Hydra writes the settings down."""

from __future__ import annotations

import re
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from clinsynth.cli.sweeps import JobError
from clinsynth.config import check_names_no_secret
from clinsynth.errors import ConfigError

_GIVEN = re.compile(r"llm\.(api_key_env|watermark\.key_env|base_urls?|cache)=\[?([^,\s\]'\"]+)")
_HEADERS = re.compile(r"key|token|secret|auth|cookie|password", re.IGNORECASE)


class Secrets(Callback):
    """Looks at the config of a job or a sweep, and at what is swept over or handed on, as they were written."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        _check(config)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        _check(config)


def _check(config: DictConfig) -> None:
    llm: Any = OmegaConf.to_container(config.llm, resolve=False) if config.get("llm") else {}
    settings = [(name, llm[name]) for name in ("api_key_env", "base_url", "cache") if isinstance(llm.get(name), str)]
    mark = (llm.get("watermark") or {}).get("key_env")
    settings += [("watermark.key_env", mark)] if isinstance(mark, str) else []
    others: Any = OmegaConf.to_container(config, resolve=False)
    settings += [("cache", others[name]) for name in ("place", "to") if isinstance(others.get(name), str)]
    settings += [("base_urls", value) for value in llm.get("base_urls") or [] if isinstance(value, str)]
    settings += [("extra_headers", name) for name in llm.get("extra_headers") or {} if _HEADERS.search(str(name))]
    words: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    given = [found for word in words for found in _GIVEN.findall(word)]
    try:
        for name, value in [*settings, *given]:
            check_names_no_secret(name, value)
    except ConfigError as error:
        raise JobError(error) from None
