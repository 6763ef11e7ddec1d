"""The parameters that one server takes, found out from its refusals and kept beside the answers.

Servers of one protocol differ: reasoning models take no temperature and call the longest answer otherwise, many know
no schemas. A refusal that names a parameter is an answer to that: the request is sent again without it, and the next
ones are right at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerError, Structured
from clinsynth.types import Request

LEFT_OUT = ("temperature", "top_p", "top_k", "seed", "reasoning_effort", "logprobs", "top_logprobs")
"""Parameters that may be left out, which is said; without others an answer would not be the one that was asked for."""
LONGEST = ("max_tokens", "max_completion_tokens")
"""The names of the longest answer."""

_UNSUPPORTED = re.compile(
    r"unsupported|not (?:\w+ )?support|not (?:permitted|allowed|available|accept|recogni[sz]ed|valid for)|"
    r"unrecogni[sz]ed|unknown|unexpected|deprecated|no longer|extra (?:inputs|fields)|extraneous|only the default|"
    r"(?:unsupported|unknown)_(?:parameter|value)",
    re.IGNORECASE,
)
_SCHEMAS = re.compile(
    r"response_format|json_schema|json_object|structured|guided|grammar|output_config|output_format|text\.format|schema|"
    r"json mode",
    re.IGNORECASE,
)
_REASONS = re.compile(r"(?:.*/)?(?:o[1-9]\b|gpt-[5-9])", re.IGNORECASE)
"""Names of OpenAI's models that take `max_completion_tokens`."""
_RESPONSES = re.compile(r"v1/responses|responses (?:api|endpoint)|only supported in.*responses", re.IGNORECASE)
_WAYS = (Structured.json_schema, Structured.json_object, None)


def _forgotten(learnt: dict[str, Any]) -> None:
    """Keep nothing."""


class Dialect:
    """What a server and its model take; changed by `learn`."""

    def __init__(self, *, server: str, model: str, structured: Structured, own: bool) -> None:
        self.server, self.model = server, model
        self.left_out: set[str] = set()
        self.longest = LONGEST[own and bool(_REASONS.match(model))]
        self._refused_longest: set[str] = set()
        self.chooses = structured is Structured.auto
        self.ways: list[Structured | None] = list(_WAYS) if structured is Structured.auto else [structured]
        """How an answer with a schema may still be asked for, the best way first; `None` is by the prompt alone."""
        self.uses_responses = False
        """Whether this model answers over OpenAI's Responses API alone."""
        self._keep: Callable[[dict[str, Any]], None] = _forgotten

    @property
    def learnt(self) -> dict[str, Any]:
        """Return what has been found out, as JSON holds it; the ways of schemas that are refused, by their names."""
        refused = [way.value for way in _WAYS if way is not None and way not in self.ways]
        return {
            "left_out": sorted(self.left_out),
            "longest": self.longest if self._refused_longest else None,
            "refused": refused if len(self.ways) < len(_WAYS) and self.chooses else [],
            "responses": self.uses_responses,
        }

    def recall(self, learnt: Mapping[str, Any], *, keep: Callable[[dict[str, Any]], None]) -> None:
        """Take what an earlier process has found out, as far as it can be read; `keep` gets all when there is more."""
        self._keep = keep
        self.left_out |= {name for name in learnt.get("left_out") or () if name in LEFT_OUT}
        if learnt.get("longest") in LONGEST:
            self.longest = str(learnt["longest"])
        refused = set(learnt.get("refused") or ())
        if self.chooses:
            self.ways = [way for way in self.ways if way is None or way.value not in refused]
        self.uses_responses |= learnt.get("responses") is True

    def learn(self, error: ServerError, *, sent: dict[str, Any]) -> bool:
        """Say whether the request can be sent again, otherwise; `sent` is its body, by OpenAI's names."""
        known = self.learnt
        again = self._learn(error, sent=sent)
        if self.learnt != known:
            self._keep(self.learnt)
        return again

    def _learn(self, error: ServerError, *, sent: dict[str, Any]) -> bool:
        if error.kind not in (ErrorKind.declined, ErrorKind.refused):
            return False
        said = f"{error.parameter or ''} {error.said}"
        if _RESPONSES.search(said) and not sent.get(RESPONSES):
            self.uses_responses = True
            return True
        return self._other_way(said, sent) or (bool(_UNSUPPORTED.search(said)) and self._without(said, sent))

    def named(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body of OpenAI's names as this server takes it."""
        found = {name: value for name, value in body.items() if name not in self.left_out}
        return {self.longest if name in LONGEST else name: value for name, value in found.items()}

    def _without(self, said: str, sent: dict[str, Any]) -> bool:
        named = [name for name in (*LONGEST, *LEFT_OUT) if name in sent and re.search(rf"\b{name}\b", said)]
        if not named:
            return False
        name = named[0]
        if name in LONGEST:
            self._refused_longest.add(name)
            other = LONGEST[name == LONGEST[0]]
            self.longest = other
            return other not in self._refused_longest
        if name not in self.left_out:
            self.left_out.add(name)
            print(f"{self.server} takes no {name} for {self.model}, or no other than its own: left out.", flush=True)
        return True

    def _other_way(self, said: str, sent: dict[str, Any]) -> bool:
        way: Structured | None = sent.get(WAY)
        if way is None or not _SCHEMAS.search(said):
            return False
        if way in self.ways[:-1] and self.ways[0] == way:
            self.ways.pop(0)
            print(f"{self.server} knows no {way.value} for {self.model}: {_named(self.ways[0])}.", flush=True)
        return self.ways[0] != way


WAY, RESPONSES = " way", " responses"
"""Notes in a body on how it was made, which are not sent."""


def unsent(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without its notes."""
    return {name: value for name, value in body.items() if name not in (WAY, RESPONSES)}


def _named(way: Structured | None) -> str:
    return "schemas stand in the prompt alone" if way is None else f"{way.value} is tried"


def dialect_of(endpoint: Endpoint) -> Dialect:
    """Return what is known of a server by now, without what was kept; the same for all who ask it in this process."""
    return _dialect(endpoint.server, endpoint.model, endpoint.structured, endpoint.base_url is None)


@lru_cache(maxsize=256)
def _dialect(server: str, model: str, structured: Structured, own: bool) -> Dialect:
    return Dialect(server=server, model=model, structured=structured, own=own)


def body(request: Request, *, endpoint: Endpoint) -> dict[str, Any]:
    """Return what is sent to a server of OpenAI's protocol for a request, with notes on how it was made."""
    dialect = dialect_of(endpoint)
    chosen = {name: value for name, value in endpoint.asked(request).items() if name not in ("system", "extra_body")}
    chosen |= {"logprobs": True} if endpoint.logprobs else {}
    schema = {} if request.answer_schema is None else _asked(request.answer_schema, dialect.ways[0])
    return (
        {"model": endpoint.model, "messages": endpoint.messages(request)}
        | dialect.named(chosen)
        | schema
        | dict(endpoint.extra_body)
        | dict(endpoint.routing)
    )


def _asked(schema: Any, way: Structured | None) -> dict[str, Any]:
    if way is None:
        return {}
    if way is Structured.grammar:  # vLLM of today, vLLM before 0.11, llama.cpp: each leaves the others' fields alone
        return {WAY: way, "structured_outputs": {"json": schema}, "guided_json": schema, "json_schema": schema}
    if way is Structured.json_object:
        return {WAY: way, "response_format": {"type": "json_object"}}
    named = {"name": "answer", "schema": schema, "strict": True}
    return {WAY: way, "response_format": {"type": "json_schema", "json_schema": named}}
