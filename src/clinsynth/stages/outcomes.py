"""What a run keeps of its scores and errors, beside metrics: figures, and as JSON what is too much for them."""

from __future__ import annotations

import json
from dataclasses import asdict

from clinsynth.reports import figures
from clinsynth.tracking import ActiveRun
from clinsynth.types import Evaluation

PREDICTIONS = "predictions.jsonl"
"""Artifact of a run whose texts may stand in MLflow: test examples with gold and prediction."""


def log_outcomes(run: ActiveRun, result: Evaluation) -> None:
    """Log figures of the errors, and as JSON what is too much for metrics: the confusion of classes, more scores."""
    run.figure(figures.error_kinds(result.errors), "errors.png")
    if result.confusion:
        run.figure(figures.confusion_matrix(result.confusion), "confusion.png")
        run.text(json.dumps(asdict(result.confusion), ensure_ascii=False) + "\n", "confusion.json")
    if result.reliability is not None:
        run.figure(figures.reliability(result.reliability), "reliability.png")
    if result.details:
        run.text(json.dumps(result.details, indent=2, ensure_ascii=False) + "\n", "scores.json")
