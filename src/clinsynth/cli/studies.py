"""Searches for settings: Optuna proposes the overrides of each trial, and is told its score on devel.

A study lies in SQLite and is continued by the same command, after a kill, too. The settings as they are without a
search are its first trial, so that what is found is never worse than they are, on devel.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from clinsynth.cli import sweeps
from clinsynth.errors import ConfigError, Pruned
from clinsynth.reports.console import say
from clinsynth.stages import trials
from clinsynth.stages.overrides import plain_or_quoted

DATA = ("source", "size", "seed_ratio", "units", "negatives", "prompt", "generation", "llm", "annotator", "quality")
"""Nodes whose settings change what is learnt."""

DEVEL_OF_ALL = "trainer.devel=gold"
SPACE = "space"
"""Attribute of a study: the words of its space."""

AT_RANDOM = 10
"""Trials before scores decide what is tried; a third of a study that is small."""


@dataclass(frozen=True)
class Space:
    """Overrides that all trials share, and the keys that Optuna chooses."""

    fixed: tuple[str, ...]
    free: Mapping[str, Any]
    """Optuna's distribution of each."""

    def words(self, chosen: Mapping[str, Any]) -> list[str]:
        """Return the overrides of a trial."""
        return [*self.fixed, *(f"{key}={value}" for key, value in chosen.items())]


def run(arguments: Sequence[str], *, search: Mapping[str, Any], config: DictConfig, launcher: Any) -> None:
    """Run the trials that a study lacks; raises ConfigError for a space or a metric that is none."""
    optuna = trials.optuna()
    space = _space(arguments, params=search["params"])
    _check(search, space)
    folder, storage = Path(config.hydra.sweep.dir), Path(search["storage"])
    _make_jobs_trials(config, search)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(config, folder / sweeps.WHOLE)
    storage.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{storage}.lock", timeout=0):
            study = optuna.create_study(
                storage=trials.address(storage),
                study_name=search["study"],
                direction="maximize",
                load_if_exists=True,
                pruner=trials.pruner(),
            )
            _check_same(study, space)
            _search(study, space, search=search, config=config, launcher=launcher)
    except Timeout:
        raise ConfigError(
            f"another process is at a study in {storage}: wait for it, or give another storage."
        ) from None
    _tell(study, space, stage=str(config.hydra.job.config_name), folder=folder)


def _make_jobs_trials(config: DictConfig, search: Mapping[str, Any]) -> None:
    """Let each job know its study by words of its own, for `search=` begins one and is none of a trial's."""
    own = [f"hydra.sweeper.{key}={plain_or_quoted(str(search[key]))}" for key in ("study", "storage", "prune")]
    words = ["hydra/sweeper=optuna", *config.hydra.overrides.hydra, *own, "hydra.mode=MULTIRUN"]
    OmegaConf.update(config, "hydra.overrides.hydra", words)


def _check(search: Mapping[str, Any], space: Space) -> None:
    """Raise ConfigError for scores that must not choose, and for trials that would be scored on other texts each."""
    if not str(search["metric"]).startswith("devel"):
        raise ConfigError(
            f"hydra.sweeper.metric={search['metric']}: settings are chosen on devel alone, or the test set would no "
            "longer say what a model is worth; give devel, or a metric such as devel/best_f1."
        )
    of_data = [key for key in space.free if key.split(".")[0] in DATA]
    if of_data and DEVEL_OF_ALL not in space.fixed:
        raise ConfigError(
            f"{', '.join(of_data)} would be chosen on what is held out of each trial's own data, and these cannot be "
            f"compared: give {DEVEL_OF_ALL}, which scores all trials on the same gold examples."
        )


def _check_same(study: Any, space: Space) -> None:
    """Raise ConfigError where a study of this name has searched something else: its scores say nothing here."""
    words = [*space.fixed, *(f"{key}: {values}" for key, values in space.free.items())]
    before = study.user_attrs.get(SPACE) or sorted(words)
    if differing := sorted({*before} ^ {*words}):
        raise ConfigError(
            f"the study {study.study_name} has searched another space, or with other settings "
            f"({'; '.join(differing)}): give this one a name, hydra.sweeper.study=another, or the words of the first "
            "command."
        )
    study.set_user_attr(SPACE, before)


def _space(arguments: Sequence[str], *, params: Mapping[str, Any]) -> Space:
    words = [*(f"{key}={value}" for key, value in params.items()), *arguments]
    fixed: dict[str, str] = {}
    free: dict[str, Any] = {}
    for override in OverridesParser.create().parse_overrides(list(words)):
        key = override.get_key_element()
        if key == "search":  # whose words are among the params
            continue
        fixed.pop(key, None)  # of two the later one counts, as everywhere
        free.pop(key, None)
        if override.is_sweep_override():
            free[key] = _distribution(override)
        else:
            fixed[key] = override.input_line or ""
    if not free:
        raise ConfigError(
            "a study needs something to choose: 'backbone.lr=tag(log, interval(1e-5, 1e-3))', 'trainer.epochs=range(3, "
            "13)', size=n1,n5, or hydra.sweeper.params in an experiment."
        )
    return Space(tuple(fixed.values()), free)


