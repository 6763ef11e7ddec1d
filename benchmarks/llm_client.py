"""How near the LLM client comes to what a server could give, and what a request costs in CPU time.

    python benchmarks/llm_client.py

starts the server of the tests in a process of its own. The rate is measured between the 5th and
the 95th percentile of completions, as a share of concurrency / latency. CPU time is this process's,
the library's share measured by the same requests through `AsyncOpenAI` alone. The last line is one
JSON object; the exit status is 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx2
import openai

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from clinsynth.asking import clients  # noqa: E402
from clinsynth.config import LLMConfig  # noqa: E402
from clinsynth.llm.cache import CompletionCache  # noqa: E402
from clinsynth.text.schemas import TEXTS  # noqa: E402
from clinsynth.types import Request  # noqa: E402
from support import MockServer  # noqa: E402

IDEAL, IDEAL_429, CPU_MS = 0.95, 0.90, 2.0
"""Targets."""


def requests_of(number: int, *, schema: bool = False) -> list[Request]:
    prompts = [f'Please provide 10 sentences containing the words "unit{place}". Thank you.' for place in range(number)]
    asked = [
        Request(f"d/sentences/unit{place}#0", ({"role": "user", "content": prompt},))
        for place, prompt in enumerate(prompts)
    ]
    return [replace(request, answer_schema=TEXTS.schema) for request in asked] if schema else asked


def ours(
    server: MockServer, *, number: int, concurrency: int, others: Sequence[MockServer] = (), schema: bool = False
) -> tuple[float, float]:
    """Requests a second between the percentiles, and CPU milliseconds a request; `others` share the work."""
    with tempfile.TemporaryDirectory() as folder:
        cache = CompletionCache(Path(folder) / "completions.db")
        urls = [found.url for found in (server, *others)] if others else []
        config = LLMConfig(name="local", model="m", base_url=server.url, base_urls=urls, concurrency=concurrency)
        began = time.process_time()
        clients.client(config, cache=cache).answer(requests_of(number, schema=schema))
        cpu = time.process_time() - began
        times = sorted(row["answered_at"] for row in cache.rows())
        cache.close()
    low, high = int(0.05 * number), int(0.95 * number) - 1
    return (high - low) / (times[high] - times[low]), 1000 * cpu / number


def library(server: MockServer, *, number: int, concurrency: int) -> float:
    """CPU milliseconds a request of `AsyncOpenAI` alone, raw responses."""

    async def run() -> float:
        limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        http = openai.DefaultAsyncHttpxClient(limits=limits)
        gate = asyncio.Semaphore(concurrency)
        async with openai.AsyncOpenAI(api_key="none", base_url=server.url, max_retries=0, http_client=http) as client:

            async def one(request: Request) -> None:
                async with gate:
                    await client.chat.completions.with_raw_response.create(model="m", messages=list(request.messages))  # type: ignore[arg-type]

            began = time.process_time()
            await asyncio.gather(*map(one, requests_of(number)))
            return 1000 * (time.process_time() - began) / number

    return asyncio.run(run())


def memory(number: int) -> float:
    """Peak MB of a process that asks so many requests."""
    command = [sys.executable, __file__, "--memory-of", str(number)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--latency", type=float, default=2.0, help="seconds")
    parser.add_argument("--cpu-only", action="store_true", help="for a machine that does other things meanwhile")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    server = MockServer()
    try:
        if given.memory_of:
            server.behave(latency=0.05)
            ours(server, number=given.memory_of, concurrency=64)
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
            return 0
        if given.cpu_only:
            print(json.dumps(cpu(server, number=given.requests)))
            return 0
        return report(server, number=given.requests, concurrency=given.concurrency, latency=given.latency)
    finally:
        server.stop()


def cpu(server: MockServer, *, number: int) -> dict[str, float]:
    """CPU milliseconds a request: of the library alone, ours, ours at two addresses with a schema."""
    server.behave(latency=0.1)
    ours(server, number=32, concurrency=32)  # so that none of them pays for what is loaded once
    alone = library(server, number=number, concurrency=32)
    _, whole = ours(server, number=number, concurrency=32)
    second = MockServer()
    try:
        second.behave(latency=0.1)
        _, two = ours(server, number=number, concurrency=32, others=[second], schema=True)
    finally:
        second.stop()
    return {"library_ms": round(alone, 3), "cpu_ms": round(whole, 3), "two_addresses_schema_ms": round(two, 3)}


def report(server: MockServer, *, number: int, concurrency: int, latency: float) -> int:
    could = concurrency / latency
    server.behave(latency=latency)
    rate, _ = ours(server, number=number, concurrency=concurrency)
    print(f"{number} requests, {concurrency} at once, {latency} s each: {rate:.1f} of {could:.1f} a second", flush=True)
    server.behave(share_429=0.05)
    rate_429, _ = ours(server, number=number, concurrency=concurrency)
    print(f"the same with 5% refused (429): {rate_429:.1f} a second", flush=True)
    server.behave(share_429=0.0)
    second = MockServer()
    try:
        second.behave(latency=latency)
        rate_two, _ = ours(server, number=number, concurrency=concurrency, others=[second], schema=True)
    finally:
        second.stop()
    print(f"at two addresses, with a schema: {rate_two:.1f} a second", flush=True)
    server.behave(latency=0.1)
    _, whole = ours(server, number=2000, concurrency=32)
    alone = library(server, number=2000, concurrency=32)
    print(f"CPU a request at 100 ms latency: {whole:.2f} ms, of which AsyncOpenAI alone {alone:.2f} ms")
    print(f"peak memory: {memory(1000):.0f} MB for 1,000 requests, {memory(5000):.0f} MB for 5,000")
    print(f"openai {openai.__version__}, Python {platform.python_version()}")
    ideal, ideal_429, ideal_two = rate / could, rate_429 / could, rate_two / could
    print(
        json.dumps(
            {
                "requests": number,
                "concurrency": concurrency,
                "latency_s": latency,
                "ideal": round(ideal, 4),
                "ideal_429": round(ideal_429, 4),
                "ideal_two_addresses_schema": round(ideal_two, 4),
                "cpu_ms": round(whole, 3),
            }
        )
    )
    return 0 if min(ideal, ideal_two) >= IDEAL and ideal_429 >= IDEAL_429 and whole < CPU_MS else 1


if __name__ == "__main__":
    sys.exit(main())
