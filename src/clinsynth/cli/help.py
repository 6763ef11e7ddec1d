"""The pages of `--help`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table
from rich.text import Text

import clinsynth
from clinsynth import config
from clinsynth.cli import demo
from clinsynth.config import grids
from clinsynth.errors import ConfigError
from clinsynth.stages.overrides import quoted

EXAMPLES = {
    "train": (
        "clinsynth train",
        "clinsynth train dataset=ncbi_disease backbone=biobert seed=1",
        "clinsynth train -m dataset=ncbi_disease source=original source.examples=100,500,null seed=0,1,2",
        "clinsynth train -m dataset=ncbi_disease size=n10 annotator=seed,gazetteer,llm seed=0,1,2",
        "clinsynth train dataset=terms dataset.units=terms.txt dataset.entity_type=Disease llm.recordings=[mine.jsonl]",
        "clinsynth train -m dataset=gad source=original,kshot,synthetic,augmented size=t100,t200,t400",
        "clinsynth train -m dataset=sample_asd source=original,synthetic,augmented_r100 quality=default,weighted",
        "clinsynth train -m seed=0,1,2 hydra/launcher=joblib hydra.launcher.n_jobs=2",
    ),
    "generate": (
        "clinsynth generate dataset=ncbi_disease llm=openai size=n10 units.max=120 generation.dry_run=true",
        "clinsynth generate llm=local llm.model=llama3.1 llm.base_url=http://127.0.0.1:11434/v1 annotator=llm",
    ),
    "distill": (
        "clinsynth distill model=latest llm=openai generation.dry_run=true",
        "clinsynth distill model=4f0c2d1e9a8b distill.judge=reference",
    ),
    "zero_shot": (
        "clinsynth zero_shot dataset=ncbi_disease llm=openai zero_shot.limit=200 generation.dry_run=true",
        "clinsynth zero_shot dataset=gad zero_shot.on_missing=skip",
        "clinsynth zero_shot -m dataset=sample_ner llm=local llm.model=llama3.1 zero_shot.shots=0,3,10",
    ),
    "analyse": (
        "clinsynth analyse",
        "clinsynth analyse dataset=ncbi_disease size=n10 annotator=llm",
        "clinsynth analyse -m dataset=gad size=t100,t200,t400",
        "clinsynth analyse detect=membership model=latest",
    ),
    "search_prompts": (
        "clinsynth search_prompts dataset=ncbi_disease llm=openai generation.dry_run=true",
        "clinsynth search_prompts dataset=sample_asd llm=openai judge=llm rounds=2 candidates=3",
        "clinsynth search_prompts dataset=gad llm=openai judge=file",
    ),
    "predict": (
        "clinsynth predict model=artifacts/model-train-1-0123456789ab input=notes/ predict.html=true",
        "clinsynth predict model=4f0c2d1e9a8b input=notes.csv predict.column=note predict.keep=[id]",
    ),
    "chat": ("clinsynth chat", "clinsynth chat model=4f0c2d1e9a8b talk.temperature=0.7 keep=kept.jsonl"),
    "serve": ("clinsynth serve", "clinsynth serve model=4f0c2d1e9a8b port=8010"),
    "review": (
        "clinsynth review action=export corpus=3f2a review.n=140 review.annotators=[ann,bob,cleo]",
        "clinsynth review action=serve corpus=3f2a",
        "clinsynth review action=import corpus=3f2a",
        "clinsynth review action=export dataset=gad review.n=200 review.annotators=[ann,bob,cleo]",
    ),
    "export": (
        "clinsynth export corpus=latest to=exports/my-corpus",
        "clinsynth export model=artifacts/model-train-1-0123456789ab to=exports/my-model push=me/my-model",
        "clinsynth export model=latest to=exports/int8 format=onnx precision=int8",
    ),
    "convert": (
        "clinsynth convert from=predictions.jsonl to=predicted format=brat",
        "clinsynth convert from=latest to=corpus.spacy format=docbin",
        "clinsynth convert from=train.tsv to=train.jsonl format=jsonl encoding=cp1252",
    ),
    "show": ("clinsynth show", "clinsynth show corpus=3f2a samples=20"),
    "cache": ("clinsynth cache", "clinsynth cache action=export to=recordings.jsonl model=gpt-4o-mini"),
    "store": ("clinsynth store", "clinsynth store action=check", "clinsynth store action=prune keep=2 dry_run=false"),
    "doctor": ("clinsynth doctor", "clinsynth doctor llm=openai"),
    "sweep": (
        "clinsynth sweep target=table7 dry_run=true",
        "clinsynth sweep target=figure2 -- backbone=bert seed=0,1,2,3,4",
    ),
    "compare": ("clinsynth compare 4f0c2d 91ab7e", "clinsynth compare 4f0c2d 91ab7e examples=20"),
    "report": ("clinsynth report table=demo figure=curve", "clinsynth report target=table7 scale=smoke"),
}


MANY = 6
"""Keys of a node that the page of a stage has no room for."""

LONGEST = 500
"""Characters of a value that is shown."""

EVERYTHING = "all"
"""A topic of help: every key."""

KEYLESS = ("experiment", "search")
"""Groups without keys of their own."""

MOST = 20
"""Options of a group that the help of a stage lists; the help of the group has them all."""


def show_stages() -> None:
    console = _console()
    console.print(
        f"[bold]clinsynth STAGE \\[overrides][/bold]\n\n{clinsynth.__doc__}\n",
        highlight=False,
    )
    table = _table("stage", "what it does")
    for stage, schema in config.STAGES.items():
        table.add_row(stage, _first_line(schema))
    table.add_row(demo.NAME, demo.MEANING)
    console.print(table)
    console.print(
        "\nOverrides are Hydra's: `dataset=ncbi_disease` chooses from a group, `seed=1` sets a key,\n"
        "`-m seed=0,1,2` runs a job for each, `--cfg job` prints the config without running.\n"
        "`clinsynth STAGE --help` lists groups, `clinsynth STAGE --help GROUP` the keys of one.",
        highlight=False,
        markup=False,
    )


def show_stage(stage: str, overrides: Sequence[str], *, topics: Sequence[str] = (), folder: str | None = None) -> None:
    """Print the groups with their options, and the keys of no group; or the keys that `topics` are about.

    Values are as composed with `overrides` and the options in `folder`, which `--config-dir` has named. Raises
    ConfigError for a topic that there is not.
    """
    with composing(stage, overrides, folder=folder) as composed:
        found = groups(composed, stage)
    schema = config.STAGES[stage]
    keys = config.documented(schema) + _added(composed, schema)
    console = _console()
    if topics:
        chosen = [_about(topic, keys, stage=stage) for topic in topics if topic not in {*KEYLESS} & {*found}]
        _print_groups(console, {group: found[group] for group in found if {group, EVERYTHING} & set(topics)})
        _print_keys(console, [key for each in chosen for key in each], composed)
        return
    console.print(f"[bold]clinsynth {stage} \\[overrides][/bold]\n\n{_first_line(schema)}\n", highlight=False)
    _print_groups(console, found, most=MOST)
    free = [(key, meaning) for key, meaning in keys if key.partition(".")[0] not in found]
    _print_keys(console, list(_in_short(free)), composed)
    example = "dataset" if "dataset" in found else next(iter(found))
    console.print(
        f"\n`clinsynth {stage} --help {example}` lists the keys of a group, or those with a word in their name; "
        "`--help all` lists all.\n\nExamples",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for example in EXAMPLES[stage]:
        console.print(f"  {example}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def composing(stage: str, overrides: Sequence[str] = (), *, folder: str | None = None) -> Iterator[DictConfig]:
    """Compose a stage, also with the options of a further folder."""
    path = [f"hydra.searchpath=[{quoted(f'file://{Path(folder).absolute()}')}]"] if folder else []
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        yield compose(stage, overrides=[*path, *overrides], return_hydra_config=True)


def _in_short(keys: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield keys with their meanings; of a node of many keys their names, in one row."""
    parts = [key.partition(".") for key, _ in keys]
    names = {node: [name for other, _, name in parts if other == node] for node, _, _ in parts}
    for (node, _, name), (key, meaning) in zip(parts, keys, strict=True):
        if len(names[node]) < MANY:
            yield key, meaning
        elif name == names[node][0]:
            yield node, f"{', '.join(names[node])} (`--help {node}`)"


