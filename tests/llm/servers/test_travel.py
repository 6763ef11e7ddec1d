"""Requests travel to the address that the settings name, and to no other one: redirects, proxies, the environment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clinsynth.errors import ConfigError
from clinsynth.llm.faults import explained
from clinsynth.llm.servers import PROTOCOLS
from clinsynth.llm.servers.base import Endpoint, ServerAnswer, ServerError
from clinsynth.llm.servers.openai import OpenAIServer, options
from clinsynth.types import Request
from support import MockServer

SECRET = "Mrs Miller has gout"
REQUEST = Request("d/sentences/gout#0", ({"role": "user", "content": SECRET},), gold_characters=4)


class Elsewhere(ThreadingHTTPServer):
    """Another server, which keeps what it is sent; it may send requests on."""

    def __init__(self, to: str | None = None) -> None:
        self.seen: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.seen.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(307 if to else 500)
                if to:
                    self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    found = Elsewhere()
    yield found
    found.shutdown()


def ask(endpoint: Endpoint) -> ServerAnswer:
    async def run() -> ServerAnswer:
        async with OpenAIServer(endpoint) as server:
            return await server.ask(REQUEST)

    return asyncio.run(run())


def endpoint(url: str | None, *, trusted: bool = False) -> Endpoint:
    return Endpoint(PROTOCOLS["openai"], model="m", base_url=url, trusted=trusted, timeout_s=5)


def test_a_redirect_is_not_followed(elsewhere: Elsewhere) -> None:
    asked = Elsewhere(to=f"{elsewhere.url}/chat/completions")
    with pytest.raises(ServerError) as refused:
        ask(endpoint(asked.url))
    asked.shutdown()
    assert (len(asked.seen), elsewhere.seen, refused.value.status) == (1, [], 307)
    told = explained(refused.value, endpoint=endpoint(asked.url), patience_s=1)
    assert isinstance(told, ConfigError)
    assert "sends requests on to another server" in str(told)


def test_no_proxy_comes_between_this_machine_and_itself(
    server: MockServer, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.url.removesuffix("/v1"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    ask(endpoint(server.url))
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    ("url", "trusted", "proxies"),
    [
        ("http://127.0.0.1:8000/v1", False, False),
        ("http://[::1]:8000/v1", False, False),
        ("http://llm.ward.example/v1", False, True),
        ("http://llm.ward.example/v1", True, False),
        (None, False, True),
    ],
)
def test_a_proxy_is_for_servers_outside_the_house(url: str | None, trusted: bool, proxies: bool) -> None:
    assert endpoint(url, trusted=trusted).travel == {"follow_redirects": False, "trust_env": proxies}


def test_the_environment_names_no_other_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:secret@elsewhere.example/v1")
    with pytest.raises(ConfigError, match=r"give llm\.base_url=http://\*\*\*@elsewhere\.example/v1") as refused:
        options(endpoint(None))
    assert "secret" not in str(refused.value)
    assert options(endpoint("http://127.0.0.1:1/v1"))["base_url"] == "http://127.0.0.1:1/v1"
