"""Self-distillation with feedback (Xu et al. 2023): a chat model answers, a judge scores, the best ones are learnt."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth import keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import DistillConfig
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_lines, write_json_lines
from clinsynth.learning import hardware, open_learner, saved
from clinsynth.learning.sets import TrainingSet
from clinsynth.llm import RECORDED
from clinsynth.publishing.model_card import Trained, model_card
from clinsynth.reports.scores import show_result
from clinsynth.stages import Job, models, naming, resolving
from clinsynth.stages.feedback.answers import model_answers
from clinsynth.stages.feedback.jury import Ask, answers_of, asking_judge, ends_before_judging
from clinsynth.stages.feedback.material import Answers, Material
from clinsynth.stages.feedback.verdicts import ballots, jury, rivals, scored_answers, show_verdicts, training_rows
from clinsynth.stages.frame import Entry, Frame, log_gold
from clinsynth.stages.suiting import usual_judge
from clinsynth.tracking import ActiveRun
from clinsynth.types import Metrics, Predictions, Summary


def main(settings: DistillConfig, *, job: Job) -> None:
    """Run the stage."""
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job, table=settings.tracking.table)
    material = _gather(settings, frame=frame)
    settings = material.settings
    with frame.ledger.claim(material.run_key):
        finished = frame.finished(
            lambda: frame.ledger.finished(material.run_key, need_model=settings.trainer.save_model),
            force=settings.force,
            skipped="This model is distilled (run $run): skipped. force=true does it again.",
        )
        summary = finished
        if summary is None:
            answers = model_answers(material, store=frame.store)
            if material.by_llm and settings.llm.name != RECORDED and _only_told(material, answers):
                return
            summary = _distill(material, answers, frame=frame)
    where = {"MLflow run": summary.run_id, "model": summary.model, "folder": str(job.folder)}
    show_result(f"distilled-{material.folder.name}", summary, judge=material.task.kind.judge, where=where)


def _gather(settings: DistillConfig, *, frame: Frame) -> Material:
    folder = models.locate(settings.model, ledger=frame.ledger)
    task = tasks.open(settings.dataset)
    if task.kind.conversation is None or saved.describe_model(folder).learner != "causal":
        raise ConfigError(
            f"model={settings.model} is no chat model, or {settings.dataset.name} no dataset of questions: `clinsynth "
            "train dataset=sample_chat backbone=tiny_llama` makes the one out of the other."
        )
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    holdout = settings.trainer.holdout or 0.0
    settings = resolving.changed(
        settings,
        model=str(folder),
        distill=resolving.changed(settings.distill, prompt=settings.distill.prompt or usual_judge()),
        backbone=resolving.changed(settings.backbone, name_or_path=str(folder)),
        trainer=resolving.changed(settings.trainer, holdout=holdout),
    )
    learner = open_learner("causal")
    key = keys.distillation(
        settings,
        versions=(task.asker.version, learner.version(task, backbone=settings.backbone)),
        model=saved.folder_digest(folder),
        gold=gold.hashes,
        precision=hardware.precision(settings.trainer),
    )
    return Material(settings, task, gold, folder, key)


def _only_told(material: Material, answers: Answers) -> bool:
    """Show what the judge will cost, with the first model's answers in the place of those that are not there yet."""
    planned = [ballot.request for ballot in ballots(material, answers)]
    planned += jury(material).requests(answers.first, rivals(answers))
    return ends_before_judging(material.settings, planned)


def _distill(material: Material, answers: Answers, *, frame: Frame) -> Summary:
    settings = material.settings
    entry = Entry(
        material.run_key,
        experiment=settings.dataset.name,
        name=f"distill-{settings.distill.objective.value}-{material.folder.name}-seed{settings.seed}",
        params=naming.stage_params(settings, choices=frame.job.choices),
        tags={"arm": f"distilled {settings.distill.objective.value}"},
    )
    with frame.begin(entry) as run:
        log_gold(run, material.gold, dataset=settings.dataset)
        with asking_judge(settings, by=settings.distill.judge, run=run, frame=frame) as ask:
            return _learn(material, answers, ask=ask, run=run, frame=frame)


def _learn(material: Material, answers: Answers, *, ask: Ask, run: ActiveRun, frame: Frame) -> Summary:
    settings = material.settings
    scored = scored_answers(material, answers, ask=ask)
    metrics = show_verdicts(scored)
    rows = training_rows(scored, settings.distill.objective)
    arm = TrainingSet(rows, train=rows, devel=())
    student = open_learner("causal").student(
        material.task, arm=arm, backbone=settings.backbone, trainer=settings.trainer, seed=settings.seed
    )
    began = time.monotonic()
    resume = frame.store.root / f"unfinished-{material.run_key[:12]}"
    fitted = student.fit(report=run.measured, resume=resume)
    seconds = time.monotonic() - began
    metrics |= {"time/train_s": seconds, "time/texts_a_second": fitted.texts / seconds}
    found = student.predict(material.gold.test)
    metrics |= material.task.kind.judge.evaluate(found, train=rows, devel=Predictions((), ())).metrics
    metrics |= jury(material).metrics(answers_of(found.predicted), rivals(answers), ask=ask)
    verdicts = [{"question": one.question, "answers": one.answers, "scores": one.scores} for one in scored]
    if settings.tracking.may_hold_text(public=settings.dataset.public):
        run.text(json_lines(verdicts), "verdicts.jsonl")
    model = None
    if settings.trainer.save_model:
        model = str(_save(student, material, verdicts=verdicts, metrics=metrics, run_id=run.id, store=frame.store))
    run.metrics(metrics)
    summary = frame.end(run, Summary(run.id, material.run_key, None, model, len(rows), metrics))
    shutil.rmtree(resume, ignore_errors=True)
    return summary


def _save(
    student: Any,
    material: Material,
    *,
    verdicts: Sequence[Mapping[str, Any]],
    metrics: Metrics,
    run_id: str,
    store: ArtifactStore,
) -> Path:
    """The model folder: weights, tokenizer, every score, and card."""
    settings, content = material.settings, keys.model_content(material.run_key, corpus=None)
    final = store.folder("model", version=keys.DISTILL, content=content)

    def build(folder: Path) -> dict[str, Any]:
        student.save(folder)
        write_json_lines(folder / "verdicts.jsonl", verdicts)
        params = naming.stage_params(settings, choices={})
        trained = Trained(run_id, params, metrics, settings.dataset.licence)
        usage = student.usage(Path(final.name))
        scores = material.task.kind.judge.HEADLINE.scores
        title = f"{material.folder.name}, distilled on {settings.dataset.name}"
        (folder / "README.md").write_text(model_card(trained, title=title, usage=usage, scores=scores), "utf-8")
        return {"run_id": run_id}

    return store.build("model", version=keys.DISTILL, content=content, builder=build, replace=True)
