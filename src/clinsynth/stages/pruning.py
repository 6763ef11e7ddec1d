"""Delete saved models but for the best ones. Answers of LLMs, corpora and MLflow's runs stay."""

from __future__ import annotations

import json
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinsynth import tasks
from clinsynth.config import StoreConfig
from clinsynth.reports.console import percent, print_columns, say
from clinsynth.stages.tagged import test_set
from clinsynth.tracking import Ledger

JOBS = ("outputs", "multirun")
"""Folders that hold those of jobs, by stage."""

DAY = 24 * 60 * 60.0

UNFINISHED = "unfinished-*"
"""Folders of the artifact store that a training goes on from after it was killed."""


@dataclass(frozen=True)
class Kept:
    """A saved model whose run is known, with its score."""

    folder: Path
    test_set: str
    """The dataset, and its test set where that is another one than gold's: scores on others cannot be compared."""
    arm: str
    score: float

    @property
    def cells(self) -> list[str]:
        """Return them as a row of a table."""
        return [self.folder.name, self.test_set, self.arm, percent(self.score), f"{megabytes(self.folder):.0f}"]


def prune(settings: StoreConfig, *, ledger: Ledger) -> None:
    """Print what goes and what stays, and delete it where that is not a dry run."""
    root = ledger.store.root
    folders = sorted(root.glob("model-*"))
    found = list(_scored(folders, ledger=ledger))
    worse = _beyond(found, keep=settings.keep)
    ordered = sorted(found, key=lambda model: (model.test_set, -model.score))
    rows = [[*model.cells, "goes" if model in worse else "stays"] for model in ordered]
    if rows:
        print_columns(["model", "dataset", "arm", "score", "MB", ""], rows, left=(0, 1, 2, 5))
    if others := len(folders) - len(found):
        say(f"{others} other models stay: the runs that have scored them are not known here.")
    left = [folder for folder in root.glob(UNFINISHED) if not ledger.is_claimed(folder.name.rpartition("-")[2])]
    jobs = [path for name in JOBS for path in Path(name).glob("*/*") if settings.jobs and _is_at_rest(path)]
    gone = [*(model.folder for model in worse), *left, *jobs]
    rest = len(gone) - len(worse) - len(left)
    what = f"{len(worse)} models, {len(left)} leftovers of killed trainings, {rest} folders"
    size = sum(map(megabytes, gone))
    if settings.dry_run:
        say(f"Nothing was deleted: the same with dry_run=false deletes {what} of jobs, {size:.0f} MB.")
        return
    for folder in gone:
        shutil.rmtree(folder)
    say(
        f"Deleted: {what} of jobs, {size:.0f} MB. Scores stay in MLflow; a job that is given again with "
        "trainer.save_model=true trains its model anew."
    )


def _is_at_rest(folder: Path) -> bool:
    """Say whether nothing in the folder of a job has changed for a day: a living one writes its log there."""
    newest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    return time.time() - newest > DAY


def megabytes(place: Path) -> float:
    """Return the size of a file, or of all files below a folder."""
    files = [place] if place.is_file() else (path for path in place.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6


def _scored(folders: list[Path], *, ledger: Ledger) -> Iterator[Kept]:
    """Yield the models that a finished run of this store has scored."""
    for folder in folders:
        try:
            run_id = str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["run_id"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        for run in ledger.finished_beginning(run_id):
            params, task = run.data.params, run.data.params.get("dataset.task", "")
            score = run.data.metrics.get(tasks.kind(task).judge.HEADLINE.metric) if task in tasks.TASKS else None
            if score is not None:
                yield Kept(folder, test_set(params), run.data.tags.get("arm", ""), score)


def _beyond(found: list[Kept], *, keep: int) -> list[Kept]:
    """Return the models that are not among the best of their test set."""
    by_test_set = defaultdict(list)
    for model in found:
        by_test_set[model.test_set].append(model)
    return [model for one in by_test_set.values() for model in sorted(one, key=lambda each: -each.score)[keep:]]
