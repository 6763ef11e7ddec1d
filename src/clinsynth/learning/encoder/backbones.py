"""Opens a backbone: a local folder, or one on the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import requests
import torch
from huggingface_hub import constants
from safetensors import SafetensorError
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from clinsynth.errors import ConfigError, Unreachable
from clinsynth.learning.saved import is_pickled

HUB_TIMEOUT = 10  # seconds

OWN_CODE = {"trust_remote_code": False}
"""What every `from_pretrained` is given, or transformers asks on the terminal whether to run a model's own Python."""

SAFE = {"use_safetensors": True}
"""What every `from_pretrained` of a model is given, unless a pickle is allowed: to unpickle may be to run a program."""

BROKEN = (OSError, ValueError, RuntimeError, EOFError, UnpicklingError, SafetensorError)
"""What libraries raise for a folder that lacks a file, or whose files were cut or are something else."""


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
        return from_pretrained(str(Path(path).expanduser()), revision=revision, **OWN_CODE, **options)
    except BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise Unreachable(
            f"the backbone {path!r} is neither a local folder with a model nor to be had from the hub ({reason}). "
            "Check backbone.name_or_path, or use backbone=minilm, which needs no network."
        ) from error


def load_weights(from_pretrained: Any, path: str, *, revision: str | None, allow_pickle: bool, **options: Any) -> Any:
    """Call the `from_pretrained` of a model as `load_backbone` does.

    Raises ConfigError where its weights are a pickle and that is not allowed; of one that is, tensors alone are read.
    """
    if allow_pickle:
        return load_backbone(from_pretrained, path, revision=revision, weights_only=True, **options)
    check_safe(Path(path).expanduser(), said=f"the backbone {path!r}")
    try:
        return load_backbone(from_pretrained, path, revision=revision, **SAFE, **options)
    except Unreachable as error:
        if "cannot be loaded with `safetensors`" in str(error.__cause__):
            raise _of_pickle(f"the backbone {path!r}") from error
        raise


def check_safe(folder: Path, *, said: str) -> None:
    """Raise ConfigError for a folder whose weights are a pickle; `said` names it."""
    if is_pickled(folder):
        raise _of_pickle(said)


def _of_pickle(said: str) -> ConfigError:
    return ConfigError(
        f"{said} has its weights as a pickle (such as pytorch_model.bin) and not as safetensors. Where you trust who "
        "made it, backbone.allow_pickle=true reads the tensors in it for this one backbone; a model for another stage "
        "has to be saved as safetensors first, by save_pretrained of the library transformers."
    )


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
