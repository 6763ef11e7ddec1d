"""What a run keeps of its errors: how many of each kind, and which class is taken for which."""

from __future__ import annotations

import json
from dataclasses import asdict

from clinsynth.reports import figures
from clinsynth.tracking import ActiveRun
from clinsynth.types import Evaluation


def log_errors(run: ActiveRun, result: Evaluation) -> None:
    """Log figures of the errors; of a task with one class a text the confusion as JSON, too."""
    run.figure(figures.error_kinds(result.errors), "errors.png")
    if result.confusion:
        run.figure(figures.confusion_matrix(result.confusion), "confusion.png")
        run.text(json.dumps(asdict(result.confusion), ensure_ascii=False) + "\n", "confusion.json")
