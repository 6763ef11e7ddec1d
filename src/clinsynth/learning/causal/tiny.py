"""A tiny Llama with random weights, and a tokenizer that has learnt the sample's words: for tests and the demo.

It is built on this machine when it is first asked for, so that no hub is needed. It has learnt nothing, and what it
writes is no language; what can be seen with it is that all works together.
"""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path

import pooch
import torch
from filelock import FileLock
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from clinsynth.learning.causal.templates import PLAIN
from clinsynth.learning.causal.weights import TINY, TINY_VERSION

PAD, BEGIN, END = "<pad>", "<s>", "</s>"
_LEARNT = ("sample_chat/train.csv", "recordings/sample_chat.self_chat.jsonl", "sample_ner/train.tsv")
_SIZES = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "initializer_range": 0.12,  # so that an adapter can move its answers, for the head that is frozen is random, too
}


def tiny_llama() -> Path:
    """Return its folder, which is built if it is not there."""
    folder = Path(pooch.os_cache("clinsynth")) / f"{TINY}-{TINY_VERSION}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            scratch = Path(tempfile.mkdtemp(prefix=f".{TINY}-", dir=folder.parent))
            _build(scratch)
            scratch.rename(folder)
    return folder


def _build(folder: Path) -> None:
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    config = LlamaConfig(vocab_size=len(tokenizer), tie_word_embeddings=True, **_SIZES, **ids)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    assets = resources.files("clinsynth") / "assets"
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=[PAD, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator(((assets / name).read_text(encoding="utf-8") for name in _LEARNT), trainer)
    found = PreTrainedTokenizerFast(tokenizer_object=pieces, bos_token=BEGIN, eos_token=END, pad_token=PAD)
    found.chat_template = PLAIN
    return found
