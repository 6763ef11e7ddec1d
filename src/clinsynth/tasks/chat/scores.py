"""Scores of answers: likeness to references, perplexity, length, variety, refusals, what train and test share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clinsynth.scoring import draws, interval
from clinsynth.task import Headline
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.likeness import contained, jaccard, rouge_l, triples
from clinsynth.text.refusals import is_refusal
from clinsynth.text.words import tokenise
from clinsynth.types import Evaluation, Metrics, Predictions

HEADLINE = Headline(
    name="ROUGE-L",
    metric="test/rouge_l",
    low="test/rouge_l_low",
    high="test/rouge_l_high",
    scores={"ROUGE-L": "test/rouge_l"},
    devel="devel/rouge_l",
    best="devel/best_rouge_l",
    plain=frozenset(
        {
            *("test/perplexity", "test/base_perplexity", "test/answer_words"),
            *("test/judge_mean", "test/judge_mean_first", "test/judge_mean_base"),
        }
    ),
)
COLUMNS: Mapping[str, str] = {
    "perplexity": "test/perplexity",
    "of the base": "test/base_perplexity",
    "words": "test/answer_words",
    "distinct-2": "test/distinct_2",
    "refusals": "test/refusals",
    "judge": "test/judge_mean",
    "before": "test/judge_mean_first",
    "wins": "test/win_rate",
}

SAME_QUESTION, SAME_ANSWER = 0.7, 0.5
"""Jaccard similarity of questions, and share of a reference answer, from which on the audit counts an overlap."""


def judge(gold: Sequence[Dialogue], predicted: Sequence[Dialogue]) -> Evaluation:
    """Score answers: `test/rouge_l` is the mean over the questions that have a reference, with its interval."""
    answers = [dialogue.answer for dialogue in predicted]
    pairs = [(p.answer, g.answer) for g, p in zip(gold, predicted, strict=True) if g.answer]
    found = np.array([rouge_l(*pair) for pair in pairs], dtype=np.float64)
    metrics: Metrics = {}
    if len(found):
        low, high = interval(draws(len(found), 1000, 0) @ found / len(found), 0.95)
        metrics |= {"test/rouge_l": float(found.mean()), "test/rouge_l_low": low, "test/rouge_l_high": high}
    refused = sum(map(is_refusal, answers))
    empty = sum(not answer.strip() for answer in answers)
    number = max(len(answers), 1)
    metrics |= {
        "test/answer_words": sum(len(tokenise(answer)) for answer in answers) / number,
        "test/refusals": refused / number,
        "test/empty": empty / number,
    }
    metrics |= {f"test/distinct_{n}": distinct(answers, n=n) for n in (1, 2)}
    return Evaluation(metrics, errors={"refusal": refused, "empty": empty}, counts=None)


def evaluate(test: Predictions, *, train: Sequence[Dialogue], devel: Predictions) -> Evaluation:
    """Score a model: by its answers, by how likely it finds the reference answers, and for what it may have seen."""
    judged = judge(test.gold, test.predicted)
    pieces = sum(dialogue.pieces for dialogue in test.predicted)
    found: Metrics = {}
    if pieces:
        told = [dialogue.loss for dialogue in test.predicted], [dialogue.base_loss for dialogue in test.predicted]
        found |= {
            "test/perplexity": perplexity(sum(told[0]), pieces),
            "test/base_perplexity": perplexity(sum(told[1]), pieces),
        }
    return replace(judged, metrics=judged.metrics | found | overlap(test.gold, train=train))


def perplexity(loss: float, pieces: int) -> float:
    """Return that of answers, by piece, of their summed loss; at most e^30, of a model that has diverged."""
    return math.exp(min(loss / pieces, 30.0))


def overlap(test: Sequence[Dialogue], *, train: Sequence[Dialogue]) -> Metrics:
    """Return how many test questions are asked in what was learnt from, and how many of their answers stand there."""
    asked = [triples(turn) for dialogue in train for turn in dialogue.turns[::2]]
    said = [triples(turn) for dialogue in train for turn in dialogue.answers]
    questions = sum(any(jaccard(triples(one.question), other) >= SAME_QUESTION for other in asked) for one in test)
    answers = sum(
        any(contained(triples(one.answer), other) >= SAME_ANSWER for other in said) for one in test if one.answer
    )
    return {"test/questions_in_train": float(questions), "test/answers_in_train": float(answers)}


def distinct(answers: Sequence[str], *, n: int) -> float:
    """Return the share of different ones among all runs of `n` words (distinct-n, Li et al. 2016), in 0..1."""
    words = [tokenise(answer.casefold()) for answer in answers]
    runs = [tuple(said[at : at + n]) for said in words for at in range(len(said) - n + 1)]
    return len(set(runs)) / len(runs) if runs else 0.0


def devel_score(gold: Sequence[Dialogue], *, predicted: Sequence[Dialogue]) -> float:
    return judge(gold, predicted).metrics.get("test/rouge_l", 0.0)


def record(gold: Dialogue, *, predicted: Dialogue) -> dict[str, Any]:
    return {
        "text": gold.question,
        "gold": gold.answer,
        "predicted": predicted.answer,
        "rouge_l": round(rouge_l(predicted.answer, gold.answer), 4) if gold.answer else None,
    }
