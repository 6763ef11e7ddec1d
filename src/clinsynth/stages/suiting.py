"""Whether backbone and judge suit the task of a training."""

from __future__ import annotations

from dataclasses import replace

from clinsynth.config import AnswerJudgeConfig, BackboneConfig, PromptConfig, ScoredBy, named_prompt
from clinsynth.errors import ConfigError
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
