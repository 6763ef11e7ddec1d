"""Hydra's door to a study: `hydra/sweeper=optuna`. Hydra looks for sweepers in this package alone.

hydra-optuna-sweeper 1.3.0 pins Optuna below 3; this one does no more than hand over to `clinsynth.cli.studies`.
"""

from __future__ import annotations

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class OptunaSweeper(Sweeper):
    """Asks Optuna for the overrides of each job, and tells it the devel score that the job returns."""

    def __init__(self, **search: Any) -> None:
        self.search = search

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what a sweep needs, as Hydra wants it."""
        self.config: DictConfig = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run the trials that the study lacks."""
        from clinsynth.cli import studies  # Hydra imports this module at every start

        studies.run(arguments, search=self.search, config=self.config, launcher=self.launcher)
