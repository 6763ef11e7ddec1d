"""Settings of marks in what an LLM writes."""

from __future__ import annotations

from dataclasses import dataclass

from clinsynth.config.options import check, option


@dataclass
class WatermarkConfig:
    """The mark of llm=transformers; its secret decides answers, and the name of the variable does not."""

    key_env: str | None = option(
        None, "name of the variable that holds the secret of a mark; null: answers carry none", keyless=True
    )
    bias: float = option(2.0, "what the mark adds to the logits of the tokens that it prefers", before=2.0)
    share: float = option(0.25, "of the vocabulary that it prefers", before=0.25)

    def __post_init__(self) -> None:
        check(self.bias > 0, "llm.watermark.bias", self.bias, "above 0")
        check(0 < self.share < 1, "llm.watermark.share", self.share, "above 0 and below 1")
