"""Names of runs and arms, and a job's settings as flat params: by them runs are found and compared, so they stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from clinsynth import tasks
from clinsynth.config import (
    CorpusConfig,
    LabelAskingConfig,
    Material,
    Pick,
    Reviewed,
    SourceName,
    TestName,
    TrainConfig,
    ZeroShotConfig,
)
from clinsynth.config.corpus import KEEP

_OF_CORPUS = (
    *("size", "seed_ratio", "units", "negatives", "generation", "prompt", "llm", "annotator", "quality"),
    *("material", "texts"),
)
"""Settings that say nothing about a run on gold alone, or on corpora that were there before."""

_REVIEWED = "quality.reviewed"
"""The one setting of these that changes corpora that were there before."""

_PLACES = (
    *("dataset.files", "dataset.folds", "dataset.recordings", "dataset.adjudicated"),
    *("llm.recordings", "llm.price_table", "annotator.model"),
)
"""Settings that say where things lie, which changes no result."""

IN_NAMES = {
    *("seed", "dataset", "dataset.test", "backbone", "annotator", "seed_ratio", "seed_ratio.value"),
    *("size", "size.per_unit", "size.total", "units.negatives"),
    *("material", "texts.number", "texts.pick", "annotator.shots"),
    *("source", "source.examples", "source.ratio", "source.target", "source.corpora", "source.realistic"),
}
"""Overrides that dataset, arm and backbone tell; arms are means over the first."""

_IN_NO_NAME = ("experiment", "tracking", "paths", "hydra", "force")
"""Overrides that say where and how a job runs, or what others say."""

SEEDS = ("seed", "zero_shot.seed")
"""Settings in which the runs of an arm differ."""

ANSWERED_BY = "llm.answered_by"
"""The LLM of recordings, which the settings do not name."""

QUOTES = "'\""

NOT_SET = ("null", "[]", "{}")
"""Values of params that are not logged: a third of them, in which people look for the others."""

_PACE = ("llm.concurrency", "llm.patience_s", "llm.poll_s", "llm.timeout_s", "trainer.checkpoint_steps")
"""Settings of which nobody asks a run: they are in its config."""

_ON_CARDS = ("dataset.language", "dataset.public")
"""Settings that are logged whatever they are: the card of a model that is exported later has them from here."""

LONGEST_PARAM = 80
"""Characters; longer texts and lists cannot be compared at a glance, and stand in `config.yaml`."""


def test_set(dataset: str, *, test: str) -> str:
    """Return the name of a dataset, with that of its test set where it is another one than gold's."""
    return dataset if test == TestName.gold.value else f"{dataset}, {test}"


def train_params(settings: TrainConfig, *, choices: Mapping[str, str]) -> dict[str, Any]:
    """Return Hydra's chosen options, with the name of what `default` stands for, and every setting (`backbone.lr`)."""
    chosen = dict(choices) | {"source": settings.source.name.value}  # of which an option may be one kind
    found = corpus_params(settings, choices=chosen)
    if settings.source.generated:
        return found
    kept = _without_corpus(found)
    return kept | ({_REVIEWED: found[_REVIEWED]} if settings.source.corpora else {})


def corpus_params(settings: CorpusConfig, *, choices: Mapping[str, str]) -> dict[str, Any]:
    """Return the same of a job that makes a corpus."""
    named = {"size": size_name(settings), "annotator": settings.annotator.name, "prompt": settings.prompt.name}
    found = stage_params(settings, choices=choices, **named)
    hidden = set() if settings.may_name_units() else {"units.only"}
    if settings.material is Material.written:
        hidden |= {name for name in found if name.startswith("texts.")}
    if settings.annotator.is_usual:
        hidden |= {f"annotator.{item.name}" for item in fields(LabelAskingConfig)}
    return {name: value for name, value in found.items() if name not in hidden}


def pinned_params(settings: CorpusConfig, *, choices: Mapping[str, str]) -> dict[str, Any]:
    """Return the same of a job on a corpus that was there before."""
    return _without_corpus(corpus_params(settings, choices=choices))


def _without_corpus(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name.split(".")[0] not in _OF_CORPUS}


def stage_params(settings: Any, *, choices: Mapping[str, str], **named: str) -> dict[str, Any]:
    """Return the same of another stage; `named` says what `default` stands for."""
    kept = {key: value for key, value in asdict(settings).items() if key not in ("paths", "tracking", "force")}
    found = dict(choices) | named | dict(_flat("", kept))
    return {
        name: value
        for name, value in found.items()
        if not name.startswith(_PLACES) and len(str(value)) <= LONGEST_PARAM
    }


@cache
def without_effect() -> frozenset[str]:
    """Return the settings of a training or a baseline that no key has: they change no result, or others tell of it."""
    return frozenset(name for name, metadata in _described() if metadata.get("keyless"))


@cache
def as_before() -> Mapping[str, frozenset[str]]:
    """Return by their names the settings that came later, each with the values that mean "as before it came".

    With such a value a setting stands in no key, and in no param: runs of earlier releases have no such param, either.
    """
    found: dict[str, frozenset[str]] = {}
    for name, metadata in _described():
        if "before" in metadata:
            before = metadata["before"]
            values = before if isinstance(before, tuple) else (before,)
            found[name] = found.get(name, frozenset()) | {str(_plain(value)) for value in values}
    return found


