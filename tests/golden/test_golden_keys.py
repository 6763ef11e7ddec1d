"""Finished runs, paid answers and people's reviews of the first edition are still found."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

import golden
from clinsynth.config import grids
from clinsynth.stages import targets
from support import CORPORA

KEPT: dict[str, Any] = json.loads(golden.FILE.read_text(encoding="utf-8"))

needs_shared = pytest.mark.skipif(
    not (CORPORA / "ncbi_disease" / "train.tsv").is_file() or not golden.RECORDINGS.is_dir(),
    reason=f"no gold corpora at {CORPORA}, or no recordings at {golden.RECORDINGS}",
)


def parts(section: str) -> list[Any]:
    names = [name.partition("/")[2] for name in KEPT if name.startswith(f"{section}/")]
    return [pytest.param(name, marks=needs_shared if golden.needs_shared(name) else ()) for name in names]


@pytest.mark.parametrize("name", parts("runs"))
def test_run_keys_of_the_jobs_of_every_target(name: str) -> None:
    scale, target = name.split()
    some = scale == "paper"  # of hundreds of jobs those of the first seed; the others' keys differ in it alone
    jobs, kept = golden.jobs(scale, target, first_seed=some), KEPT[f"runs/{name}"]
    assert golden.run_keys(jobs) == {job: key for job, key in kept.items() if not some or golden.is_first(job.split())}
    logged = [job for job in jobs if job.stage in grids.LOGGED]
    for experiment, number in Counter(job.experiment for job in logged).items():
        assert len({job.run_key for job in logged if job.experiment == experiment}) == number
    assert all(job.settings.trainer.save_model is False for job in jobs if job.stage == "train")
    assert all(job.settings.tracking.table == target for job in logged)
    assert bool(logged) is bool(targets.kind(target).RUNS) or target == "table1"  # which shows what zero_shot asks


@pytest.mark.parametrize("name", parts("others"))
def test_keys_of_jobs_that_no_target_has(name: str) -> None:
    assert golden.other_keys(name) == KEPT[f"others/{name}"]


@pytest.mark.parametrize("name", parts("requests"))
def test_ids_messages_and_cache_keys_of_every_request(name: str) -> None:
    assert golden.requests(name) == KEPT[f"requests/{name}"]


@pytest.mark.parametrize("name", parts("corpora"))
def test_digests_of_corpora_and_the_examples_of_the_largest(name: str) -> None:
    found = golden.made_corpora(name, largest=True)
    kept = KEPT[f"corpora/{name}"]
    assert found.keys() == kept.keys()
    for place, told in found.items():
        if len(told) == 1:
            assert kept[place][0].startswith(told[0]), place
        else:
            assert told == kept[place], place


def test_every_target_and_dataset_is_there() -> None:
    assert KEPT.keys() == golden.parts().keys()
