"""Whether a backbone, a judge or a trained model suits a task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clinsynth.config import AnswerJudgeConfig, BackboneConfig, PromptConfig, ScoredBy, named_prompt
from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.task import Task


def check_kind(backbone: BackboneConfig, *, task: Task) -> None:
    """Raise ConfigError for a backbone that cannot learn the task."""
    if backbone.kind == task.kind.learner:
        return
    what = {"encoder": "marks and classifies texts", "causal": "writes texts"}
    other = {"encoder": "backbone=minilm", "causal": "backbone=tiny_llama, smollm2"}[task.kind.learner]
    raise ConfigError(
        f"backbone={backbone.name} is a model that {what[backbone.kind]} (backbone.kind={backbone.kind}), and "
        f"{task.dataset.name} ({task.name}) is learnt by one that {what[task.kind.learner]} "
        f"(backbone.kind={task.kind.learner}): choose {other}, or a YAML of your own that says so."
    )


def check_model(folder: Path, *, named: str, task: Task, same_labels: bool = True) -> None:
    """Raise ConfigError for a trained model of another task or, unless these do not matter, of other labels.

    `named` is the key that names it. A folder that does not say what it has learnt is taken for one of the task.
    """
    said = saved.describe_model(folder)
    other = said.labels if same_labels and said.labels != task.labels else ()
    if said.task not in (None, task.name) or other:
        raise ConfigError(
            f"{named}={folder} has learnt {said.task} with the labels {', '.join(said.labels)}, and "
            f"{task.dataset.name} is {task.name} with {', '.join(task.labels)}: it cannot label these texts."
        )


def complete_judge(judge: AnswerJudgeConfig, *, task: Task) -> AnswerJudgeConfig:
    """Return who scores answers, with the usual prompt; raises ConfigError for a task that has no answers."""
    if judge.by is None:
        return AnswerJudgeConfig()
    if task.kind.conversation is None:
        raise ConfigError(
            f"judged.by={judge.by.value} scores the answers of chat models, and {task.dataset.name} is {task.name}, "
            "which has scores of its own: leave it out."
        )
    if judge.by is ScoredBy.reference or judge.prompt is not None:
        return judge
    return replace(judge, prompt=usual_judge())


def usual_judge() -> PromptConfig:
    """Return the prompt of a judge of answers."""
    return PromptConfig(**vars(named_prompt("judge_answers")))
