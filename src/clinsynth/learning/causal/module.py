"""The Lightning module of causal models: what is trained, and what is kept of it on the way."""

from __future__ import annotations

from typing import Any

import torch

from clinsynth.learning.causal.packing import SHARE, Batches
from clinsynth.learning.encoder.module import BaseFineTuner

PLACE = "place"
"""Key of a checkpoint with how far the batches are."""

RANDOM = "random"
"""Key of a checkpoint with the states of random numbers, so that dropout goes on as it would have."""


class CausalTuner(BaseFineTuner):
    """The loss is the model's own; checkpoints hold what is trained, and not the frozen base."""

    strict_loading = False
    batches: Batches | None = None
    """What it is trained on: Lightning does not put it where it was."""
    _random: tuple[torch.Tensor, ...] = ()

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[Any]:
        raise NotImplementedError("answers are generated, one piece after another")

    def share(self, batch: dict[str, torch.Tensor]) -> torch.Tensor | None:
        return batch.pop(SHARE, None)

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        loss: torch.Tensor = self.model(**batch, use_cache=False).loss
        return loss

    def _table(self) -> None:
        """Return none: the embeddings are the head, too, or are frozen."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        learnt = {name for name, value in self.named_parameters() if value.requires_grad}
        checkpoint["state_dict"] = {k: v for k, v in checkpoint["state_dict"].items() if k in learnt}
        if self.batches is not None:
            checkpoint[PLACE] = self.batches.state_dict()
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        checkpoint[RANDOM] = [torch.get_rng_state(), *cuda]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._random = tuple(checkpoint[RANDOM])
        if self.batches is not None:
            self.batches.load_state_dict(checkpoint[PLACE])

    def on_train_start(self) -> None:
        """Put the random numbers back where they were, which must come last: Lightning draws some before."""
        if not self._random:
            return
        main, *cuda = self._random
        torch.set_rng_state(main)
        if cuda and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(cuda)
