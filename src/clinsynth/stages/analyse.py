"""Compare a synthetic corpus with gold, in numbers and on a map; log the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from clinsynth import corpora, datasets
from clinsynth.analysis.comparison import Analysis, analyse
from clinsynth.analysis.embeddings import embed
from clinsynth.artifacts import ArtifactStore, digest, json_lines
from clinsynth.config import AnalyseConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.reports import analyses, cards, figures, tables
from clinsynth.stages import Job, replay
from clinsynth.tasks.base import config_room, synthesis_room
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Gold, Summary

VERSION = "analyse-1"
"""Bumped when the same corpus and gold would give other numbers."""

FIGURE, SKETCH, REPORT, COPIES = ("map.png", "map.svg"), "map.json", "analysis.md", "copies.jsonl"


@dataclass(frozen=True)
class Material:
    """What a job is made of, once its settings are resolved."""

    settings: AnalyseConfig
    job: Job
    gold: Gold
    corpus: Corpus
    run_key: str

    @property
    def title(self) -> str:
        return cards.corpus_title(self.settings)


def main(settings: AnalyseConfig, *, job: Job) -> None:
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    ledger.bury_dead()
    material = _gather(settings, job=job, store=store)
    with ledger.claim(material.run_key):
        finished = None if settings.force else ledger.finished(material.run_key, corpus=material.corpus.digest)
        if finished is None:
            summary = _analyse(material, ledger=ledger)
        else:
            summary = finished
            print(f"This corpus is analysed (run {summary.run_id}): skipped. force=true analyses it again.")
    if settings.tracking.table:
        ledger.tag(summary.run_id, f"table.{settings.tracking.table}", "true")
    summary.write(job.folder)
    where = {
        "MLflow run": summary.run_id,
        "corpus": f"{summary.corpus} (clinsynth show corpus={summary.corpus})",
        "figure": str(job.folder / FIGURE[0]) if finished is None else None,
        "folder": str(job.folder),
    }
    tables.show_analysis(material.title, summary.metrics, where=where)


def planned(settings: AnalyseConfig) -> str:
    """Resolves the settings of a job that is not run now; returns its run key."""
    gold = _resolve(settings)
    synthesis_room(settings.dataset.task).propose(settings, gold=gold)
    return run_key(settings, gold=gold)


def run_key(settings: AnalyseConfig, *, gold: Gold) -> str:
    """Digest of all that changes the numbers, and of nothing else; computable before there are completions."""
    return digest(
        {
            "version": VERSION,
            "gold": gold.hashes,
            "corpus": corpora.settings_key(settings),
            "analysis": asdict(settings.analysis),
        }
    )


def _resolve(settings: AnalyseConfig) -> Gold:
    config_room(settings.dataset.task).resolve(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    if not gold.train and not gold.test:
        raise ConfigError(
            f"{settings.dataset.name} has no gold texts to compare synthetic ones with: give some as "
            "dataset.files.train.path=..., dataset.files.test.path=... `clinsynth show` prints a corpus without them."
        )
    return gold


def _gather(settings: AnalyseConfig, *, job: Job, store: ArtifactStore) -> Material:
    gold = _resolve(settings)
    corpus = replay.corpus(settings, gold=gold, store=store, folder=job.folder)
    if not corpus.examples:
        raise ConfigError("nothing is left to analyse: quality control has rejected every synthetic example.")
    return Material(settings, job, gold, corpus, run_key(settings, gold=gold))


def _analyse(material: Material, *, ledger: Ledger) -> Summary:
    settings, corpus = material.settings, material.corpus
    if material.job.side_by_side > 1:
        from clinsynth.training import fit  # takes seconds

        fit.share_cores(material.job.side_by_side)
    with ledger.run(
        experiment=settings.dataset.name,
        name=f"analyse-{settings.llm.name}-{cards.size(settings)}-{settings.annotator.name}",
        run_key=material.run_key,
        corpus=corpus.digest,
        description=cards.run_description(material.job),
        tags=material.job.tags,
    ) as run:
        _log_settings(run, material)
        found = analyse(
            corpus.examples,
            units=corpus.units,
            train=material.gold.lessons,
            test=material.gold.test,
            devel=material.gold.devel,
            words=synthesis_room(settings.dataset.task).words,
            embed=partial(embed, progress=True),
            rejected=corpus.manifest["rejected"].get("test_copy", 0),
            threshold=settings.quality.near_duplicates,
            **asdict(settings.analysis),
        )
        summary = Summary(run.id, material.run_key, corpus.digest, None, len(corpus.examples), found.metrics)
        run.metrics(found.metrics)
        _keep(run, material, found=found)
        summary.write(material.job.folder)
        run.file(material.job.folder / "summary.json")
    return summary


def _log_settings(run: ActiveRun, material: Material) -> None:
    settings, corpus = material.settings, material.corpus
    run.params(cards.corpus_params(settings, choices=material.job.choices))
    run.text(material.job.resolved, "config.yaml")
    for file in list(settings.dataset.files.given().values())[:1]:
        run.dataset(name=settings.dataset.name, digest=digest(material.gold.hashes), source=str(file.url or file.path))
    run.dataset(name=f"{settings.dataset.name} synthetic", digest=corpus.digest, source=str(corpus.folder))


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
    (folder / COPIES).write_text(json_lines(found.copies), encoding="utf-8")
    if settings.tracking.may_hold_text(public=settings.dataset.public):
        run.file(folder / COPIES)


def _report(material: Material, found: Analysis) -> str:
    gold, corpus = material.gold, material.corpus
    about: dict[str, Any] = {"corpus": f"`{corpus.digest}`", "written by": ", ".join(corpus.manifest["models"])}
    about |= {"synthetic texts": len(corpus.examples), "gold train": len(gold.lessons), "gold test": len(gold.test)}
    return analyses.markdown(found.metrics, title=f"Synthetic beside gold: {material.title}", about=about)
