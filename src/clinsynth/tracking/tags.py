"""Names by which runs are found again, and the looks of an experiment in MLflow's UI."""

from __future__ import annotations

import json

RUN_KEY, ARM_KEY, CORPUS, ANSWERS, LOCK, HOST = "run_key", "arm_key", "corpus", "answers", "lock", "host"
"""Tags of a run."""

WEIGHTS_KEY = "weights_key"
"""Tag of a run whose model reads in a way of its own: the run key of what learns the same weights and reads plainly."""

BEAT = "beat"
"""Tag of a run in a store that several machines share: when it was last alive, in seconds since 1970."""
GROUP, PARENT = "group", "mlflow.parentRunId"
"""Tags: of a run that has no results and under which others stand, a digest; of these, the id of that run."""

SENT = "sent_log"
"""Tag of a run that has asked an LLM: the last line of the log of what was sent, when it ended."""

PRUNED = "pruned"
"""Tag of a run that was given up: other trials of its study were better."""

COUNTS = "counts.csv"
"""Artifact of a scored run."""

COLUMNS = (
    *(f"metrics.`test/{name}`" for name in ("f1", "precision", "recall")),
    *(f"params.`{name}`" for name in ("seed", "source", "size", "annotator", "backbone")),
    *("metrics.`examples`", "attributes.`Dataset`"),
)
"""What the UI's table of runs shows of each, by its own names."""

VIEW = "clinsynth"
"""Name of that view in the UI's addresses: `?viewStateShareKey=clinsynth`."""

VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
"""Tag of an experiment that holds it."""

LOOK = {
    "mlflow.experimentKind": "custom_model_development",  # or it opens in the view of chats
    "mlflow.experiment.primaryMetric.name": "test/f1",
    "mlflow.experiment.primaryMetric.greaterIsBetter": "True",
    # By score: only where runs are in the order of time does the UI nest them, and closes what others stand below.
    VIEW_TAG: json.dumps(
        {"selectedColumns": COLUMNS, "columnOrder": COLUMNS, "orderByKey": COLUMNS[0], "orderByAsc": False}
    ),
}
"""Tags by which the UI shows an experiment of ours."""

NOTE = (
    "Runs of clinsynth on {name}; those of a table or a sweep stand below one that has its name. Group them by the tag "
    "`arm` (what a model has learnt from) for means over seeds, or by `sweep`; each run says how to repeat it."
)
