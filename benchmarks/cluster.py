"""What Slurm costs a job of a sweep, and what failures cost: tiny trainings through a Slurm of this machine's own.

    python benchmarks/cluster.py --jobs 200 --together 10 --failures 4

starts munged, slurmctld and slurmd (Debian's slurm-wlm and munge; as root), and hands trainings of a random BERT of one
layer to it, so many together in an allocation. Failures are put in between: every second one is `scancel` of an
allocation that runs, every other one the loss of the node, with all that runs on it. Then the sweep is given again
until nothing is missing. The last line is JSON: `slurm_s` are the seconds that Slurm takes for an allocation that does
nothing, `train_s_a_job` those of a training, `run_s_a_job` those of its whole run; all of them by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "slurm"))
from cluster import Cluster, lacking

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.learning.encoder.weights import embedded
from clinsynth.tracking import Ledger

NOTHING = 20
"""Allocations that do nothing."""

ROUNDS = 10
"""Times that the sweep is given, at most."""


def tiny(folder: Path) -> None:
    """Write a BERT of one layer with random weights."""
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    AutoModel.from_config(AutoConfig.from_pretrained(embedded(), **small)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(embedded()).save_pretrained(folder)


def nothing(cluster: Cluster, *, number: int) -> float:
    """Return the seconds by the clock of an allocation that does nothing, of an array of so many on two CPUs."""
    began = time.monotonic()
    cluster.ask("sbatch", "--wait", "--output=/dev/null", f"--array=1-{number}", "--wrap=srun true")
    return 2 * (time.monotonic() - began) / number


def sweep(cluster: Cluster, *words: str) -> str:
    command = [sys.executable, "-m", "clinsynth", "sweep", *words]
    done = subprocess.run(command, env=cluster.environment, check=True, capture_output=True, text=True)
    return done.stdout


def held(cluster: Cluster, *, state: str = "") -> list[str]:
    """Return the allocations that Slurm has."""
    chosen = (f"--states={state}",) if state else ()
    return cluster.ask("squeue", "--noheader", "--array", "--format=%i", *chosen).split()


def until_empty(cluster: Cluster, *, failures: int, every: float) -> Counter[str]:
    """Wait until the queue is empty, with failures on the way; return which there were."""
    seen: Counter[str] = Counter()
    ahead = time.monotonic() + every
    while held(cluster):
        time.sleep(1)
        running = held(cluster, state="RUNNING")
        if not running or seen.total() == failures or time.monotonic() < ahead:
            continue
        ahead = time.monotonic() + every
        if seen.total() % 2 == 0:
            cluster.ask("scancel", running[0])
            seen["scancel"] += 1
        else:
            cluster.lose_node()
            cluster.bring_back()
            seen["node lost"] += 1
    return seen


def runs() -> list[Any]:
    """Return all runs of trainings."""
    tracking = config.TrackingConfig("sqlite:///mlruns/mlflow.db", "mlruns/artifacts", None)
    ledger = Ledger(tracking, store=ArtifactStore(Path("artifacts")))
    ledger.end_dead_runs()
    experiments = [each.experiment_id for each in ledger.client.search_experiments()]
    found = ledger.client.search_runs(experiments, max_results=5000)
    return [run for run in found if "run_key" in run.data.tags]


def lasted(run: Any) -> float:
    return float(run.info.end_time - run.info.start_time) / 1000


def given(cluster: Cluster, asked: argparse.Namespace) -> dict[str, Any]:
    """Give the sweep until nothing is missing, and return what that took."""
    tiny(Path("bert"))
    jobs = ("--", "source=original", f"seed=range({asked.jobs})", "source.examples=20", "trainer.accelerator=cpu")
    tiny_words = ("backbone.name_or_path=bert", "backbone.max_length=32", "trainer.epochs=1", "trainer.max_epochs=1")
    slurm = ("launcher=slurm", f"side_by_side={asked.cpus}", f"jobs_per_allocation={asked.together}")
    words = ("target=table8", "scale=smoke", *slurm, *jobs, *tiny_words)
    rounds: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        told = sweep(cluster, *words)
        handed = time.monotonic() - began
        print(told.splitlines()[0], flush=True)
        if not held(cluster):
            break
        left = 0 if rounds else asked.failures
        failures = until_empty(cluster, failures=left, every=asked.every)
        rounds.append({"handed_over_s": round(handed, 1), "took_s": round(time.monotonic() - began, 1), **failures})
        print(rounds[-1], flush=True)
    return {"rounds": rounds, **_counted()}


def _counted() -> dict[str, Any]:
    found = runs()
    finished = [run for run in found if run.info.status == "FINISHED"]
    trained = sum(run.data.metrics["time/train_s"] for run in finished)
    times = Counter(run.data.tags["run_key"] for run in finished)
    return {
        "runs": dict(Counter(run.info.status for run in found)),
        "jobs_with_a_run": len(times),
        "jobs_run_twice": sum(number > 1 for number in times.values()),
        "train_s_a_job": round(trained / len(finished), 2),
        "run_s_a_job": round(sum(map(lasted, finished)) / len(finished), 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--together", type=int, default=10, help="jobs of an allocation")
    parser.add_argument("--cpus", type=int, default=2, help="of the node: so many allocations at once")
    parser.add_argument("--failures", type=int, default=4, help="in the first round")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two failures")
    asked = parser.parse_args()
    if why := lacking():
        print(f"no Slurm here: {why}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="clinsynth-slurm-") as scratch:
        os.chdir(scratch)
        Path("cluster").mkdir()
        cluster = Cluster(Path(scratch) / "cluster", cpus=asked.cpus)
        try:
            empty = nothing(cluster, number=NOTHING)
            found = {"machine": platform.platform(), "slurm_s": round(empty, 2), **vars(asked), **given(cluster, asked)}
        finally:
            cluster.stop()
            os.chdir("/")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
