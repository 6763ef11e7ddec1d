"""What a judge is asked about answers, what it says, and what is learnt of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clinsynth.config import Objective
from clinsynth.errors import ConfigError
from clinsynth.reports.console import say
from clinsynth.stages.feedback.material import Answers, Material
from clinsynth.tasks.chat import judging
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.judging import Ballot
from clinsynth.tasks.chat.likeness import rouge_l
from clinsynth.types import Completion, Metrics, Predictions, Prompt, Request

Ask = Callable[[Sequence[Request]], Mapping[str, Completion]]


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


def requests_about_tests(material: Material, answers: Answers, distilled: Mapping[str, str]) -> list[Request]:
    """Return the requests about test questions."""
    asked = [ballot.request for ballot in _single(material, distilled, name="test")]
    for name, theirs in (("first", answers.first), ("base", answers.base)):
        asked += [ballot.request for ballot in _single(material, theirs, name=name)]
        duels = _duels(material, distilled, theirs, name=f"against_{name}")
        asked += [each.request for duel in duels for each in (duel.one, duel.other)]
    return asked


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


def judged(material: Material, answers: Answers, found: Predictions, *, ask: Ask) -> Metrics:
    """Return the judge's scores of all models on test questions, and how often the new one wins."""
    distilled = {dialogue.question: dialogue.answer for dialogue in found.predicted}
    said = ask(requests_about_tests(material, answers, distilled))
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
