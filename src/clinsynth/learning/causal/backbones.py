"""Finds causal backbones and saved models, and puts adapters on them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from clinsynth.config import BackboneConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.learning.causal import tiny
from clinsynth.learning.causal.templates import PLAIN
from clinsynth.learning.causal.weights import TINY, TINY_VERSION
from clinsynth.learning.encoder.backbones import check_safe, load_backbone, load_weights

FROZEN = "first"
"""Name of an adapter that a new one is put on top of."""

NEW = "default"
"""Name of the adapter that is trained, which peft saves in the folder itself."""


def locate(backbone: BackboneConfig) -> str:
    """Return what `from_pretrained` takes: a folder, or a name on the hub."""
    return str(tiny.tiny_llama()) if backbone.name_or_path == TINY else backbone.name_or_path


def tokenizer(path: str, *, revision: str | None) -> PreTrainedTokenizerBase:
    """Return its tokenizer, with a piece for padding and a chat template."""
    found = load_backbone(AutoTokenizer.from_pretrained, path, revision=revision)
    if found.pad_token is None:
        found.pad_token = found.eos_token
    if found.chat_template is None:
        found.chat_template = PLAIN
    found.padding_side = "left"  # answers go on from the right
    return found


def network(path: str, *, revision: str | None = None, four_bit: bool = False, allow_pickle: bool = False) -> Any:
    """Return a whole model, or a saved adapter on its base, frozen under the name `FROZEN`.

    Raises Unreachable where there is none, ConfigError where 4 bits cannot be had or weights are a pickle.
    """
    base, adapter = _base(path)
    options: dict[str, Any] = {}
    if four_bit:
        options["quantization_config"] = _four_bit()
    load = AutoModelForCausalLM.from_pretrained
    found = load_weights(load, base, revision=revision, allow_pickle=allow_pickle, **options)
    if adapter is None:
        return found
    check_safe(Path(adapter), said=f"the adapter {adapter!r}")
    from peft import PeftModel

    return PeftModel.from_pretrained(found, adapter, adapter_name=FROZEN, is_trainable=False)


def _base(path: str) -> tuple[str, str | None]:
    """Return the base of a saved adapter and its folder; of a whole model that model and `None`."""
    folder = Path(path).expanduser()
    if not (folder / saved.ADAPTER).is_file():
        return path, None
    from peft import PeftConfig

    told = PeftConfig.from_pretrained(str(folder)).base_model_name_or_path
    if told and Path(told).name == f"{TINY}-{TINY_VERSION}":  # of another machine, or a cache that is gone
        told = str(tiny.tiny_llama())
    if not told:
        raise ConfigError(f"{folder / saved.ADAPTER} does not say which base its adapter is for.")
    return told, str(folder)


def with_adapter(found: Any, backbone: BackboneConfig) -> Any:
    """Return the model ready to be trained: a new adapter, on top of a frozen one where there is one, or all of it."""
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    lora = backbone.lora
    if not lora.r:
        return found.merge_and_unload() if isinstance(found, PeftModel) else found
    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        task_type="CAUSAL_LM",
    )
    if backbone.four_bit:
        found = prepare_model_for_kbit_training(found)
    try:
        if not isinstance(found, PeftModel):
            return get_peft_model(found, config)
        found.add_adapter(NEW, config)
    except ValueError as error:
        raise ConfigError(f"backbone.lora.targets={lora.targets} fit no layer of {backbone.name}: {error}") from error
    found.base_model.set_adapter([FROZEN, NEW])
    for name, value in found.named_parameters():
        value.requires_grad = f".{NEW}." in name
    return found


def save(found: Any, folder: Path, *, merge: bool) -> None:
    """Write a model: a whole one, or the adapter alone; two on top of each other become one that does as both do."""
    from peft import PeftModel

    if not isinstance(found, PeftModel) or merge:
        whole = found.merge_and_unload() if isinstance(found, PeftModel) else found
        whole.save_pretrained(folder)
        return
    if FROZEN not in found.peft_config:
        found.save_pretrained(folder)
        return
    found.add_weighted_adapter([FROZEN, NEW], [1.0, 1.0], "both", combination_type="cat")
    found.save_pretrained(folder, selected_adapters=["both"])
    for path in (folder / "both").iterdir():
        path.replace(folder / path.name)
    (folder / "both").rmdir()


def _four_bit() -> Any:
    if find_spec("bitsandbytes") is None or not torch.cuda.is_available():
        raise ConfigError(
            "backbone.four_bit=true needs bitsandbytes (`pip install bitsandbytes`) and a GPU: leave it out, or take a "
            "smaller backbone."
        )
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
