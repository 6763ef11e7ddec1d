"""Jobs that no command line has begun: composed by Python, and run in its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra import compose
from omegaconf import open_dict

from clinsynth import stages
from clinsynth.stages import Job
from clinsynth.stages.grid import own_hydra


@dataclass(frozen=True)
class Composed:
    """A job that can be run: the settings of a stage, and what it is known by in the ledger."""

    settings: Any
    """As the stage gets them, typed; what hangs on gold is still open."""
    job: Job

    @property
    def stage(self) -> str:
        """Return the name of the stage."""
        return self.job.stage

    def run(self) -> Any:
        """Run the job in this process, and return what its stage returns."""
        self.job.folder.mkdir(parents=True, exist_ok=True)
        return stages.begin(self.settings, job=self.job)


def compose_job(stage: str, overrides: Sequence[str]) -> Composed:
    """Return the job of these words of a command line; raises Hydra's and OmegaConf's errors, and ConfigError."""
    with own_hydra():
        config = compose(stage, overrides=list(overrides), return_hydra_config=True)
        hydra = config.hydra
        with open_dict(config):
            hydra.runtime.output_dir = hydra.run.dir  # with the time of now
            del config["hydra"]
        return Composed(*stages.settled(config, hydra=hydra))
