"""MkDocs hooks: the configuration reference is made from the schema and from `conf/` while the site is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import DictConfig, OmegaConf

from clinsynth import config, tasks
from clinsynth.config import served

MARK = "<!-- configuration reference -->"
"""The line of a page that the reference takes the place of."""

LONGEST = 70
"""Characters of a default that is shown."""

REQUIRED, LONG = "to be given", "a long text"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the reference into the page that asks for it."""
    return markdown.replace(MARK, reference()) if MARK in markdown else markdown


@dataclass
class Key:
    """A key of the config, as one or more stages have it."""

    name: str
    help: str
    defaults: dict[str, str] = field(default_factory=dict)
    """By stage."""

    @property
    def node(self) -> str:
        """Return the part of the config that it is in; empty for a key of the stage itself."""
        head, dot, _ = self.name.partition(".")
        return head if dot else ""

    def row(self, stages: Sequence[str]) -> str:
        """Return its line in the table of a node that `stages` have."""
        values = list(dict.fromkeys(self.defaults.values()))
        shown = values[0] if len(values) == 1 else "; ".join(f"{value} ({stage})" for stage, value in self._by_value())
        some = "" if set(self.defaults) == set(stages) else f" (only {', '.join(self.defaults)})"
        return _line(f"`{self.name}`", shown, f"{self.help}{some}")

    def _by_value(self) -> Iterator[tuple[str, str]]:
        for value in dict.fromkeys(self.defaults.values()):
            yield ", ".join(stage for stage, found in self.defaults.items() if found == value), value


def reference() -> str:
    """Return the groups with their options, and the keys with defaults and help, of all stages."""
    config.register(tasks.schemas())
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        groups, keys = _gathered()
        described = {group: [_option(group, name) for name in options] for group, options in groups.items()}
    nodes = dict.fromkeys(key.node for key in keys if key.node)
    parts = [_of_stages([key for key in keys if not key.node])]
    for node in nodes:
        parts.append(_of_node(node, [key for key in keys if key.node == node], options=described.pop(node, [])))
    parts += [_of_node(group, [], options=options) for group, options in described.items()]
    return "\n\n".join(parts)


def _gathered() -> tuple[dict[str, list[str]], list[Key]]:
    """Options by group, and the keys of all stages, each once."""
    groups: dict[str, list[str]] = {}
    keys: dict[tuple[str, str], Key] = {}
    for stage, schema in config.STAGES.items():
        defaults = OmegaConf.load(config.conf_folder() / f"{stage}.yaml")["defaults"]
        for group in (name for entry in defaults if isinstance(entry, DictConfig) for name in entry):
            if group not in groups:
                groups[group] = _options(group)
        values = OmegaConf.to_container(compose(stage), resolve=False)
        for name, help in config.documented(schema):
            if not name.startswith("dataset."):  # a schema of its own for each task
                keys.setdefault((name, help), Key(name, help)).defaults[stage] = _shown(values, name)
    return groups, [*_of_datasets(), *keys.values()]


def _of_datasets() -> Iterator[Key]:
    """Keys of a dataset: those of all tasks, then those of one."""
    seen: dict[str, Key] = {}
    schemas: dict[str, type] = dict(tasks.schemas())
    for task, schema in schemas.items():
        values = {"dataset": OmegaConf.to_container(OmegaConf.structured(schema), resolve=False)}
        for name, help in config.documented(schema, "dataset."):
            seen.setdefault(name, Key(name, help)).defaults[task] = _shown(values, name)
    yield from seen.values()


def _options(group: str) -> list[str]:
    """Return the options of a group in natural order, those of groups within it behind their names."""
    repository: Any = GlobalHydra.instance().config_loader().repository  # the loader itself copies all that it has read
    inner = repository.get_group_options(group, ObjectType.GROUP)
    found = [
        *repository.get_group_options(group, ObjectType.CONFIG),
        *(f"{name}/{option}" for name in inner for option in _options(f"{group}/{name}")),
    ]
    return sorted(found, key=lambda name: (name.rstrip("0123456789"), len(name), name))


def _option(group: str, name: str) -> tuple[str, str]:
    """Return an option with what the first lines of its file say."""
    path = config.conf_folder() / group / f"{name}.yaml"
    return name, _comment(path) if path.is_file() else ""


def _comment(path: Path) -> str:
    said = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.removeprefix("# ")
        if text.startswith("@package"):
            continue
        if text == line:
            break
        if not text.startswith("clinsynth "):
            said.append(text)
    return " ".join(said)


def _shown(values: Any, name: str) -> str:
    for part in name.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    if values == "???":
        return REQUIRED
    text = "null" if values is None else str(getattr(values, "name", values))
    text = {"True": "true", "False": "false"}.get(text, text)
    return f"`{text}`" if text and len(text) <= LONGEST else LONG if text else '`""`'


def _of_stages(keys: Sequence[Key]) -> str:
    """Return a table for each stage of the keys that are in no node."""
    parts = ["## Keys of a stage itself"]
    for stage, schema in config.STAGES.items():
        own = [Key(key.name, key.help, {stage: key.defaults[stage]}) for key in keys if stage in key.defaults]
        parts.append(f"### {stage} {{: #stage-{stage} }}\n\n{(schema.__doc__ or '').strip().splitlines()[0]}")
        if own:
            parts.append(_table(("key", "default", "meaning"), [key.row([stage]) for key in own]))
    return "\n\n".join(parts)


def _of_node(node: str, keys: Sequence[Key], *, options: Sequence[tuple[str, str]]) -> str:
    stages = list(dict.fromkeys(stage for key in keys for stage in key.defaults))
    parts = [f"## {node} {{: #{node} }}"]
    if stages:
        which = "Of the tasks" if node == "dataset" else "Of the stages"
        parts.append(f"{which} {', '.join(f'`{stage}`' for stage in stages)}.")
    if any(said for _, said in options):
        parts.append(_table((f"`{node}=`", "what it is"), [_line(f"`{name}`", said) for name, said in options]))
    elif options:
        parts.append(f"Options of `{node}=`: {', '.join(f'`{name}`' for name, _ in options)}.")
    if node in served.OTHERS:
        parts.append(served.OTHERS[node])
    if keys:
        parts.append(_table(("key", "default", "meaning"), [key.row(stages) for key in keys]))
    return "\n\n".join(parts)


def _table(headings: Sequence[str], lines: Sequence[str]) -> str:
    return "\n".join([_line(*headings), _line(*("---" for _ in headings)), *lines])


def _line(*cells: str) -> str:
    """Return a line of a table; what a help line has in angle brackets is no HTML."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace('<', '&lt;') for cell in cells)} |"
