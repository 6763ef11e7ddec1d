"""Let an LLM do the task itself on the gold test set, and score its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth import datasets, zero_shot
from clinsynth.artifacts import ArtifactStore, digest, json_lines
from clinsynth.config import OnMissing, ZeroShotConfig
from clinsynth.errors import MissingCompletions
from clinsynth.llm import LLM, RECORDED, open_llm
from clinsynth.llm.consent import check_consent
from clinsynth.reports import cards, figures, tables
from clinsynth.stages import Job, asking
from clinsynth.tasks.base import ZeroShotRoom, config_room, zero_shot_room
from clinsynth.tracking import ANSWERS, ActiveRun, Ledger
from clinsynth.types import Completion, Evaluation, Gold, Reading, Summary
from clinsynth.zero_shot import Question

FILE = "answers.jsonl"


@dataclass(frozen=True)
class Material:
    """What a job is made of, once its settings are resolved."""

    settings: ZeroShotConfig
    job: Job
    gold: Gold
    room: ZeroShotRoom
    questions: Sequence[Question]
    llm: LLM
    run_key: str

    @property
    def live(self) -> bool:
        """Whether the LLM is asked for what it has not answered."""
        skip = self.settings.zero_shot.on_missing is OnMissing.skip
        return self.settings.llm.name != RECORDED and not skip

    def find(self) -> dict[str, Completion]:
        """Answers that there are."""
        return self.llm.find([question.request for question in self.questions])


def main(settings: ZeroShotConfig, *, job: Job) -> None:
    material = _gather(settings, job=job)
    requests = [question.request for question in material.questions]
    if material.live:
        told, artifacts = settings.generation, Path(settings.paths.artifacts)
        if asking.settled(settings.llm, requests, asking=told, artifacts=artifacts):
            return
        what = "the texts of its test split" + (" and rows of train" if settings.zero_shot.shots else "")
        check_consent(settings.dataset, requests, asking=told, llm=settings.llm, what=what)
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    ledger.bury_dead()
    with ledger.claim(material.run_key):
        found = material.find()
        summary = None if settings.force or _lacking(material, found) else _finished(ledger, material, found)
        if summary is None:
            summary = _run(material, found=found, ledger=ledger)
        else:
            print(f"These answers are scored (run {summary.run_id}): skipped. force=true scores them again.")
    if settings.tracking.table:
        ledger.tag(summary.run_id, f"table.{settings.tracking.table}", "true")
    summary.write(job.folder)
    tables.show_answers(summary.metrics)
    columns = config_room(settings.dataset.task).COLUMNS
    where = {"MLflow run": summary.run_id, "folder": str(job.folder)}
    tables.show_result(cards.zero_shot_name(settings), summary, columns=columns, where=where)


def planned(settings: ZeroShotConfig) -> str:
    """Resolves the settings of a job that is not run now; returns its run key."""
    room = zero_shot_room(settings.dataset.task)
    settings.prompt = zero_shot.chosen_prompt(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    return zero_shot.run_key(settings, zero_shot.questions(settings, gold=gold, room=room), gold=gold, room=room)


def answers(settings: ZeroShotConfig) -> str | None:
    """Digest of those that there are for the resolved settings of a job that is not run now; None without any."""
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    asked = zero_shot.questions(settings, gold=gold, room=zero_shot_room(settings.dataset.task))
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    found = llm.find([question.request for question in asked])
    return _digest(found) if found else None


def _gather(settings: ZeroShotConfig, *, job: Job) -> Material:
    room = zero_shot_room(settings.dataset.task)
    settings.prompt = zero_shot.chosen_prompt(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    asked = zero_shot.questions(settings, gold=gold, room=room)
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    key = zero_shot.run_key(settings, asked, gold=gold, room=room)
    return Material(settings, job, gold, room, asked, llm, key)


def _lacking(material: Material, found: Mapping[str, Completion]) -> bool:
    """Whether the LLM is still to be asked; raises MissingCompletions where it cannot be."""
    missing = [question.request for question in material.questions if question.request.id not in found]
    if not missing or material.live:
        return bool(missing)
    count = f"{len(missing)} of {len(material.questions)} answers are missing, the first is {missing[0].id!r}."
    if found and material.settings.zero_shot.on_missing is OnMissing.skip:
        print(f"{count} Those that there are are scored (zero_shot.on_missing=skip).", flush=True)
        return False
    if material.settings.llm.name != RECORDED:
        raise MissingCompletions(f"{count} zero_shot.on_missing=skip asks nobody: leave it out, and the LLM is asked.")
    hint = "zero_shot.on_missing=skip scores those that there are." if found else ""
    raise asking.unanswered(count, missing, llm=material.llm, folder=material.job.folder, hint=hint)


def _finished(ledger: Ledger, material: Material, found: Mapping[str, Completion]) -> Summary | None:
    return ledger.finished(material.run_key, answers=_digest(found))


def _digest(found: Mapping[str, Completion]) -> str:
    return digest({id: completion.text for id, completion in found.items()})[:12]


def _run(material: Material, *, found: Mapping[str, Completion], ledger: Ledger) -> Summary:
    settings = material.settings
    with ledger.run(
        experiment=settings.dataset.name,
        name=cards.zero_shot_name(settings),
        run_key=material.run_key,
        description=cards.run_description(material.job),
        tags=material.job.tags | {"arm": cards.arm(settings)},
    ) as run:
        name = settings.prompt.name
        run.params(cards.stage_params(settings, choices=material.job.choices, prompt=name, source=name))
        run.text(material.job.resolved, "config.yaml")
        if material.live:
            found = _ask(material, run=run)
        run.tag(ANSWERS, _digest(found))
        asked, readings = zero_shot.read(material.questions, found=found, settings=settings, room=material.room)
        gold = [question.example for question in asked]
        result = material.room.evaluate(gold, readings=readings, dataset=settings.dataset)
        metrics = result.metrics | zero_shot.shares(readings, asked=len(material.questions))
        summary = Summary(run.id, material.run_key, None, None, settings.zero_shot.shots, metrics)
        run.metrics(metrics | {"examples": settings.zero_shot.shots})
        run.counts(result.counts, examples=[question.place for question in asked])
        _keep(run, material, result=result, rows=_rows(asked, readings, found=found))
        summary.write(material.job.folder)
        run.file(material.job.folder / "summary.json")
    return summary


def _ask(material: Material, *, run: ActiveRun) -> dict[str, Completion]:
    """All answers, of which the cache may hold some."""
    settings = material.settings
    requests = [question.request for question in material.questions]
    with asking.Session(settings.llm, artifacts=Path(settings.paths.artifacts), run=run) as session:
        session.ask(requests, title=settings.dataset.name)
    return material.find()


def _rows(
    asked: Sequence[Question], readings: Sequence[Reading], *, found: Mapping[str, Completion]
) -> list[dict[str, Any]]:
    """What was asked, answered and understood, a row each."""
    return [
        {
            "id": question.request.id,
            "status": reading.status,
            "gold": question.example.to_json(),
            "predicted": reading.predicted.to_json(),
            "hallucinated": list(reading.hallucinated),
            "answer": found[question.request.id].text,
            "finish_reason": found[question.request.id].finish_reason,
        }
        for question, reading in zip(asked, readings, strict=True)
    ]


def _keep(run: ActiveRun, material: Material, *, result: Evaluation, rows: Sequence[Mapping[str, Any]]) -> None:
    """Figure, and the answers themselves: in the job's folder, in MLflow only where texts may be there."""
    place = material.job.folder / FILE
    place.write_text(json_lines(rows), encoding="utf-8")
    run.figure(figures.error_kinds(result.errors), "errors.png")
    if material.settings.tracking.may_hold_text(public=material.settings.dataset.public):
        run.file(place)
