from __future__ import annotations

import asyncio
import time

import pytest

from clinsynth.llm.window import Pace, RequestWindow


def outcomes(window: RequestWindow, pattern: str) -> list[int]:
    """Sizes after each outcome: `.` went well, `x` failed."""
    sizes = []
    for outcome in pattern:
        window.busy += 1
        window.leave(failed=outcome == "x")
        sizes.append(window.size)
    return sizes


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("." * 10, 10),
        ("xx........", 10),  # a fifth is borne
        ("xxx.......", 7),
        ("xxx......." + ".......", 10),
        ("x" * 10 + "x" * 7 + "x" * 4, 2),
        ("x" * 40, 1),
    ],
)
def test_the_window_follows_what_the_server_bears(pattern: str, size: int) -> None:
    window = RequestWindow(10)
    assert outcomes(window, pattern)[-1] == size


def test_it_shrinks_once_a_round_trip_and_doubles_back() -> None:
    window = RequestWindow(8)
    assert outcomes(window, "x" * 8) == [8] * 7 + [5]
    assert outcomes(window, "x" * 5) == [5] * 4 + [3]
    assert outcomes(window, "." * 3) == [3, 3, 6]
    assert outcomes(window, "." * 6)[-1] == 8
    assert outcomes(window, "." * 8)[-1] == 8


def test_no_more_are_inside_than_it_is_wide() -> None:
    async def run() -> int:
        window, inside, most = RequestWindow(3), 0, 0

        async def one() -> None:
            nonlocal inside, most
            await window.enter()
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
            window.leave(failed=False)

        await asyncio.gather(*(one() for _ in range(30)))
        assert window.busy == 0
        return most

    assert asyncio.run(run()) == 3


def test_who_gives_up_waiting_takes_no_place() -> None:
    async def run() -> None:
        window = RequestWindow(1)
        await window.enter()
        waiting = [asyncio.create_task(window.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        window.leave(failed=False)
        waiting[1].cancel()  # in the very moment in which it got the place
        await asyncio.gather(*waiting, return_exceptions=True)
        assert waiting[2].exception() is None
        assert window.busy == 1

    asyncio.run(run())


@pytest.mark.parametrize(
    ("requests", "tokens", "each", "least"),
    [(None, None, 100, 0.0), (1200, None, 100, 0.2), (None, 60_000, 50, 0.2), (1200, 60_000, 100, 0.4)],
)
def test_starts_keep_below_the_ceilings(requests: int | None, tokens: int | None, each: int, least: float) -> None:
    async def run() -> float:
        pace = Pace(requests_per_minute=requests, tokens_per_minute=tokens)
        began = time.monotonic()
        for _ in range(5):
            await pace.wait(each)
        return time.monotonic() - began

    assert least <= asyncio.run(run()) < least + 1.0
