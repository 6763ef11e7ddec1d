"""Sequence classification into one label of several: what the tasks whose texts have one label each share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from clinsynth.learning.encoder import sequences
from clinsynth.learning.encoder.module import IGNORED, BaseFineTuner
from clinsynth.learning.encoder.objective import LOSSES
from clinsynth.learning.encoder.sequences import Encoded


def encode(
    examples: Sequence[Any], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    """Return the pieces of each text with the number of its label, and where some are unsure, how sure each is.

    A text that nobody has labelled yet has the number of none.
    """
    targets: list[dict[str, Any]] = [
        {"labels": labels.index(example.label) if example.label else IGNORED} for example in examples
    ]
    for target, sure in zip(targets, sequences.confidences(examples), strict=False):
        target["weight"] = sure
    return sequences.encode([example.text for example in examples], targets, tokenizer=tokenizer, max_length=max_length)


class FineTuner(BaseFineTuner):
    """Outputs, one a text: probabilities [labels]."""

    LOSSES = LOSSES
    WEIGHTED = True

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the mean loss of the texts."""
        weights = self._weights(batch)
        if self.objective.plain and not weights:
            return super().loss(batch)
        chances = self._forward(batch).logits.float().log_softmax(-1)
        return self.objective.mean(chances.gather(-1, batch["labels"][:, None])[:, 0], weights=weights)

    def counted(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        weights = self._weights(batch)
        return weights[0].sum() if weights else super().counted(batch)

    def _weights(self, batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        """Return what its texts count by, where they do not count the same."""
        return [batch["weight"]] if self.objective.weighted and "weight" in batch else []

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        return list(logits.float().softmax(-1).cpu().numpy())
