"""Versions: bumped when the same settings would give another result, whatever the task. A task has its own, too."""

from __future__ import annotations

CORPUS, TRAIN, ZERO_SHOT, ANALYSE = "1", "train-1", "zero-shot-1", "analyse-1"
PREDICT, REVIEW, EXPORT, JUDGED, CONVERTED = "predict-1", "review-1", "export-1", "1", "converted-1"
DISTILL, DETECT = "distill-1", "detect-1"
