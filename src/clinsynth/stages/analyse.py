"""Compare a synthetic corpus with gold, in numbers and on a map; log the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from clinsynth import keys
from clinsynth.analysis.comparison import Analysis, analyse
from clinsynth.analysis.embeddings import embed
from clinsynth.analysis.leakage import PREFIX
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import AnalyseConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import write_json_lines
from clinsynth.reports import figures
from clinsynth.reports.analyses import analysis_markdown, show_analysis
from clinsynth.stages import Job, detecting, naming, replay, resolving
from clinsynth.stages.frame import Entry, Frame, log_corpus, log_gold
from clinsynth.stages.resolving import Resolved
from clinsynth.task import Task
from clinsynth.tracking import ActiveRun
from clinsynth.types import Gold, Metrics, Summary

FIGURE, SKETCH, REPORT, COPIES = ("map.png", "map.svg"), "map.json", "analysis.md", "copies.jsonl"


@dataclass(frozen=True)
class Material:
    """The material of a job, once its settings are resolved."""

    settings: AnalyseConfig
    job: Job
    task: Task
    gold: Gold
    corpus: Corpus
    run_key: str

    @property
    def title(self) -> str:
        if self.settings.corpus:
            return f"{self.settings.dataset.name}, corpus {self.corpus.digest}"
        return naming.corpus_title(self.settings)

    @property
    def name(self) -> str:
        settings = self.settings
        made = f"{settings.llm.name}-{naming.size_name(settings)}-{settings.annotator.name}"
        return f"analyse-{self.corpus.digest if settings.corpus else made}"

    @property
    def params(self) -> dict[str, Any]:
        settings, choices = self.settings, self.job.choices
        read = naming.pinned_params if settings.corpus else naming.corpus_params
        return read(settings, choices=choices)


def main(settings: AnalyseConfig, *, job: Job) -> Summary:
    """Run the stage; return the summary of the run that has done the job, now or before."""
    if settings.detect is not None:
        return detecting.main(settings, job=job)
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job, table=settings.tracking.table)
    material = _gather(settings, job=job, store=frame.store)
    with frame.ledger.claim(material.run_key):
        finished = frame.finished(
            partial(frame.ledger.finished, material.run_key, corpus=material.corpus.digest),
            force=settings.force,
            skipped="This corpus is analysed (run $run): skipped. force=true analyses it again.",
        )
        summary = finished or _analyse(material, frame=frame)
    where = {
        "MLflow run": summary.run_id,
        "corpus": f"{summary.corpus} (clinsynth show corpus={summary.corpus})",
        "figure": str(job.folder / FIGURE[0]) if finished is None else None,
        "folder": str(job.folder),
    }
    show_analysis(material.title, summary.metrics, where=where)
    return summary


def planned(settings: AnalyseConfig) -> tuple[AnalyseConfig, str]:
    """Return the resolved settings of a job that is not run now, and its run key."""
    resolved = _resolved(settings)
    return resolved.settings, run_key(resolved)


def run_key(resolved: Resolved[AnalyseConfig], *, corpus: str | None = None) -> str:
    """Return the digest of all that changes the numbers, and of nothing else; known before there are completions.

    `corpus` is the digest of one that the settings name.
    """
    settings, version = resolved.settings, resolved.task.writer.version
    return keys.analysis(
        settings, version=version, gold=resolved.gold.hashes, analysis=settings.analysis, corpus=corpus
    )


def _resolved(settings: AnalyseConfig) -> Resolved[AnalyseConfig]:
    resolved = resolving.load_and_resolve(settings)
    if not resolved.gold.train and not resolved.gold.test:
        raise ConfigError(
            f"{settings.dataset.name} has no gold texts to compare synthetic ones with: give some as "
            "dataset.files.train.path=..., dataset.files.test.path=... `clinsynth show` prints a corpus without them."
        )
    return resolved


def _gather(settings: AnalyseConfig, *, job: Job, store: ArtifactStore) -> Material:
    resolved = _resolved(settings)
    corpus = replay.named_corpus(settings, store=store) or replay.corpus(resolved, store=store, folder=job.folder)
    if not corpus.examples:
        raise ConfigError("nothing is left to analyse: quality control has rejected every synthetic example.")
    digest = corpus.manifest.digest if settings.corpus else None
    key = run_key(resolved, corpus=digest)
    return Material(resolved.settings, job, resolved.task, resolved.gold, corpus, key)


def _analyse(material: Material, *, frame: Frame) -> Summary:
    settings, corpus = material.settings, material.corpus
    if material.job.side_by_side > 1:
        from clinsynth.learning import hardware  # takes seconds

        hardware.share_cores(material.job.side_by_side)
    entry = Entry(
        material.run_key,
        experiment=settings.dataset.name,
        name=material.name,
        params=material.params,
        corpus=corpus.digest,
    )
    with frame.begin(entry) as run:
        log_gold(run, material.gold, dataset=settings.dataset)
        log_corpus(run, corpus, dataset=settings.dataset)
        found = analyse(
            corpus.examples,
            units=corpus.units,
            train=material.gold.trainable,
            test=material.gold.test,
            devel=material.gold.devel,
            words=material.task.kind.examples.words,
            embed=partial(embed, progress=True),
            rejected=corpus.manifest.rejected.get("test_copy", 0),
            threshold=settings.quality.near_duplicates,
            **vars(settings.analysis),
        )
        found = replace(found, metrics=found.metrics | _of_real_texts(corpus))
        summary = Summary(run.id, material.run_key, corpus.digest, None, len(corpus.examples), found.metrics)
        run.metrics(found.metrics)
        _keep(run, material, found=found)
        return frame.end(run, summary)


def _of_real_texts(corpus: Corpus) -> Metrics:
    """Return how many real texts there are, and how many were left out; empty for texts that an LLM has written."""
    counts = corpus.manifest.counts
    names = [name for name in counts if name == "real texts" or name.startswith("texts ")]
    return {f"{PREFIX}{name.replace(' ', '_')}": float(counts[name]) for name in names}


def _keep(run: ActiveRun, material: Material, *, found: Analysis) -> None:
    """Map, tables and copies: in the job's folder, the copies in MLflow only where texts may be there."""
    settings, folder = material.settings, material.job.folder
    figure = figures.embedding_maps({material.title: found.sketch})
    for name in FIGURE:
        figure.savefig(folder / name)
    (folder / SKETCH).write_text(found.sketch.to_json(), encoding="utf-8")
    (folder / REPORT).write_text(_report(material, found), encoding="utf-8")
    for name in (*FIGURE, SKETCH, REPORT):
        run.file(folder / name)
    write_json_lines(folder / COPIES, found.copies)
    if settings.tracking.may_hold_text(public=settings.dataset.public):
        run.file(folder / COPIES)


def _report(material: Material, found: Analysis) -> str:
    gold, corpus = material.gold, material.corpus
    about: dict[str, Any] = {"corpus": f"`{corpus.digest}`", "written by": ", ".join(corpus.manifest.models)}
    about |= {"synthetic texts": len(corpus.examples), "gold train": len(gold.trainable), "gold test": len(gold.test)}
    return analysis_markdown(found.metrics, title=f"Synthetic beside gold: {material.title}", about=about)
