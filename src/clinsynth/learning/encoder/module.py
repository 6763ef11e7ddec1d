"""The Lightning module that every task's model extends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch.optim import AdamW
from transformers import PreTrainedModel, get_linear_schedule_with_warmup

from clinsynth.config.training import CROSS_ENTROPY
from clinsynth.learning.encoder.data import FILLER
from clinsynth.learning.encoder.objective import Objective
from clinsynth.learning.encoder.optimizer import RowAdamW, clip
from clinsynth.learning.several import process
from clinsynth.learning.sharding import divide, rejoin

PLAIN = Objective()
"""The loss that a model computes itself."""

IGNORED = -100
"""Target of a position that has no loss."""


class BaseFineTuner(pl.LightningModule):
    """AdamW with linear warm-up and decay around a Hugging Face model that computes its own loss.

    A subclass says what the outputs of an example are. `score` maps the outputs of the devel
    examples, in their order, to the number by which the checkpoint is chosen, which is logged as `metric`.
    """

    OWN: frozenset[str] = frozenset({"index", "weight", "sure", "open", "shares", "weights"})
    """What a batch holds that is not of the model's inputs."""

    LOSSES: frozenset[str] = frozenset({CROSS_ENTROPY})
    """Those that it can minimise."""
    WEIGHTED = False
    """Whether its examples may count by how sure their labels are."""
    OF_WORDS = False
    """Whether its loss is a mean over words, so that batches are to have as many of them each."""

    def __init__(
        self,
        model: Any,
        *,
        lr: float,
        warmup: float,
        weight_decay: float,
        score: Callable[[Sequence[Any]], float] | None = None,
        metric: str = "devel/f1",
        objective: Objective = PLAIN,
        compiled: bool = False,
    ) -> None:
        """Take a model; one that is `compiled` learns all rows of its word embeddings at each step."""
        super().__init__()
        self.model = model.train()  # from_pretrained hands it over in eval mode, without dropout
        self.lr, self.warmup, self.weight_decay = lr, warmup, weight_decay
        self.score, self.metric, self.objective, self.compiled = score, metric, objective, compiled
        self.last_loss = torch.tensor(torch.nan)
        self._devel: dict[int, Any] = {}

    @abstractmethod
    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[Any]:
        """Return the outputs that are kept of each example of a batch, as NumPy arrays."""

    def configure_model(self) -> None:
        divide(self, network=self.model)

    def on_fit_end(self) -> None:
        rejoin(self)

    def prime(self, train: Sequence[Any]) -> None:
        """Tell the fresh head what is known of the encoded examples before one of them is read."""

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the loss of a batch, as the model computes it."""
        loss: torch.Tensor = self._forward(batch).loss
        return loss

    def training_step(self, batch: dict[str, torch.Tensor], _: int) -> torch.Tensor:
        share = self.share(batch)
        loss = self.loss(batch)
        self.last_loss = loss.detach()  # Lightning's log() takes longer than AdamW
        if share is None:
            return loss
        self.last_loss = self.trainer.strategy.reduce(self.last_loss * share, reduce_op="mean")
        return loss * share

    def share(self, batch: dict[str, torch.Tensor]) -> torch.Tensor | None:
        """Return how much more than the others' the mean loss of this process counts, so that means become one mean.

        `None` where one process trains.
        """
        _, processes = process()
        if processes == 1:
            return None
        own = self.counted(batch) * (batch["index"][0] != FILLER)
        whole = own.clone()
        torch.distributed.all_reduce(whole)
        return processes * own / whole

    def counted(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return over how much the loss of a batch is a mean: its labels, of words or texts."""
        return (batch["labels"] != IGNORED).sum().float()

    def on_validation_epoch_start(self) -> None:
        self.catch_up()
        self._devel = {}

    def on_train_end(self) -> None:
        self.catch_up()

    def validation_step(self, batch: dict[str, torch.Tensor], _: int) -> None:
        self._devel |= self.predict_step(batch, _)

    def on_validation_epoch_end(self) -> None:
        assert self.score is not None
        outputs = [self._devel[index] for index in sorted(self._devel)]
        self.log(self.metric, self.score(outputs), prog_bar=True)

    def predict_step(self, batch: dict[str, torch.Tensor], _: int) -> dict[int, Any]:
        """Return the outputs by the example's place in its dataset."""
        logits = self._forward(batch).logits
        return dict(zip(batch["index"].tolist(), self.outputs(logits, batch), strict=True))

    def configure_optimizers(self) -> Any:
        table = self._table()
        learnt = [value for value in self.parameters() if value.requires_grad]
        rest = [value for value in learnt if table is None or value is not table.weight]
        groups = [
            {"params": [value for value in rest if value.ndim >= 2], "weight_decay": self.weight_decay},
            {"params": [value for value in rest if value.ndim < 2], "weight_decay": 0.0},  # biases, layer norms
        ]
        scaled = self.trainer.precision == "16-mixed"  # whose gradients a fused optimizer would scale back itself
        options: dict[str, Any] = {"lr": self.lr, "fused": not scaled}
        steps = int(self.trainer.estimated_stepping_batches)
        optimizer = (
            AdamW(groups, **options)
            if table is None
            else RowAdamW(groups, table=table, decay=self.weight_decay, steps=steps, **options)
        )
        schedule = get_linear_schedule_with_warmup(optimizer, round(self.warmup * steps), steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _table(self) -> torch.nn.Embedding | None:
        """Return the word embeddings where their rows are updated one by one: a GPU is faster with all of them.

        So it is where several processes share gradients.
        """
        alone = self.device.type == "cpu" and process()[1] == 1
        if not alone or self.compiled or not isinstance(self.model, PreTrainedModel):
            return None
        table = self.model.get_input_embeddings()
        return table if isinstance(table, torch.nn.Embedding) else None

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        clip(list(self.parameters()), largest=gradient_clip_val or torch.inf)

    def catch_up(self) -> None:
        """Bring word embeddings up to date whose rows were not read of late."""
        optimizer = self.optimizers()
        if isinstance(optimizer, LightningOptimizer) and isinstance(optimizer.optimizer, RowAdamW):
            optimizer.optimizer.catch_up()

    def _forward(self, batch: dict[str, torch.Tensor]) -> Any:
        return self.model(**{name: value for name, value in batch.items() if name not in self.OWN})
