"""From answers to a verdict: what the majority says of each example, and how far annotators agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa

from clinsynth import tasks
from clinsynth.analysis.intervals import wilson
from clinsynth.review.agreement import fleiss
from clinsynth.review.folder import CORRECT, WRONG, Review, ReviewItem, Subject
from clinsynth.review.verdicts import Judgement, Pair, Share, Verdict

Answered = Mapping[str, Mapping[str, str]]
"""Annotator to item to answer, once read."""


def judge_review(items: Sequence[ReviewItem], *, answered: Answered, review: Review) -> Verdict:
    """Return the verdict; kappa and agreement are of labels where these were hidden, else of whether they are right."""
    votes = {item.id: [said[item.id] for said in answered.values() if item.id in said] for item in items}
    judgements = tuple(_judgement(item, votes[item.id], review) for item in items if votes[item.id])
    given = {item.id: item.given for item in items}
    rated = {
        name: {id: answer if review.blind else _side(answer, given[id], review) for id, answer in said.items()}
        for name, said in answered.items()
    }
    table = [[said[item.id] for said in rated.values()] for item in items if len(votes[item.id]) == len(answered)]
    decided = [one for one in judgements if one.agrees is not None and not one.disputed]
    labels = tasks.kind(review.task).reviewer.choices(
        review.labels
    )  # units of ner are none: their names may be patient text
    groups = [label for label in labels if any(one.group == label for one in decided)]
    return Verdict(
        judgements,
        annotators=tuple(answered),
        unanswered=len(items) - len(judgements),
        kappa=fleiss(table),
        rated=len(table),
        pairs=tuple(_pair(names, rated) for names in combinations(answered, 2) if _shared(names, rated)),
        correct=_share(decided),
        by_label={label: share for label in groups if (share := _share([d for d in decided if d.group == label]))},
    )


def majority(votes: Iterable[str]) -> str | None:
    """Return the vote of more than half of them."""
    found = Counter(votes)
    answer, number = found.most_common(1)[0]
    return answer if 2 * number > found.total() else None


def _judgement(item: ReviewItem, votes: Sequence[str], review: Review) -> Judgement:
    verdict = majority(_side(vote, item.given, review) for vote in votes)
    if review.blind:
        answer = majority(votes)
    elif verdict == CORRECT:
        answer = majority(item.given if vote == CORRECT else vote for vote in votes) or item.given
    else:
        against = [vote for vote in votes if _side(vote, item.given, review) == WRONG]
        answer = _instead(against) if verdict == WRONG else None
    agrees = None if verdict is None else verdict == CORRECT
    return Judgement(
        item.id,
        place=item.place,
        text=item.text,
        group=item.group,
        given=item.given,
        answer=answer,
        agrees=agrees,
        extended=bool(agrees and answer) and _side(item.given, answer or "", review) == WRONG,
        disputed=(answer if review.blind and review.subject is Subject.gold else agrees) is None,
        votes=dict(Counter(votes).most_common()),
    )


def _instead(votes: Sequence[str]) -> str | None:
    """Return the label that most give who say `wrong`, if there is one and no other is given as often."""
    labels = Counter(vote for vote in votes if vote not in (CORRECT, WRONG)).most_common(2)
    alone = len(labels) == 1 or (len(labels) == 2 and labels[0][1] > labels[1][1])
    return labels[0][0] if alone else None


def _side(answer: str, given: str, review: Review) -> str:
    """Return whether an answer calls the given label right; one that adds labels to it does."""
    if answer in (CORRECT, WRONG):
        return answer
    return CORRECT if tasks.kind(review.task).reviewer.agrees(answer, given=given) else WRONG


def _shared(names: tuple[str, str], rated: Answered) -> list[str]:
    first, second = names
    return [item for item in rated[first] if item in rated[second]]


def _pair(names: tuple[str, str], rated: Answered) -> Pair:
    """Return the agreement of two annotators."""
    first, second = (rated[name] for name in names)
    shared = _shared(names, rated)
    categories = {answer: place for place, answer in enumerate(sorted({*first.values(), *second.values()}))}
    table = np.zeros((len(categories), len(categories)))
    for item in shared:
        table[categories[first[item]], categories[second[item]]] += 1
    constant = len({side[item] for side in (first, second) for item in shared}) < 2
    kappa = None if constant else float(cohens_kappa(table, return_results=False))
    return Pair(names, len(shared), float(np.trace(table)) / len(shared), kappa)


def _share(decided: Sequence[Judgement]) -> Share | None:
    if not decided:
        return None
    hits = sum(bool(one.agrees) for one in decided)
    return Share(hits, len(decided), *wilson(hits, of=len(decided)))
