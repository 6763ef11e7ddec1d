"""Folders of saved models: Hugging Face's format, whole weights or an adapter, and what clinsynth has added to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinsynth.artifacts import known_digest
from clinsynth.errors import ConfigError
from clinsynth.keys import digest

CONFIG, ADAPTER, OWN = "config.json", "adapter_config.json", "clinsynth.json"
SECTION = "clinsynth"
"""The section of a model's own config that says what it has learnt, and how; that of an adapter is in `OWN`."""

SAFE, PICKLED = ("*.safetensors",), ("pytorch_model*.bin", "adapter_model*.bin")
WEIGHTS = (*SAFE, *PICKLED)
RUNTIME_WEIGHTS = ("model.onnx", "openvino_model.*")
"""Of a model that was exported for another runtime than PyTorch."""

_READ_BY = ("config.json", "adapter_config.json", "vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json")
_TOKENIZERS = ("tokenizer", "sentencepiece", "spiece")
"""Files that decide beside the weights how a folder's model reads a text."""

TOKENIZER = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt", "*.model")
EXPORTED = (
    *("config.json", "generation_config.json", "*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin*"),
    *("adapter_config.json", "adapter_model*.bin", "chat_template.jinja", OWN, *RUNTIME_WEIGHTS),
    *TOKENIZER,
)
"""Files of a model folder that are exported; what else lies there may be anything."""


@dataclass(frozen=True)
class ModelDescription:
    """A saved model in its own words; folders of the first edition name neither task nor learner."""

    learner: str = "encoder"
    task: str | None = None
    labels: tuple[str, ...] = ()
    head: str | None = None
    """`None` is the task's usual one."""
    sentences: str | None = None
    """The language by whose rules texts are cut into sentences before they are read; `None`: they are not cut."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """How sure the model has to be of a span, by label."""
    alike: str | None = None
    """Which texts are read together, in which words are labelled alike; `None`: none."""
    abbreviations: bool = False
    """Whether abbreviations are labelled as their long forms."""
    runtime: str | None = None
    """What computes it, where it was exported for another one than PyTorch."""


def section(*, learner: str, task: str, labels: Iterable[str], **others: Any) -> dict[str, Any]:
    """Return what a learner writes into the model's config, as `config.clinsynth`; of `others` what there is."""
    said = {name: value for name, value in others.items() if value}
    return {"learner": learner, "task": task, "labels": list(labels)} | said


def describe_model(folder: Path) -> ModelDescription:
    """Return what the folder says of its model."""
    for name in (CONFIG, ADAPTER, OWN):
        try:
            found = json.loads((folder / name).read_text(encoding="utf-8"))[SECTION]
            return ModelDescription(
                str(found["learner"]),
                task=str(found["task"]),
                labels=tuple(map(str, found["labels"])),
                head=found.get("head"),
                sentences=found.get("sentences"),
                thresholds=found.get("thresholds", {}),
                alike=found.get("alike"),
                abbreviations=bool(found.get("abbreviations")),
                runtime=found.get("runtime"),
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ModelDescription()


def is_model(folder: Path) -> bool:
    """Say whether a folder has a config and weights, whole ones or an adapter's."""
    return any((folder / name).is_file() for name in (CONFIG, ADAPTER)) and bool(_weights(folder))


def is_pickled(folder: Path) -> bool:
    """Say whether the weights of a folder are a pickle, and no safetensors."""
    return bool(_files(folder, PICKLED)) and not _files(folder, SAFE)


def exported(folder: Path) -> list[Path]:
    """Return the files of a model that others need."""
    return _files(folder, EXPORTED)


def tokenizer_files(folder: Path) -> list[Path]:
    """Return the files of a model's tokenizer."""
    return _files(folder, TOKENIZER)


def _files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def folder_digest(folder: Path) -> str:
    """Return the digest of all that decides what a folder's model makes of a text."""
    weights = _weights(folder)
    if not weights:
        raise ConfigError(
            f"backbone.name_or_path={folder} is a folder without model.safetensors: it has to be a Hugging Face model."
        )
    others = sorted(path for path in folder.iterdir() if path.name in _READ_BY or path.name.startswith(_TOKENIZERS))
    return digest([known_digest(path) for path in [*weights, *others]])


def _weights(folder: Path) -> list[Path]:
    found = sorted(path for pattern in WEIGHTS for path in folder.glob(pattern))
    return found or sorted(path for pattern in RUNTIME_WEIGHTS for path in folder.glob(pattern))
