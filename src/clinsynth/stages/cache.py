"""The completions that were paid for: count them, check them, take them elsewhere, forget some."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CacheAction, CacheConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.llm import checks, exchange, forgetting, moving, prices, send_log
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.databases import VARIABLE, cache_place, is_there, place_named
from clinsynth.llm.forgetting import Wish
from clinsynth.reports.console import say
from clinsynth.reports.spending import show_cache, show_forgotten, show_prices, show_sent
from clinsynth.stages import Job
from clinsynth.tracking import SENT, Ledger


def main(settings: CacheConfig, *, job: Job) -> None:
    if settings.action is CacheAction.prices:
        _show_prices(settings)
        return
    if settings.action is CacheAction.audit:
        _audit(settings)
        return
    path = cache_place(Path(settings.paths.artifacts), settings.place)
    if settings.action is not CacheAction["import"] and not is_there(path):
        raise ConfigError(f"there is no cache of completions at {path}: `clinsynth generate` with a live LLM makes it.")
    cache = CompletionCache(path)
    try:
        _act(settings, cache)
    finally:
        cache.close()


def _act(settings: CacheConfig, cache: CompletionCache) -> None:
    if settings.action is CacheAction.stats:
        show_cache(
            list(cache.table("completions")), list(cache.table("no_answers")), path=cache.path, spent=cache.spent()
        )
    elif settings.action is CacheAction.verify:
        faults = checks.faults(cache.path)
        if faults:
            more = f" ({'; '.join(faults[1:4])})" if faults[1:] else ""
            raise DataFormatError(
                f"{cache.path} has {len(faults)} faults, the first is: {faults[0]}{more}. Put back a copy of it; or "
                f"save what can be read with `sqlite3 {cache.path} .recover | sqlite3 new.db` and put new.db in its "
                "place. A row that is wrong is asked for again once it is forgotten (action=forget)."
            )
        print(f"{cache.path} is sound.")
    elif settings.action is CacheAction.export:
        to = _needed(settings.to, "to", "export")
        number = exchange.export_recordings(cache, Path(to), model=settings.model, prompts=settings.prompts)
        print(f"{number} completions are in {to}: llm=recorded llm.recordings=[{to}] replays them.")
    elif settings.action is CacheAction.move:
        _move(settings, cache)
    elif settings.action is CacheAction.forget:
        _forget(settings, cache)
    else:
        file = _needed(settings.file, "file", "import")
        taken, lacking, none = exchange.import_recordings(cache, Path(file), model=settings.model)
        print(
            f"{taken} completions were taken, {lacking} left out because they do not say what was asked"
            + (f", {none} because they are no answers." if none else ".")
        )


def _move(settings: CacheConfig, cache: CompletionCache) -> None:
    to = place_named(_needed(settings.to, "to", "move"))
    if to == cache.path:
        raise ConfigError(f"action=move: to={to} is where the answers are already; give another place.")
    with closing(CompletionCache(to)) as target:
        moved = moving.move(cache, target)
    say(
        f"{moved.taken:,} rows were taken from {cache.path} to {to}, {moved.there:,} were there already; all of them "
        f"are equal, and so is the bill. Give it to every command as {VARIABLE}, or as llm.cache; the old one is left "
        "as it is."
    )
    if moved.twice:
        say(f"{moved.twice:,} requests were answered in both: the answers of {to} stay, and both are on the bill.")


def _show_prices(settings: CacheConfig) -> None:
    found = list(prices.listed(provider=settings.provider, model=settings.model))
    if not found:
        raise ConfigError(
            f"{prices.source()} has no such model: model={settings.model}, provider={settings.provider}. Give its "
            f"prices as llm.price.input=... and llm.price.output=..., in US dollars per million tokens."
        )
    show_prices(found, source=prices.source())


def _audit(settings: CacheConfig) -> None:
    """Print what was sent where; raises DataFormatError where the log of it is not as it was written."""
    artifacts = Path(settings.paths.artifacts)
    path = artifacts / send_log.FILE
    if not path.is_file():
        raise ConfigError(f"there is no log at {path}: nothing was sent to an LLM since such a log is kept.")
    show_sent(entry for _, entry, _ in send_log.entries(path) if entry)
    known = Ledger(settings.tracking, store=ArtifactStore(artifacts)).values(SENT)
    if faults := send_log.faults(path, known=known):
        raise DataFormatError(
            f"{path} is not as it was written: {'; '.join(faults[:5])}{' ...' if faults[5:] else ''}. Put back a copy "
            "of it; what was sent and answered stands in completions.db, too."
        )
    say(f"{path} is whole: no line was changed, left out or put in.")


def _forget(settings: CacheConfig, cache: CompletionCache) -> None:
    wish = settings.forget
    since, before = (None if day is None else datetime.fromisoformat(day) for day in (wish.since, wish.before))
    found = forgetting.find(
        cache, Wish(wish.dataset, wish.prompt, wish.unit, settings.model, wish.reason, since=since, before=before)
    )
    show_forgotten(found, dry_run=settings.dry_run)
    if not settings.dry_run:
        forgetting.forget(cache, found)


def _needed(value: str | None, key: str, action: str) -> str:
    if value is None:
        raise ConfigError(f"action={action} needs a file: {key}=recordings.jsonl.")
    return value
