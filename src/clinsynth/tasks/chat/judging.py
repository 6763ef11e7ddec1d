"""An LLM scores answers to a question; what its verdicts say, and who wins where two models are compared."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clinsynth.prompts import render
from clinsynth.scoring import draws, interval
from clinsynth.types import Completion, Metrics, Prompt, Request

MOST = 100.0
_NUMBER = r"(?P<score>\d{1,3}(?:\.\d+)?)(?:\s*(?:/|out\s+of)\s*100)?"
_NAMED = re.compile(
    rf"""^[\s>*_`#"{{\[(-]*(?:the\s+)?(?:score\s+(?:of|for)\s+)?(?:answer|response|assistant|reply)?[\s*_"#]*(?P<name>\d{{1,2}})
        [\s*_"`)\].]*(?:[:=–-]|\.(?=\s)|->|\bis\b|\bgets\b|\|)[\s*_"`]*(?:score[\s*_"]*[:=]?[\s*_"]*)?{_NUMBER}""",
    re.VERBOSE | re.IGNORECASE,
)
_ONLY = re.compile(rf"[^\d]*{_NUMBER}[^\d]*")
_LINE = re.compile(r"[\s\[(]*(?P<scores>\d{1,3}(?:\.\d+)?(?:[\s,;|]+\d{1,3}(?:\.\d+)?)*)[\s\])]*")


@dataclass(frozen=True)
class Ballot:
    """Answers to one question in the order in which a judge sees them."""

    question: str
    answers: tuple[str, ...]
    order: tuple[int, ...]
    """Of each answer that is shown, its number in `answers`."""
    request: Request


@dataclass(frozen=True)
class Choice:
    """The best and the worst of some answers, by their scores."""

    best: int
    worst: int
    tied: bool
    """Whether several have the best score, of which the first one is taken."""


def ballot(
    question: str, answers: Sequence[str], *, order: Sequence[int], prompt: Prompt, dataset: str, replicate: int = 0
) -> Ballot:
    """Return the request for scores of answers, which are shown in this order."""
    shown = "\n\n".join(f"Answer {place}:\n{answers[number]}" for place, number in enumerate(order, 1))
    message = render(prompt, {"question": question, "answers": shown})
    id = f"{dataset}/{prompt.name}/{question}#{replicate}"
    request = Request(id, ({"role": "user", "content": message},), {"prompt": message}, len(question))
    return Ballot(question, tuple(answers), tuple(order), request)


def drawn_order(number: int, *, question: str, seed: int) -> list[int]:
    """Return an order in which a judge sees answers, always the same for a question."""
    order = list(range(number))
    random.Random(f"order/{seed}/{question}").shuffle(order)
    return order


def scores(asked: Ballot, answer: Completion | None) -> tuple[float, ...] | None:
    """Return the score of each answer, 1 to 100, in the order of `answers`; `None` for what cannot be read."""
    found = read_scores(answer.text, number=len(asked.order)) if answer else None
    if found is None:
        return None
    by_answer = dict(zip(asked.order, found, strict=True))
    return tuple(by_answer[number] for number in range(len(asked.answers)))


def read_scores(text: str, *, number: int) -> tuple[float, ...] | None:
    """Return so many scores, in the order in which the answers were shown; `None` where one of them is not told."""
    named: dict[int, float] = {}
    for line in re.split(r"[\n;]|,(?=\s*[\"'A-Za-z]|\s*\d+\s*:)", text):
        if match := _NAMED.match(line):
            named.setdefault(int(match["name"]), float(match["score"]))
    if set(named) >= set(range(1, number + 1)):
        return _inside([named[place] for place in range(1, number + 1)])
    for line in text.split("\n"):
        if (match := _LINE.fullmatch(line)) and len(found := re.split(r"[\s,;|]+", match["scores"])) == number:
            return _inside(list(map(float, found)))
    if number == 1 and (match := _ONLY.fullmatch(text.strip())):
        return _inside([float(match["score"])])
    return None


def _inside(found: Sequence[float]) -> tuple[float, ...] | None:
    return tuple(found) if all(1 <= score <= MOST for score in found) else None


def chosen(found: Sequence[float]) -> Choice:
    """Return the best answer and the worst one; of those that tie the first."""
    best, worst = max(found), min(found)
    return Choice(found.index(best), worst=found.index(worst), tied=list(found).count(best) > 1)


def mean_score(found: Sequence[float], *, name: str) -> Metrics:
    """Return the mean of scores with its 95% interval, by the bootstrap over questions; empty where there are none."""
    if not found:
        return {}
    values = np.array(found, dtype=np.float64)
    low, high = interval(draws(len(values), 1000, 0) @ values / len(values), 0.95)
    return {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}


@dataclass(frozen=True)
class Duel:
    """Two answers to a question, shown in both orders; the first is ours."""

    one: Ballot
    other: Ballot


def duel(question: str, ours: str, theirs: str, *, prompt: Prompt, dataset: str, against: str) -> Duel:
    """Return the two requests that compare two answers."""
    named = Prompt(f"{prompt.name}_{against}", prompt.text)
    one, other = (
        ballot(question, (ours, theirs), order=order, prompt=named, dataset=dataset, replicate=replicate)
        for replicate, order in enumerate(((0, 1), (1, 0)))
    )
    return Duel(one, other)


def won(asked: Duel, answers: Mapping[str, Completion]) -> float | None:
    """Return 1 where ours wins, 0 where it loses, and a half for a tie: equal, or the verdict hangs on the order.

    `None` where a verdict cannot be read.
    """
    found = [scores(each, answers.get(each.request.id)) for each in (asked.one, asked.other)]
    if found[0] is None or found[1] is None:
        return None
    signs = sum(int(np.sign(ours - theirs)) for ours, theirs in (found[0], found[1]))
    return 0.5 + 0.5 * int(np.sign(signs))


def win_rate(found: Sequence[float | None], *, name: str) -> Metrics:
    """Return the share of wins, a tie counting half, with how many ties and unreadable verdicts there are."""
    read = [value for value in found if value is not None]
    counts = {f"{name}_ties": float(read.count(0.5)), f"{name}_unreadable": float(len(found) - len(read))}
    return counts | ({name: sum(read) / len(read)} if read else {})
