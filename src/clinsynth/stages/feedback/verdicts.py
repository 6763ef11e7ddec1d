"""What a judge is asked about answers, what it says, and what is learnt of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinsynth.config import Objective
from clinsynth.errors import ConfigError
from clinsynth.reports.console import say
from clinsynth.stages.feedback.jury import Ask, Jury, Rival, gold_answers
from clinsynth.stages.feedback.material import Answers, Material
from clinsynth.tasks.chat import judging
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.judging import Ballot
from clinsynth.tasks.chat.likeness import rouge_l
from clinsynth.types import Metrics


@dataclass(frozen=True)
class Scored:
    """A training question with the scores of its answers; `None` where the verdict cannot be read."""

    question: str
    answers: tuple[str, ...]
    scores: tuple[float, ...] | None


def ballots(material: Material, answers: Answers) -> list[Ballot]:
    """Return the requests about training questions; empty answers are no candidates."""
    seed, dataset = material.settings.distill.seed, material.task.dataset.name
    found = []
    for question, drawn in answers.drawn.items():
        candidates = [answer for answer in dict.fromkeys(drawn) if answer]
        if len(candidates) > 1:
            order = judging.drawn_order(len(candidates), question=question, seed=seed)
            found.append(judging.ballot(question, candidates, order=order, prompt=material.prompt, dataset=dataset))
    return found


def jury(material: Material) -> Jury:
    """Return who scores answers to test questions."""
    references = None if material.by_llm else gold_answers(material.gold.test)
    return Jury(material.prompt, material.task.dataset.name, references=references)


def rivals(answers: Answers) -> list[Rival]:
    """Return the models that the new one is compared with: the one that it began as, and its backbone."""
    found = [Rival("first", answers.first, "test/win_rate")]
    return [*found, Rival("base", answers.base, "test/win_rate_base")] if answers.base else found


def scored_answers(material: Material, answers: Answers, *, ask: Ask) -> list[Scored]:
    """Return the scores of the answers to training questions; raises ConfigError where none can be learnt from."""
    asked = ballots(material, answers)
    if material.by_llm:
        found = ask([ballot.request for ballot in asked])
        scored = [
            Scored(ballot.question, ballot.answers, judging.scores(ballot, found.get(ballot.request.id)))
            for ballot in asked
        ]
    else:
        references = {dialogue.question: dialogue.answer for dialogue in material.gold.trainable}
        scored = [Scored(ballot.question, ballot.answers, _alike(ballot, references)) for ballot in asked]
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


def show_verdicts(scored: Sequence[Scored]) -> Metrics:
    """Print how verdicts have come out, and return it."""
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


def training_rows(scored: Sequence[Scored], objective: Objective) -> tuple[Dialogue, ...]:
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
