"""What Hydra does not do around jobs: name every one that failed, and how to run it again."""

from __future__ import annotations

import json
import shlex
import traceback
from pathlib import Path
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from clinsynth.errors import ClinsynthError

FILE = "failure.json"


class JobError(BaseException):
    """Carries the error of a single run past Hydra's own report of it, which would print it twice."""

    def __init__(self, error: ClinsynthError | OSError) -> None:
        self.error = error


class Failures(Callback):
    """Leaves `failure.json` in the folder of a job that failed, in whichever process it ran."""

    sweep: ClassVar[Path | None] = None
    """Folder of the sweep that this process has started."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        Failures.sweep = Path(config.hydra.sweep.dir)

    def on_job_end(self, config: DictConfig, job_return: Any, **_: Any) -> None:
        error = job_return._return_value
        if not isinstance(error, Exception):
            return
        if config.hydra.mode == RunMode.RUN:
            if isinstance(error, ClinsynthError | OSError):
                raise JobError(error)
            return
        ours = isinstance(error, ClinsynthError)
        failure = {
            "job": config.hydra.job.num,
            "stage": config.hydra.job.config_name,
            "overrides": list(config.hydra.overrides.task),
            "error": str(error) if ours else "".join(traceback.format_exception(error)),
            "bug": not ours,
        }
        (Path(config.hydra.runtime.output_dir) / FILE).write_text(json.dumps(failure, indent=2), encoding="utf-8")


def failures() -> list[dict[str, Any]]:
    """Failed jobs of the sweep that this process has started, in order."""
    if Failures.sweep is None:
        return []
    found = [json.loads(path.read_text(encoding="utf-8")) for path in Failures.sweep.glob(f"*/{FILE}")]
    return sorted(found, key=lambda failure: int(failure["job"]))


def rerun_command(failure: dict[str, Any]) -> str:
    return shlex.join(["clinsynth", failure["stage"], *failure["overrides"]])
