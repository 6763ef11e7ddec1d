"""What is said of labels of test rows that come with the project."""

from __future__ import annotations

from collections.abc import Mapping

from clinsynth.analysis.intervals import wilson
from clinsynth.types import Adjudication


def adjudication_text(labels: Adjudication) -> str:
    """Return who labelled a test set, how far they agree, and how often gold says the same."""
    low, high = wilson(labels.stands, of=labels.rows)
    kappa = "" if labels.kappa is None else f", Fleiss' kappa {labels.kappa:.2f}"
    return (
        f"labels of {labels.annotators} LLM annotators (claude), no people{kappa}: the gold label stands in "
        f"{labels.stands} of {labels.rows} rows ({labels.stands / labels.rows:.1%} [{low:.1%}, {high:.1%}])"
        + (f"; {labels.shown} rows that the recorded prompts show are not tested" if labels.shown else "")
    )


def logged(labels: Adjudication) -> dict[str, float]:
    """Return the metrics of a run from which `of_metrics` reads it again."""
    return {f"adjudicated/{name}": float(value) for name, value in vars(labels).items() if value is not None}


def of_metrics(metrics: Mapping[str, float]) -> Adjudication | None:
    """Return what a run has logged of its test set; `None` where that is gold's own, or people's."""
    if "adjudicated/rows" not in metrics:
        return None
    counts = {name: int(metrics[f"adjudicated/{name}"]) for name in ("annotators", "rows", "shown", "stands")}
    return Adjudication(**counts, kappa=metrics.get("adjudicated/kappa"))
