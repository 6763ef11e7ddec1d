"""What a run takes of the machine, as MLflow's system metrics: CPU, memory, disk, network, GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor


@contextmanager
def measured(run_id: str, *, uri: str) -> Iterator[None]:
    """Log it every ten seconds, or as often as MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL says."""
    monitor = SystemMetricsMonitor(run_id, tracking_uri=uri)  # type: ignore[no-untyped-call]
    monitor.start()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        monitor.finish()  # type: ignore[no-untyped-call]
