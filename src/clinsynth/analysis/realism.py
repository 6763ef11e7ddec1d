"""A detector of synthetic text that learns from words: how sure it is, which words tell, and which texts look real."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.analysis import intervals
from clinsynth.analysis.detection import folds
from clinsynth.errors import ConfigError
from clinsynth.types import Metrics, Reliability

PREFIX = "detector/"

BINS = 10
FEW = 20
"""Texts; of more of them a word that stands in a single one is nothing to learn from."""
TELLING = 25
"""Words of each side that are listed."""
OCCURS = 3
"""Texts in which a listed word stands, at least: a name that stands in fewer tells of one text."""

Chances = NDArray[np.float64]
"""Probabilities of texts that they are synthetic, 0 to 1."""
Words = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Judged:
    """The verdicts of a detector on synthetic texts and on real ones, of which it has learnt from none."""

    synthetic: Chances
    real: Chances

    @property
    def chances(self) -> Chances:
        """Return those of all texts."""
        return np.concatenate([self.synthetic, self.real])

    @property
    def truth(self) -> NDArray[np.int64]:
        """Return 1 for each synthetic text."""
        return np.repeat([1, 0], [len(self.synthetic), len(self.real)])

    @property
    def reliability(self) -> Reliability:
        """Return in bins how often texts are synthetic that are taken for it with so much certainty."""
        place = np.minimum((self.chances * BINS).astype(int), BINS - 1)
        bins = [place == number for number in range(BINS) if (place == number).any()]
        sure, right = ([float(values[one].mean()) for one in bins] for values in (self.chances, self.truth))
        return Reliability(sure, right, [int(one.sum()) for one in bins])

    def metrics(self, name: str) -> Metrics:
        """Return them by their names in MLflow: AUC, share that is right with its interval, Brier score, ECE."""
        from sklearn.metrics import brier_score_loss, roc_auc_score  # takes seconds

        hits = int(((self.chances >= 0.5) == self.truth).sum())
        low, high = intervals.wilson(hits, of=len(self.truth))
        found = {"right": hits / len(self.truth), "right_low": low, "right_high": high}
        found |= {"auc": float(roc_auc_score(self.truth, self.chances)), "ece": self.reliability.error}
        found |= {"brier": float(brier_score_loss(self.truth, self.chances))}
        found |= {"synthetic": float(len(self.synthetic)), "real": float(len(self.real))}
        return {f"{PREFIX}{name}{what}": value for what, value in found.items()}


@dataclass(frozen=True)
class Detector:
    """A logistic regression on words and pairs of words (TF-IDF)."""

    fitted: Any

    @classmethod
    def learn(cls, synthetic: Words, real: Words) -> Detector:
        """Return what has learnt to tell these texts apart; both sides count alike."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # takes seconds
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        texts = _joined([*synthetic, *real])
        least = 2 if len(texts) >= FEW else 1
        features = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), min_df=least, sublinear_tf=True)
        judge = LogisticRegression(C=10.0, max_iter=1000, class_weight="balanced")
        truth = np.repeat([1, 0], [len(synthetic), len(real)])
        return cls(make_pipeline(features, judge).fit(texts, truth))

    def chances(self, texts: Words) -> Chances:
        """Return how likely each text is synthetic."""
        found: Chances = self.fitted.predict_proba(_joined(texts))[:, 1]
        return found

    def telling(self, texts: Words) -> tuple[list[str], list[str]]:
        """Return the words that give synthetic text away, and those of real text; the strongest first."""
        features, judge = self.fitted[0], self.fitted[1]
        often = np.asarray((features.transform(_joined(texts)) > 0).sum(axis=0)).ravel() >= OCCURS
        names, weights = features.get_feature_names_out(), judge.coef_[0]
        order = [place for place in np.argsort(-weights) if often[place]]
        synthetic = [str(names[place]) for place in order[:TELLING] if weights[place] > 0]
        return synthetic, [str(names[place]) for place in order[::-1][:TELLING] if weights[place] < 0]


def cross_judged(
    synthetic: Words, real: Words, *, groups: Sequence[Hashable], real_groups: Sequence[Hashable], seed: int
) -> Judged:
    """Return what detectors say that have not learnt from a text, nor from one of its group.

    Raises ConfigError where there are too few groups to learn from some and judge others.
    """
    splits = folds([("synthetic", group) for group in groups], [("real", group) for group in real_groups], seed=seed)
    if not splits:
        raise ConfigError(
            "a detector learns from some units and judges others: give it two units and two gold texts, at least."
        )
    texts, truth = [*synthetic, *real], np.repeat([1, 0], [len(synthetic), len(real)])
    found = np.zeros(len(texts))
    for learn, judge in splits:
        sides = ([texts[place] for place in learn if truth[place] == side] for side in (1, 0))
        found[judge] = Detector.learn(*sides).chances([texts[place] for place in judge])
    return Judged(found[: len(synthetic)], found[len(synthetic) :])


def most_real(judged: Judged, *, share: float) -> list[int]:
    """Return the places of the share of synthetic texts that look most real, in their order; one at least."""
    number = max(1, round(share * len(judged.synthetic)))
    return sorted(np.argsort(judged.synthetic, kind="stable")[:number].tolist())


def _joined(texts: Words) -> list[str]:
    return [" ".join(words).casefold() for words in texts]
