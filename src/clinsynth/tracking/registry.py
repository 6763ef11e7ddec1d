"""MLflow's registry of models: versions with a signature, which others load and serve by name."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from clinsynth.errors import ConfigError
from clinsynth.tracking.ledger import Ledger

REQUIREMENTS = ("torch", "transformers", "mlflow")
"""Packages whose versions a registered model asks for, beside clinsynth's."""
STORE, SILENT = "MLFLOW_TRACKING_URI", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
"""Variables that MLflow reads."""


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
        with _quietly_in(ledger.uri), mlflow.start_run(run_id):
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


@contextmanager
def _quietly_in(uri: str) -> Iterator[None]:
    """Write to this store, as the process does to its own.

    Models are logged to the store of the process, of which MLflow tells its children by a variable; another one may
    be the user's. MLflow loads what it has just logged, and tells of its own doings on the terminal.
    """
    before = {name: os.environ.get(name) for name in (STORE, SILENT)}
    own = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
    os.environ[SILENT] = "true"
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            mlflow.set_tracking_uri(uri)
            yield
    finally:
        mlflow.set_tracking_uri(own)  # type: ignore[arg-type]  # None is what it begins with
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
