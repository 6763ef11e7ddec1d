"""The jobs of an experiment, composed without running them: what a table needs, and by which key its run is found."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.initialize import get_gh_backup, restore_gh_from_backup
from omegaconf import DictConfig, OmegaConf

from clinsynth import config
from clinsynth.errors import ConfigError
from clinsynth.stages.overrides import combinations, quoted

FOLDER = "experiment"
JobChoice = Callable[[Sequence[str]], bool]
"""Whether a job is to be composed, by its overrides."""
LOGGED = ("train", "zero_shot", "analyse")
"""Stages whose jobs leave a run: each module has `planned`, which returns the resolved settings and the run's key."""


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
        """What runs this job alone."""
        places = (f"--config-dir={folder}" for folder in config_dirs())
        return ("clinsynth", self.stage, f"experiment={self.experiment}", *self.overrides, "hydra.mode=RUN", *places)


SCALES = ("paper", "mini", "smoke")


def check(scale: str) -> None:
    if scale not in SCALES:
        raise ConfigError(f"scale={scale} is none: scales are {', '.join(SCALES)}.")


def targets(scale: str) -> list[str]:
    """Tables and figures that have experiments at a scale."""
    return sorted({path.stem.partition("_")[0] for path in _files(scale, "*")})


def experiments(target: str, *, scale: str) -> list[str]:
    """All that a target is made of: `table7`, `table7_original` ...; raises ConfigError where there is none."""
    check(scale)
    chosen = [path for path in _files(scale, "*") if path.stem.partition("_")[0] == target]
    if not chosen:
        raise ConfigError(
            f"target={target} has no experiment at scale={scale}. Those that have: {', '.join(targets(scale))}."
        )
    root = config.conf_folder() / FOLDER
    return [str(path.relative_to(root).with_suffix("")) for path in chosen]


def jobs(
    target: str, *, scale: str, overrides: Sequence[str] = (), wanted: JobChoice = lambda words: True
) -> list[Planned]:
    """The jobs of all experiments of a target, in their order.

    `overrides` hold for each whose stage has their key, and may replace an axis; raises ConfigError for one that no
    stage has. Those of Hydra and its launchers change no job.
    """
    found = experiments(target, scale=scale)
    stages = {experiment.partition("/")[0] for experiment in found}
    for word in overrides:
        if not any(applies(word, stage=stage) for stage in stages):
            raise ConfigError(
                f"{word} behind -- holds for no job of {target}: it is no key of {', '.join(sorted(stages))}."
            )
    return [job for experiment in found for job in _jobs(experiment, overrides=overrides, wanted=wanted)]


def applies(word: str, *, stage: str) -> bool:
    """Whether a stage has the key of an override."""
    key = re.split(r"[.=/@]", word.lstrip("+~"), maxsplit=1)[0]
    return key == "hydra" or key in {item.name for item in fields(config.STAGES[stage])}


def _jobs(experiment: str, *, overrides: Sequence[str], wanted: JobChoice) -> Iterator[Planned]:
    stage = experiment.partition("/")[0]
    told = [word for word in overrides if applies(word, stage=stage) and not word.startswith("hydra")]
    with own_hydra():
        composer = Composer(stage, experiment)
        for words in filter(wanted, grid(experiment, overrides=told)):
            settings, key = config.typed(composer.compose(words), config.STAGES[stage]), ""
            if stage in LOGGED:
                settings, key = import_module(f"clinsynth.stages.{stage}").planned(settings)
            yield Planned(stage, experiment, tuple(words), settings, key)


class Composer:
    """Composes the jobs of an experiment: each option of a group once, however many jobs it is part of.

    Hydra takes a fifth of a second for each composition, and a grid has hundreds of jobs. An option of our groups fills
    the node of its group and no other, so that jobs are put together of such nodes; keys are set last, as Hydra does.
    """

    def __init__(self, stage: str, experiment: str) -> None:
        self.stage, self.experiment = stage, experiment
        self._nodes: dict[tuple[str, ...], Any] = {}
        """Of a group, by the words that only Hydra can apply and the one that chooses its option."""
        self._bases: dict[tuple[object, ...], DictConfig] = {}
        """All other nodes, by the same words and the groups of which a job chooses an option."""
        self._parser = OverridesParser.create()

    def compose(self, words: Sequence[str]) -> DictConfig:
        """Return the config of a job with these overrides."""
        parsed = self._parser.parse_overrides(list(words))
        whole = tuple(override.input_line or "" for override in parsed if self._needs_hydra(override))
        plain = [override for override in parsed if not self._needs_hydra(override)]
        chosen = {over.key_or_group: over.input_line or "" for over in plain if self._is_group(over)}
        new = {group: word for group, word in chosen.items() if (*whole, word) not in self._nodes}
        base = (*whole, frozenset(chosen))
        if new or base not in self._bases:
            made = self._hydra(*whole, *new.values())
            self._bases.setdefault(base, made)
            self._nodes |= {(*whole, word): made[group] for group, word in new.items()}
        found = copy.deepcopy(self._bases[base])
        for group, word in chosen.items():
            found[group] = self._nodes[(*whole, word)]
        for override in plain:
            if override.key_or_group not in chosen:
                OmegaConf.update(found, override.key_or_group, override.value(), merge=True)
        return found

    def _hydra(self, *words: str) -> DictConfig:
        path = [f"hydra.searchpath=[{quoted(f'file://{folder}')}]" for folder in config_dirs()]
        return compose(self.stage, overrides=[*path, f"experiment={self.experiment}", *words])

    def _needs_hydra(self, override: Override) -> bool:
        """Whether a word does more than choose an option of a group, or set a key."""
        plain = override.type == OverrideType.CHANGE and override.package is None
        return not plain or "/" in override.key_or_group

    def _is_group(self, override: Override) -> bool:
        folders = [config.conf_folder(), *map(Path, config_dirs())]
        return any((folder / override.key_or_group).is_dir() for folder in folders)


def config_dirs() -> list[str]:
    """What `--config-dir` has named."""
    if not HydraConfig.initialized():
        return []
    sources = HydraConfig.get().runtime.config_sources
    return [source.path for source in sources if source.provider == "command-line"]


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


def grid(experiment: str, *, overrides: Sequence[str] = ()) -> list[list[str]]:
    """Overrides of every job."""
    content = OmegaConf.load(config.conf_folder() / FOLDER / f"{experiment}.yaml")
    return combinations(OmegaConf.select(content, "hydra.sweeper.params") or {}, overrides)


def _files(scale: str, target: str) -> list[Path]:
    return sorted((config.conf_folder() / FOLDER).glob(f"*/{scale}/{target}.yaml"))
