"""The card of a trained model, `assets/templates/model.md.jinja` filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinsynth.config import TestName
from clinsynth.publishing import licences
from clinsynth.reports.markdown import code, escaped, fenced, markdown_table
from clinsynth.reports.templates import template_text
from clinsynth.types import Metrics, Outcomes

if TYPE_CHECKING:  # takes half a second
    from huggingface_hub import ModelCardData

EMBEDDED = "sentence-transformers/all-MiniLM-L6-v2"
"""Name of the backbone `embedded` on the hub."""

PIPELINES = {
    "ForTokenClassification": "token-classification",
    "ForSequenceClassification": "text-classification",
    "ForCausalLM": "text-generation",
}
"""The pipeline of transformers that runs a model, by the end of its architecture's name."""

_DATA = ("size", "annotator", "prompt", "llm", "llm.model", "seed_ratio", "source.examples", "source.ratio")
_HYPERPARAMETERS = ("backbone.", "trainer.", "seed")
_LEFT_OUT = ("backbone.name", "trainer.save_model", "trainer.accelerator")


@dataclass(frozen=True)
class Trained:
    """The known facts of a model and of the run that trained it."""

    run_id: str | None
    params: Mapping[str, Any]
    """The params that the run has logged, by their names in the config."""
    metrics: Metrics
    licence: str = "unknown"
    """Licence of the gold data."""
    examples: int | None = None
    corpus: str | None = None
    outcomes: Outcomes | None = field(default=None, repr=False)

    def told(self, name: str) -> str | None:
        """Return a param that says something."""
        value = self.params.get(name)
        return None if value is None or str(value) in ("null", "[]", "") else str(value)

    @property
    def dataset(self) -> str | None:
        """Return the name of the dataset, if it is known."""
        return self.told("dataset.name")

    @property
    def base(self) -> str | None:
        """Return the backbone on the hub; `None` where it was a folder of somebody's machine."""
        path = self.told("backbone.name_or_path")
        if path == "tiny_llama":  # built on the machine that has trained it
            return None
        if path is None or path == "embedded":
            return path and EMBEDDED
        return path if re.fullmatch(r"\w[\w.-]*(/[\w.-]+)?", path) and not Path(path).exists() else None


@dataclass(frozen=True)
class Runtime:
    """What a model was exported for, and what that cost."""

    format: str
    """onnx, openvino"""
    precision: str
    """fp32, int8"""
    way: str
    """In which it was quantized; empty where it was not."""
    on: str = ""
    """The examples that it was measured on; empty where it was not."""
    before: float = 0.0
    """The score of the model that it was made of."""
    after: float = 0.0

    @property
    def share(self) -> float:
        """Return the share of the score that is kept."""
        return self.after / self.before if self.before else 1.0

    @property
    def metrics(self) -> Metrics:
        """Return what was measured."""
        if not self.on:
            return {}
        return {"export/f1_before": self.before, "export/f1_after": self.after, "export/f1_share": self.share}


def model_card(
    model: Trained,
    *,
    title: str,
    usage: str,
    scores: Mapping[str, str],
    licence: str | None = None,
    runtime: Runtime | None = None,
) -> str:
    """Return the card; `usage` are lines that run the model, `scores` its headline's metrics.

    `runtime` is what it was exported for, if it was.
    """
    from huggingface_hub import ModelCard

    card = ModelCard.from_template(
        _card_data(model, title=title, usage=usage, scores=list(scores.values()), licence=licence or "unknown"),
        template_str=template_text("model.md"),
        code=code,
        escaped=escaped,
        fenced=fenced,
        table=partial(markdown_table, right=(1,)),
        model=model,
        title=title,
        usage=usage,
        scores=[(code(name), f"{value:.4f}") for name, value in sorted(model.metrics.items()) if name[:5] == "test/"],
        counts=_counts(model),
        anew=model.told("dataset.test") == TestName.adjudicated.value,
        data=[(name, value) for name in _DATA if (value := model.told(name)) and "/" not in value],
        hyperparameters=_hyperparameters(model),
        licence=licence,
        runtime=runtime,
    )
    return str(card).strip() + "\n"


def _card_data(model: Trained, *, title: str, usage: str, scores: Sequence[str], licence: str) -> ModelCardData:
    from huggingface_hub import EvalResult, ModelCardData

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
    return ModelCardData(
        language=model.told("dataset.language"),
        library_name="transformers",
        pipeline_tag=pipeline,
        base_model=model.base,
        tags=["clinsynth", *([task] if task else [])],
        model_name=title if results else None,
        eval_results=results,
        **licences.named(licence),
    )


def _counts(model: Trained) -> dict[str, int]:
    if model.outcomes is None:
        return {}
    right, predicted, gold = (int(value) for value in model.outcomes.counts.sum(axis=0))
    return {"examples": len(model.outcomes.places), "gold": gold, "predicted": predicted, "right": right}


def _hyperparameters(model: Trained) -> list[tuple[str, str]]:
    return [
        (code(name), code(value))
        for name in sorted(model.params)
        if name.startswith(_HYPERPARAMETERS)
        and not name.startswith(("seed_ratio", "backbone.name_or_path", "backbone.lr_"))
        and name not in _LEFT_OUT
        and (value := model.told(name))
    ]


def pipeline_of(architectures: list[str]) -> str | None:
    """Return the pipeline of a model's `config.json`."""
    return next((name for end, name in PIPELINES.items() for found in architectures if found.endswith(end)), None)
