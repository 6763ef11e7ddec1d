"""What Hydra has composed is remembered: jobs that differ in keys alone read and merge their files once.

Hydra takes a third of a second for each composition, of which a sweep has hundreds. What it makes of a choice from
groups is kept as long as the process lives, with the state of the files that it is made of; keys are set anew each
time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from hydra._internal import config_loader_impl, defaults_list
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.defaults_list import DefaultsList
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from clinsynth.config.foreign import check_runs_nothing
from clinsynth.config.served import named_file

MOST = 256
"""Compositions, and files, that are remembered."""


@dataclass
class _Composition:
    """The outcome of a choice from groups."""

    paths: tuple[str, ...]
    """Of all configs that were looked for."""
    state: tuple[object, ...]
    """Of their files."""
    defaults: DefaultsList
    config: DictConfig | None = None
    """Before keys are set."""


class _Defaults(list[Any]):
    """A list of defaults that knows its composition."""

    def __init__(self, defaults: Iterable[Any], of: _Composition) -> None:
        super().__init__(defaults)
        self.of = of


PLAIN: dict[tuple[Any, str], Any] = {
    (owner, name): getattr(owner, name)
    for owner, name in (
        (ConfigRepository, "load_config"),
        (config_loader_impl, "create_defaults_list"),
        (ConfigLoaderImpl, "_compose_config_from_defaults_list"),
        (defaults_list, "_create_interpolation_map"),
    )
}
"""Hydra's own functions that are replaced."""

_FILES: dict[object, tuple[object, Any]] = {}
_COMPOSITIONS: dict[object, _Composition] = {}


def remember_compositions() -> None:
    """Have Hydra remember; a call, so that importing has no effect. A second one changes nothing."""
    ConfigRepository.load_config = _load_config  # type: ignore[method-assign]
    vars(config_loader_impl)["create_defaults_list"] = _create_defaults_list
    ConfigLoaderImpl._compose_config_from_defaults_list = _merged  # type: ignore[method-assign]
    vars(defaults_list)["_create_interpolation_map"] = _choices


def _load_config(self: ConfigRepository, config_path: str) -> Any:
    """Read a config, once while its file stays as it is; raises ConfigError for one that would run something."""
    if named_file(config_path):
        return _load_checked(self, config_path)
    key, state = (_sources(self), config_path), _state(self, [config_path])
    if key not in _FILES or _FILES[key][0] != state:
        _keep(_FILES, key, (state, _load_checked(self, config_path)))
    return copy.deepcopy(_FILES[key][1])


def _load_checked(self: ConfigRepository, config_path: str) -> Any:
    found = PLAIN[ConfigRepository, "load_config"](self, config_path)
    if found is not None:
        check_runs_nothing(found, name=config_path)
    return found


def _create_defaults_list(
    repo: Any, config_name: str | None, overrides_list: list[Override], prepend_hydra: bool, skip_missing: bool
) -> DefaultsList:
    """Return what a choice from groups comes to, once while its files stay as they are."""
    groups, keys = _parted(repo, overrides_list)
    words = tuple(override.input_line for override in groups)
    key = (_sources(repo), config_name, words, prepend_hydra, skip_missing)
    found = _COMPOSITIONS.get(key)
    if found is None or found.state != _state(repo, found.paths):
        create = PLAIN[config_loader_impl, "create_defaults_list"]
        made = create(repo, config_name, overrides_list, prepend_hydra, skip_missing)
        paths = tuple(name.removeprefix("config_path=") for name in repo.cache)
        found = _Composition(paths, _state(repo, paths), made)
        if not any(map(named_file, paths)):
            _keep(_COMPOSITIONS, key, found)
    return replace(found.defaults, config_overrides=keys, defaults=_Defaults(found.defaults.defaults, found))


def _merged(self: ConfigLoaderImpl, defaults: Any, repo: Any) -> DictConfig:
    """Return the configs of a list of defaults, merged once."""
    merge = PLAIN[ConfigLoaderImpl, "_compose_config_from_defaults_list"]
    if not isinstance(defaults, _Defaults):
        return cast(DictConfig, merge(self, defaults, repo))
    if defaults.of.config is None:
        defaults.of.config = merge(self, defaults, repo)
    return copy.deepcopy(defaults.of.config)


def _choices(overrides: Any, defaults: Sequence[Any], self_added: bool) -> Any:
    """Return a config of all choices, which only an interpolation among the defaults needs."""
    some = any(default.is_interpolation() for default in defaults)
    return PLAIN[defaults_list, "_create_interpolation_map"](overrides, defaults, self_added) if some else None


def _parted(repo: Any, overrides: Sequence[Override]) -> tuple[list[Override], list[Override]]:
    """Return the overrides that choose from groups and those that set keys, as Hydra tells them apart."""
    groups: list[Override] = []
    keys: list[Override] = []
    for override in overrides:
        if not override.is_sweep_override():
            chooses = not isinstance(override.value(), dict) and repo.group_exists(override.key_or_group)
            (groups if chooses else keys).append(override)
    return groups, keys


def _sources(repo: Any) -> tuple[object, ...]:
    """Return where a repository looks for configs."""
    return tuple((type(source).__name__, source.provider, source.path) for source in repo.get_sources())


def _state(repo: Any, paths: Iterable[str]) -> tuple[object, ...]:
    """Return which file each config has in each folder, and when it was changed."""
    folders = [Path(source.path).absolute() for source in repo.get_sources() if source.scheme() == "file"]
    return tuple(_file(folder / f"{path.removesuffix('.yaml')}.yaml") for path in paths for folder in folders)


def _file(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_ino, found.st_size, found.st_mtime_ns


def _keep(known: dict[object, Any], key: object, value: Any) -> None:
    """Put a value into a mapping, whose oldest one goes when there are too many."""
    known.pop(key, None)
    known[key] = value
    if len(known) > MOST:
        del known[next(iter(known))]
