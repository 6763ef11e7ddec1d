"""Hydra's door to Slurm: `hydra/launcher=slurm`. Hydra looks for launchers in this package alone.

It hands over to `clinsynth.cli.slurm`, which builds on hydra-submitit-launcher, an extra that need not be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from clinsynth.errors import ConfigError


class SlurmLauncher(Launcher):
    """Submits the jobs of a sweep as arrays of Slurm."""

    def __init__(self, **how: Any) -> None:
        self.how = how

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what a job needs, as Hydra wants it."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Hand the jobs over; return what they return, or nothing where nobody waits for them."""
        try:
            from clinsynth.cli import slurm  # Hydra imports this module at every start
        except ImportError as error:
            raise ConfigError("hydra/launcher=slurm needs a package: pip install 'clinsynth[slurm]'") from error
        return slurm.launch(
            job_overrides,
            first=initial_job_idx,
            how=self.how,
            context=self.context,
            task=self.task,
            config=self.config,
        )
