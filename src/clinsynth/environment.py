"""What libraries read from the environment when they are imported."""

from __future__ import annotations

import os

_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_DISABLE_TELEMETRY": "true",
    "DISABLE_TELEMETRY": "true",
    "DISABLE_SAFETENSORS_CONVERSION": "true",  # transformers would name a model that has none to a service of the hub
    # Threads that wait without spinning: two jobs side by side ran twice as fast, one alone a tenth slower.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",  # warns at every fork otherwise
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def settle_environment() -> None:
    """Set, where nothing else is said: no telemetry, and good neighbours on shared cores."""
    for variable, value in _DEFAULTS.items():
        os.environ.setdefault(variable, value)
