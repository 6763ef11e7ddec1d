"""Green lists as transformers draws them: put into what a model writes, and looked up in what somebody has written.

They are drawn on the CPU wherever the model is: a GPU's generator gives other ones, which only a GPU would find again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer, WatermarkingConfig, WatermarkLogitsProcessor

from clinsynth.errors import ConfigError
from clinsynth.llm.watermark import Watermark

KEPT = 4096
"""Lists that are kept; one is drawn for each token that comes before another."""


class Marking(WatermarkingConfig):  # type: ignore[misc]
    """The argument by which `generate` marks its answers."""

    def __init__(self, mark: Watermark) -> None:
        super().__init__(greenlist_ratio=mark.share, bias=mark.bias, hashing_key=mark.hashing_key)

    def construct_processor(self, vocab_size: int, device: Any) -> OnCpu:
        """Return what prefers the green tokens."""
        return OnCpu(vocab_size, "cpu", self.greenlist_ratio, self.bias, self.hashing_key)


class OnCpu(WatermarkLogitsProcessor):  # type: ignore[misc]
    """Draws the lists on the CPU."""

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        return super().__call__(input_ids.cpu(), scores.cpu()).to(scores.device)


class GreenLists:
    """The lists of a mark for the vocabulary of a model; says of two tokens whether the second one is green."""

    def __init__(self, mark: Watermark, *, vocabulary: int) -> None:
        drawn = OnCpu(vocabulary, "cpu", mark.share, mark.bias, mark.hashing_key)
        self.share = mark.share

        @lru_cache(maxsize=KEPT)
        def behind(token: int) -> frozenset[int]:
            return frozenset(drawn._get_greenlist_ids(torch.tensor([token])).tolist())

        self._behind = behind

    def __call__(self, pair: tuple[int, int]) -> bool:
        return pair[1] in self._behind(pair[0])


def open_tokenizer(model: str) -> tuple[Any, int]:
    """Return the tokenizer of a causal model, and how many tokens it can write; raises ConfigError for another folder.

    Its weights are not needed.
    """
    try:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"llm.model={model} has no tokenizer that can be opened ({said}), and marks are found in the tokens of the "
            "model that is said to have written: give its folder with config.json and tokenizer, or its name on the "
            "hub."
        ) from None
    return tokenizer, int(config.get_text_config().vocab_size)
