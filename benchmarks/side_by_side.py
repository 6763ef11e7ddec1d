"""What two trainings at once are worth against one after the other: the same four jobs, in turn, as a user starts them.

    python benchmarks/side_by_side.py --sentences 500 --runs 3

The last line is JSON: `one`, `two` (seconds of all jobs, medians), and `times`, how much sooner two at once are done.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

LAUNCHERS = {"one": [], "two": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]}


def seconds(words: list[str], *, sentences: int, jobs: int) -> float:
    """Train `jobs` seeds in an empty folder, with an empty store; return how long that took."""
    data = "ncbi_disease" if "CLINSYNTH_DATA" in os.environ else "sample_ner"
    seeds = ",".join(map(str, range(jobs)))
    command = [
        *(sys.executable, "-m", "clinsynth", "train", "-m", f"dataset={data}", "source=original"),
        *(f"source.examples={sentences}", "trainer.min_steps=0", "trainer.save_model=false", f"seed={seeds}", *words),
    ]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=500, help="of gold, three epochs each")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    took: dict[str, list[float]] = {name: [] for name in LAUNCHERS}
    for run in range(given.runs):
        for name, words in LAUNCHERS.items():
            took[name].append(seconds(words, sentences=given.sentences, jobs=given.jobs))
            print(f"run {run} {name} at once: {took[name][-1]:.1f} s", flush=True)
    medians = {name: round(statistics.median(values), 1) for name, values in took.items()}
    times = round(statistics.median(one / two for one, two in zip(took["one"], took["two"], strict=True)), 2)
    print(json.dumps({**medians, "times": times, "jobs": given.jobs, "runs": given.runs, "cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
