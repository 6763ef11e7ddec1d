"""The jobs that were handed to Slurm: which there are, how far they are, and how they are cancelled."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import ConfigError

FOLDER = "slurm"
"""Of the artifact store: a file for each array."""

SHOWN = 14.0
"""Days in which an array is told of."""

ENDING = "COMPLETING"
"""The state of an allocation that begins no further job."""
RUNNING = {"RUNNING", "CONFIGURING", ENDING}

ENDS = {"done": "summary.json", "failed": "failure.json"}
"""What a job leaves in its folder."""


@dataclass(frozen=True)
class Array:
    """Jobs of a sweep that were handed over together."""

    id: str
    """As Slurm counts."""
    folder: str
    """Of the sweep; a job's is below it, by its number."""
    experiment: str
    """Empty where none was chosen."""
    allocations: list[list[int]]
    """The numbers of the jobs of each."""
    names: dict[str, str] = field(default_factory=dict)
    """What tells a job from those of other sweeps, by its number; of a sweep of a target alone."""

    @property
    def target(self) -> str:
        """Return the table or figure that it belongs to; empty where it is none of a target's."""
        return self.experiment.rpartition("/")[2].partition("_")[0]

    @property
    def ids(self) -> list[str]:
        """Return those of the allocations, as Slurm writes them; one alone makes no array."""
        number = len(self.allocations)
        return [f"{self.id}_{place}" for place in range(number)] if number > 1 else [self.id]


@dataclass(frozen=True)
class Progress:
    """How many jobs of an array are where."""

    jobs: int
    done: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0

    @property
    def gone(self) -> int:
        """Return how many have left the queue without a result: cancelled, out of time, or killed."""
        return self.jobs - self.done - self.failed - self.running - self.waiting


def check(command: str = "sbatch") -> None:
    """Raise ConfigError where Slurm's commands are not there."""
    if shutil.which(command) is None:
        raise ConfigError(
            f"there is no {command} here: Slurm is used on a machine that has its commands (a login node)."
        )


def note(store: ArtifactStore, array: Array) -> None:
    """Write down what was handed over."""
    folder = store.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{array.id}.json").write_text(json.dumps(asdict(array), indent=2), encoding="utf-8")


def arrays(store: ArtifactStore, *, target: str | None = None) -> list[Array]:
    """Return what was handed over of late, oldest first, of a target or of all."""
    since = time.time() - SHOWN * 24 * 3600
    files = [file for file in (store.root / FOLDER).glob("*.json") if file.stat().st_mtime > since]
    found = [Array(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted(files, key=_age)]
    return [array for array in found if target in (None, "all", array.target)]


def _age(file: Path) -> float:
    return file.stat().st_mtime


def queued() -> dict[str, str]:
    """Return the state of each of our allocations that Slurm still has, by its id; raises ConfigError without Slurm."""
    lines = _slurm("squeue", "--me", "--noheader", "--array", "--format=%i %T").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line.strip())


def progress(array: Array, *, held: dict[str, str]) -> Progress:
    """Return how far an array is, by the folders of its jobs and by what Slurm holds."""
    counts = Counter(jobs=sum(map(len, array.allocations)))
    for each, numbers in zip(array.ids, array.allocations, strict=True):
        ended = [what for number in numbers if (what := _left(array, number))]
        counts.update(ended)
        left = len(numbers) - len(ended)
        at_work = min(left, held.get(each) in RUNNING)
        counts.update(running=at_work, waiting=left - at_work if each in held else 0)
    return Progress(**counts)


def _left(array: Array, number: int) -> str | None:
    """Return whether a job has left a result or an error; `None` where neither."""
    job = Path(array.folder) / str(number)
    return next((what for what, file in ENDS.items() if (job / file).is_file()), None)


def names(store: ArtifactStore, *, folder: Path) -> set[str]:
    """Return the names of the jobs that were handed over from sweeps below a folder."""
    return {
        name for array in arrays(store) if Path(array.folder).is_relative_to(folder) for name in array.names.values()
    }


def waiting(store: ArtifactStore) -> set[str]:
    """Return the names of the jobs that Slurm has, and that have left nothing yet."""
    held = {each for each, state in queued().items() if state != ENDING}
    return {
        array.names[str(number)]
        for array in arrays(store)
        for each, numbers in zip(array.ids, array.allocations, strict=True)
        if each in held
        for number in numbers
        if str(number) in array.names and _left(array, number) is None
    }


def cancel(found: Sequence[Array], *, held: dict[str, str]) -> int:
    """Have Slurm end the arrays; return how many of their allocations waited or ran."""
    theirs = {array.id: set(array.ids) & set(held) for array in found}
    if ids := [each for each, allocations in theirs.items() if allocations]:
        _slurm("scancel", *ids)
    return sum(map(len, theirs.values()))


def requeue(allocation: str) -> None:
    """Have Slurm end an allocation and let it wait for its turn again."""
    _slurm("scontrol", "requeue", allocation)


def _slurm(*words: str) -> str:
    check(words[0])
    try:
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout
    except subprocess.TimeoutExpired:
        raise ConfigError(f"Slurm does not answer ({words[0]}, one minute); `sinfo` says whether it is up.") from None
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"Slurm has refused {' '.join(words)}: {error.stderr.strip()}") from None
