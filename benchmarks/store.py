"""How stores hold that many processes share: the cache of completions, and MLflow, on a PostgreSQL.

    python benchmarks/store.py cache
    python benchmarks/store.py cache --kill
    python benchmarks/store.py ledger

starts a PostgreSQL of its own, which keeps what it is told as one of a lab does (fsync), and the server of the tests.
`cache`: processes ask for the same completions; the rate is measured between the 5th and the 95th percentile of
completions, as a share of what the server could give at once. `--kill` ends one of them by SIGKILL when a third is
answered. `ledger`: processes begin, log and end runs through `mlflow server`. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from clinsynth.artifacts import ArtifactStore  # noqa: E402
from clinsynth.asking import clients  # noqa: E402
from clinsynth.config import LLMConfig, TrackingConfig  # noqa: E402
from clinsynth.llm.cache import CompletionCache  # noqa: E402
from clinsynth.llm.databases import Address  # noqa: E402
from clinsynth.tracking import Ledger  # noqa: E402
from clinsynth.types import Request, Summary  # noqa: E402
from postgres import started  # noqa: E402
from support import MockServer  # noqa: E402
from test_shared_store import Served  # noqa: E402

FORK = multiprocessing.get_context("fork")


def requests_of(number: int) -> list[Request]:
    prompts = [f'Please provide 10 sentences containing the words "unit{place}". Thank you.' for place in range(number)]
    return [
        Request(f"d/sentences/unit{place}#0", ({"role": "user", "content": prompt},))
        for place, prompt in enumerate(prompts)
    ]


def ask(address: Address, url: str, *, number: int, concurrency: int, used: multiprocessing.Queue) -> None:
    began = time.process_time()
    config = LLMConfig(name="local", model="m", base_url=url, concurrency=concurrency)
    with closing(CompletionCache(address)) as cache:
        spend = clients.client(config, cache=cache).answer(requests_of(number))
    used.put((spend.requests, time.process_time() - began))


def cache(*, processes: int, number: int, concurrency: int, latency: float, kill: bool) -> dict[str, float]:
    server = MockServer()
    server.behave(latency=latency)
    with started(safe=True) as database:
        address, used = Address(database.new()), FORK.Queue()
        CompletionCache(address).close()
        told = {"number": number, "concurrency": concurrency // processes, "used": used}
        asking = [FORK.Process(target=ask, args=(address, server.url), kwargs=told) for _ in range(processes)]
        for one in asking:
            one.start()
        if kill:
            while server.asked()["answered"] < number // 3:
                time.sleep(0.2)
            os.kill(asking[0].pid or 0, signal.SIGKILL)
        for one in asking:
            one.join()
        with closing(CompletionCache(address)) as found:
            times = sorted(row["answered_at"] for row in found.table("completions"))
    asked = server.asked()
    server.stop()
    took = [used.get() for _ in range(processes - kill)]
    low, high = int(0.05 * number), int(0.95 * number) - 1
    rate = (high - low) / (times[high] - times[low])
    return {
        "stored": len(times),
        "rate": round(rate, 1),
        "share_of_ideal": round(rate * latency / (concurrency // processes * processes), 3),
        "answered": asked["answered"],
        "twice": asked["answered"] - asked["different"],
        "cpu_ms_a_request": round(1000 * sum(cpu for _, cpu in took) / sum(asked for asked, _ in took), 2),
        "seconds": round(times[-1] - times[0], 1),
    }


def write(uri: str, folder: Path, *, writer: int, runs: int) -> None:
    os.environ["MLFLOW_TRACKING_URI"] = uri
    ledger = Ledger(TrackingConfig(uri="none://", artifacts="none"), store=ArtifactStore(folder / f"m{writer}"))
    for number in range(runs):
        key = f"{writer}-{number}".ljust(64, "0")
        with ledger.claim(key), ledger.run(experiment="mine", name="r", run_key=key, description="how") as run:
            run.params({f"p{place}": place for place in range(100)})
            run.measured([("loss", 1 / (step + 1), step) for step in range(1000)])
            place = ledger.store.root / key
            place.mkdir(parents=True)
            Summary(run.id, key, None, None, 20, {"test/f1": 0.5}).write(place)
            run.file(place / "summary.json")


def ledger(*, processes: int, runs: int) -> dict[str, float]:
    with started(safe=True) as database, tempfile.TemporaryDirectory() as folder:
        server = Served(database.new(), Path(folder))
        began = time.monotonic()
        told = [{"writer": writer, "runs": runs} for writer in range(processes)]
        writing = [FORK.Process(target=write, args=(server.uri, Path(folder)), kwargs=one) for one in told]
        for one in writing:
            one.start()
        for one in writing:
            one.join()
        seconds = time.monotonic() - began
        cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.environ["MLFLOW_TRACKING_URI"] = server.uri
        opened = Ledger(TrackingConfig(uri="none://", artifacts="none"), store=ArtifactStore(Path(folder) / "look"))
        found = opened._search("attributes.run_id LIKE '%'")
        whole = sum(opened.summary(run.info.run_id) is not None and len(run.data.params) == 100 for run in found)
        points = sum(len(opened.client.get_metric_history(run.info.run_id, "loss")) for run in found)
        server.kill()
    return {
        "runs": len(found),
        "finished": sum(run.info.status == "FINISHED" for run in found),
        "whole": whole,
        "points": points,
        "seconds": round(seconds, 1),
        "cpu_s_a_run_of_writers": round((cpu.ru_utime + cpu.ru_stime) / max(len(found), 1), 2),
        "failed_writers": sum(one.exitcode != 0 for one in writing),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cache", "ledger"])
    parser.add_argument("--processes", type=int, help="4, or 8 writers of runs")
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--concurrency", type=int, default=256, help="of all processes together")
    parser.add_argument("--latency", type=float, default=10.0, help="seconds")
    parser.add_argument("--runs", type=int, default=5, help="of each writer")
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    if given.what == "ledger":
        print(json.dumps(ledger(processes=given.processes or 8, runs=given.runs)))
        return 0
    told = {"number": given.requests, "concurrency": given.concurrency, "latency": given.latency, "kill": given.kill}
    print(json.dumps(cache(processes=given.processes or 4, **told)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
