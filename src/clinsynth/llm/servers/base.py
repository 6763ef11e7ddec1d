"""Servers of LLMs as the rest sees them: something that is asked, and errors that say of what kind they are.

A protocol is a file beside this one, and one line in `PROTOCOLS`. Nobody else knows what goes over the wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from clinsynth import keys
from clinsynth.errors import redacted
from clinsynth.llm.endings import DECLINED, FAILED, GARBLED
from clinsynth.llm.watermark import Watermark
from clinsynth.types import Logprobs, Request


class Structured(Enum):
    """How an answer with a schema is asked for; the prompt asks for it in words in any case."""

    auto = "auto"
    """In the first of these ways that the server takes."""
    json_schema = "json_schema"
    json_object = "json_object"
    """As JSON of any kind."""
    grammar = "grammar"
    """By fields of vLLM's and llama.cpp's own, which make a grammar of a schema."""


LOOPBACK = ("127.0.0.1", "::1", "localhost")

_SAMPLING = ("temperature", "max_tokens", "top_p", "seed", "reasoning_effort", "system")


@dataclass(frozen=True)
class Endpoint:
    """An LLM on its server: where it is, and how it is asked."""

    protocol: LLMProtocol
    model: str
    """As its server calls it."""
    base_url: str | None = None
    """Address; `None` is the protocol's own."""
    base_urls: tuple[str, ...] = ()
    """Addresses of several servers of the same model, in the place of one."""
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    """Random number of the sampling, where the server has one."""
    stop: tuple[str, ...] = ()
    """Texts at which an answer ends."""
    reasoning_effort: str | None = None
    system: str | None = None
    """The system prompt."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Fields of a request's body that change its answer, as the server calls them."""
    routing: Mapping[str, Any] = field(default_factory=dict)
    """Fields of a request's body that change no answer, and stand in no key."""
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    organization: str | None = None
    project: str | None = None
    api_version: str | None = None
    """Of Azure, where its addresses name one."""
    region: str | None = None
    """Of AWS; `None` is the one that its own settings name."""
    structured: Structured = Structured.auto
    """How a server is asked for an answer with a schema, where a request has one."""
    logprobs: bool = False
    """Whether it is asked how likely the tokens of its answers were, which changes none of them."""
    watermark: Watermark | None = None
    trusted: bool = False
    """Whether it is inside the house, so that no proxy may come between."""
    key: str | None = field(default=None, repr=False)
    """Secret; `None` for a server that wants none, and where nobody is asked."""
    key_variable: str | None = None
    """The variable that holds the key, as messages name it."""
    timeout_s: float = 180.0
    """For one answer."""
    concurrency: int = 32
    """Requests under way at once, at most."""

    @property
    def server(self) -> str:
        """Return the address, as messages and the cache name it: without the name and password that it may hold."""
        return ", ".join(map(redacted, self.base_urls or [self.base_url or self.protocol.address]))

    @property
    def travel(self) -> dict[str, Any]:
        """Return how requests travel, as options of an HTTP client: to this address and no other one.

        A redirect is refused, for it would carry the texts to another server; what is inside the house, or on this
        machine, is reached without the proxy that the environment may name.
        """
        addresses = self.base_urls or (self.base_url or self.protocol.address,)
        inside = self.trusted or all(urlsplit(address).hostname in LOOPBACK for address in addresses)
        return {"follow_redirects": False, "trust_env": not inside}

    @property
    def sampling(self) -> dict[str, Any]:
        """Return the parameters of a request beside its messages; they are part of the cache's key."""
        chosen: dict[str, Any] = {name: getattr(self, name) for name in _SAMPLING}
        chosen |= {"stop": list(self.stop) or None, "extra_body": dict(self.extra_body) or None}
        return {name: value for name, value in chosen.items() if value is not None}

    def parameters(self, request: Request) -> dict[str, Any]:
        """Return all that decides the answer to a request beside model and messages; a part of the cache's key."""
        schema, mark = request.answer_schema, self.watermark
        chosen = self.sampling | ({} if mark is None else {"watermark": mark.known_by})
        return chosen | ({} if schema is None else {"answer_schema": dict(schema)})

    def asked(self, request: Request) -> dict[str, Any]:
        """Return the parameters as they are sent: an answer that was cut before gets more room."""
        longest = {} if self.max_tokens is None else {"max_tokens": self.max_tokens * request.room}
        return self.sampling | longest

    def messages(self, request: Request) -> list[dict[str, str]]:
        """Return what is said to the LLM, the system prompt first where there is one."""
        first = [{"role": "system", "content": self.system}] if self.system else []
        return [*first, *request.messages]

    def cache_key(self, request: Request) -> str:
        """Return the key of the answer to a request in the cache."""
        return keys.request(request, model=self.model, sampling=self.parameters(request))

    def redacted(self, text: str) -> str:
        """Return the text without the key and without passwords, however a library quotes them."""
        addresses = [*self.base_urls, self.base_url or ""]
        for secret in (self.key, *(urlsplit(address).password for address in addresses)):
            for written in {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]} if secret else ():
                text = text.replace(written, "***")
        return redacted(text)


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer, as the server counts them; `None` where it does not say."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    """Part of `prompt` that the server had seen before."""
    written: int | None = None
    """Part of `prompt` that the server keeps for others, at a higher price."""


@dataclass(frozen=True)
class ServerAnswer:
    """The text that a server sent back, maybe none, and what it says of it."""

    text: str
    finish_reason: str
    """`stop`; `length` where the text is cut; another one of `endings`; or a word of the server's that is not known."""
    served_model: str
    usage: Usage = Usage()
    request_id: str | None = None
    logprobs: Logprobs = ()


