"""Write a corpus or a model down for others, with its card; push it to the Hugging Face hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from clinsynth import corpora, keys, tasks
from clinsynth.artifacts import CARD, MANIFEST, ArtifactStore
from clinsynth.config import AS_IT_IS, ExportConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.files import exported, parquet
from clinsynth.learning import saved
from clinsynth.publishing import hub
from clinsynth.publishing.corpus_card import corpus_card
from clinsynth.publishing.model_card import Trained, model_card, pipeline_of
from clinsynth.stages import Job, models, naming, runtimes
from clinsynth.stages.frame import Entry, Frame
from clinsynth.stages.runtimes import Conversion
from clinsynth.tracking import Ledger
from clinsynth.types import Metrics, Summary

EXAMPLE_TEXT = "Ibuprofen may help with migraine."
"""The example of a registered model's input."""


@dataclass(frozen=True)
class Export:
    """An export: what is written, and what is known of it."""

    what: str
    """corpus, model"""
    kind: str
    """The same as the hub calls it: dataset, model."""
    digest: str
    dataset: str
    public: bool | None
    """None where nobody has written down whether the dataset is."""
    examples: int
    corpus: str | None
    manifest: Mapping[str, Any]
    builder: Callable[[Path], Metrics]
    """Fills the folder, but for the manifest, and returns what it has measured."""


def main(settings: ExportConfig, *, job: Job) -> None:
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job)
    folder = Path(settings.to).expanduser()
    if settings.push:
        hub.check_name(settings.push)
    name = settings.push or folder.resolve().name
    make = _of_corpus if settings.corpus is not None else _of_model
    export = make(settings, name=name, ledger=frame.ledger)
    if settings.push:
        _check_consent(export, settings)
    exported.check_free(folder, digest=export.digest, force=settings.force)
    run_key = keys.export(export.digest, push=settings.push)
    entry = Entry(
        run_key,
        experiment=export.dataset,
        name=f"export-{export.digest[:12]}",
        params=naming.stage_params(settings, choices=job.choices),
        corpus=export.corpus,
    )
    metrics: dict[str, float] = {}
    with frame.ledger.claim(run_key), frame.begin(entry) as run:
        written = exported.write_export(
            folder,
            digest=export.digest,
            manifest=export.manifest,
            builder=lambda workshop: metrics.update(export.builder(workshop)),
            force=settings.force,
        )
        if settings.tracking.may_hold_text(public=bool(export.public)):
            run.file(folder / CARD)
        address = None
        if settings.push:
            files = [*exported.export_facts(folder)["files"], MANIFEST]
            address = hub.push(
                folder, repository=settings.push, kind=export.kind, files=files, private=settings.private
            )
            run.tag("repository", address)
        if settings.register:
            version = _register(folder, settings=settings, frame=frame, run_id=run.id)
            run.tag("registered", f"{settings.register} {version}")
        run.metrics(metrics)
        frame.end(run, Summary(run.id, run_key, export.corpus, None, export.examples, metrics))
    if not written:
        print(f"{folder} holds this export, and its card was edited: left as it is. force=true writes it anew.")
    print(f"{export.what} {export.digest[:12]} is exported")
    for what, place in {"MLflow run": run.id, "folder": folder, "repository": address}.items():
        if place is not None:
            print(f"  {what}: {place}")


def _register(folder: Path, *, settings: ExportConfig, frame: Frame, run_id: str) -> str:
    """Take the exported model into MLflow's registry, say how it is served, and return its version."""
    from clinsynth import pyfunc  # imports torch
    from clinsynth.tracking import registry

    assert settings.register is not None
    texts = [EXAMPLE_TEXT]
    reader = pyfunc.load(folder)
    if markers := reader.model.opened.markers:
        texts = [f"{' and '.join(markers)}: {EXAMPLE_TEXT}"]
    answers = reader.answers(texts)
    reader.model.close()
    found = registry.register(
        folder,
        name=settings.register,
        alias=settings.alias,
        ledger=frame.ledger,
        run_id=run_id,
        texts=texts,
        answers=answers,
    )
    named = f"@{settings.alias}" if settings.alias else f"/{found}"
    print(
        f"registered: {settings.register}, version {found}. It answers at port 5001 with "
        f"MLFLOW_TRACKING_URI={frame.ledger.where} mlflow models serve -m models:/{settings.register}{named} "
        "--env-manager local -p 5001"
    )
    return found


def _of_corpus(settings: ExportConfig, *, name: str, ledger: Ledger) -> Export:
    assert settings.corpus is not None
    corpus = corpora.load_corpus(corpora.find_corpus(settings.corpus, store=ledger.store))
    if not corpus.examples:
        raise ConfigError(f"corpus={settings.corpus} holds no examples: quality control has rejected every one.")
    manifest = corpus.manifest
    licence = settings.licence or manifest.licence or "unknown"
    card = corpus_card(
        corpus,
        name=name,
        on_hub=settings.push is not None,
        licence=licence,
        analysis=_analysis(corpus.digest, ledger=ledger),
    )
    return Export(
        what="corpus",
        kind="dataset",
        digest=manifest.digest,
        dataset=manifest.dataset,
        public=manifest.public,
        examples=len(corpus.examples),
        corpus=corpus.digest,
        manifest=manifest.shared(),
        builder=lambda folder: _write_rows(folder, corpus, card=card),
    )


