"""A run that is being written."""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param
from mlflow.exceptions import MlflowException
from numpy.typing import NDArray

from clinsynth.errors import redacted
from clinsynth.tracking.tags import COUNTS
from clinsynth.types import Metrics

PARAMS_PER_CALL = 100  # MLflow's limits
METRICS_PER_CALL = 1000
LONGEST_PARAM = 500

PARAMS_OF_MODEL = ("backbone", "source", "size", "annotator", "seed")
"""Of its run's."""


class ActiveRun:
    """A run that is being written."""

    def __init__(self, client: MlflowClient, run_id: str, *, lock: Path) -> None:
        self.client, self.id = client, run_id
        self._lock = lock

    def params(self, params: Mapping[str, Any]) -> None:
        listed = [Param(key, redacted(str(value))[:LONGEST_PARAM]) for key, value in params.items()]
        for start in range(0, len(listed), PARAMS_PER_CALL):
            self.client.log_batch(self.id, params=listed[start : start + PARAMS_PER_CALL])

    def measured(self, measured: Sequence[tuple[str, float, int]]) -> None:
        """Log metrics: name, value and step of each."""
        now = int(time.time() * 1000)
        listed = [Metric(name, value, now, step) for name, value, step in measured]
        for start in range(0, len(listed), METRICS_PER_CALL):
            self.client.log_batch(self.id, metrics=listed[start : start + METRICS_PER_CALL])

    def metrics(self, metrics: Metrics) -> None:
        self.measured([(name, value, 0) for name, value in metrics.items()])

    def tag(self, name: str, value: str) -> None:
        self.client.set_tag(self.id, name, value)

    def text(self, text: str, name: str) -> None:
        self.client.log_text(self.id, redacted(text), name)

    def counts(self, counts: NDArray[np.int64], *, examples: Sequence[int] | None = None) -> None:
        """Log true positives, predicted and gold of each test example, or of `examples`, for `Ledger.outcomes`."""
        places = range(len(counts)) if examples is None else examples
        rows = [("example", "true", "predicted", "gold")]
        rows += [(place, *row) for place, row in zip(places, counts.tolist(), strict=True)]
        self.text("".join(",".join(map(str, row)) + "\n" for row in rows), COUNTS)

    def table(self, rows: Sequence[Mapping[str, str]], name: str) -> None:
        """Log rows as JSON of the kind that the UI shows in columns, and compares between runs."""
        heads = list(dict.fromkeys(head for row in rows for head in row))
        columns = {head: [row.get(head, "") for row in rows] for head in heads}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what MLflow asks of pandas
            self.client.log_table(self.id, columns, name)

    def figure(self, figure: Any, name: str) -> None:
        self.client.log_figure(self.id, figure, name)

    def file(self, path: Path, folder: str | None = None) -> None:
        self.client.log_artifact(self.id, str(path), folder)

    def model(self, folder: Path, *, task: str, metrics: Metrics, tested_on: tuple[str, str]) -> None:
        """Log a saved model with its scores on a test set (name and digest), so that models are searched by them.

        The weights stay in their folder; `Ledger.register` takes them into MLflow.
        """
        run = self.client.get_run(self.id)
        model = self.client.create_logged_model(
            run.info.experiment_id,
            name=re.sub(r"[/:.%\"']", "-", folder.name),
            source_run_id=self.id,
            tags={"folder": str(folder)},
            params={name: run.data.params[name] for name in PARAMS_OF_MODEL if name in run.data.params},
            model_type=task,
        )
        name, digest = tested_on
        now = int(time.time() * 1000)
        logged = [
            Metric(key, value, now, 0, model_id=model.model_id, dataset_name=name, dataset_digest=digest[:36])
            for key, value in metrics.items()
        ]
        self.client.log_batch(self.id, metrics=logged)
        self.client.log_outputs(self.id, [LoggedModelOutput(model.model_id, step=0)])
        self.client.finalize_logged_model(model.model_id, "READY")

    def dataset(
        self, *, name: str, digest: str, source: str, context: str, sizes: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Name a dataset as an input of the run; `context` says what for, `sizes` how much of what is in it."""
        profile = json.dumps(dict(sizes))
        entry = Dataset(name, digest[:36], source_type="local", source=redacted(source), profile=profile)
        tag = InputTag("mlflow.data.context", context)
        with FileLock(self._lock):  # processes that log the same new dataset at once break its unique name
            try:
                self.client.log_inputs(self.id, datasets=[DatasetInput(entry, [tag])])
            except MlflowException:  # a process of another machine did, and it is there now
                self.client.log_inputs(self.id, datasets=[DatasetInput(entry, [tag])])
