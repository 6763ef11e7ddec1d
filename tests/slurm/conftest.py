"""A Slurm of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster import Cluster, lacking


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One node with two CPUs."""
    if why := lacking():
        pytest.skip(f"no Slurm here: {why}")
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster(started: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The same, with an empty queue, and as this process's Slurm."""
    monkeypatch.setenv("SLURM_CONF", started.environment["SLURM_CONF"])
    started.empty()
    return started
