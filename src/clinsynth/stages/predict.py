"""A trained model reads a user's own texts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from clinsynth.artifacts import ArtifactStore, digest, file_digest
from clinsynth.config import PredictConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.inference import output, reading
from clinsynth.inference.documents import SUFFIXES, Document, documents, files
from clinsynth.inference.models import Opened, open_model
from clinsynth.reports import cards, predictions
from clinsynth.reports.predictions import Tally
from clinsynth.stages import Job, models
from clinsynth.tracking import Ledger
from clinsynth.training import backbones, hardware
from clinsynth.types import Metrics, Summary

VERSION = "predict-1"
"""Bumped when the same model would say something else of the same text."""

EXPERIMENT = "predict"
OUTPUT = "output"
"""Tag of a run: sha256 of what it has written."""


@dataclass(frozen=True)
class Material:
    """What a job is made of."""

    settings: PredictConfig
    job: Job
    folder: Path
    paths: Sequence[Path]
    number: int
    """Documents."""
    run_key: str

    @property
    def documents(self) -> Iterator[Document]:
        part, given = self.settings.predict, Path(self.settings.input)
        return documents(self.paths, below=given, column=part.column, keep=part.keep)

    @property
    def output(self) -> Path:
        return Path(self.settings.output)

    @property
    def page(self) -> Path:
        return self.output.with_suffix(".html")


def main(settings: PredictConfig, *, job: Job) -> None:
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    ledger.bury_dead()
    material = _gather(settings, job=job, ledger=ledger)
    with ledger.claim(material.run_key):
        summary = None if settings.force else _finished(ledger, material)
        if summary is None:
            _refuse_to_lose_a_page(material)
            summary = _predict(material, ledger=ledger)
        else:
            print(f"These texts were read by this model (run {summary.run_id}): skipped. force=true reads them again.")
        if settings.predict.html:
            _write_page(material)
    summary.write(job.folder)
    page = str(material.page) if settings.predict.html else None
    where = {"output": settings.output, "page": page, "model": summary.model, "MLflow run": summary.run_id}
    predictions.show(summary.metrics, where=where)


def _gather(settings: PredictConfig, *, job: Job, ledger: Ledger) -> Material:
    """Reads all of the input once, so that what is wrong with it is said before hours have gone by."""
    folder = models.locate(settings.model, ledger=ledger)
    part, given, to = settings.predict, Path(settings.input).expanduser(), Path(settings.output)
    settings.input = str(given)
    paths = files(given, but=to)
    if to.is_dir() or to.resolve() in {path.resolve() for path in paths}:
        raise ConfigError(
            f"output={to} is {'a folder' if to.is_dir() else 'the input'}: name a file, as predictions.jsonl."
        )
    if given.is_dir() and to.suffix.lower() in SUFFIXES and to.resolve().is_relative_to(given.resolve()):
        raise ConfigError(
            f"output={to} lies in the folder that is read, and would be read itself the next time: name another place."
        )
    if part.html and to.suffix.lower() == ".html":
        raise ConfigError(f"output={to} is where predict.html=true writes the page: name it {to.stem}.jsonl.")
    reserved = sorted(set(part.keep) & set(output.OWN))
    if reserved:
        raise ConfigError(
            f"predict.keep={reserved}: the output has {', '.join(output.OWN)} of its own; rename the column."
        )
    found = documents(paths, below=given, column=part.column, keep=part.keep)
    number = sum(1 for _ in tqdm(found, desc="check the input", unit="document", disable=None, leave=False))
    if not number:
        raise DataFormatError(f"input={given} holds no document: its {len(paths)} file(s) have no rows.")
    key = digest(
        {
            "version": VERSION,
            "model": backbones.folder_digest(folder),
            "texts": [[str(path), file_digest(path)] for path in paths],
            "read": [part.column, part.keep, part.window, part.overlap, hardware.precision(part)],
        }
    )
    return Material(settings, job, folder, paths, number, key)


def _finished(ledger: Ledger, material: Material) -> Summary | None:
    """The run that has written the output that is there; raises ConfigError where that is something else."""
    if not material.output.is_file():
        return None
    summary = ledger.finished(material.run_key)
    if summary and ledger.tags(summary.run_id).get(OUTPUT) == file_digest(material.output):
        return summary
    raise ConfigError(
        f"output={material.output} is there already, and not of this model and this input: choose another name, or "
        "write over it with force=true."
    )


def _refuse_to_lose_a_page(material: Material) -> None:
    """A page comes last: what is there before is something else."""
    if material.settings.predict.html and material.page.exists() and not material.settings.force:
        raise ConfigError(
            f"{material.page} is there already: choose another output=, or write over it with force=true."
        )


def _predict(material: Material, *, ledger: Ledger) -> Summary:
    settings = material.settings
    model = _open(settings, folder=material.folder)
    with ledger.run(
        experiment=EXPERIMENT,
        name=f"predict-{material.folder.name}",
        run_key=material.run_key,
        description=cards.run_description(material.job),
        tags=material.job.tags,
    ) as run:
        run.params(cards.stage_params(settings, choices=material.job.choices, task=model.task))
        run.text(material.job.resolved, "config.yaml")
        grown = output.Growing(material.output, job=material.run_key, anew=settings.force)
        if grown.done:
            print(f"{grown.done:,} of {material.number:,} documents are read already: going on from there.")
        began, left = time.monotonic(), material.number - grown.done
        bar = tqdm(total=material.number, initial=grown.done, desc="read", unit="document", disable=None)
        with grown, bar:
            for lines in reading.read(islice(material.documents, grown.done, None), model=model):
                if not bar.n and all("error" in line for line in lines):
                    raise ConfigError(_unfit(lines[0], model=model))
                grown.add(lines)
                bar.update(len(lines))
        seconds = time.monotonic() - began
        metrics: Metrics = Tally.of(output.rows(grown.part)).metrics
        metrics |= {"time/predict_s": seconds, "time/documents_a_second": left / seconds}
        summary = Summary(run.id, material.run_key, None, str(material.folder), material.number, metrics)
        run.metrics(metrics)
        run.tag(OUTPUT, file_digest(grown.part))
        summary.write(material.job.folder)
        run.file(material.job.folder / "summary.json")
        grown.finish()  # at last: whoever stops it before comes back to the part
    return summary


def _open(settings: PredictConfig, *, folder: Path) -> Opened:
    part = settings.predict
    return open_model(
        folder,
        window=part.window,
        overlap=part.overlap,
        batch_size=part.batch_size,
        device=hardware.device(part.accelerator),
        precision=hardware.precision(part),
    )


def _unfit(line: dict[str, object], *, model: Opened) -> str:
    markers = " and ".join(model.reader.markers)
    masked = f" It reads sentences in which the two things are masked as {markers}." if markers else ""
    return f"the model cannot read these texts. The first is {predictions.place(line)}: {line['error']}.{masked}"


def _write_page(material: Material) -> None:
    read = partial(output.rows, material.output)
    predictions.write_page(
        material.page,
        read(),
        most=material.settings.predict.html_documents,
        tally=Tally.of(read()),
        model=material.folder.name,
    )
