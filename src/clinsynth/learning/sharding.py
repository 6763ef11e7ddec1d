"""A model that is divided among several devices, each of which holds and updates its part (PyTorch's FSDP)."""

from __future__ import annotations

from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.strategies import ModelParallelStrategy
from pytorch_lightning.strategies.launchers.multiprocessing import _MultiProcessingLauncher
from torch import nn
from torch.distributed.fsdp import fully_shard


class Sharded(ModelParallelStrategy):
    """Lightning's strategy for models that divide themselves (`divide`), in processes that start as those of DDP do.

    Its FSDPStrategy takes no CPUs, on which it could not be tried.
    """

    def __init__(self, processes: int, *, start_method: Literal["spawn", "fork"]) -> None:
        super().__init__(data_parallel_size=processes, tensor_parallel_size=1, save_distributed_checkpoint=False)
        self._start_method = start_method

    def _configure_launcher(self) -> None:
        self._launcher = _MultiProcessingLauncher(self, start_method=self._start_method)


def divide(tuner: pl.LightningModule, *, network: nn.Module) -> None:
    """Divide the weights of a network among the processes, layer by layer, where the trainer's strategy wants it.

    A layer is whole while it computes; `_no_split_modules` is what transformers calls the classes of layers.
    """
    if tuner.device_mesh is None:
        return
    layers: Any = getattr(network, "_no_split_modules", None) or ()
    mesh = tuner.device_mesh["data_parallel"]
    for module in list(network.modules()):
        if type(module).__name__ in layers:
            fully_shard(module, mesh=mesh)
    fully_shard(network, mesh=mesh, reshard_after_forward=True)  # so that its parameters are parts for who reads them


def rejoin(tuner: pl.LightningModule) -> None:
    """Let the first process hand the whole weights to the one that has started it; all have to call this."""
    if tuner.device_mesh is not None:
        whole = tuner.trainer.strategy.lightning_module_state_dict()  # on the first one's CPU; of the others, nothing
        tuner.register_state_dict_post_hook(lambda _, found, *__: found.update(whole))  # type: ignore[no-untyped-call]
