"""Every key by which something is found again: a run, a corpus, a paid answer, a review, an artifact.

A key is the sha256 of the canonical JSON of all that decides a result, and of nothing else. What the settings add to
it is declared beside their fields (`config.options.option`): a field stands in keys unless it is `keyless` (a path, a
worker, a device, an endpoint: it changes no result), and a field that came later says with `before` which value means
"as before this field came" (its default of that day, never the current one): with that value it stands in no key, so
that a new field re-keys no finished run, paid answer or review (after `SKIP_DEFAULT_ARGUMENTS` of allenai/tango).

`tests/golden/` holds the keys of the first edition. A change that moves one on purpose bumps a version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinsynth.config.corpus import Reviewed
from clinsynth.config.training import SourceName, Unlabelled

if TYPE_CHECKING:
    from clinsynth.config import (
        AnalysisConfig,
        AnnotatorConfig,
        CorpusConfig,
        FileConfig,
        PredictionConfig,
        QualityConfig,
        SearchConfig,
        SizeConfig,
        TrainConfig,
        ZeroShotConfig,
    )
    from clinsynth.types import Completion, Request

CORPUS, TRAIN, ZERO_SHOT, ANALYSE = "1", "train-1", "zero-shot-1", "analyse-1"
PREDICT, REVIEW, EXPORT, JUDGED = "predict-1", "review-1", "export-1", "1"
"""Versions: bumped when the same settings would give another result, whatever the task. A task has its own, too."""

Hashes = Mapping[str, str]
"""sha256 of the gold files by split (`types.Gold.hashes`)."""


def digest(content: Any) -> str:
    """Return the sha256 of the canonical JSON of `content`, 64 hex digits."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def path_digest(path: Path) -> str:
    """Return the sha256 of a file, or of the names and sha256 of the files of a folder, hidden ones left out."""
    if path.is_file():
        return file_digest(path)
    names = sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())
    seen = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    return digest([[name.as_posix(), file_digest(path / name)] for name in seen])


def gold_digest(path: Path, *, file: FileConfig) -> str:
    """Return the digest of a split: of its file or folder, and of how it is read where the settings say so."""
    content = path_digest(path)
    return digest([content, *later(file)]) if later(file) else content


# What settings add to a key


def named(node: Any) -> dict[str, Any]:
    """Return the fields of a settings node that stand in keys, as plain data by name."""
    return {item.name: _plain(getattr(node, item.name)) for item in fields(node) if _stands(item, node)}


def listed(*nodes: Any) -> list[Any]:
    """Return the values of the first edition's fields in their order, then later ones that stand in keys, by name."""
    return [*(value for node in nodes for value in _first(node)), *later(*nodes)]


def later(*nodes: Any) -> list[dict[str, Any]]:
    """Return the fields that came later and that stand in keys, by name; empty where there is none."""
    found = {
        item.name: _plain(getattr(node, item.name))
        for node in nodes
        for item in fields(node)
        if "before" in item.metadata and _stands(item, node)
    }
    return [found] if found else []


def _stands(item: Field[Any], node: Any) -> bool:
    told = item.metadata
    if told.get("keyless") or "before" not in told:
        return not told.get("keyless")
    before = told["before"] if isinstance(told["before"], tuple) else (told["before"],)
    return getattr(node, item.name) not in before


def _is_first(item: Field[Any]) -> bool:
    return not item.metadata.get("keyless") and "before" not in item.metadata


