"""Runs that stand below one run, that of their table or sweep, in MLflow's UI."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient

from clinsynth.keys import digest
from clinsynth.tracking.tags import GROUP, LOOK, PARENT, VIEW_TAG


def stand_under(client: MlflowClient, run_id: str, *, group: str, description: str, lock: Path) -> None:
    """Put a run below the one of its experiment that stands for a group, unless it stands below one already."""
    run = client.get_run(run_id)
    if PARENT not in run.data.tags:
        with FileLock(lock):
            above = _run_of(client, run.info.experiment_id, group, description=description)
        client.set_tag(run_id, PARENT, above)


def _run_of(client: MlflowClient, experiment: str, group: str, *, description: str) -> str:
    """Return the run that stands for a group, made if need be: it has no results."""
    key = digest([experiment, group])[:24]
    found = client.search_runs([experiment], filter_string=f"tags.{GROUP} = '{key}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {"mlflow.runName": group, "mlflow.note.content": description, GROUP: key}
    made = str(client.create_run(experiment, tags=tags).info.run_id)
    client.set_terminated(made)
    client.set_experiment_tag(experiment, VIEW_TAG, LOOK[VIEW_TAG])  # earlier releases had no groups to think of
    return made