def _about(topic: str, keys: Sequence[tuple[str, str]], *, stage: str) -> Sequence[tuple[str, str]]:
    """Return the keys of a group or node, else those whose names contain a word."""
    found = [key for key in keys if topic == EVERYTHING or f"{key[0]}.".startswith(f"{topic}.")]
    found = found or [key for key in keys if topic in key[0]]
    if not found:
        names = dict.fromkeys(name for key, _ in keys for name in (key.partition(".")[0], key))
        near = near_names(topic, list(names))
        raise ConfigError(
            f"{stage} has no group {topic}, and no key with this in its name. {did_you_mean(near)}"
            f"`clinsynth {stage} --help` lists groups."
        )
    return found


def _print_groups(console: Console, found: Mapping[str, tuple[str, list[str]]], *, most: int | None = None) -> None:
    table = _table("group", "options (chosen first)")
    for group, (chosen, options) in found.items():
        others = [option for option in options if option != chosen]
        more = ["..."] if others[most:] and most else []
        table.add_row(group, Text.assemble((chosen, "bold"), *(f" {option}" for option in (*others[:most], *more))))
    if found:
        console.print(table)


def _print_keys(console: Console, keys: Sequence[tuple[str, str]], composed: DictConfig) -> None:
    table = _table("key", "value", "meaning")
    for key, meaning in keys:
        value = OmegaConf.select(composed, key, default=None, throw_on_missing=False)
        shown = "" if isinstance(value, DictConfig) else "null" if value is None else str(getattr(value, "name", value))
        table.add_row(*map(Text, (key, shown if len(shown) <= LONGEST else "...", meaning)))
    if keys:
        console.print(table)


