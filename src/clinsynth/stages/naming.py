"""Names of runs and arms, and a job's settings as flat params: by them runs are found and compared, so they stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any

from clinsynth.config import CorpusConfig, Reviewed, SourceName, TestName, TrainConfig, ZeroShotConfig

_OF_CORPUS = ("size", "seed_ratio", "units", "generation", "prompt", "llm", "annotator", "quality")
"""Settings that say nothing about a run on gold alone, or on corpora that were there before."""

_REVIEWED = "quality.reviewed"
"""The one setting of these that changes corpora that were there before."""

_PLACES = ("dataset.files", "dataset.folds", "dataset.recordings", "llm.recordings", "llm.price_table")
"""Settings that say where things lie, which changes no result."""

LONGEST_PARAM = 80
"""Characters; longer texts and lists cannot be compared at a glance, and stand in `config.yaml`."""


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
    return stage_params(settings, choices=choices, **named)


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


def run_name(settings: TrainConfig) -> str:
    """Return what differs between the runs of an experiment."""
    return "-".join([*_arm(settings), *_test(settings), settings.backbone.name, f"seed{settings.seed}"])


def zero_shot_name(settings: ZeroShotConfig) -> str:
    """Return prompt, LLM and part of the test set."""
    part = settings.zero_shot
    name = f"{settings.prompt.name}-{settings.llm.model or settings.llm.name}"
    return "-".join([name, *([] if part.limit is None else [str(part.limit)]), *_test(settings)])


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
        parts += [] if source.ratio else [size_name(settings)]
        parts += [] if settings.annotator.name == "none" else [settings.annotator.name]
        parts += ["weighted"] if settings.quality.weighted else []
        if settings.seed_ratio.value < 1:
            parts.append(f"r{round(100 * settings.seed_ratio.value):03d}")
    if not original and settings.quality.reviewed is not Reviewed.keep:
        parts.append(f"review-{settings.quality.reviewed.value}")
    return parts


def _test(settings: TrainConfig | ZeroShotConfig) -> list[str]:
    """Return the test set, where it is another one than that of gold."""
    return [] if settings.dataset.test is TestName.gold else [settings.dataset.test.value]
