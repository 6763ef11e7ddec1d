"""Markdown about a run or a model, and a run's settings as flat params."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from enum import Enum
from typing import Any

from clinsynth.config import TrainConfig
from clinsynth.stages import Job
from clinsynth.types import Metrics

_NOT_PARAMS = ("paths", "tracking", "force")
"""Where things lie; changes no result."""


def run_description(job: Job) -> str:
    """How to repeat the run."""
    command = shlex.join(["clinsynth", job.stage, *job.overrides])
    return f"Repeat it with\n\n```\n{command}\n```\n\nThe whole config is the artifact `config.yaml`."


def flat_params(settings: TrainConfig) -> dict[str, Any]:
    """`backbone.lr` and so on."""
    flat: dict[str, Any] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                add(f"{prefix}.{key}" if prefix else key, inner)
        else:
            flat[prefix] = value.value if isinstance(value, Enum) else "null" if value is None else value

    add("", {key: value for key, value in asdict(settings).items() if key not in _NOT_PARAMS})
    return {key: value for key, value in flat.items() if not key.startswith("dataset.files")}


def model_card(settings: TrainConfig, *, run_id: str, metrics: Metrics, usage: str) -> str:
    rows = "\n".join(f"| {name} | {value:.4f} |" for name, value in sorted(metrics.items()) if name.startswith("test/"))
    return f"""---
library_name: transformers
tags: [clinsynth, {settings.dataset.task}]
---

# {settings.backbone.name} for {settings.dataset.name}

`{settings.backbone.name_or_path}`, fine-tuned by clinsynth on the source `{settings.source.name.value}` of
`{settings.dataset.name}`, seed {settings.seed}. MLflow run `{run_id}`.

```python
{usage}
```

Scores on the gold test set:

| metric | value |
|---|---|
{rows}

Licence of the training data: {settings.dataset.licence}. Not a medical device: read its output before you rely on it.
"""
