"""Self-distillation with feedback (Xu et al. 2023): a chat model answers, a judge scores, the best ones are learnt."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from clinsynth import keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.asking.sessions import unanswered
from clinsynth.config import DistillConfig, Objective, ScoredBy
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_lines, read_json_lines, write_json_lines
from clinsynth.learning import hardware, open_learner, saved
from clinsynth.learning.encoder.lightning import load_lightning
from clinsynth.learning.sets import TrainingSet
from clinsynth.llm import RECORDED
from clinsynth.publishing.model_card import Trained, model_card
from clinsynth.reports.console import say
from clinsynth.reports.scores import show_result
from clinsynth.stages import Job, asking, models, naming, resolving
from clinsynth.stages.frame import Entry, Frame, log_gold
from clinsynth.task import Task
from clinsynth.tasks.chat import judging
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.judging import Ballot
from clinsynth.tasks.chat.likeness import rouge_l
from clinsynth.tracking import ActiveRun
from clinsynth.types import Completion, Gold, Metrics, Predictions, Prompt, Request, Summary

FILE = "answers.jsonl"
Ask = Callable[[Sequence[Request]], Mapping[str, Completion]]


@dataclass(frozen=True)
class Material:
    """The material of a job."""

    settings: DistillConfig
    task: Task
    gold: Gold
    folder: Path
    """Of the model that it begins with."""
    run_key: str

    @property
    def prompt(self) -> Prompt:
        """Return that of the judge."""
        return Prompt(self.settings.distill.prompt.name, self.settings.distill.prompt.text)

    @property
    def by_llm(self) -> bool:
        """Say whether an LLM is the judge."""
        return self.settings.distill.judge is ScoredBy.llm


@dataclass(frozen=True)
class Answers:
    """What the model says: several answers to each training question, one to each test question."""

    drawn: Mapping[str, tuple[str, ...]]
    first: Mapping[str, str]
    base: Mapping[str, str]
    """Of the backbone without its adapter; empty for a whole model."""


@dataclass(frozen=True)
class Scored:
    """A training question with the scores of its answers; `None` where the verdict cannot be read."""

    question: str
    answers: tuple[str, ...]
    scores: tuple[float, ...] | None


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
            answers = _answers(material, store=frame.store)
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


# What the model says


def _answers(material: Material, *, store: ArtifactStore) -> Answers:
    """Return the model's answers, which are written down once, so that a judge is asked about the same ones again."""
    told = material.settings.distill
    content = {
        "model": saved.folder_digest(material.folder),
        "gold": material.gold.hashes,
        "drawn": [told.answers, told.pieces, told.temperature, told.seed],
    }
    folder = store.build(
        "answers", version=keys.DISTILL, content=content, builder=lambda folder: _write_answers(folder, material)
    )
    rows = read_json_lines(folder / FILE)
    drawn: dict[str, tuple[str, ...]] = {}
    others: dict[str, dict[str, str]] = {"first": {}, "base": {}}
    for row in rows:
        if row["of"] == "drawn":
            drawn[row["question"]] = tuple(row["answers"])
        else:
            others[row["of"]][row["question"]] = row["answers"][0]
    return Answers(drawn, **others)


def _write_answers(folder: Path, material: Material) -> dict[str, Any]:
    load_lightning()
    from clinsynth.learning.causal.opening import open_chat

    settings, told = material.settings, material.settings.distill
    model = open_chat(
        str(material.folder),
        task=material.task.name,
        batch_size=settings.backbone.batch_size * told.answers,
        device=hardware.device(settings.trainer.accelerator),
        precision=hardware.precision(settings.trainer),
    )
    questions, tests = _questions(material.gold.trainable), _questions(material.gold.test)
    say(f"{told.answers} answers to each of {len(questions)} questions are drawn, and one to each of {len(tests)}")
    asked = [[{"role": "user", "content": question}] for question in questions for _ in range(told.answers)]
    found = model.answers(asked, pieces=told.pieces, temperature=told.temperature, seed=told.seed)
    rows = [
        {"of": "drawn", "question": question, "answers": found[at * told.answers : (at + 1) * told.answers]}
        for at, question in enumerate(questions)
    ]
    asked = [[{"role": "user", "content": question}] for question in tests]
    for name, within in (("first", nullcontext()), ("base", model.without_adapter())):
        if within is not None:
            with within:
                said = model.answers(asked, pieces=told.pieces)
            rows += [
                {"of": name, "question": question, "answers": [answer]}
                for question, answer in zip(tests, said, strict=True)
            ]
    write_json_lines(folder / FILE, rows)
    return {}


