"""Keys of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinsynth.config.chats import ScoredBy
from clinsynth.config.training import SourceName
from clinsynth.keys.corpora import corpus_settings, label_errors, reviewed
from clinsynth.keys.hashing import Hashes, digest
from clinsynth.keys.settings import first, later, later_of_stage, listed, named
from clinsynth.keys.versions import ANALYSE, DETECT, DISTILL, PREDICT, TRAIN, ZERO_SHOT

if TYPE_CHECKING:
    from clinsynth.config import (
        AnalysisConfig,
        BackboneConfig,
        CorpusConfig,
        DistillConfig,
        PredictionConfig,
        SearchConfig,
        TrainConfig,
        TrainerConfig,
        ZeroShotConfig,
    )
    from clinsynth.types import Request


def training(
    settings: TrainConfig,
    *,
    versions: tuple[str, str],
    gold: Hashes,
    labels: Sequence[str],
    weights: Mapping[str, Any],
    precision: str,
) -> str:
    """Return the key of a training: of all that changes the result, computable before there are completions.

    `versions` are those of the task's writer and of its model; `weights` name the backbone's; `precision` is resolved.
    """
    writer, model = versions
    source = settings.source
    content: dict[str, Any] = {
        "versions": [TRAIN, model],
        "gold": gold,
        "labels": labels,
        "source": listed(source),
        "backbone": [weights, *listed(settings.backbone)],
        "trainer": named(settings.trainer) | {"precision": precision},
        "seed": settings.seed,
    }
    if source.corpora:
        content["corpora"] = [source.corpora, source.target, settings.size.total]
        content |= reviewed(settings.quality)
    elif source.name is not SourceName.original:
        content["corpus"] = corpus_settings(settings, version=writer)
    if source.name is not SourceName.original:
        content |= label_errors(settings.quality)
    if settings.judged.by is ScoredBy.llm:
        content["judged by"] = listed(settings.llm)
    return digest(content | later_of_stage(settings))


def how_it_learns(
    backbone: BackboneConfig, *, trainer: TrainerConfig, weights: Mapping[str, Any], model: str, precision: str
) -> list[Any]:
    """Return what decides the models that look for label errors; the last three are as of `training`."""
    return [TRAIN, model, weights, *listed(backbone), named(trainer) | {"precision": precision}]


def model_content(run_key: str, *, corpus: str | None) -> list[Any]:
    """Return what decides the folder of a trained model."""
    return [run_key, corpus]


def generation(settings: CorpusConfig, *, version: str, gold: Hashes) -> str:
    """Return the key of asking for a corpus."""
    return digest(corpus_settings(settings, version=version) | {"gold": gold})


def zero_shot(
    settings: ZeroShotConfig, *, version: str, gold: Hashes, labels: Sequence[str], questions: Sequence[Request]
) -> str:
    """Return the key of a baseline: of all that changes the questions and how their answers are scored."""
    content = {
        "versions": [ZERO_SHOT, version],
        "gold": gold,
        "labels": labels,
        "prompt": settings.prompt.name,
        "questions": digest([question.messages for question in questions]),
        "llm": listed(settings.llm),
    }
    return digest(content | later_of_stage(settings.zero_shot))


def distillation(
    settings: DistillConfig, *, versions: tuple[str, str], model: str, gold: Hashes, precision: str
) -> str:
    """Return the key of a distillation; `model` is the digest of the folder of the model that it begins with."""
    content = {
        "versions": [DISTILL, *versions],
        "gold": gold,
        "model": model,
        "dataset": named(settings.dataset),
        "distill": named(settings.distill),
        "backbone": named(settings.backbone),
        "trainer": named(settings.trainer) | {"precision": precision},
        "llm": listed(settings.llm) if settings.distill.judge.value == "llm" else None,
        "seed": settings.seed,
    }
    return digest(content | later_of_stage(settings))


def analysis(
    settings: CorpusConfig, *, version: str, gold: Hashes, analysis: AnalysisConfig, corpus: str | None = None
) -> str:
    """Return the key of a comparison with gold: of the corpus that the settings make, or of one by its digest."""
    content = {"version": ANALYSE, "gold": gold, "analysis": named(analysis)}
    return digest(content | {"corpus": corpus or corpus_settings(settings, version=version)})


def detection(name: str, content: Mapping[str, Any]) -> str:
    """Return the key of a test: its name, and all that its material and result hang on."""
    return digest({"version": DETECT, "detect": name, **content})


def search(settings: SearchConfig, *, gold: Hashes) -> str:
    """Return the key of a search for a prompt."""
    names = ("rounds", "candidates", "samples", "requests", "task", "to")
    content = {
        "gold": gold,
        "dataset": named(settings.dataset) | {"name": settings.dataset.name},
        "judge": named(settings.judge),
        "llm": listed(settings.llm),
        "prompts": [named(settings.propose), named(settings.augment)],
        "quality": named(settings.quality),
        "generation": listed(settings.generation),
    }
    return digest(content | {name: getattr(settings, name) for name in names} | later_of_stage(settings))


def prediction(settings: PredictionConfig, *, model: str, texts: Sequence[Sequence[str]], precision: str) -> str:
    """Return the key of reading texts; `model` is the digest of its folder, `texts` are paths and sha256."""
    *read, _ = first(settings)
    return digest(
        {
            "version": PREDICT,
            "model": model,
            "texts": texts,
            "read": [*read, precision, *later(settings)],
        }
    )
