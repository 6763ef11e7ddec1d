"""Several servers of one model: work goes to the least loaded, and a dead one is left out and tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

import pytest

from clinsynth.llm.servers import several
from clinsynth.llm.servers.base import ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.several import Member, SeveralServers
from clinsynth.types import Request
from standins import StandIn, chat
from support import Command, summary

REQUESTS = [Request(f"d/p/u{number}#0", ({"role": "user", "content": "x"},)) for number in range(40)]


class Fake:
    """A server of so many seconds an answer; `error` is raised in the place of one."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.asked = seconds, 0
        self.error: ServerError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def ask(self, request: Request) -> ServerAnswer:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return ServerAnswer("text.", "stop", served_model="m")


def members(*fakes: Fake) -> SeveralServers:
    return SeveralServers([Member(f"http://node{number}", fake) for number, fake in enumerate(fakes)])


def test_work_goes_to_the_least_loaded() -> None:
    slow, quick = Fake(0.2), Fake(0.02)

    async def run() -> None:
        gate = asyncio.Semaphore(4)
        async with members(slow, quick) as server:

            async def one(request: Request) -> None:
                async with gate:
                    await server.ask(request)

            await asyncio.gather(*map(one, REQUESTS))

    asyncio.run(run())
    assert slow.asked + quick.asked == 40
    assert quick.asked > 2 * slow.asked > 0


@pytest.mark.parametrize(
    "error",
    [
        ServerError(ErrorKind.unreachable, "refused"),
        ServerError(ErrorKind.passing, "broken", status=503),
        ServerError(ErrorKind.garbled, "a page"),
    ],
    ids=["gone", "broken", "of something else"],
)
def test_a_dead_server_is_left_out_and_tried_again(
    error: ServerError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(several.time, "monotonic", lambda: now[0])
    dead, well = Fake(), Fake()
    dead.error = error
    server = members(dead, well)

    def ask() -> None:
        asyncio.run(server.ask(REQUESTS[0]))

    for _ in range(10):
        ask()
    assert (dead.asked, well.asked) == (1, 10)
    now[0] += several.FIRST_REST + 1
    ask()
    assert dead.asked == 2  # and is left out for twice as long
    now[0] += several.FIRST_REST + 1
    ask()
    assert dead.asked == 2
    now[0] += 2 * several.FIRST_REST
    dead.error = None
    ask()
    assert dead.asked == 3
    ask()
    said = capsys.readouterr().out
    assert said.count("http://node0 does not answer") == said.count("http://node0 answers again") == 1


def test_a_request_that_is_declined_is_declined_by_all() -> None:
    first, second = Fake(), Fake()
    first.error = second.error = ServerError(ErrorKind.declined, "no", status=400)
    with pytest.raises(ServerError):
        asyncio.run(members(first, second).ask(REQUESTS[0]))
    assert first.asked + second.asked == 1


def test_where_all_are_dead_the_error_is_raised() -> None:
    first, second = Fake(), Fake()
    first.error = second.error = ServerError(ErrorKind.unreachable, "refused")
    with pytest.raises(ServerError):
        asyncio.run(members(first, second).ask(REQUESTS[0]))
    assert (first.asked, second.asked) == (1, 1)


CORPUS = ["generation.per_request=10", "units.max=6", "annotator=seed", "size=n10", "llm=vllm", "llm.model=m"]


def test_a_corpus_is_made_by_two_servers_of_which_one_dies(with_store: Path, clinsynth: Command) -> None:
    with StandIn(chat) as first, StandIn(chat) as second:
        urls = f"llm.base_urls=[{first.url},{second.url}]"
        assert clinsynth("generate", *CORPUS, urls).status == 0
        assert len(first.asked) + len(second.asked) == 6
        assert first.asked
        assert second.asked
        before = len(first.asked)
        made = summary(with_store)
        second.down = True
        said = clinsynth("generate", *CORPUS, urls, "llm.temperature=0.5")
    assert said.status == 0, said.err
    assert f"{second.url} does not answer" in said.out
    assert len(first.asked) == before + 6
    assert summary(with_store)["examples"] == made["examples"] == 60


def test_batches_of_several_servers_are_refused(with_store: Path, clinsynth: Command) -> None:
    said = clinsynth("generate", *CORPUS, "llm.base_urls=[http://a/v1,http://b/v1]", "llm.mode=batch")
    assert said.status == 2
    assert "llm.mode=batch asks one server" in " ".join(said.err.split())


def test_a_password_in_one_of_them_is_refused(with_store: Path, clinsynth: Command) -> None:
    said = clinsynth("generate", *CORPUS, "llm.base_urls=[http://a/v1,http://me:s3cret@b/v1]")
    assert said.status == 2
    assert "s3cret" not in said.err + said.out
    assert "llm.base_urls holds a password" in " ".join(said.err.split())
