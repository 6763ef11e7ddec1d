"""Hydra's and OmegaConf's errors in plain words, with the name that looks like the one that is unknown."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from clinsynth import config, tasks
from clinsynth.cli import help
from clinsynth.cli.help import did_you_mean, near_names
from clinsynth.config import served
from clinsynth.errors import ConfigError
from clinsynth.stages.overrides import quoted


@contextmanager
def plainly(stage: str, words: Sequence[str]) -> Iterator[None]:
    """Raise ConfigError, in plain words, for what Hydra and OmegaConf say of the words of a command line."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explained(error, stage, words)) from None


def explained(error: Exception, stage: str, overrides: Sequence[str] = ()) -> str:
    """Hydra's or OmegaConf's error with its cause, and the name that looks like the one that is unknown."""
    if said := _unquoted(overrides, one_value="Ambiguous value" in str(error)) or _bare(error, stage):
        return said
    parts = [str(error)]
    cause = error.__cause__
    while cause is not None:
        if str(cause) not in parts[-1]:
            parts.append(str(cause))
        cause = cause.__cause__
    text = re.sub(r"\nConfig search path:.*", "", "\n".join(parts), flags=re.DOTALL)
    text = re.sub(r"\n\s*(reference_type|object_type|full_key)[=:].*|\nTo append to your config use .*", "", text)
    if no_list := re.search(r"merging override (\S+?)=(.*)\n.* is not a ListConfig", text):
        key, value = no_list.groups()
        return f"{key}={value} is no list: {key}=[{value}] is one."
    text = re.sub(r"\w+ raised while composing config:\n", "", text)
    text = re.sub(r"\b[\w ]+: str is not a subclass of FileConfig. value: (.*)", r"a file is written {path: \1}", text)
    text = text.replace(
        "Cannot merge DictConfig with ListConfig",
        "a list, [a, b], stands where names with values are wanted, {a: {}, b: {}}",
    )
    group = re.search(r"Could not find '([^/']+)/", text)
    return (
        f"{text.rstrip('.')}.{_others(group[1] if group else '')} {_suggestion(text, stage)}`clinsynth {stage} --help` "
        "lists groups and keys."
    )


def _unquoted(overrides: Sequence[str], *, one_value: bool) -> str:
    """The first override that Hydra cannot read, or takes for several values, and the quotes that mend it."""
    parser = OverridesParser.create()
    for word in overrides:
        key, equals, value = word.partition("=")
        if word.startswith("-") or not equals:
            continue
        try:
            read = parser.parse_override(word)
            if not one_value or not read.is_sweep_override():
                continue
            why = "has commas, which stand between values; with -m there is a job for each. If it is one value"
        except HydraException:
            why = "has signs that need quotes, as do = , ' # ( ) [ ] { } and letters beyond a to z"
        return f"{word} {why}: {_twice_quoted(key, value)}, with both kinds of them."
    return ""


def _bare(error: Exception, stage: str) -> str:
    """The word that Hydra cannot read where it has no value, or is a flag that Python has been given."""
    word = error.override if isinstance(error, OverrideParseException) else "="
    if word.startswith("-"):
        return f"{word} is a flag, which is the command line's: name a file of your own by its path, dataset/mine.yaml."
    if "=" in word:
        return ""
    runs = " `clinsynth compare` takes two runs, by the beginnings of their ids." if stage == "compare" else ""
    return f"{word} has no value: words are key=value.{runs} `clinsynth {stage} --help` lists groups and keys."


def _twice_quoted(key: str, value: str) -> str:
    """An override in quotes for the shell, its value, or each of a list, in quotes for Hydra."""
    values = [part.strip() for part in value[1:].removesuffix("]").split(",")] if value.startswith("[") else []
    word = f"{key}=" + (f"[{','.join(map(quoted, values))}]" if values else quoted(value))
    if not re.search(r'["$`\\!]', word):
        return f'"{word}"'
    if "'" in value and not values and not re.search(r'["$`\\!]', value):
        return rf'"{key}=\"{value}\""'
    return shlex.quote(word)


def no_option(stage: str, overrides: Sequence[str]) -> str:
    """An override that chooses a number, or null, from a group: which one it is, and what there is to choose."""
    with help.composing(stage) as composed:
        groups = help.groups(composed, stage)
    for word in overrides:
        name = word.partition("=")[0]
        if name in groups and not isinstance(OverridesParser.create().parse_override(word).value(), str | list):
            return f"{word} chooses no option. Options of {name}: {', '.join(groups[name][1])}.{_others(name)}"
    return f"an option of a group is chosen by its name. `clinsynth {stage} --help` lists groups and options."


def _others(group: str) -> str:
    """Return what a group accepts beside the options that are listed, for the end of a paragraph."""
    return f" {served.OTHERS[group]}" if group in served.OTHERS else ""


def _suggestion(text: str, stage: str) -> str:
    key = re.search(r"Key '([^']+)' (?:not in|is not in struct)(?: '(\w+)')?", text)
    experiment = re.search(r"Could not find 'experiment/([^']+)'", text)
    option = re.search(r"Could not find '[^']*/([^'/]+)'", text)
    if key:
        if said := _of_another_task(*key.groups()):
            return said
        whole = re.search(r"Could not override '([^']+)'", text)
        near = _near_siblings((whole or key)[1], key[2], stage=stage) or _near_keys((whole or key)[1], stage)
    elif experiment:
        near = difflib.get_close_matches(experiment[1], help.experiments(), n=2)
    elif option:
        near = difflib.get_close_matches(option[1], text.rpartition("':")[2].split(), n=2)
    else:
        near = []
    return did_you_mean(near)


def _of_another_task(key: str, owner: str | None) -> str:
    """Return which schema a dataset's YAML has to begin with, where it has the key of a task and another schema."""
    schemas = tasks.schemas()
    if owner not in {config.DatasetConfig.__name__, *(kind.__name__ for kind in schemas.values())}:
        return ""
    having = [task for task, schema in schemas.items() if key in {item.name for item in fields(schema)}]
    lines = " or ".join(f"`defaults: [/schema/dataset/{task}@_here_]`" for task in having)
    return f"{key} is a key of {' and '.join(having)}, where the first line of a YAML is {lines}. " if having else ""


def _near_siblings(wrong: str, owner: str | None, *, stage: str) -> list[str]:
    """Return keys that look alike out of the node in which a wrong one stands, whose schema is the owner."""
    node, dot, name = wrong.rpartition(".")
    nodes = _nodes(config.STAGES[stage], *tasks.schemas().values())
    siblings = {item.name for kind in nodes if kind.__name__ == owner for item in fields(kind)}
    return [f"{node}{dot}{near}" for near in near_names(name, sorted(siblings))]


def _nodes(*schemas: Any) -> Iterator[Any]:
    """Yield schemas, and those of the nodes below them."""
    for schema in schemas:
        yield schema
        yield from _nodes(*filter(is_dataclass, get_type_hints(schema).values()))


def _near_keys(wrong: str, stage: str) -> list[str]:
    """Return groups and keys that look alike as a whole, else keys whose last part does."""
    schema = config.STAGES[stage]
    if "." not in wrong and (near := near_names(wrong, [item.name for item in fields(schema)])):
        return near
    names = [name for name, _ in config.documented(schema)]
    last = {name.rpartition(".")[2]: name for name in reversed(names)}
    return difflib.get_close_matches(wrong, names, n=2, cutoff=0.85) or [
        last[part] for part in difflib.get_close_matches(wrong.rpartition(".")[2], last, n=2)
    ]
