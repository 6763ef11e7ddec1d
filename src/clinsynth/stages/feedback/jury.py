"""A judge scores the answers of models to test questions, and compares a new model with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clinsynth.asking.sessions import unanswered
from clinsynth.config import DistillConfig, ScoredBy, TrainConfig
from clinsynth.llm import RECORDED
from clinsynth.stages import asking
from clinsynth.stages.frame import Frame
from clinsynth.tasks.chat import judging
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.judging import Ballot, Duel
from clinsynth.tasks.chat.likeness import rouge_l
from clinsynth.tracking import ActiveRun
from clinsynth.types import Completion, Metrics, Prompt, Request

Ask = Callable[[Sequence[Request]], Mapping[str, Completion]]

Said = Mapping[str, str]
"""The answers of a model, by question."""

NOTHING = "(nothing)"
"""What a judge sees of an empty answer."""

Score = float | None
"""1 to 100, or 0 to 100 by likeness; `None` where it cannot be read, or there is no gold answer."""


@dataclass(frozen=True)
class Rival:
    """A model that the new one is compared with."""

    name: str
    """In the ids of requests."""
    said: Said
    wins: str
    """Metric: the share of test questions on which the new model wins."""

    @property
    def mean(self) -> str:
        """Return the metric of its own mean."""
        return f"test/judge_mean_{self.name}"


@dataclass(frozen=True)
class Jury:
    """Who scores answers."""

    prompt: Prompt
    dataset: str
    references: Said | None = None
    """Gold answers, where likeness to them is the score; `None` where an LLM is asked."""

    def requests(self, ours: Said, rivals: Sequence[Rival]) -> list[Request]:
        """Return what an LLM is asked about the answers of the new model and of its rivals."""
        if self.references is not None:
            return []
        asked = [ballot.request for ballot in self._ballots(ours, name="test")]
        for rival in rivals:
            asked += [ballot.request for ballot in self._ballots(rival.said, name=rival.name)]
            asked += [each.request for duel in self._duels(ours, rival) for each in (duel.one, duel.other)]
        return asked

    def metrics(self, ours: Said, rivals: Sequence[Rival], *, ask: Ask) -> Metrics:
        """Return the mean score of every model with its interval, and how often the new one wins."""
        verdicts = ask(requests) if (requests := self.requests(ours, rivals)) else {}
        found: Metrics = self._mean(ours, name="test", metric="test/judge_mean", verdicts=verdicts)
        for rival in rivals:
            found |= self._mean(rival.said, name=rival.name, metric=rival.mean, verdicts=verdicts)
            found |= judging.win_rate(self._wins(ours, rival, verdicts=verdicts), name=rival.wins)
        return found

    def _mean(self, said: Said, *, name: str, metric: str, verdicts: Mapping[str, Completion]) -> Metrics:
        scores = self._scores(said, name=name, verdicts=verdicts)
        read = [score for score in scores if score is not None]
        return judging.mean_score(read, name=metric) | {f"{metric}_unreadable": float(len(scores) - len(read))}

    def _scores(self, said: Said, *, name: str, verdicts: Mapping[str, Completion]) -> list[Score]:
        if self.references is not None:
            return [self._alike(question, answer) for question, answer in said.items()]
        found = [judging.scores(ballot, verdicts.get(ballot.request.id)) for ballot in self._ballots(said, name=name)]
        return [scores[0] if scores else None for scores in found]

    def _wins(self, ours: Said, rival: Rival, *, verdicts: Mapping[str, Completion]) -> list[Score]:
        if self.references is None:
            return [judging.won(duel, verdicts) for duel in self._duels(ours, rival)]
        pairs = [
            (self._alike(question, ours[question]), self._alike(question, rival.said[question])) for question in ours
        ]
        return [
            None if one is None or other is None else (1 + (one > other) - (one < other)) / 2 for one, other in pairs
        ]

    def _alike(self, question: str, answer: str) -> Score:
        reference = (self.references or {}).get(question)
        return 100 * rouge_l(answer, reference) if reference else None

    def _ballots(self, said: Said, *, name: str) -> list[Ballot]:
        """Return the requests for the score of one model's answers, each by itself."""
        prompt = Prompt(f"{self.prompt.name}_{name}", self.prompt.text)
        return [
            judging.ballot(question, (answer or NOTHING,), order=(0,), prompt=prompt, dataset=self.dataset)
            for question, answer in said.items()
        ]

    def _duels(self, ours: Said, rival: Rival) -> list[Duel]:
        return [
            judging.duel(
                question,
                ours[question] or NOTHING,
                answer or NOTHING,
                prompt=self.prompt,
                dataset=self.dataset,
                against=f"against_{rival.name}",
            )
            for question, answer in rival.said.items()
        ]


def gold_answers(dialogues: Sequence[Dialogue]) -> Said:
    """Return the reference answers, by question; empty ones are none."""
    return {dialogue.question: dialogue.answer for dialogue in dialogues if dialogue.answer}


def answers_of(dialogues: Sequence[Dialogue]) -> Said:
    """Return what a model has answered, by question."""
    return {dialogue.question: dialogue.answer for dialogue in dialogues}


def ends_before_judging(settings: DistillConfig | TrainConfig, requests: Sequence[Request]) -> bool:
    """Show what the judge will cost, and return whether the user wants no more than that.

    The answers that `requests` show stand for others, which are not there yet. Raises ConfigError where questions may
    not be sent.
    """
    return asking.ends_before_asking(
        settings.llm,
        requests,
        asking=settings.generation,
        artifacts=Path(settings.paths.artifacts),
        dataset=settings.dataset,
        what="its questions",
        at_most=True,
    )


@contextmanager
def asking_judge(settings: DistillConfig | TrainConfig, *, by: ScoredBy, run: ActiveRun, frame: Frame) -> Iterator[Ask]:
    """Enter a session with the LLM that judges, whose cost is shown when it is left; recorded verdicts cost nothing.

    Where likeness to gold answers is the score, nobody is asked.
    """
    if by is ScoredBy.reference:
        yield lambda requests: {}
        return
    if settings.llm.name == RECORDED:
        yield partial(_recorded, settings, folder=frame.job.folder)
        return
    artifacts = Path(settings.paths.artifacts)
    with asking.session(settings.llm, artifacts=artifacts, run=run, ledger=frame.ledger) as session:

        def ask(requests: Sequence[Request]) -> Mapping[str, Completion]:
            session.ask(requests, title="verdicts")
            return asking.completions_of(settings).find(requests)

        yield ask


def _recorded(
    settings: DistillConfig | TrainConfig, requests: Sequence[Request], *, folder: Path
) -> Mapping[str, Completion]:
    completions = asking.completions_of(settings)
    found = completions.find(requests)
    missing = [request for request in requests if request.id not in found]
    if missing:
        said = f"{len(missing)} of {len(requests)} verdicts are missing."
        raise unanswered(said, missing, completions=completions, folder=folder)
    return found