def near_names(wrong: str, names: Sequence[str]) -> list[str]:
    """Return at most two names that look like the wrong one, the likest first."""
    return difflib.get_close_matches(wrong, names, n=2, cutoff=0.7)


def did_you_mean(near: Sequence[str]) -> str:
    """Return a question that names what looks alike, with a blank behind it; empty where nothing does."""
    return f"Did you mean {' or '.join(near)}? " if near else ""


def groups(composed: DictConfig, stage: str) -> dict[str, tuple[str, list[str]]]:
    """Return the groups in which the stage has a choice, each with what is chosen and all that there is."""
    loader = GlobalHydra.instance().config_loader()
    choices = OmegaConf.select(composed, "hydra.runtime.choices")
    found = {}
    for group, chosen in choices.items():
        if group.startswith(("hydra/", "schema/", "/schema")):
            continue
        options = experiments(stage) if group == "experiment" else loader.get_group_options(group, ObjectType.CONFIG)
        if not options:
            continue
        found[group] = ("null" if chosen is None else str(chosen), sorted(options, key=_naturally))
    return {group: found[group] for group in reversed(found)}  # Hydra has the last of the defaults first


def _naturally(option: str) -> list[tuple[int, str]]:
    """n2 before n10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", option)]


def experiments(stage: str = "") -> list[str]:
    """Return the experiments of one stage, or all of them: files, and what the targets are made of."""
    folder = config.conf_folder() / "experiment"
    files = [str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml")]
    return sorted(name for name in (*files, *grids.all_experiments()) if name.startswith(stage))


def _added(composed: DictConfig, schema: type) -> list[tuple[str, str]]:
    """Keys that the chosen task adds to the dataset's."""
    if composed.get("dataset") is None:
        return []
    kind = OmegaConf.get_type(composed.dataset)
    assert kind is not None
    common = {key for key, _ in config.documented(schema)}
    return [(key, meaning) for key, meaning in config.documented(kind, "dataset.") if key not in common]


def _first_line(schema: type) -> str:
    return (schema.__doc__ or "").strip().splitlines()[0]


def _console() -> Console:
    return Console(soft_wrap=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
