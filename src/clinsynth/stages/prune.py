"""Delete saved models but for the best ones. Answers of LLMs, corpora and MLflow's runs stay."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinsynth import tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import PruneConfig
from clinsynth.reports.console import percent, print_columns, say
from clinsynth.stages import Job
from clinsynth.stages.tagged import test_set
from clinsynth.tracking import Ledger


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
        return [self.folder.name, self.test_set, self.arm, percent(self.score), f"{self.megabytes:.0f}"]

    @property
    def megabytes(self) -> float:
        """Return its size."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) / 1e6


def main(settings: PruneConfig, *, job: Job) -> None:
    """Run the stage."""
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    folders = sorted(store.root.glob("model-*"))
    found = list(_scored(folders, ledger=ledger))
    gone = _beyond(found, keep=settings.keep)
    ordered = sorted(found, key=lambda model: (model.test_set, -model.score))
    rows = [[*model.cells, "goes" if model in gone else "stays"] for model in ordered]
    if rows:
        print_columns(["model", "dataset", "arm", "score", "MB", ""], rows, left=(0, 1, 2, 5))
    if others := len(folders) - len(found):
        say(f"{others} others stay: the runs that have scored them are not known here.")
    size = sum(model.megabytes for model in gone)
    if settings.dry_run:
        say(f"Nothing was deleted: `clinsynth prune keep={settings.keep} dry_run=false` frees {size:.0f} MB.")
        return
    for model in gone:
        shutil.rmtree(model.folder)
    say(
        f"{len(gone)} models are deleted, {size:.0f} MB. Scores stay in MLflow; a job that is given again with "
        "trainer.save_model=true trains its model anew."
    )


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
