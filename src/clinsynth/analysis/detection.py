"""Whether synthetic text can be told from gold without knowing its origin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

FREQUENT = 1000
"""Words that are compared: the most frequent ones of both sets together."""

FOLDS = 5


def divergence(words: Iterable[str], *, others: Iterable[str]) -> float:
    """Jensen-Shannon divergence of the frequencies of frequent words, case folded, base 2: 0 is equal, 1 disjoint.

    It falls with the number of words, which has to be equal where divergences are compared.
    """
    from scipy.spatial.distance import jensenshannon

    own, theirs = (Counter(word.casefold() for word in found) for found in (words, others))
    frequent = [word for word, _ in (own + theirs).most_common(FREQUENT)]
    counts = np.array([[found[word] for word in frequent] for found in (own, theirs)], dtype=np.float64)
    if not counts.size or not counts.sum(axis=1).all():
        return 0.0 if counts.sum() == 0 else 1.0
    distance = float(jensenshannon(*counts, base=2))
    return min(distance**2, 1.0)


def folds(
    groups: Sequence[Hashable], other_groups: Sequence[Hashable], *, seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return the places to learn from and those to judge, fold by fold, among the texts of one side and then another.

    What is in one group is never in both; empty where the groups of a side are too few to split.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # takes seconds

    number = min(FOLDS, len(set(groups)), len(set(other_groups)))
    if number < 2:
        return []
    side = np.repeat([1, 0], [len(groups), len(other_groups)])
    places = {name: place for place, name in enumerate(dict.fromkeys([*groups, *other_groups]))}
    together = [places[group] for group in (*groups, *other_groups)]
    return list(StratifiedGroupKFold(number, shuffle=True, random_state=seed).split(side, side, together))


def told_apart(
    vectors: NDArray[np.float32],
    *,
    others: NDArray[np.float32],
    groups: Sequence[Hashable],
    other_groups: Sequence[Hashable],
    seed: int,
) -> int | None:
    """Classifier two-sample test (Lopez-Paz and Oquab 2017): how many texts of both sets are assigned to their own.

    A logistic regression on the vectors, in cross-validation; what is in one group is never on both sides. Of sets of
    equal size, half is what guessing gets. None where the groups are too few to split.
    """
    from sklearn.linear_model import LogisticRegression  # takes seconds

    features = np.concatenate([vectors, others])
    origin = np.repeat([1, 0], [len(vectors), len(others)])
    splits = folds(groups, other_groups, seed=seed)
    if not splits:
        return None
    hits = 0
    for learn, judge in splits:
        if len(set(origin[learn])) < 2:  # both groups of a set in one fold: nothing is learnt about it
            return None
        judge_of = LogisticRegression(max_iter=1000, class_weight="balanced").fit(features[learn], origin[learn])
        hits += int((judge_of.predict(features[judge]) == origin[judge]).sum())
    return hits
