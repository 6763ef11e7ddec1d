"""The pages of `--help`, and Hydra's errors in plain words."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Sequence

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

import clinsynth
from clinsynth import config
from clinsynth.config import grids, served
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
    "zero_shot": (
        "clinsynth zero_shot dataset=ncbi_disease llm=openai zero_shot.limit=200 generation.dry_run=true",
        "clinsynth zero_shot dataset=gad zero_shot.on_missing=skip",
        "clinsynth zero_shot -m dataset=sample_ner llm=local llm.model=llama3.1 zero_shot.shots=0,3,10",
    ),
    "analyse": (
        "clinsynth analyse",
        "clinsynth analyse dataset=ncbi_disease size=n10 annotator=llm",
        "clinsynth analyse -m dataset=gad size=t100,t200,t400",
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
    "review": (
        "clinsynth review action=export corpus=3f2a review.n=140 review.annotators=[ann,bob,cleo]",
        "clinsynth review action=serve corpus=3f2a",
        "clinsynth review action=import corpus=3f2a",
        "clinsynth review action=export dataset=gad review.n=200 review.annotators=[ann,bob,cleo]",
    ),
    "export": (
        "clinsynth export corpus=latest to=exports/my-corpus",
        "clinsynth export model=artifacts/model-train-1-0123456789ab to=exports/my-model push=me/my-model",
    ),
    "show": ("clinsynth show", "clinsynth show corpus=3f2a samples=20"),
    "cache": ("clinsynth cache", "clinsynth cache action=export to=recordings.jsonl model=gpt-4o-mini"),
    "sweep": (
        "clinsynth sweep target=table7 dry_run=true",
        "clinsynth sweep target=figure2 -- backbone=bert seed=0,1,2,3,4",
    ),
    "report": ("clinsynth report table=demo figure=curve", "clinsynth report target=table7 scale=smoke"),
}


LONGEST = 500
"""Characters of a value that is shown."""


def show_stages() -> None:
    console = _console()
    console.print(
        f"[bold]clinsynth STAGE \\[overrides][/bold]\n\n{clinsynth.__doc__}\n",
        highlight=False,
    )
    table = _table("stage", "what it does")
    for stage, schema in config.STAGES.items():
        table.add_row(stage, _first_line(schema))
    console.print(table)
    console.print(
        "\nOverrides are Hydra's: `dataset=ncbi_disease` chooses from a group, `seed=1` sets a key,\n"
        "`-m seed=0,1,2` runs a job for each, `--cfg job` prints the config without running.\n"
        "`clinsynth STAGE --help` lists groups and keys.",
        highlight=False,
        markup=False,
    )


def show_stage(stage: str, overrides: Sequence[str]) -> None:
    """Groups with their options and keys with their values, as composed with `overrides`."""
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        composed = compose(stage, overrides=list(overrides), return_hydra_config=True)
        groups = _groups(composed, stage)
    console = _console()
    schema = config.STAGES[stage]
    console.print(f"[bold]clinsynth {stage} \\[overrides][/bold]\n\n{_first_line(schema)}\n", highlight=False)
    table = _table("group", "options (chosen first)")
    for group, (chosen, options) in groups.items():
        others = [option for option in options if option != chosen]
        table.add_row(group, " ".join([f"[bold]{chosen}[/bold]", *others]))
    console.print(table)
    keys = _table("key", "value", "meaning")
    for key, meaning in config.documented(schema) + _added(composed, schema):
        value = OmegaConf.select(composed, key, default=None, throw_on_missing=False)
        shown = "" if isinstance(value, DictConfig) else "null" if value is None else str(getattr(value, "name", value))
        keys.add_row(key, shown if len(shown) <= LONGEST else "...", meaning)
    console.print(keys)
    console.print("\nExamples", highlight=False)
    for example in EXAMPLES[stage]:
        console.print(f"  {example}", highlight=False, markup=False, soft_wrap=True)


def explained(error: Exception, stage: str, overrides: Sequence[str] = ()) -> str:
    """Hydra's or OmegaConf's error with its cause, and the name that looks like the one that is unknown."""
    if said := _unquoted(overrides, one_value="Ambiguous value" in str(error)):
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
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        groups = _groups(compose(stage, return_hydra_config=True), stage)
    for word in overrides:
        name, _, value = word.partition("=")
        if name in groups and value not in groups[name][1]:
            return f"{word} chooses no option. Options of {name}: {', '.join(groups[name][1])}.{_others(name)}"
    return f"an option of a group is chosen by its name. `clinsynth {stage} --help` lists groups and options."


def _others(group: str) -> str:
    """Return what a group accepts beside the options that are listed, for the end of a paragraph."""
    return f" {served.OTHERS[group]}" if group in served.OTHERS else ""


def _suggestion(text: str, stage: str) -> str:
    key = re.search(r"Key '([^']+)' (?:not in|is not in struct)", text)
    experiment = re.search(r"Could not find 'experiment/([^']+)'", text)
    option = re.search(r"Could not find '[^']*/([^'/]+)'", text)
    if key:
        whole = re.search(r"Could not override '([^']+)'", text)
        near = _near_keys((whole or key)[1], stage)
    elif experiment:
        near = difflib.get_close_matches(experiment[1], _experiments(), n=2)
    elif option:
        near = difflib.get_close_matches(option[1], text.rpartition("':")[2].split(), n=2)
    else:
        near = []
    return f"Did you mean {' or '.join(near)}? " if near else ""


def _near_keys(wrong: str, stage: str) -> list[str]:
    """Return keys that look alike as a whole, else those whose last part does."""
    names = [name for name, _ in config.documented(config.STAGES[stage])]
    last = {name.rpartition(".")[2]: name for name in reversed(names)}
    return difflib.get_close_matches(wrong, names, n=2, cutoff=0.85) or [
        last[part] for part in difflib.get_close_matches(wrong.rpartition(".")[2], last, n=2)
    ]


def _groups(composed: DictConfig, stage: str) -> dict[str, tuple[str, list[str]]]:
    """Return the groups in which the stage has a choice, each with what is chosen and all that there is."""
    loader = GlobalHydra.instance().config_loader()
    choices = OmegaConf.select(composed, "hydra.runtime.choices")
    found = {}
    for group, chosen in choices.items():
        if group.startswith(("hydra/", "schema/", "/schema")):
            continue
        options = _experiments(stage) if group == "experiment" else loader.get_group_options(group, ObjectType.CONFIG)
        if not options:
            continue
        found[group] = (str(chosen), sorted(options, key=_naturally))
    return {group: found[group] for group in reversed(found)}  # Hydra has the last of the defaults first


def _naturally(option: str) -> list[tuple[int, str]]:
    """n2 before n10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", option)]


def _experiments(stage: str = "") -> list[str]:
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
