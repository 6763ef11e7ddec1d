"""The judge's scores of a model that was trained just now, beside the backbone as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinsynth.config import ScoredBy, TrainConfig
from clinsynth.llm import RECORDED
from clinsynth.stages.feedback import jury
from clinsynth.stages.feedback.jury import Jury, Rival, Said, answers_of, asking_judge, gold_answers
from clinsynth.stages.frame import Frame
from clinsynth.tracking import ActiveRun
from clinsynth.types import Gold, Metrics, Prompt


def ends_before_judging(settings: TrainConfig, *, gold: Gold) -> bool:
    """Show what the judge of a training will cost, and return whether the user wants no more than that.

    Gold answers stand for those of models that are not trained yet. Raises ConfigError where questions may not be sent.
    """
    if settings.judged.by is not ScoredBy.llm or settings.llm.name == RECORDED:
        return False
    said = answers_of(gold.test)
    return jury.ends_before_judging(settings, _jury(settings, gold=gold, key="").requests(said, _rivals(said)))


def judged(
    settings: TrainConfig,
    student: Any,
    predicted: Sequence[Any],
    *,
    gold: Gold,
    key: str,
    run: ActiveRun,
    frame: Frame,
) -> Metrics:
    """Return the judge's scores of the answers to test questions; empty where nobody judges.

    `student` is one of the causal learner; `key`, the run key, tells its requests from those about other models.
    """
    if settings.judged.by is None:
        return {}
    before = student.answers_of_base(gold.test)
    rivals = _rivals(answers_of(before)) if before else []
    with asking_judge(settings, by=settings.judged.by, run=run, frame=frame) as ask:
        return _jury(settings, gold=gold, key=key).metrics(answers_of(predicted), rivals, ask=ask)


def _rivals(base: Said) -> list[Rival]:
    return [Rival("base", base, "test/win_rate")]


def _jury(settings: TrainConfig, *, gold: Gold, key: str) -> Jury:
    prompt = settings.judged.prompt
    if settings.judged.by is ScoredBy.reference or prompt is None:
        return Jury(Prompt("judge"), settings.dataset.name, references=gold_answers(gold.test))
    return Jury(Prompt(f"{prompt.name}_{key[:8]}", prompt.text), settings.dataset.name)
