"""MLflow's registry of models: versions with a signature, which others load and serve by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from clinsynth.errors import ConfigError
from clinsynth.tracking.ledger import Ledger
from clinsynth.tracking.store import quietly_in

REQUIREMENTS = ("torch", "transformers", "mlflow")
"""Packages whose versions a registered model asks for, beside clinsynth's."""


def register(
    folder: Path, *, name: str, alias: str | None, ledger: Ledger, run_id: str, texts: Sequence[str], answers: Any
) -> str:
    """Take a saved model into MLflow as the next version of `name`, logged by the run `run_id`; return that version.

    `texts` are the example of its input, `answers` what it says of them; `alias` points at this version from now on.
    Raises ConfigError for a name or an alias that MLflow refuses.
    """
    import pandas as pd

    example = pd.DataFrame({"text": list(texts)})
    others = (f"{package}=={_plain(version(package))}" for package in REQUIREMENTS)
    needed = [f"clinsynth=={version('clinsynth')}", *others]
    try:
        with quietly_in(ledger.uri), mlflow.start_run(run_id):
            logged = mlflow.pyfunc.log_model(
                name=folder.name.replace(".", "-"),
                loader_module="clinsynth.pyfunc",
                data_path=str(folder),
                signature=infer_signature(example, answers),
                input_example=example,
                pip_requirements=needed,
                registered_model_name=name,
            )
        number = str(logged.registered_model_version)
        if alias:
            ledger.client.set_registered_model_alias(name, alias, number)
    except MlflowException as error:
        raise ConfigError(f"MLflow does not register the model as register={name} alias={alias}: {error}") from error
    return number


def _plain(found: str) -> str:
    """Return a version without what only a build of this machine has, as in 2.13.0+cpu."""
    return found.partition("+")[0]