def told_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params that are logged: those that are set, but for what says nothing about a run.

    Nothing say settings with which it is as before they came, switches that are off and change no result, and how fast
    an LLM is asked.
    """
    usual, idle = as_before(), without_effect()
    return {
        name: value
        for name, value in params.items()
        if value not in NOT_SET and name not in _PACE
        if name in _ON_CARDS or not (str(value) in usual.get(name, ()) or (value is False and name in idle))
    }


def _described() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the settings of a training or a baseline, with what is said of each."""
    for schema in tasks.schemas().values():
        yield from _settings("dataset.", schema)
    for node in (TrainConfig, ZeroShotConfig):
        yield from _settings("", node)


def _settings(prefix: str, node: type) -> Iterator[tuple[str, Mapping[str, Any]]]:
    types = get_type_hints(node)
    for item in fields(node):
        if is_dataclass(types[item.name]) and not item.metadata.get("keyless"):
            yield from _settings(f"{prefix}{item.name}.", types[item.name])
        else:
            yield prefix + item.name, item.metadata


def _flat(prefix: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield prefix + key, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return "null" if value is None else str(value) if isinstance(value, list) else value


def size_name(settings: CorpusConfig) -> str:
    """Return `n30` or `t3200`, or `all` rounds that there are."""
    if settings.size.total is not None:
        return f"t{settings.size.total}"
    return "all" if settings.size.per_unit is None else f"n{settings.size.per_unit}"


def corpus_title(settings: CorpusConfig) -> str:
    """Return dataset, size, and who has labelled it."""
    labelled = "" if settings.annotator.name == "none" else f", {settings.annotator.name}"
    return f"{settings.dataset.name}, {size_name(settings)}{labelled}"


def run_name(settings: TrainConfig, *, overrides: Sequence[str] = ()) -> str:
    """Return what differs between the runs of an experiment, with what the job's own `overrides` have changed."""
    parts = [*_arm(settings), *_test(settings), settings.backbone.name, f"seed{settings.seed}"]
    return "-".join([*parts, *_besides(overrides)])


def zero_shot_name(settings: ZeroShotConfig, *, model: str) -> str:
    """Return prompt, LLM (`model`, or several) and part of the test set."""
    part = settings.zero_shot
    return "-".join([settings.prompt.name, model, *([] if part.limit is None else [str(part.limit)]), *_test(settings)])


def _besides(overrides: Sequence[str]) -> Iterator[str]:
    """Yield the overrides that no other part of a name tells, short: `lr=0.001`, `lexicon=terms.txt`."""
    for word in overrides:
        name, _, value = word.lstrip("+~").partition("=")
        if name in IN_NAMES | without_effect() or name.split(".")[0] in _IN_NO_NAME:
            continue
        yield f"{name.rpartition('.')[2]}={Path(told(value.strip(QUOTES))).name}"


def told(value: str) -> str:
    """Return a value as people write it: Python, and a sweep of Hydra's, have switches in capitals."""
    return value.lower() if value in ("True", "False") else value


def arm_name(settings: TrainConfig | ZeroShotConfig) -> str:
    """Return what a model learns from, or the prompt of an LLM that does the task itself."""
    parts = [settings.prompt.name] if isinstance(settings, ZeroShotConfig) else _arm(settings)
    return " ".join([*parts, *_test(settings)])


def _arm(settings: TrainConfig) -> list[str]:
    source = settings.source
    original = source.name is SourceName.original
    parts = [source.name.value]
    if source.examples is not None:
        parts.append(str(source.examples))
    if source.ratio is not None:
        parts.append(f"+{100 * source.ratio:g}%")
    if source.target is not None:
        parts.append(source.target)
    if source.corpora:
        parts.append("+".join(source.corpora))
    elif not original:
        parts += [] if source.ratio or settings.material is Material.texts else [size_name(settings)]
        parts += _texts(settings)
        parts += [] if settings.annotator.name == "none" else [settings.annotator.name]
        parts += [f"shots={settings.annotator.shots}"] if settings.annotator.shots else []
        parts += ["weighted"] if settings.quality.weighted else []
        parts += _negatives(settings)
        if settings.seed_ratio.value < 1:
            parts.append(f"r{round(100 * settings.seed_ratio.value):03d}")
    if not original and settings.quality.reviewed is not Reviewed.keep:
        parts.append(f"review-{settings.quality.reviewed.value}")
    if not original and settings.quality.label_errors != KEEP:
        parts.append(f"errors-{settings.quality.label_errors}")
    return parts


def _negatives(settings: CorpusConfig) -> list[str]:
    """Return how many negatives there are, and the list or the concept that their terms are of."""
    if not settings.units.negatives:
        return []
    told = settings.negatives
    of = told.below or (Path(told.terms).stem if told.terms else None)
    return [f"negatives={settings.units.negatives:g}" + (f":{of}" if of else "")]


def _texts(settings: CorpusConfig) -> list[str]:
    """Return which real texts were labelled; empty where an LLM has written them."""
    texts = settings.texts
    if settings.material is Material.written:
        return []
    number = [] if texts.number is None else [str(texts.number)]
    return ["texts", *number, *([] if texts.pick is Pick.random else [texts.pick.value])]


def _test(settings: TrainConfig | ZeroShotConfig) -> list[str]:
    """Return the test set, where it is another one than that of gold."""
    return [] if settings.dataset.test is TestName.gold else [settings.dataset.test.value]