@dataclass(frozen=True)
class NoAnswer:
    """The words that a server sent in the place of a completion, or why it sent none."""

    reason: str
    """One of `endings`."""
    said: str
    """The words of a refusal, or the server's own; empty for a piece of a text."""
    usage: Usage = Usage()
    """Of what was paid for all the same."""


class ErrorKind(Enum):
    passing = "passing"
    """The server refuses for now: it is busy, or broken for a moment."""
    declined = "declined"
    """The server refuses this one request, and may answer others."""
    refused = "refused"
    """The server refuses, and will go on to, whatever it is asked."""
    quota = "quota"
    """The server refuses because its bill is to be paid first."""
    unreachable = "unreachable"
    """No answer has come, or not in time."""
    garbled = "garbled"
    """The answer is no completion."""


_REASONS = {ErrorKind.declined: DECLINED, ErrorKind.garbled: GARBLED}


class ServerError(Exception):
    """The one error of a server that was asked; whether to ask again and what to say is decided by its kind."""

    def __init__(
        self,
        kind: ErrorKind,
        said: str,
        *,
        status: int | None = None,
        wait_s: float | None = None,
        reason: str | None = None,
        parameter: str | None = None,
    ) -> None:
        super().__init__(said)
        self.kind = kind
        self.reason = reason or _REASONS.get(kind, FAILED)
        """One of `endings`: why the request has no answer, if it stays without."""
        self.said = said
        """The server's own text, which may hold the key: `Endpoint.redacted` takes it out."""
        self.parameter = parameter
        """Of the request, where the server names the one that it does not take."""
        self.status = status
        """HTTP's, where there is one."""
        self.wait_s = wait_s
        """After how many seconds the server wants to be asked again, where it says so."""

    @property
    def lasting(self) -> bool:
        """Say whether any request would fail, and a little later, too."""
        return self.kind in (ErrorKind.refused, ErrorKind.quota)

    @property
    def reached(self) -> bool:
        """Say whether an LLM's server has said it, and not the network, or a server of something else."""
        return self.kind not in (ErrorKind.unreachable, ErrorKind.garbled)


class Server(Protocol):
    """Answers one request at a time, many times at once; connected while it is entered."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exception: object) -> None: ...

    async def ask(self, request: Request) -> ServerAnswer:
        """Send a request once; raises ServerError, and nothing else, where no completion comes of it."""


class BatchState(Enum):
    working = "working"
    ended = "ended"
    """Its answers can be fetched, which need not be all."""
    refused = "refused"
    """Ended as a whole."""
    unknown = "unknown"
    """The server has no such batch."""


@dataclass(frozen=True)
class BatchStatus:
    """A batch as it is found when it is looked at."""

    state: BatchState
    files: tuple[str, ...] = ()
    """Where its answers are, as `fetch` takes it."""
    said: str = ""
    """Why it is refused."""


class BatchServer(Protocol):
    """Takes many requests together and answers them within a day; every method raises ServerError."""

    most: int
    """Requests that one batch holds."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def submit(self, requests: Mapping[str, Request]) -> str:
        """Take requests, by their cache keys; returns the name of the batch."""

    def look(self, batch: str) -> BatchStatus: ...

    def fetch(self, status: BatchStatus) -> Iterator[tuple[str, ServerAnswer | ServerError]]:
        """Yield what has come of each request of a batch that has ended, with its cache key."""

    def cancel(self, batch: str) -> BatchState:
        """End a batch that is at work; returns the state in which it was found."""


@dataclass(frozen=True)
class LLMProtocol:
    """A protocol: whose it is, and how its servers are opened, which sends nothing yet."""

    owner: str
    """As messages name the owner."""
    address: str
    """The address of the owner's own servers."""
    connect: Callable[[Endpoint], Server]
    connect_batches: Callable[[Endpoint], BatchServer] | None = None
    """`None` where the protocol has no batches."""
    has_logprobs: bool = True
    """Whether answers can come with the probabilities of their tokens."""
