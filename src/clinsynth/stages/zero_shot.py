"""Let an LLM do the task itself on the gold test set, and score its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from clinsynth import keys, tasks
from clinsynth.analysis.kept_embeddings import KeptEmbeddings
from clinsynth.asking import questions, shifts
from clinsynth.asking.questions import Question
from clinsynth.asking.sessions import unanswered
from clinsynth.config import NEAREST, OnMissing, ZeroShotConfig
from clinsynth.corpora.shots import open_shots
from clinsynth.errors import MissingCompletions
from clinsynth.files.json_lines import write_json_lines
from clinsynth.llm import RECORDED, KnownCompletions
from clinsynth.llm.endings import OF_THE_SERVER
from clinsynth.reports.scores import show_answers, show_result, show_warning
from clinsynth.stages import Job, asking, naming, resolving
from clinsynth.stages.frame import Entry, Frame
from clinsynth.stages.outcomes import log_outcomes
from clinsynth.task import Task
from clinsynth.text import confidence
from clinsynth.tracking import ANSWERS, ARM_KEY, ActiveRun, Ledger
from clinsynth.types import Completion, Evaluation, Gold, Reading, Request, Summary

FILE = "answers.jsonl"


@dataclass(frozen=True)
class Material:
    """The material of a job, once its settings are resolved."""

    settings: ZeroShotConfig
    job: Job
    task: Task
    questions: Sequence[Question]
    completions: KnownCompletions
    run_key: str
    arm_key: str
    """The run key of the first seed by which rows of train are drawn."""
    test: Sequence[Any]
    """The whole test set, of which questions may be about a part."""

    def model(self, found: Mapping[str, Completion]) -> str:
        """Return the LLM that answers: the one that the settings name, or those that the recordings do."""
        llm = self.settings.llm
        return llm.model or ", ".join(sorted({completion.model for completion in found.values()})) or llm.name

    @property
    def live(self) -> bool:
        """Say whether the LLM is asked for what it has not answered."""
        skip = self.settings.zero_shot.on_missing is OnMissing.skip
        return self.settings.llm.name != RECORDED and not skip

    def find(self) -> dict[str, Completion]:
        """Answers that there are."""
        return self.completions.find([question.request for question in self.questions])


def main(settings: ZeroShotConfig, *, job: Job) -> None:
    material = _gather(settings, job=job)
    requests = [question.request for question in material.questions]
    if material.live:
        told, artifacts = settings.generation, Path(settings.paths.artifacts)
        what = "the texts of its test split" + (" and rows of train" if settings.zero_shot.shots else "")
        if asking.ends_before_asking(
            settings.llm, requests, asking=told, artifacts=artifacts, dataset=settings.dataset, what=what
        ):
            return
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job, table=settings.tracking.table)
    with frame.ledger.claim(material.run_key):
        found = material.find()
        finished = frame.finished(
            partial(_finished, frame.ledger, material, found),
            force=settings.force,
            skipped="These answers are scored (run $run): skipped. force=true scores them again.",
        )
        summary = finished or _run(material, found=found, frame=frame)
    if hint := shifts.misplaced(material.questions, found=found, texts=[example.text for example in material.test]):
        show_warning(hint)
    show_answers(summary.metrics)
    where = {"MLflow run": summary.run_id, "folder": str(job.folder)}
    name = naming.zero_shot_name(material.settings, model=material.model(found))
    show_result(name, summary, judge=material.task.kind.judge, where=where)


def planned(settings: ZeroShotConfig) -> tuple[ZeroShotConfig, str]:
    """Return the resolved settings of a job that is not run now, and its run key."""
    resolved = resolving.asked(settings)
    task, gold = _loaded(resolved)
    return resolved, _run_key(resolved, task=task, gold=gold, asked=_questions(resolved, task=task, gold=gold))


def answers(settings: ZeroShotConfig) -> str | None:
    """Return the digest of those that there are for resolved settings; `None` without any."""
    task, gold = _loaded(settings)
    asked = _questions(settings, task=task, gold=gold)
    found = asking.completions_of(settings).find([question.request for question in asked])
    return keys.answers(found) if found else None


def requests(settings: ZeroShotConfig) -> list[Request]:
    """Return the requests of resolved settings, one a test example."""
    task, gold = _loaded(settings)
    return [question.request for question in _questions(settings, task=task, gold=gold)]


def _gather(settings: ZeroShotConfig, *, job: Job) -> Material:
    resolved = resolving.asked(settings)
    task, gold = _loaded(resolved)
    asked = _questions(resolved, task=task, gold=gold)
    key = _run_key(resolved, task=task, gold=gold, asked=asked)
    arm_key = key
    if resolved.zero_shot.shots and resolved.zero_shot.seed:  # else these are the questions of the first seed
        first = resolving.changed(resolved, zero_shot=resolving.changed(resolved.zero_shot, seed=0))
        arm_key = _run_key(first, task=task, gold=gold, asked=_questions(first, task=task, gold=gold))
    return Material(resolved, job, task, asked, asking.completions_of(resolved), key, arm_key, gold.test)


def _loaded(settings: ZeroShotConfig) -> tuple[Task, Gold]:
    needed = ("train", "test") if settings.zero_shot.shots else ("test",)
    gold = resolving.load_gold(settings.dataset, paths=settings.paths, needed=needed)
    return tasks.open(settings.dataset), gold


def _questions(settings: ZeroShotConfig, *, task: Task, gold: Gold) -> list[Question]:
    part, told = resolving.part(settings), settings.zero_shot
    if told.shots and told.shots_from == NEAREST:
        embed = KeptEmbeddings(Path(settings.paths.artifacts))
        embed([example.text for example in gold.test])  # together, which is faster than each in its turn
        shots = open_shots(told.shots, chosen=NEAREST, gold=gold, seed=told.seed, embed=embed)
        part = replace(part, nearest=shots)
    return questions.questions(task, part=part, gold=gold)


def _run_key(settings: ZeroShotConfig, *, task: Task, gold: Gold, asked: Sequence[Question]) -> str:
    """Return the digest of all that changes the questions and how answers are scored; known before there are any."""
    return keys.zero_shot(
        settings,
        version=task.asker.version,
        gold=gold.hashes,
        labels=task.labels,
        questions=[question.request for question in asked],
    )


def _lacking(material: Material, found: Mapping[str, Completion]) -> bool:
    """Say whether the LLM is still to be asked; raises MissingCompletions where it cannot be."""
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
    raise unanswered(count, missing, completions=material.completions, folder=material.job.folder, hint=hint)


def _finished(ledger: Ledger, material: Material, found: Mapping[str, Completion]) -> Summary | None:
    return None if _lacking(material, found) else ledger.finished(material.run_key, answers=keys.answers(found))


def _run(material: Material, *, found: Mapping[str, Completion], frame: Frame) -> Summary:
    settings, name, model = material.settings, material.settings.prompt.name, material.model(found)
    params = naming.stage_params(settings, choices=material.job.choices, prompt=name, source=name)
    entry = Entry(
        material.run_key,
        experiment=settings.dataset.name,
        name=naming.zero_shot_name(settings, model=model),
        params=params if settings.llm.model else params | {naming.ANSWERED_BY: model},
        tags={"arm": naming.arm_name(settings), ARM_KEY: material.arm_key},
    )
    with frame.begin(entry) as run:
        none: dict[str, Completion] = {}
        if material.live:
            found, none = _ask(material, run=run, ledger=frame.ledger)
        run.tag(ANSWERS, keys.answers(found))
        found = {**found, **none}
        asked, readings = questions.read_answers(material.questions, found=found, asker=material.task.asker)
        gold = [question.example for question in asked]
        result = material.task.asker.evaluate(gold, readings=readings)
        metrics = result.metrics | questions.shares(readings, asked=len(material.questions))
        summary = Summary(run.id, material.run_key, None, None, settings.zero_shot.shots, metrics)
        run.metrics(metrics | {"examples": settings.zero_shot.shots})
        if result.counts is not None:
            run.counts(result.counts, examples=[question.place for question in asked])
        _keep(run, material, result=result, rows=_rows(asked, readings, found=found))
        return frame.end(run, summary)


def _ask(material: Material, *, run: ActiveRun, ledger: Ledger) -> tuple[dict[str, Completion], dict[str, Completion]]:
    """Return all answers, of which the cache may hold some; and an empty one where the LLM has given none.

    Raises MissingCompletions where the server, and not the LLM, is why there is none.
    """
    settings = material.settings
    requests = [question.request for question in material.questions]
    artifacts = Path(settings.paths.artifacts)
    with asking.session(settings.llm, artifacts=artifacts, run=run, ledger=ledger) as session:
        session.ask(requests, title=settings.dataset.name)
    vain = session.spend.given_up
    failed = [request for request in requests if request.id in vain and vain[request.id].reason in OF_THE_SERVER]
    if failed:
        raise MissingCompletions(
            f"{len(failed)} of {len(requests)} answers are missing: {material.completions.explain(failed)} All others "
            "are kept: the same command asks for these again, and zero_shot.on_missing=skip scores what there is.",
            requests=failed,
        )
    if vain:
        print(f"{len(vain)} of {len(requests)} questions have no answer, and are scored as unusable.", flush=True)
    return material.find(), {id: Completion(id, settings.llm.model or "", "", lack.reason) for id, lack in vain.items()}


def _rows(
    asked: Sequence[Question], readings: Sequence[Reading], *, found: Mapping[str, Completion]
) -> list[dict[str, Any]]:
    """Return a row for each question: what was asked, answered and understood."""
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
        | ({} if (sure := confidence.whole(found[question.request.id])) is None else {"confidence": sure})
        for question, reading in zip(asked, readings, strict=True)
    ]


def _keep(run: ActiveRun, material: Material, *, result: Evaluation, rows: Sequence[Mapping[str, Any]]) -> None:
    """Figure, and the answers themselves: in the job's folder, in MLflow only where texts may be there."""
    place = material.job.folder / FILE
    write_json_lines(place, rows)
    log_outcomes(run, result)
    if material.settings.tracking.may_hold_text(public=material.settings.dataset.public):
        run.file(place)
