"""Ways in which a model learns a task and is read: a folder each, and a line below.

What is here knows neither a task nor a kind of model: training sets, documents in and out, folders of saved models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clinsynth.errors import ConfigError
from clinsynth.learning.learner import Learner


def _encoder() -> Learner:
    from clinsynth.learning.encoder import learner

    return learner


def _causal() -> Learner:
    from clinsynth.learning.causal import learner

    return learner


LEARNERS: Mapping[str, Callable[[], Learner]] = {
    "encoder": _encoder,
    "causal": _causal,
}


def open_learner(name: str) -> Learner:
    """Return a learner by its name; raises ConfigError where there is none, such as for a model of a later release."""
    if name not in LEARNERS:
        raise ConfigError(f"there is no learner {name}: those that there are: {', '.join(LEARNERS)}.")
    return LEARNERS[name]()
