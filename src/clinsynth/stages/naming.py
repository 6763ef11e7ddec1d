"""Markdown about a run or a model, and a run's settings as flat params."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from clinsynth.config import CorpusConfig, Reviewed, SearchConfig, SourceName, TestName, TrainConfig, ZeroShotConfig
from clinsynth.publishing.model_card import Trained
from clinsynth.publishing.model_card import model_card as page_of_model
from clinsynth.search.tree import Tree
from clinsynth.stages import Job
from clinsynth.types import Metrics

_NOT_PARAMS = ("paths", "tracking", "force")
"""Where things lie; changes no result."""

_OF_CORPUS = ("size", "seed_ratio", "units", "generation", "prompt", "llm", "annotator", "quality")
"""Settings that say nothing about a run on gold alone, or on corpora that were there before."""

_REVIEWED = "quality.reviewed"
"""The one setting of these that changes corpora that were there before."""

_NO_PARAMS = ("dataset.files", "dataset.folds", "dataset.recordings", "llm.recordings", "llm.price_table")
"""Where things lie."""

LONGEST_PARAM = 80
"""Characters; longer texts and lists cannot be compared at a glance, and stand in `config.yaml`."""


def run_description(job: Job) -> str:
    """How to repeat the run."""
    command = shlex.join(["clinsynth", job.stage, *job.overrides])
    return f"Repeat it with\n\n```\n{command}\n```\n\nThe whole config is the artifact `config.yaml`."


def params(settings: TrainConfig, *, choices: Mapping[str, str]) -> dict[str, Any]:
    """Hydra's chosen options, with the name of what `default` stands for, and every setting (`backbone.lr`)."""
    found = corpus_params(settings, choices=choices)
    if settings.source.generated:
        return found
    kept = {name: value for name, value in found.items() if name.split(".")[0] not in _OF_CORPUS}
    return kept | ({_REVIEWED: found[_REVIEWED]} if settings.source.corpora else {})


def corpus_params(settings: CorpusConfig, *, choices: Mapping[str, str]) -> dict[str, Any]:
    """The same of a job that makes a corpus."""
    chosen = dict(choices) | {
        "size": size(settings),
        "annotator": settings.annotator.name,
        "prompt": settings.prompt.name,
    }
    if isinstance(settings, TrainConfig):
        chosen["source"] = settings.source.name.value  # of which an option may be one kind
    return _short(chosen | _flat(settings))


def _short(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in found.items()
        if not name.startswith(_NO_PARAMS) and len(str(value)) <= LONGEST_PARAM
    }


def stage_params(settings: Any, *, choices: Mapping[str, str], **named: str) -> dict[str, Any]:
    """The same of another stage; `named` says what `default` stands for."""
    return _short(dict(choices) | named | _flat(settings))


def zero_shot_name(settings: ZeroShotConfig) -> str:
    part = settings.zero_shot
    name = f"{settings.prompt.name}-{settings.llm.model or settings.llm.name}"
    return "-".join([name, *([] if part.limit is None else [str(part.limit)]), *_test(settings)])


def size(settings: CorpusConfig) -> str:
    """`n30` or `t3200`, or `all` rounds that there are."""
    if settings.size.total is not None:
        return f"t{settings.size.total}"
    return "all" if settings.size.per_unit is None else f"n{settings.size.per_unit}"


def corpus_title(settings: CorpusConfig) -> str:
    """Dataset, size, and who has labelled it."""
    labelled = "" if settings.annotator.name == "none" else f", {settings.annotator.name}"
    return f"{settings.dataset.name}, {size(settings)}{labelled}"


def run_name(settings: TrainConfig) -> str:
    """What differs between the runs of an experiment."""
    return "-".join([*_arm(settings), *_test(settings), settings.backbone.name, f"seed{settings.seed}"])


def arm(settings: TrainConfig | ZeroShotConfig) -> str:
    """What a model learns from, or the prompt of an LLM that does the task itself."""
    parts = [settings.prompt.name] if isinstance(settings, ZeroShotConfig) else _arm(settings)
    return " ".join([*parts, *_test(settings)])


def _arm(settings: TrainConfig) -> list[str]:
    source = settings.source.name
    parts = [source.value]
    if settings.source.examples is not None:
        parts.append(str(settings.source.examples))
    if settings.source.ratio is not None:
        parts.append(f"+{100 * settings.source.ratio:g}%")
    if settings.source.target is not None:
        parts.append(settings.source.target)
    if settings.source.corpora:
        parts.append("+".join(settings.source.corpora))
    elif source is not SourceName.original:
        parts += [] if settings.source.ratio else [size(settings)]
        parts += [] if settings.annotator.name == "none" else [settings.annotator.name]
        parts += ["weighted"] if settings.quality.weighted else []
        if settings.seed_ratio.value < 1:
            parts.append(f"r{round(100 * settings.seed_ratio.value):03d}")
    if source is not SourceName.original and settings.quality.reviewed is not Reviewed.keep:
        parts.append(f"review-{settings.quality.reviewed.value}")
    return parts


def _test(settings: TrainConfig | ZeroShotConfig) -> list[str]:
    """Another test set than that of gold."""
    return [] if settings.dataset.test is TestName.gold else [settings.dataset.test.value]


def prompt_tree(tree: Tree) -> str:
    """The prompts of a search by round, with their scores and samples."""
    lines = [f"# Prompts that ask for {tree.task}", ""]
    for contest in tree.contests:
        lines += [f"Round {contest.number}: **{contest.winner}** is the best", ""]
    for candidate in tree.candidates:
        scores = ", ".join(f"{name} {value:.3f}" for name, value in tree.scores(candidate.name).items())
        lines += [f"## {candidate.name}{f', of {candidate.parent}' if candidate.parent else ''}", "", scores, ""]
        lines += ["```", candidate.text, "```", "", *(f"- {text}" for text in candidate.kept)]
        lines += [f"- ~~{text}~~ ({reason})" for text, reason in candidate.rejected] + [""]
    for contest in tree.contests:
        lines += [f"- no template, round {contest.number}: {text} ({reason})" for text, reason in contest.unusable]
    return "\n".join(lines) + "\n"


def prompt_option(tree: Tree, *, settings: SearchConfig) -> str:
    """YAML of the best prompt, for `conf/prompt/` or `--config-dir`."""
    best = tree.winner
    assert best is not None
    rounds = len(tree.contests)
    head = f"# Found by `clinsynth search_prompts`: {best.name} of {len(tree.candidates)} prompts in {rounds} rounds.\n"
    content = {"name": settings.name, "text": best.text.replace("${", "\\${")}  # no interpolation of OmegaConf
    return head + OmegaConf.to_yaml(OmegaConf.create(content))


def _flat(settings: Any) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                add(f"{prefix}.{key}" if prefix else key, inner)
        else:
            flat[prefix] = _plain(value)

    add("", {key: value for key, value in asdict(settings).items() if key not in _NOT_PARAMS})
    return flat


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return "null" if value is None else str(value) if isinstance(value, list) else value


def model_card(settings: TrainConfig, *, run_id: str, metrics: Metrics, usage: str, scores: Mapping[str, str]) -> str:
    """Of a model that was trained now; it does not say where on this machine it lies."""
    trained = Trained(run_id, params(settings, choices={}), metrics, settings.dataset.licence)
    here = f"{Path(settings.paths.artifacts).resolve()}/"
    return page_of_model(
        trained,
        title=f"{settings.backbone.name} for {settings.dataset.name}",
        usage=usage.replace(here, ""),
        scores=scores,
    )
