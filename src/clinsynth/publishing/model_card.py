"""The card of a trained model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from clinsynth.config import TestName
from clinsynth.publishing import licences
from clinsynth.reports.markdown import code, escaped, fenced, page, table
from clinsynth.types import Metrics, Outcomes

EMBEDDED = "sentence-transformers/all-MiniLM-L6-v2"
"""What the backbone `embedded` is on the hub."""

PIPELINES = {"ForTokenClassification": "token-classification", "ForSequenceClassification": "text-classification"}
"""What of transformers' pipelines runs a model, by the end of its architecture's name."""

_DATA = ("size", "annotator", "prompt", "llm", "llm.model", "seed_ratio", "source.examples", "source.ratio")
_HYPERPARAMETERS = ("backbone.", "trainer.", "seed")
_LEFT_OUT = ("backbone.name", "trainer.save_model", "trainer.accelerator")


@dataclass(frozen=True)
class Trained:
    """What is known of a model and of the run that trained it."""

    run_id: str | None
    params: Mapping[str, Any]
    """As the run has logged them, by their names in the config."""
    metrics: Metrics
    licence: str = "unknown"
    """Of the gold data."""
    examples: int | None = None
    corpus: str | None = None
    outcomes: Outcomes | None = field(default=None, repr=False)

    def told(self, name: str) -> str | None:
        value = self.params.get(name)
        return None if value is None or str(value) in ("null", "[]", "") else str(value)

    @property
    def dataset(self) -> str | None:
        return self.told("dataset.name")

    @property
    def base(self) -> str | None:
        """The backbone on the hub; None where it was a folder of somebody's machine."""
        path = self.told("backbone.name_or_path")
        if path is None or path == "embedded":
            return path and EMBEDDED
        return path if re.fullmatch(r"\w[\w.-]*(/[\w.-]+)?", path) and not Path(path).exists() else None


def model_card(model: Trained, *, title: str, usage: str, scores: Mapping[str, str], licence: str | None = None) -> str:
    """Return the card; `usage` are Python lines that load the model and run it, `scores` its headline's metrics."""
    return page(
        _head(model, title=title, usage=usage, scores=list(scores.values()), licence=licence or "unknown"),
        {
            f"# {escaped(title)}": [_what(model), fenced(usage, "python")],
            "## Scores": _scores(model),
            "## Data": _data(model),
            "## Hyperparameters": _hyperparameters(model),
            "## Intended use and limits": [
                "Made to find in other texts of the same kind what it was trained to find; on texts of another kind, "
                "language or hospital it has not been tried. Not a medical device: read its output before you rely on "
                "it."
            ],
            "## Licence": [
                f"Of this model: {escaped(licence or 'not stated')}. Of the gold data: {escaped(model.licence)}."
                " The backbone's licence, and for synthetic data the terms of the LLM's provider, hold too."
            ],
        },
    )


def _head(model: Trained, *, title: str, usage: str, scores: Sequence[str], licence: str) -> str:
    task = model.told("dataset.task")
    named = re.search(r'pipeline\("([\w-]+)"', usage)
    pipeline = named[1] if named else None
    results = None
    if pipeline and model.dataset and scores and set(scores) <= set(model.metrics):
        results = [
            EvalResult(
                task_type=pipeline,
                dataset_type=model.dataset,
                dataset_name=model.dataset,
                metric_type=metric.removeprefix("test/"),
                metric_value=round(model.metrics[metric], 4),
            )
            for metric in scores
        ]
    data = ModelCardData(
        language=["en"],
        library_name="transformers",
        pipeline_tag=pipeline,
        base_model=model.base,
        tags=["clinsynth", *([task] if task else [])],
        model_name=title if results else None,
        eval_results=results,
        **licences.named(licence),
    )
    return str(data.to_yaml())


def _what(model: Trained) -> str:
    backbone = (
        code(model.base) if model.base else f"the local backbone {code(model.told('backbone.name') or 'unknown')}"
    )
    said = f"{backbone}, fine-tuned by clinsynth" if model.params else "A model of which no training run is known"
    if model.dataset:
        said += f" on the source {code(model.told('source.name') or 'unknown')} of {code(model.dataset)}"
        said += f", seed {model.told('seed')}"
    return said + (f". MLflow run {code(model.run_id)}." if model.run_id else ".")


def _scores(model: Trained) -> list[str]:
    rows = [(code(name), f"{value:.4f}") for name, value in sorted(model.metrics.items()) if name.startswith("test/")]
    if not rows:
        return ["Not scored: no test set." if model.params else ""]
    counts = ""
    if model.outcomes is not None:
        right, predicted, gold = (int(value) for value in model.outcomes.counts.sum(axis=0))
        counts = (
            f"{len(model.outcomes.places)} test examples with {gold} gold labels; {predicted} were predicted, {right} "
            "of them right."
        )
    anew = model.told("dataset.test") == TestName.adjudicated.value
    test = "On rows of gold that people labelled anew:" if anew else "On the gold test set:"
    return [test, counts, table(["metric", "value"], rows)]


def _data(model: Trained) -> list[str]:
    if model.dataset is None:
        return []
    told = [f"- {name}: {code(value)}" for name in _DATA if (value := model.told(name)) and "/" not in value]
    if model.corpus:
        told.append(f"- synthetic corpus: {code(model.corpus)}")
    if model.examples is not None:
        told.append(f"- training examples: {model.examples}, before any hold-out")
    return ["\n".join([f"- dataset: {code(model.dataset)}", *told])]


def _hyperparameters(model: Trained) -> list[str]:
    rows = [
        (code(name), code(value))
        for name in sorted(model.params)
        if name.startswith(_HYPERPARAMETERS)
        and not name.startswith(("seed_ratio", "backbone.name_or_path", "backbone.lr_"))
        and name not in _LEFT_OUT
        and (value := model.told(name))
    ]
    return [table(["", ""], rows)] if rows else []


def pipeline_of(architectures: list[str]) -> str | None:
    """The pipeline of a model's `config.json`."""
    return next((name for end, name in PIPELINES.items() for found in architectures if found.endswith(end)), None)
