"""Settings of marks in what an LLM writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinsynth.config.options import check, option
from clinsynth.errors import ConfigError


@dataclass
class WatermarkConfig:
    """The mark of llm=transformers; its secret decides answers, and the name of the variable does not."""

    key_env: str | None = option(
        None, "name of the variable that holds the secret of a mark; null: answers carry none", keyless=True
    )
    bias: float = option(2.0, "what the mark adds to the logits of the tokens that it prefers", before=2.0)
    share: float = option(0.25, "of the vocabulary that it prefers", before=0.25)

    def __post_init__(self) -> None:
        if self.key_env is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.key_env):
            raise ConfigError(
                "llm.watermark.key_env has to be the name of the variable that holds the secret of the mark, such as "
                "HOUSE_MARK: letters, digits and _. What it is given is no name; if it is the secret itself, put it "
                "into a variable."
            )
        check(self.bias > 0, "llm.watermark.bias", self.bias, "above 0")
        check(0 < self.share < 1, "llm.watermark.share", self.share, "above 0 and below 1")
