"""A trained model reads a user's own texts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from tqdm import tqdm

from clinsynth import keys
from clinsynth.config import PredictConfig, Shard
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.growing import Growing
from clinsynth.files.input_texts import SUFFIXES, InputText, input_files, left_out, read_input_texts
from clinsynth.files.json_lines import each_json_line
from clinsynth.keys import file_digest
from clinsynth.learning import hardware, reading, saved, shards
from clinsynth.models import open_folder, single
from clinsynth.reports.predictions import Tally, document_place, show_predictions, write_page
from clinsynth.stages import Job, models, naming
from clinsynth.stages.frame import Entry, Frame
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Summary

EXPERIMENT = "predict"
LINES = (".jsonl", ".ndjson", ".json", "")
"""Endings of the output's name."""

OUTPUT = "output"
"""Tag of a run: sha256 of what it has written."""


@dataclass(frozen=True)
class Material:
    """The material of a job."""

    settings: PredictConfig
    job: Job
    folder: Path
    paths: Sequence[Path]
    number: int
    """Documents."""
    whole_key: str
    """The run key of reading all of the input."""
    shard: Shard | None

    @property
    def run_key(self) -> str:
        is_part = self.shard is not None and not self.shard.merges
        return keys.shard(self.whole_key, name=self.shard.name if self.shard and is_part else None)

    @property
    def documents(self) -> Iterator[InputText]:
        return shards.documents_of(_texts(self.settings, self.paths), self.shard)

    @property
    def output(self) -> Path:
        return shards.output_of(Path(self.settings.output), self.shard)

    @property
    def parts(self) -> list[Material]:
        """Return what the parts read that are joined."""
        assert self.shard is not None
        return [replace(self, shard=Shard(number, self.shard.of)) for number in range(self.shard.of)]

    @property
    def begins(self) -> bool:
        """Say whether the first documents of the input are among these."""
        return self.shard is None or self.shard.number == 0

    @property
    def has_page(self) -> bool:
        """Say whether a page is written; a part has none."""
        return self.settings.predict.html and (self.shard is None or self.shard.merges)

    @property
    def single(self) -> bool:
        """Say whether the model gives a text one label."""
        return single(self.folder)

    @property
    def page(self) -> Path:
        return self.output.with_suffix(".html")


def main(settings: PredictConfig, *, job: Job) -> None:
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job)
    material = _gather(settings, job=job, ledger=frame.ledger)
    with frame.ledger.claim(material.run_key):
        finished = frame.finished(
            partial(_finished, frame.ledger, material),
            force=settings.force,
            skipped="These texts were read by this model (run $run): skipped. force=true reads them again.",
        )
        merges = settings.part is not None and settings.part.merges
        summary = finished or (_join if merges else _predict)(material, frame=frame)
        if material.has_page:
            _write_page(material)
    page = str(material.page) if material.has_page else None
    where = {"output": str(material.output), "page": page, "model": summary.model, "MLflow run": summary.run_id}
    show_predictions(summary.metrics, where=where)


def _gather(settings: PredictConfig, *, job: Job, ledger: Ledger) -> Material:
    """Reads all of the input once, so that what is wrong with it is said before hours have gone by."""
    folder = models.locate(settings.model, ledger=ledger)
    if settings.predict.html and saved.describe_model(folder).learner == "causal":
        raise ConfigError("predict.html=true is of spans and labels; a chat model answers: its lines have `answer`.")
    part, given, to = settings.predict, Path(settings.input).expanduser(), Path(settings.output)
    paths = input_files(given, but=to)
    if to.is_dir() or to.resolve() in {path.resolve() for path in paths}:
        raise ConfigError(
            f"output={to} is {'a folder' if to.is_dir() else 'the input'}: name a file, as predictions.jsonl."
        )
    if to.suffix.lower() not in LINES:
        lines = to.with_suffix(".jsonl")
        raise ConfigError(
            f"output={to}: predictions are JSON lines, a document each with its spans, which fit no {to.suffix}: name "
            f"it {lines}. Python reads it with pandas.read_json('{lines.name}', lines=True)."
        )
    if given.is_dir() and to.suffix.lower() in SUFFIXES and to.resolve().is_relative_to(given.resolve()):
        raise ConfigError(
            f"output={to} lies in the folder that is read, and would be read itself the next time: name another place."
        )
    reserved = sorted(set(part.keep) & set(reading.OWN_NAMES))
    if reserved:
        raise ConfigError(
            f"predict.keep={reserved}: the output has {', '.join(reading.OWN_NAMES)} of its own; rename the column."
        )
    if others := left_out(given):
        named = ", ".join(f"{number:,} {ending}" for ending, number in others.most_common())
        print(f"Not read, for only {', '.join(SUFFIXES)} are: {named}.")
    found = tqdm(_texts(settings, paths), desc="check the input", unit="document", disable=None, leave=False)
    number = sum(1 for _ in shards.documents_of(found, settings.part))
    if not number and settings.part is None:
        raise DataFormatError(f"input={given} holds no document: its {len(paths)} file(s) have no rows.")
    key = keys.prediction(
        part,
        model=saved.folder_digest(folder),
        texts=[[str(path), file_digest(path)] for path in paths],
        precision=hardware.precision(part),
    )
    return Material(settings, job, folder, paths, number, key, settings.part)


