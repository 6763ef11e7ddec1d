"""The jobs of an experiment, composed without running them: what a table needs, and by which key its run is found."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.initialize import get_gh_backup, restore_gh_from_backup
from omegaconf import DictConfig, OmegaConf

from clinsynth import config
from clinsynth.config import grids
from clinsynth.errors import ConfigError
from clinsynth.learning import hardware
from clinsynth.stages.overrides import combinations, config_dirs, places, quoted

JobChoice = Callable[[Sequence[str]], bool]
"""Whether a job is to be composed, by its overrides."""


@dataclass(frozen=True)
class Planned:
    """One job of a grid."""

    stage: str
    experiment: str
    """As it is chosen: `train/mini/table7`."""
    overrides: tuple[str, ...]
    settings: Any
    """Resolved."""
    run_key: str
    """Empty for a stage that leaves no run of its own."""

    @property
    def command(self) -> tuple[str, ...]:
        """The words that run this job alone."""
        return (
            "clinsynth",
            self.stage,
            f"experiment={self.experiment}",
            *self.overrides,
            "hydra.mode=RUN",
            *_given(places),
        )


def jobs(
    target: str, *, scale: str, overrides: Sequence[str] = (), wanted: JobChoice = lambda words: True
) -> list[Planned]:
    """Return the jobs of all experiments of a target, in their order.

    `overrides` hold for each whose stage has their key, and may replace an axis; raises ConfigError for one that no
    stage has. Those of Hydra and its launchers change no job.
    """
    found = grids.experiments(target, scale=scale)
    stages = {experiment.partition("/")[0] for experiment in found}
    for word in overrides:
        if not any(applies(word, stage=stage) for stage in stages):
            raise ConfigError(
                f"{word} behind -- holds for no job of {target}: it is no key of {', '.join(sorted(stages))}."
            )
    return [job for experiment in found for job in _jobs(experiment, overrides=overrides, wanted=wanted)]


def elsewhere(job: Planned) -> tuple[str, ...]:
    """Return the keys of the job's run where another machine has settled `trainer.precision=auto` than this one."""
    trainer = getattr(job.settings, "trainer", None)
    if job.stage != "train" or trainer is None or trainer.precision != "auto":
        return ()
    planned = import_module(f"clinsynth.stages.{job.stage}").planned
    others = [each for each in hardware.SETTLED if each != hardware.precision(trainer)]
    return tuple(planned(replace(job.settings, trainer=replace(trainer, precision=each)))[1] for each in others)


def applies(word: str, *, stage: str) -> bool:
    """Return whether a stage has the key of an override."""
    key = re.split(r"[.=/@]", word.lstrip("+~"), maxsplit=1)[0]
    return key == "hydra" or key in {item.name for item in fields(config.STAGES[stage])}


def command(experiment: str, *, overrides: Sequence[str]) -> list[str]:
    """Return the words that run a whole experiment: its axes, which `overrides` may replace, and the other ones."""
    grid = grids.grid(experiment)
    given = [word for word in overrides if applies(word, stage=grid.stage)]
    words = {word.partition("=")[0]: word for word in (*map("=".join, grid.params().items()), *given)}
    return ["clinsynth", grid.stage, "-m", f"experiment={experiment}", *words.values(), *_given(places)]


def _jobs(experiment: str, *, overrides: Sequence[str], wanted: JobChoice) -> Iterator[Planned]:
    stage = experiment.partition("/")[0]
    told = [word for word in overrides if applies(word, stage=stage) and not word.startswith("hydra")]
    with own_hydra():
        composer = Composer(stage, experiment)
        for words in filter(wanted, combinations(grids.grid(experiment).params(), told)):
            settings, key = config.typed(composer.compose(words), config.STAGES[stage]), ""
            if stage in grids.LOGGED:
                settings, key = import_module(f"clinsynth.stages.{stage}").planned(settings)
            yield Planned(stage, experiment, tuple(words), settings, key)


class Composer:
    """Composes the jobs of an experiment: each option of a group once, however many jobs it is part of.

    Hydra takes a fifth of a second for each composition, and a grid has hundreds of jobs. An option of our groups fills
    the node of its group and no other, so that jobs are put together of such nodes; keys are set last, as Hydra does.
    Needs `own_hydra`.
    """

    def __init__(self, stage: str, experiment: str) -> None:
        self.stage, self.experiment = stage, experiment
        self._groups = set(GlobalHydra.instance().config_loader().list_groups(""))
        self._nodes: dict[tuple[str, ...], Any] = {}
        """Of a group, by the words that only Hydra can apply and the one that chooses its option."""
        self._bases: dict[tuple[object, ...], DictConfig] = {}
        """All other nodes, by the same words and the groups of which a job chooses an option."""
        self._parser = OverridesParser.create()

    def compose(self, words: Sequence[str]) -> DictConfig:
        """Return the config of a job with these overrides."""
        parsed = self._parser.parse_overrides(list(words))
        whole = tuple(override.input_line or "" for override in parsed if _needs_hydra(override))
        plain = [override for override in parsed if not _needs_hydra(override)]
        chosen = {over.key_or_group: over.input_line or "" for over in plain if over.key_or_group in self._groups}
        new = {group: word for group, word in chosen.items() if (*whole, word) not in self._nodes}
        base = (*whole, frozenset(chosen))
        if new or base not in self._bases:
            path = [f"hydra.searchpath=[{quoted(f'file://{folder}')}]" for folder in _given(config_dirs)]
            made = compose(self.stage, overrides=[*path, f"experiment={self.experiment}", *whole, *new.values()])
            self._bases.setdefault(base, made)
            self._nodes |= {(*whole, word): made[group] for group, word in new.items()}
        found = copy.deepcopy(self._bases[base])
        for group, word in chosen.items():
            found[group] = self._nodes[(*whole, word)]
        for override in plain:
            if override.key_or_group not in chosen:
                OmegaConf.update(found, override.key_or_group, override.value(), merge=True)
        return found


def _needs_hydra(override: Override) -> bool:
    """Return whether a word does more than choose an option of a group, or set a key."""
    return override.type != OverrideType.CHANGE or override.package is not None or "/" in override.key_or_group


def _given(read: Callable[[Any], list[str]]) -> list[str]:
    """Return what is read off the job that runs; empty where none does."""
    return read(HydraConfig.get()) if HydraConfig.initialized() else []


@contextmanager
def own_hydra() -> Iterator[None]:
    """Hydra for composing, beside the one that runs this job, of which it wants to be the only one."""
    running = get_gh_backup()
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
            yield
    finally:
        restore_gh_from_backup(running)
