"""How every job begins and ends: a finished one is skipped, another is logged as a run; both leave a summary.

A stage holds its job with `frame.ledger.claim(key)`, asks `finished` whether it is to be skipped, and
otherwise does its work between `begin` and `end`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import DatasetConfig, PathsConfig, TrackingConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ClinsynthError, withheld
from clinsynth.keys import digest
from clinsynth.stages import Job, naming
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Gold, Summary


@dataclass(frozen=True)
class Entry:
    """The entry of a job in the ledger, from its first moment on."""

    key: str
    """The run key."""
    experiment: str
    name: str
    params: Mapping[str, Any]
    corpus: str | None = None
    """The digest of the corpus; `None` where there is none, or none yet."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Those that the job itself does not bring."""
    config: bool = True
    """Whether the run keeps the whole config as `config.yaml`."""


@dataclass(frozen=True)
class Frame:
    """The ledger and the artifact store of a job."""

    job: Job
    store: ArtifactStore
    ledger: Ledger
    table: str | None
    """The name of the table that the job belongs to."""

    @classmethod
    def open(cls, tracking: TrackingConfig, *, paths: PathsConfig, job: Job, table: str | None = None) -> Frame:
        """Open the ledger and the store of a job, and mark the runs of processes that are gone as KILLED."""
        store = ArtifactStore(Path(paths.artifacts))
        ledger = Ledger(tracking, store=store)
        ledger.end_dead_runs()
        return cls(job, store, ledger, table)

    def finished(self, look: Callable[[], Summary | None], *, force: bool, skipped: str) -> Summary | None:
        """Return what `look` finds: the summary of the run that has done this job; `None` where it is to be done.

        `force` does not look. What is found goes into the job's folder, and `skipped` is printed, in
        which `$run` stands for the id of the run.
        """
        summary = None if force else look()
        if summary is not None:
            print(skipped.replace("$run", summary.run_id))
            self._stand_in_group(summary.run_id)
            self._tag_table(summary.run_id)
            summary.write(self.job.folder)
        return summary

    @contextmanager
    def begin(self, entry: Entry) -> Iterator[ActiveRun]:
        """Start the run of the job, with its settings; see `Ledger.run` for how it ends."""
        with self.ledger.run(
            experiment=entry.experiment,
            name=entry.name,
            run_key=entry.key,
            corpus=entry.corpus,
            description=run_description(self.job),
            tags={**self.job.tags, **entry.tags},
        ) as run:
            run.params(naming.told_params(entry.params))
            if entry.config:
                run.text(self.job.resolved, "config.yaml")
            self._stand_in_group(run.id)
            yield run
        self._tag_table(run.id)

    @contextmanager
    def told_of_failure(
        self, *, experiment: str, name: str, params: Mapping[str, Any], may_hold_text: bool
    ) -> Iterator[None]:
        """Log a job of a sweep that fails before its run begins as a FAILED run, which would lack among the others."""
        try:
            yield
        except ClinsynthError as error:
            if self.job.sweep:
                key = digest(["failed", self.job.stage, self.job.overrides])
                said = " ".join((str(error) if may_hold_text else withheld(str(error))).split())[:500]
                entry = Entry(key, experiment, name, params, tags={"failure": said})
                with self.begin(entry):
                    raise
            raise

    def end(self, run: ActiveRun, summary: Summary) -> Summary:
        """Put the summary into the job's folder and into its run, by which the job counts as done; return it."""
        summary.write(self.job.folder)
        run.file(self.job.folder / "summary.json")
        return summary

    def _tag_table(self, run_id: str) -> None:
        if self.table:
            self.ledger.tag(run_id, f"table.{self.table}", "true")

    def _stand_in_group(self, run_id: str) -> None:
        """Put a run below the one of its table, or else of its sweep."""
        told = {"table": self.table, "sweep": self.job.sweep}
        for kind, name in told.items():
            if name:
                how = f"The runs of the {kind} {name}: `clinsynth report {kind}={name}` prints their scores."
                self.ledger.stand_under(run_id, group=name, description=how)
                return


def run_description(job: Job) -> str:
    """Return how to repeat the run, as Markdown."""
    command = shlex.join(job.command)
    return f"Repeat it with\n\n```\n{command}\n```\n\nThe whole config is the artifact `config.yaml`."


def log_gold(run: ActiveRun, gold: Gold, *, dataset: DatasetConfig, context: str = "testing") -> None:
    """Name the gold data in the run, by the first of its files, and what it is used for."""
    sizes = {"train": len(gold.train), "devel": len(gold.devel), "test": len(gold.test)}
    for file in list(dataset.files.given().values())[:1]:
        source = str(file.url or file.path)
        run.dataset(name=dataset.name, digest=digest(gold.hashes), source=source, context=context, sizes=sizes)


def log_corpus(run: ActiveRun, corpus: Corpus, *, dataset: DatasetConfig, context: str = "training") -> None:
    """Name the synthetic corpus in the run, and what it is used for."""
    name, sizes = f"{dataset.name} synthetic", {**corpus.manifest.counts}
    run.dataset(name=name, digest=corpus.digest, source=str(corpus.folder), context=context, sizes=sizes)
