"""The completions that were paid for: count them, check them, take them elsewhere."""

from __future__ import annotations

from pathlib import Path

from clinsynth.config import CacheAction, CacheConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.llm import cache_path, exchange
from clinsynth.llm.cache import CompletionCache
from clinsynth.reports import tables
from clinsynth.stages import Job


def main(settings: CacheConfig, *, job: Job) -> None:
    path = cache_path(Path(settings.paths.artifacts))
    if settings.action is not CacheAction["import"] and not path.is_file():
        raise ConfigError(f"there is no cache of completions at {path}: `clinsynth generate` with a live LLM makes it.")
    cache = CompletionCache(path)
    try:
        _act(settings, cache)
    finally:
        cache.close()


def _act(settings: CacheConfig, cache: CompletionCache) -> None:
    if settings.action is CacheAction.stats:
        tables.show_cache(list(cache.rows()), path=cache.path)
    elif settings.action is CacheAction.verify:
        faults = cache.faults()
        if faults:
            raise DataFormatError(f"{cache.path} has {len(faults)} faults, the first is: {faults[0]}")
        print(f"{cache.path} is sound.")
    elif settings.action is CacheAction.export:
        to = _needed(settings.to, "to", "export")
        number = exchange.export_recordings(cache, Path(to), model=settings.model, prompts=settings.prompts)
        print(f"{number} completions are in {to}: llm=recorded llm.recordings=[{to}] replays them.")
    else:
        file = _needed(settings.file, "file", "import")
        taken, lacking = exchange.import_recordings(cache, Path(file), model=settings.model)
        print(f"{taken} completions were taken, {lacking} left out because they do not say what was asked.")


def _needed(value: str | None, key: str, action: str) -> str:
    if value is None:
        raise ConfigError(f"action={action} needs a file: {key}=recordings.jsonl.")
    return value