def _plain(value: Any) -> Any:
    """A value as JSON has it; of a node within a node the same fields are left out."""
    if is_dataclass(value):
        return named(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


# Corpora


def corpus_settings(settings: CorpusConfig, *, version: str) -> dict[str, Any]:
    """Return what of the settings changes a corpus; the completions themselves are covered by its digest.

    `version` is that of the task's writer.
    """
    share, generation = settings.seed_ratio, settings.generation
    return {
        "version": [CORPUS, version],
        "dataset": named(settings.dataset),
        "units": [*_first(settings.units), *_first(share), generation.seed, *later(settings.units, share)],
        "size": named(settings.size),
        "llm": listed(settings.llm),
        "request": [*_first(settings.prompt), generation.per_request, *later(settings.prompt, generation)],
        "annotator": named(settings.annotator),
        "quality": named(settings.quality),
    } | (reviewed(settings.quality) | negatives(settings))


def negatives(settings: CorpusConfig) -> dict[str, Any]:
    """Return how negatives are asked for; nothing where there are none."""
    if not settings.units.negatives:
        return {}
    return {"negatives": named(settings.negatives) | {"line": settings.dataset.negatives_line()}}


def reviewed(quality: QualityConfig) -> dict[str, Any]:
    """Return what people's judgement does to corpora; nothing where they stay as they are."""
    return {} if quality.reviewed is Reviewed.keep else {"reviewed": quality.reviewed.value}


def units_of(settings: CorpusConfig, *, version: str) -> str:
    """Return the key of the units that a corpus asks about, whatever their size, labels and filters."""
    content = corpus_settings(settings, version=version)
    others = {name: value for name, value in content.items() if name not in ("size", "annotator", "quality")}
    return digest(others | {"dataset": settings.dataset.name})


def corpus_content(
    *,
    labels: Sequence[str],
    units: Sequence[str],
    size: SizeConfig,
    annotator: AnnotatorConfig,
    lexicon: Sequence[str],
    quality: QualityConfig,
    test_texts: Iterable[Sequence[str]],
    completions: Sequence[Sequence[Any]],
    negatives: int = 0,
    language: str | None = None,
) -> dict[str, Any]:
    """Return all that decides what a corpus is, and nothing else.

    `completions` are rows of unit, replicate, text, reason of the end, and the text of the labels where there is one.
    `negatives` is how many of them are wanted. Of a `lexicon` that has types the order counts, of others it does not:
    these come sorted. `language` is that of the texts, where terms are found otherwise than in English.
    """
    return {
        "labels": labels,
        "units": digest(units),
        "size": named(size),
        "annotator": [annotator.name, digest(lexicon), *later(annotator)],
        "quality": named(quality),
        "test": digest(sorted(test_texts)) if quality.test_copies else None,
        "completions": digest(completions),
    } | {name: value for name, value in (("negatives", negatives), ("language", language)) if value}


def judged_content(base: str, *, review: str, how: Reviewed) -> dict[str, Any]:
    """Return what decides a corpus as people's judgement leaves it; `base` and `review` are whole digests."""
    return {"base": base, "review": review, "reviewed": how.value}


def merged_content(corpora: Sequence[str], *, test: Iterable[str]) -> dict[str, Any]:
    """Return what decides several corpora as one: their whole digests, and the test texts that none may copy."""
    return {"merged": list(corpora), "test": digest(sorted(test))}


def completed_content(*, labels: Sequence[str], how: Unlabelled, gold: Hashes) -> dict[str, Any]:
    """Return what decides corpora of fewer labels as one of all of these, beside the corpora themselves."""
    terms = {"gold": dict(gold)} if how is Unlabelled.lexicon else {}
    return {"labels": list(labels), "unlabelled": how.value} | terms


# Requests and answers


def request(asked: Request, *, model: str, sampling: Mapping[str, Any]) -> str:
    """Return the key of a paid answer: what changes it (model, messages, sampling, replicate) and nothing else."""
    replicate = int(asked.id.rpartition("#")[2])
    return digest(
        {"model": model, "messages": list(asked.messages), "sampling": dict(sampling), "replicate": replicate}
    )


def answers(found: Mapping[str, Completion]) -> str:
    """Return the digest of the answers to requests, by their id: 12 hex digits."""
    return digest({id: completion.text for id, completion in found.items()})[:12]


# Runs


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
    return digest(content | _later(settings))


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
    return digest(content | _later(settings.zero_shot))


def analysis(
    settings: CorpusConfig, *, version: str, gold: Hashes, analysis: AnalysisConfig, corpus: str | None = None
) -> str:
    """Return the key of a comparison with gold: of the corpus that the settings make, or of one by its digest."""
    content = {"version": ANALYSE, "gold": gold, "analysis": named(analysis)}
    return digest(content | {"corpus": corpus or corpus_settings(settings, version=version)})


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
    return digest(content | {name: getattr(settings, name) for name in names} | _later(settings))


def prediction(settings: PredictionConfig, *, model: str, texts: Sequence[Sequence[str]], precision: str) -> str:
    """Return the key of reading texts; `model` is the digest of its folder, `texts` are paths and sha256."""
    *read, _ = _first(settings)
    return digest(
        {
            "version": PREDICT,
            "model": model,
            "texts": texts,
            "read": [*read, precision, *later(settings)],
        }
    )


def review(content: str) -> str:
    """Return the key of logging what people answered, by the whole digest of their answers."""
    return digest([REVIEW, content])


def review_content(
    *, subject: str, dataset: str, of: str, blind: bool, items: Sequence[str], answered: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all that decides the judgements of a review; `items` are their ids."""
    return {
        "subject": subject,
        "dataset": dataset,
        "of": of,
        "blind": blind,
        "items": digest(list(items)),
        "answers": digest(answered),
    }


def review_item(source: str, *, place: int | None, text: str) -> str:
    """Return the id of an example in a review; begins with a letter, for spreadsheets take 12e5 for a number."""
    return f"r-{digest([source, place, text])[:10]}"


def export(content: str, *, push: str | None) -> str:
    """Return the key of an export, by the whole digest of what is exported and the repository it is pushed to."""
    return digest([EXPORT, content, push])


def export_content(files: Iterable[Path]) -> str:
    """Return the whole digest of the files of a model that is exported."""
    return digest([[path.name, file_digest(path)] for path in files])


def report(name: str) -> str:
    """Return the key of writing a table or figure of a paper down; each time anew."""
    return f"report-{digest(name)}"


def folder(path: Path) -> str:
    """Return the key under which one process at a time writes into a folder."""
    return f"folder-{digest(str(path.resolve()))}"


def _first(node: Any) -> list[Any]:
    return [_plain(getattr(node, item.name)) for item in fields(node) if _is_first(item)]


def _later(node: Any) -> dict[str, Any]:
    """Later fields of a stage's own settings, as a part of its key."""
    return {"later": found[0]} if (found := later(node)) else {}