def _questions(dialogues: Sequence[Dialogue]) -> list[str]:
    return list(dict.fromkeys(dialogue.question for dialogue in dialogues))


# What a judge says of it


def _ballots(material: Material, answers: Answers) -> list[Ballot]:
    """Return the requests about training questions; empty answers are no candidates."""
    seed, dataset = material.settings.distill.seed, material.task.dataset.name
    found = []
    for question, drawn in answers.drawn.items():
        candidates = [answer for answer in dict.fromkeys(drawn) if answer]
        if len(candidates) > 1:
            order = judging.drawn_order(len(candidates), question=question, seed=seed)
            found.append(judging.ballot(question, candidates, order=order, prompt=material.prompt, dataset=dataset))
    return found


def _single(material: Material, said: Mapping[str, str], *, name: str) -> list[Ballot]:
    """Return the requests for the score of one model's answers to test questions, each by itself."""
    prompt = Prompt(f"{material.prompt.name}_{name}", material.prompt.text)
    dataset = material.task.dataset.name
    return [
        judging.ballot(question, (answer or "(nothing)",), order=(0,), prompt=prompt, dataset=dataset)
        for question, answer in said.items()
    ]


def _duels(material: Material, ours: Mapping[str, str], theirs: Mapping[str, str], *, name: str) -> list[judging.Duel]:
    return [
        judging.duel(
            question,
            ours[question] or "(nothing)",
            answer or "(nothing)",
            prompt=material.prompt,
            dataset=material.task.dataset.name,
            against=name,
        )
        for question, answer in theirs.items()
    ]


def _requests(material: Material, answers: Answers, distilled: Mapping[str, str]) -> list[Request]:
    """Return the requests about test questions."""
    asked = [ballot.request for ballot in _single(material, distilled, name="test")]
    for name, theirs in (("first", answers.first), ("base", answers.base)):
        asked += [ballot.request for ballot in _single(material, theirs, name=name)]
        duels = _duels(material, distilled, theirs, name=f"against_{name}")
        asked += [each.request for duel in duels for each in (duel.one, duel.other)]
    return asked


def _only_told(material: Material, answers: Answers) -> bool:
    """Show what the judge will cost, with the first model's answers in the place of those that are not there yet."""
    settings = material.settings
    planned = [ballot.request for ballot in _ballots(material, answers)] + _requests(material, answers, answers.first)
    return asking.ends_before_asking(
        settings.llm,
        planned,
        asking=settings.generation,
        artifacts=Path(settings.paths.artifacts),
        dataset=settings.dataset,
        what="its questions",
        at_most=True,
    )


# The job


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
        if material.by_llm and settings.llm.name != RECORDED:
            artifacts = Path(settings.paths.artifacts)
            with asking.session(settings.llm, artifacts=artifacts, run=run, ledger=frame.ledger) as session:

                def ask(requests: Sequence[Request]) -> Mapping[str, Completion]:
                    session.ask(requests, title="verdicts")
                    return asking.completions_of(settings).find(requests)

                return _learn(material, answers, ask=ask, run=run, frame=frame)
        ask_files = partial(_recorded, settings, folder=frame.job.folder)
        return _learn(material, answers, ask=ask_files, run=run, frame=frame)


def _recorded(settings: DistillConfig, requests: Sequence[Request], *, folder: Path) -> Mapping[str, Completion]:
    completions = asking.completions_of(settings)
    found = completions.find(requests)
    missing = [request for request in requests if request.id not in found]
    if missing:
        said = f"{len(missing)} of {len(requests)} verdicts are missing."
        raise unanswered(said, missing, completions=completions, folder=folder)
    return found


def _learn(material: Material, answers: Answers, *, ask: Ask, run: ActiveRun, frame: Frame) -> Summary:
    settings = material.settings
    scored = _scored(material, answers, ask=ask)
    metrics = _told(scored)
    rows = _rows(scored, settings.distill.objective)
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
    if material.by_llm:
        metrics |= _judged(material, answers, found, ask=ask)
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


