"""Jobs that are trials of a study (`hydra/sweeper=optuna`): they return a score on devel, and are given up early."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, Pruned
from clinsynth.types import Summary

BEST = "devel/best_"
"""How metrics of the checkpoint begin that was chosen."""

FIRST = 4
"""Trials before one is given up in the middle."""

Measured = Sequence[tuple[str, float, int]]


@dataclass(frozen=True)
class Trial:
    """The trial of a study that a job is."""

    storage: str
    """File of the study."""
    study: str
    number: int

    def pruning(self, report: Callable[[Measured], None], *, metric: str) -> Callable[[Measured], None]:
        """Return a `report` that tells the study the devel score of each pass, too; it raises Pruned."""
        library = optuna()
        study = library.load_study(
            study_name=self.study,
            storage=address(Path(self.storage)),
            pruner=pruner(),
        )
        trial = library.Trial(study, study.trials[self.number]._trial_id)

        def measured(found: Measured) -> None:
            report(found)
            for value, step in [(value, step) for name, value, step in found if name == metric]:
                trial.report(value, step)
                if trial.should_prune():
                    raise Pruned(f"trial {self.number} is given up: {metric} was {value:.3f} at step {step}.")

        return measured


def of_job(hydra: Any) -> Trial | None:
    """Return the trial that a job is, by Hydra's node of its config; `None` for others, and where none is pruned."""
    sweeper = hydra.sweeper
    if "prune" not in sweeper or not sweeper.prune or "MULTIRUN" not in str(hydra.mode):
        return None
    return Trial(str(sweeper.storage), str(sweeper.study), int(hydra.job.num))


def objective(returned: Any, *, metric: str) -> float:
    """Return the score of a trial out of its summary; raises ConfigError where it has none on devel."""
    scores = returned.metrics if isinstance(returned, Summary) else {}
    found = [value for name, value in scores.items() if name == metric or (metric == "devel" and name.startswith(BEST))]
    if not found:
        raise ConfigError(
            f"hydra.sweeper.metric={metric}: the job has no such score. A study is of `clinsynth train` with devel "
            "examples: trainer.devel=gold, or trainer.holdout=0.1."
        )
    return float(found[0])


def pruner() -> Any:
    """Return what gives a trial up whose score is below the median of the others' at the same pass."""
    return optuna().pruners.MedianPruner(n_startup_trials=FIRST)


def optuna() -> Any:
    """Return the library; raises ConfigError where it is missing."""
    try:
        import optuna
    except ImportError as error:
        raise ConfigError("hydra/sweeper=optuna needs a package: pip install 'clinsynth[hpo]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def address(storage: Path) -> str:
    """Return a file of SQLite as Optuna names it."""
    return f"sqlite:///{storage}"