def _analysis(corpus: str, *, ledger: Ledger) -> Metrics | None:
    """Return the metrics of the newest `clinsynth analyse` of this corpus."""
    runs = [run for run in ledger.tagged("corpus", corpus) if run.data.tags.get("stage") == "analyse"]
    found = ledger.summary(runs[-1].info.run_id) if runs else None
    return found.metrics if found else None


def _write_rows(folder: Path, corpus: Corpus, *, card: str) -> Metrics:
    rows = (parquet.with_entities(*pair) for pair in zip(corpus.rows(), corpus.examples, strict=True))
    lists = tasks.kind(corpus.manifest.task).examples.LISTS
    parquet.write_parquet(folder / parquet.KEPT, rows, lists=lists)
    parquet.write_parquet(folder / parquet.REJECTED, corpus.rejected(), lists=lists)
    (folder / CARD).write_text(card, encoding="utf-8")
    if exports := tasks.kind(corpus.manifest.task).exports:
        for name, text in exports(corpus.examples).items():
            (folder / name).write_text(text, encoding="utf-8")
    return {}


def _of_model(settings: ExportConfig, *, name: str, ledger: Ledger) -> Export:
    assert settings.model is not None
    folder = models.locate(settings.model, ledger=ledger)
    files = saved.exported(folder)
    trained, public = _trained(folder, ledger=ledger)
    adapter = not (folder / saved.CONFIG).is_file()
    told = {} if adapter else json.loads((folder / saved.CONFIG).read_text(encoding="utf-8"))
    pipeline = pipeline_of(told.get("architectures") or [])
    title = f"{trained.told('backbone.name')} for {trained.dataset}" if trained.dataset else name
    usage = f'from transformers import pipeline\n\nmodel = pipeline("{pipeline or "..."}", "{name}")'
    scores: Mapping[str, str] = {}
    if task := trained.told("dataset.task"):
        kind = tasks.kind(task)
        scores = kind.judge.HEADLINE.scores
        usage = (
            kind.conversation().usage(Path(name), adapter=adapter)
            if kind.conversation
            else kind.model().usage(Path(name))
        )
    card = partial(model_card, trained, title=title, scores=scores, licence=settings.licence)
    content, builder = keys.export_content(files), partial(_copy, files, card=card(usage=usage))
    if settings.format != AS_IT_IS:
        content = keys.converted_content(content, format=settings.format, precision=settings.precision)
        converted = runtimes.conversion(settings, folder=folder, run_id=trained.run_id, ledger=ledger)
        usage = f"clinsynth predict model={name} input=notes/"
        builder = partial(_convert, converted, card=partial(card, usage=usage))
    return Export(
        what="model",
        kind="model",
        digest=content,
        dataset=trained.dataset or "exports",
        public=public,
        examples=trained.examples or 0,
        corpus=trained.corpus,
        manifest={"kind": "model", "run_id": trained.run_id, "public": public},
        builder=builder,
    )


def _copy(files: Sequence[Path], workshop: Path, *, card: str) -> Metrics:
    for path in files:
        shutil.copyfile(path, workshop / path.name)
    (workshop / CARD).write_text(card, encoding="utf-8")
    return {}


def _convert(conversion: Conversion, workshop: Path, *, card: Callable[..., str]) -> Metrics:
    runtime = conversion.write(workshop)
    (workshop / CARD).write_text(card(runtime=runtime), encoding="utf-8")
    return runtime.metrics


def _trained(folder: Path, *, ledger: Ledger) -> tuple[Trained, bool | None]:
    """Return what a model's run has logged, and whether its dataset is public; little where the run is not known."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        run_id = str(manifest["run_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return Trained(None, {}, {}), None
    summary, config = ledger.summary(run_id), ledger.artifact(run_id, "config.yaml")
    if summary is None or config is None:
        return Trained(run_id, {}, {}), manifest.get("public")
    given = OmegaConf.create(config)
    dataset = given.dataset
    public: bool | None = bool(dataset.public)
    if public and summary.corpus and OmegaConf.select(given, "source.corpora"):  # of other datasets, it may be
        public = _public_corpus(summary.corpus, store=ledger.store)
    trained = Trained(
        run_id,
        ledger.params(run_id),
        summary.metrics,
        licence=str(dataset.licence),
        examples=summary.examples,
        corpus=summary.corpus,
        outcomes=ledger.outcomes(run_id),
    )
    return trained, public


def _public_corpus(corpus: str, *, store: ArtifactStore) -> bool | None:
    """Say whether all datasets that a corpus was made for are public; `None` where nobody has written it down."""
    try:
        public: bool | None = corpora.load_corpus(corpora.find_corpus(corpus, store=store)).manifest.public
    except ConfigError:  # it is gone
        return None
    return public


def _check_consent(export: Export, settings: ExportConfig) -> None:
    """Raises ConfigError where the names of units and rows are not for others' eyes."""
    if export.public or settings.send_gold_text:
        return
    what = "names of units and texts about them" if export.kind == "dataset" else "words of gold that it has learnt"
    if export.public is None:
        why = f"nothing here says that the dataset of this {export.what} is public, so it counts as private"
    else:
        why = f"what it was made of for {export.dataset} is not public (dataset.public=false)"
    raise ConfigError(
        f"push={settings.push}: {why}, and the {export.what} holds {what}. send_gold_text=true says that they may go "
        f"to the hub. Without push the {export.what} is exported to {settings.to} and stays on this machine."
    )