def _scored(material: Material, answers: Answers, *, ask: Ask) -> list[Scored]:
    """Return the scores of the answers to training questions; raises ConfigError where none can be learnt from."""
    ballots = _ballots(material, answers)
    if material.by_llm:
        found = ask([ballot.request for ballot in ballots])
        scored = [
            Scored(ballot.question, ballot.answers, judging.scores(ballot, found.get(ballot.request.id)))
            for ballot in ballots
        ]
    else:
        references = {dialogue.question: dialogue.answer for dialogue in material.gold.trainable}
        scored = [Scored(ballot.question, ballot.answers, _alike(ballot, references)) for ballot in ballots]
    if not any(one.scores for one in scored):
        raise ConfigError(
            f"none of the {len(scored)} questions has a verdict that can be read, or several answers to choose from: "
            "there is nothing to learn. A judge of another kind is distill.judge=reference (for questions with gold "
            "answers), or another llm."
        )
    return scored


def _alike(ballot: Ballot, references: Mapping[str, str]) -> tuple[float, ...] | None:
    """Return how near answers come to the gold answer, 0 to 100; `None` where there is none."""
    reference = references.get(ballot.question)
    return tuple(100 * rouge_l(answer, reference) for answer in ballot.answers) if reference else None


def _told(scored: Sequence[Scored]) -> Metrics:
    """Return how verdicts have come out, and say so."""
    read = [one.scores for one in scored if one.scores]
    ties = sum(judging.chosen(found).tied for found in read)
    best = [max(found) for found in read]
    metrics: Metrics = {
        "verdicts/read": float(len(read)),
        "verdicts/unreadable": float(len(scored) - len(read)),
        "verdicts/ties": float(ties),
        "verdicts/best_mean": sum(best) / len(best),
        "verdicts/mean": sum(sum(found) / len(found) for found in read) / len(read),
    }
    say(
        f"{len(read)} of {len(scored)} verdicts can be read, {ties} of them with a tie for the best; the best answers "
        f"have {metrics['verdicts/best_mean']:.1f} of 100, all of them {metrics['verdicts/mean']:.1f}"
    )
    return metrics


def _rows(scored: Sequence[Scored], objective: Objective) -> tuple[Dialogue, ...]:
    """Return the training rows: each question with its best answer, and for dpo with the worst one to be left."""
    rows = []
    for one in scored:
        if one.scores is None:
            continue
        choice = judging.chosen(one.scores)
        worse = one.answers[choice.worst] if objective is Objective.dpo else ""
        if objective is Objective.best or one.scores[choice.best] > one.scores[choice.worst]:
            rows.append(Dialogue((one.question, one.answers[choice.best]), rejected=worse))
    if not rows:
        raise ConfigError("distill.objective=dpo: all answers to a question have the same score, for every question.")
    return tuple(rows)


def _judged(material: Material, answers: Answers, found: Predictions, *, ask: Ask) -> Metrics:
    """Return the judge's scores of all models on test questions, and how often the new one wins."""
    distilled = {dialogue.question: dialogue.answer for dialogue in found.predicted}
    said = ask(_requests(material, answers, distilled))
    metrics: Metrics = {}
    for prompt, theirs, name in (
        ("test", distilled, "test/judge_mean"),
        ("first", answers.first, "test/judge_mean_first"),
        ("base", answers.base, "test/judge_mean_base"),
    ):
        ballots = _single(material, theirs, name=prompt)
        read = [judging.scores(ballot, said.get(ballot.request.id)) for ballot in ballots]
        metrics |= judging.mean_score([scores[0] for scores in read if scores], name=name)
        metrics[f"{name}_unreadable"] = float(sum(scores is None for scores in read))
    for prompt, theirs, name in (
        ("first", answers.first, "test/win_rate"),
        ("base", answers.base, "test/win_rate_base"),
    ):
        duels = _duels(material, distilled, theirs, name=f"against_{prompt}")
        if duels:
            metrics |= judging.win_rate([judging.won(duel, said) for duel in duels], name=name)
    return metrics


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
