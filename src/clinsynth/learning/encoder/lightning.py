"""Loads Lightning without the metrics that it brings along: a third of its time, for what nothing here uses."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from typing import Any

METRICS = "torchmetrics"


def load_lightning() -> None:
    """Import Lightning; who imports it first decides how long it takes."""
    if METRICS not in sys.modules:
        try:
            _shorten_metrics()
        except (ImportError, AttributeError):  # of another version, which is built in another way: all of it then
            for name in [name for name in sys.modules if name.split(".")[0] == METRICS]:
                del sys.modules[name]
    import pytorch_lightning  # noqa: F401


def _shorten_metrics() -> None:
    """Let the package torchmetrics begin with the two classes that Lightning builds on.

    Its other names (metrics of images, sound and text, with SciPy and transformers) come with the first of them that
    anybody asks for: then the package is loaded as it stands.
    """
    spec = find_spec(METRICS)
    if spec is None or spec.loader is None:
        return
    package, loader = module_from_spec(spec), spec.loader

    def whole(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        vars(package).pop("__getattr__", None)
        loader.exec_module(package)
        return getattr(package, name)

    vars(package).update(__getattr__=whole, __version__=version(METRICS), _logger=logging.getLogger(METRICS))
    sys.modules[METRICS] = package
    import torchmetrics.utilities  # noqa: F401  (first, for it goes in a circle with the next two)
    from torchmetrics.collections import MetricCollection
    from torchmetrics.metric import Metric

    vars(package).update(Metric=Metric, MetricCollection=MetricCollection)
