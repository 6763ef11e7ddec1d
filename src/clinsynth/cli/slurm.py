"""Jobs of a sweep as jobs of Slurm: handed over in arrays, several to an allocation, and queued again when put off."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn
from hydra.types import HydraContext, TaskFunction
from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher
from omegaconf import DictConfig, OmegaConf
from submitit import AutoExecutor, JobEnvironment
from submitit.core.utils import FailedJobError

from clinsynth.artifacts import ArtifactStore
from clinsynth.cli.signals import as_ctrl_c
from clinsynth.errors import ConfigError, JobsFailed
from clinsynth.stages import queue
from clinsynth.stages.queue import Array

PUT_OFF = (signal.SIGUSR1, signal.SIGUSR2)
"""What Slurm sends ahead of the end of an allocation's time."""

STOPPED = 130
"""Exit status of an allocation that was stopped."""

LARGEST = 1000
"""Allocations of an array; Slurm takes no more where MaxArraySize was left as it is."""

EVERY = 2.0
"""Seconds between two looks at the queue."""

OWN = ("submitit_folder", "python", "max_num_timeout", "jobs_per_allocation", "wait", "only")
"""Keys that are no parameters of an allocation."""

Numbered = tuple[int, list[str]]
"""A job: its number in the sweep, and its overrides."""


class Allocation(SlurmLauncher):  # type: ignore[misc]
    """The work of an allocation: jobs, one after another, in one process."""

    def __init__(self, *, requeues: int) -> None:
        super().__init__()
        self.requeues = requeues

    def __call__(self, jobs: Sequence[Numbered], state: Any) -> list[JobReturn]:
        """Run the jobs; a run that is asked to end is KILLED, and what is left waits for another turn."""
        with as_ctrl_c(signal.SIGTERM, *PUT_OFF) as came:
            try:
                return [self._run(*job, state=state) for job in jobs]
            except KeyboardInterrupt:
                restarts = int(os.environ.get("SLURM_RESTART_COUNT", 0))
                if set(came) & set(PUT_OFF) and restarts < self.requeues:
                    queue.requeue(JobEnvironment().job_id)
                sys.exit(STOPPED)

    def _run(self, number: int, words: list[str], *, state: Any) -> JobReturn:
        returned: JobReturn = super().__call__(words, "hydra.sweep.dir", number, str(number), state)
        return returned


def launch(
    overrides: Sequence[Sequence[str]],
    *,
    first: int,
    how: Mapping[str, Any],
    context: HydraContext,
    task: TaskFunction,
    config: DictConfig,
) -> list[JobReturn]:
    """Hand jobs over, the first of which has the number `first`; return what they return where they are waited for."""
    wanted = dict(_numbered(str(each)) for each in how["only"])
    jobs = [(first + place, list(words)) for place, words in enumerate(overrides)]
    chosen = [job for job in jobs if not wanted or job[0] in wanted]
    packs = _slices(chosen, how["jobs_per_allocation"])
    run = Allocation(requeues=how["max_num_timeout"])
    run.setup(hydra_context=context, task_function=task, config=config)
    store, submitted = ArtifactStore(Path(config.paths.artifacts)), []
    for some in _slices(packs, LARGEST):
        submitted += (given := _submitted(run, some, how=how))
        array = Array(
            id=given[0].job_id.partition("_")[0],
            folder=str(Path(config.hydra.sweep.dir).resolve()),
            experiment=config.hydra.runtime.choices.get("experiment") or "",
            allocations=[[number for number, _ in pack] for pack in some],
            names={str(number): name for pack in some for number, _ in pack if (name := wanted.get(number))},
        )
        queue.note(store, array)
        print(f"Slurm has {sum(map(len, some))} jobs in {len(some)} allocations: {array.id}.", flush=True)
    return _returned(submitted) if how["wait"] else []


def _submitted(run: Allocation, packs: Sequence[Sequence[Numbered]], *, how: Mapping[str, Any]) -> list[Any]:
    """Return submitit's jobs, one an allocation; raises ConfigError where Slurm refuses them."""
    queue.check()
    started = {"slurm_python": how["python"]} if how["python"] else {}
    executor = AutoExecutor(cluster="slurm", folder=how["submitit_folder"], **started)
    shared = set(OmegaConf.structured(BaseQueueConf).keys())
    told = {key: _plain(value) for key, value in how.items() if key not in OWN}
    try:
        executor.update_parameters(**{key if key in shared else f"slurm_{key}": told[key] for key in told})
        return list(executor.map_array(run, packs, [Singleton.get_state()] * len(packs)))
    except FailedJobError as error:
        raise ConfigError(f"Slurm has refused the jobs ({error}): see the keys of hydra.launcher.") from error


def _returned(submitted: Sequence[Any]) -> list[JobReturn]:
    """Wait until Slurm has none of the allocations, and return what their jobs return; raises JobsFailed for lost ones.

    What left the queue has its result in the folder of submitit, whether or not Slurm keeps accounts.
    """
    ids = {job.job_id for job in submitted}
    while ids & set(queue.queued()):
        time.sleep(EVERY)
    files = [job.paths.result_pickle for job in submitted]
    if lost := [job.job_id for job, file in zip(submitted, files, strict=True) if not file.is_file()]:
        raise JobsFailed(
            f"{len(lost)} allocations of Slurm have left no result ({', '.join(lost)}): cancelled, out of time, or "
            "killed with their node. The same command runs what is missing, and skips the rest."
        )
    return [found for file in files for found in _result(file)]


def _result(file: Path) -> list[JobReturn]:
    outcome, found = pickle.loads(file.read_bytes())
    if outcome != "success":
        raise JobsFailed(f"An allocation has failed before its jobs began: {found}")
    return list(found)


def _numbered(word: str) -> tuple[int, str]:
    number, _, name = word.partition(":")
    return int(number), name


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _slices(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