def _texts(settings: PredictConfig, paths: Sequence[Path]) -> Iterator[InputText]:
    """Yield all texts of the input."""
    part, given = settings.predict, Path(settings.input).expanduser()
    return read_input_texts(paths, below=given, column=part.column, keep=part.keep)


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
    if material.has_page and material.page.exists() and not material.settings.force:
        raise ConfigError(
            f"{material.page} is there already: choose another output=, or write over it with force=true."
        )


def _predict(material: Material, *, frame: Frame) -> Summary:
    _refuse_to_lose_a_page(material)
    settings = material.settings
    model = open_folder(material.folder, how=settings.predict, side_by_side=material.job.side_by_side)
    with frame.begin(_entry(material, task=model.task)) as run, model:
        grown = Growing(material.output, job=material.run_key, anew=settings.force)
        if grown.done:
            print(f"{grown.done:,} of {material.number:,} documents are read already: going on from there.")
        began, left = time.monotonic(), material.number - grown.done
        bar = tqdm(total=material.number, initial=grown.done, desc="read", unit="document", disable=None)
        with grown, bar:
            for lines in reading.read_texts(islice(material.documents, grown.done, None), model=model.opened):
                if material.begins and not bar.n and all("error" in line for line in lines):
                    raise ConfigError(_unfit(lines[0], markers=model.opened.markers))
                grown.add(lines)
                bar.update(len(lines))
        seconds = time.monotonic() - began
        took = {"time/predict_s": seconds, "time/documents_a_second": left / seconds}
        return _end(material, frame=frame, run=run, grown=grown, took=took)


def _join(material: Material, *, frame: Frame) -> Summary:
    """Put the parts together; raises ConfigError where one is lacking."""
    _refuse_to_lose_a_page(material)
    parts = material.parts
    lacking = [part for part in parts if not _is_done(part, ledger=frame.ledger)]
    if lacking:
        named = ", ".join(f"shard={part.shard.name}" for part in lacking if part.shard)
        raise ConfigError(
            f"{len(lacking)} of {len(parts)} parts are not done by this model on this input, or are not where "
            f"output={material.settings.output} puts them: do {named}, with the same settings otherwise."
        )
    task = saved.describe_model(material.folder).task or ""
    with frame.begin(_entry(material, task=task)) as run:
        grown = Growing(material.output, job=material.run_key, anew=True)
        with grown:
            for lines in shards.joined(material.documents, [part.output for part in parts]):
                grown.add(lines)
        return _end(material, frame=frame, run=run, grown=grown)


def _is_done(part: Material, *, ledger: Ledger) -> bool:
    """Say whether a part is there as its run has left it."""
    summary = ledger.finished(part.run_key) if part.output.is_file() else None
    return summary is not None and ledger.tags(summary.run_id).get(OUTPUT) == file_digest(part.output)


def _entry(material: Material, *, task: str) -> Entry:
    return Entry(
        material.run_key,
        experiment=EXPERIMENT,
        name=f"predict-{material.folder.name}",
        params=naming.stage_params(material.settings, choices=material.job.choices, task=task),
    )


def _end(
    material: Material,
    *,
    frame: Frame,
    run: ActiveRun,
    grown: Growing,
    took: Mapping[str, float] = MappingProxyType({}),
) -> Summary:
    """Log what was read, and give the output its name."""
    metrics = {**Tally.of(each_json_line(grown.part), single=material.single).metrics, **took}
    summary = Summary(run.id, material.run_key, None, str(material.folder), material.number, metrics)
    run.metrics(metrics)
    run.tag(OUTPUT, file_digest(grown.part))
    frame.end(run, summary)
    grown.finish()  # at last: whoever stops it before comes back to the part
    return summary


def _unfit(line: dict[str, object], *, markers: Sequence[str]) -> str:
    named = " and ".join(markers)
    masked = f" It reads sentences in which the two things are masked as {named}." if named else ""
    return f"the model cannot read these texts. The first is {document_place(line)}: {line['error']}.{masked}"


def _write_page(material: Material) -> None:
    read = partial(each_json_line, material.output)
    write_page(
        material.page,
        read(),
        most=material.settings.predict.html_documents,
        tally=Tally.of(read(), single=material.single),
        model=material.folder.name,
        single=material.single,
    )