def _distribution(override: Override) -> Any:
    optuna = trials.optuna()
    value = override.value()
    if isinstance(value, IntervalSweep):
        return optuna.distributions.FloatDistribution(value.start, value.end, log="log" in value.tags)
    if isinstance(value, RangeSweep) and isinstance(value.step, int):
        last = range(int(value.start or 0), int(value.stop or 0), value.step)[-1]
        return optuna.distributions.IntDistribution(int(value.start or 0), last, step=value.step)
    return optuna.distributions.CategoricalDistribution(list(override.sweep_string_iterator()))


def _search(study: Any, space: Space, *, search: Mapping[str, Any], config: DictConfig, launcher: Any) -> None:
    optuna = trials.optuna()
    states = optuna.trial.TrialState
    for trial in study.get_trials(states=(states.RUNNING,)):  # of a process that was killed
        study.tell(trial.number, state=states.FAIL)
    if not study.trials:
        study.enqueue_trial(_as_it_is(space, config), skip_if_exists=True)
    done = len(study.get_trials(states=(states.COMPLETE, states.PRUNED)))
    say(f"study {study.study_name}: {done} of {search['trials']} trials are done ({search['storage']})")
    while done < search["trials"]:
        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=min(AT_RANDOM, search["trials"] // 3),
            seed=search["seed"] + len(study.trials),
            constant_liar=True,
        )
        asked = [study.ask(dict(space.free)) for _ in range(min(search["at_once"], search["trials"] - done))]
        words = [space.words(trial.params) for trial in asked]
        returned = launcher.launch(words, initial_job_idx=asked[0].number)
        for trial, found in zip(asked, returned, strict=True):
            _end(study, trial, found, metric=search["metric"])
        done += len(asked)
        if not study.get_trials(states=(states.COMPLETE,)):
            _ = returned[0].return_value  # raises what has gone wrong: the next one would, too


def _as_it_is(space: Space, config: DictConfig) -> dict[str, Any]:
    """Return the values that the free keys have without a search; of a list that does not hold it the first one."""
    found = {}
    for key, values in space.free.items():
        value = _usual(key, config)
        if hasattr(values, "choices"):
            found[key] = str(value) if str(value) in values.choices else values.choices[0]
        elif isinstance(value, int | float) and values._contains(value):
            found[key] = value
    return found


def _usual(key: str, config: DictConfig) -> Any:
    """Return the value of a key, the chosen option of a group, or the learning rate that is the task's."""
    value = OmegaConf.select(config, key)
    if key == "backbone.lr" and value is None:
        return config.backbone.lr_by_task.get(config.dataset.task)
    return config.hydra.runtime.choices.get(key) if OmegaConf.is_config(value) else value


def _end(study: Any, trial: Any, found: JobReturn, *, metric: str) -> None:
    """Tell the study what has become of a trial, and say it."""
    states, error = trials.optuna().trial.TrialState, found._return_value
    words = " ".join(f"{key}={_short(value)}" for key, value in trial.params.items())
    if found.status is JobStatus.COMPLETED:
        value = trials.objective(found.return_value, metric=metric)
        study.tell(trial, value)
        say(f"trial {trial.number}: {100 * value:.1f} on devel, {words} (best {100 * study.best_value:.1f})")
    elif isinstance(error, Pruned):
        study.tell(trial, state=states.PRUNED)
        say(f"trial {trial.number}: given up, {words}")
    else:
        study.tell(trial, state=states.FAIL)
        say(f"trial {trial.number}: failed, {words}: {str(error).splitlines()[0][:200]}")


def _tell(study: Any, space: Space, *, stage: str, folder: Path) -> None:
    """Print the best trial and how to train with it on other seeds; draw how it was found."""
    best = study.best_trial
    command = [
        "clinsynth",
        stage,
        *space.fixed,
        *(f"{key}={plain_or_quoted(str(v))}" for key, v in best.params.items()),
    ]
    say(f"best: {100 * best.value:.1f} on devel, trial {best.number}: {shlex.join(command)}")
    for path in _pictures(study, folder=folder):
        say(f"  {path}")


def _pictures(study: Any, *, folder: Path) -> Iterator[Path]:
    """Draw the history of a study and the importance of its keys, as far as there are trials enough."""
    import warnings

    import matplotlib

    matplotlib.use("Agg")
    visual = trials.optuna().visualization.matplotlib
    for name, draw in (("history", visual.plot_optimization_history), ("importances", visual.plot_param_importances)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # these pictures are experimental, Optuna says
            try:
                figure = draw(study).figure
            except (ValueError, RuntimeError):  # of one trial, or of one score
                continue
        figure.tight_layout()
        figure.savefig(folder / f"{name}.png", dpi=120)
        yield folder / f"{name}.png"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
