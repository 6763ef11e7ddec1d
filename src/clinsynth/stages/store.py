"""Look after what lies on the disk: how large it is, whether it is whole, what can go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clinsynth import corpora
from clinsynth.artifacts import FILES, ArtifactStore, check_files, read_entry
from clinsynth.config import StoreAction, StoreConfig
from clinsynth.errors import ClinsynthError, DataFormatError
from clinsynth.llm import checks
from clinsynth.llm.databases import FILE, Place, cache_place, is_there
from clinsynth.reports.console import print_columns, say
from clinsynth.stages import Job, pruning
from clinsynth.stages.pruning import JOBS, UNFINISHED, megabytes
from clinsynth.tracking import Ledger

MEND = "Remove the folder; the command that made it makes it again, out of answers that are there."


def main(settings: StoreConfig, *, job: Job) -> None:
    """Run the stage; raises DataFormatError where a check finds something damaged."""
    store = ArtifactStore(Path(settings.paths.artifacts))
    if settings.action is StoreAction.usage:
        _show_usage(settings, store=store)
        return
    ledger = Ledger(settings.tracking, store=store)
    if settings.action is StoreAction.check:
        _check(store, ledger=ledger)
    else:
        pruning.prune(settings, ledger=ledger)


def _show_usage(settings: StoreConfig, *, store: ArtifactStore) -> None:
    models, jobs = "prune: all but the best of each dataset", "prune jobs=true; MLflow keeps the runs"
    database = Path(settings.tracking.uri.partition("sqlite:///")[2] or "mlruns/mlflow.db")
    answers = store.root / FILE
    rows = [
        ("answers of LLMs, paid for", [answers] if answers.exists() else [], "never, but with `clinsynth cache`"),
        ("corpora", list(store.root.glob("corpus-*")), "by hand: they are made again for nothing"),
        ("models", list(store.root.glob("model-*")), models),
        ("left by killed trainings", list(store.root.glob(UNFINISHED)), "prune"),
        ("MLflow's runs", [database] if database.exists() else [], "no"),
        ("files of MLflow's runs", list(Path(settings.tracking.artifacts).glob("*")), "with their runs, in MLflow"),
        *((f"folders of jobs: {name}", list(Path(name).glob("*/*")), jobs) for name in JOBS),
        ("reviews, people's work", list(Path("reviews").glob("*")), "never"),
    ]
    sizes = [sum(map(megabytes, places)) for _, places, _ in rows]
    cells = [
        [what, f"{len(places):,}", f"{size:,.1f}", goes]
        for (what, places, goes), size in zip(rows, sizes, strict=True)
        if places
    ]
    print_columns(["", "number", "MB", "what can go"], [*cells, ["all", "", f"{sum(sizes):,.1f}", ""]], left=(0, 3))
    say("clinsynth store action=prune lists what would go; with dry_run=false it goes.")


def _check(store: ArtifactStore, *, ledger: Ledger) -> None:
    folders = sorted([*store.root.glob("corpus-*"), *store.root.glob("model-*")])
    faults = [*_damaged(folders), *_of_answers(cache_place(store.root))]
    ended = ledger.end_dead_runs()
    say(f"{len(folders):,} corpora and models, the answers that were paid for, and MLflow's runs were looked at.")
    if ended:
        say(f"{ended} runs whose processes are gone are marked as KILLED now.")
    if faults:
        raise DataFormatError(f"{len(faults)} things are damaged. {' '.join(faults)}")
    say("Everything is whole.")


def _damaged(folders: list[Path]) -> Iterator[str]:
    for folder in folders:
        try:
            if folder.name.startswith("corpus-"):
                corpora.load_corpus(folder)
            else:
                check_files(folder, read_entry(folder, mend=MEND).get(FILES, {}), mend=MEND)
        except ClinsynthError as error:
            yield str(error)


def _of_answers(path: Place) -> Iterator[str]:
    if is_there(path) and (found := checks.faults(path)):
        yield f"{path} has {len(found)} faults, the first is: {found[0]} (`clinsynth cache action=verify` says more)."
