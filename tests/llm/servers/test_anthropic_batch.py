"""Anthropic's Message Batches, and what requests share that it need not read again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinsynth.llm.servers import PROTOCOLS
from clinsynth.llm.servers.anthropic_batch import AnthropicBatchServer
from clinsynth.llm.servers.anthropic_messages import body
from clinsynth.llm.servers.base import BatchState, Endpoint, ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.prefixes import SharedPrefix
from clinsynth.types import Request
from standins import Asked, Reply, StandIn, anthropic

REQUESTS = {
    f"{number:064x}": Request(
        f"d/sentences/u{number}#0",
        ({"role": "user", "content": f'Please provide 2 sentences containing the words "unit{number}". Thank you.'},),
    )
    for number in range(4)
}


class Batches:
    """The part of Anthropic's server that takes batches: one row fails, one expires."""

    def __init__(self) -> None:
        self.polls = 0
        self.rows: list[dict[str, Any]] = []
        self.cancelled = False

    def __call__(self, asked: Asked) -> Reply | None:
        path = asked.path.partition("?")[0]
        if path == "/v1/messages/batches":
            self.rows = asked.body["requests"]
            return 200, self.state("in_progress")
        if path.endswith("/results"):
            return 200, "\n".join(json.dumps(self.result(place)) for place in range(len(self.rows))).encode()
        if path.endswith("/cancel"):
            self.cancelled = True
            return 200, self.state("canceling")
        if path.endswith("/b1"):
            self.polls += 1
            return 200, self.state("ended" if self.polls > 1 else "in_progress")
        return 404, {"type": "error", "error": {"type": "not_found_error", "message": "no such batch"}}

    def state(self, status: str) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        at = "2026-11-01T00:00:00Z"
        dates = dict.fromkeys(("archived_at", "cancel_initiated_at", "ended_at", "results_url"))
        found = {"id": "b1", "type": "message_batch", "processing_status": status, "request_counts": counts}
        results = "http://elsewhere/v1/messages/batches/b1/results" if status == "ended" else None
        return found | dates | {"created_at": at, "expires_at": at, "results_url": results}

    def result(self, place: int) -> dict[str, Any]:
        row = self.rows[place]
        _, message = anthropic(Asked("", {}, row["params"]), "1. Seen. 2. Seen again.")
        results: list[dict[str, Any]] = [{"type": "succeeded", "message": message}] * 4
        error = {"type": "invalid_request_error", "message": "`temperature` is deprecated for this model."}
        results[1] = {"type": "errored", "error": {"type": "error", "error": error, "request_id": None}}
        results[2] = {"type": "expired"}
        return {"custom_id": row["custom_id"], "result": results[place]}


def endpoint(server: StandIn) -> Endpoint:
    return Endpoint(
        PROTOCOLS["anthropic"], model="claude-haiku-4-5", base_url=server.root, key="k", timeout_s=5.0, temperature=1.0
    )


def test_a_batch_is_submitted_looked_at_and_fetched() -> None:
    batches = Batches()
    with StandIn(anthropic, batches) as stand_in, AnthropicBatchServer(endpoint(stand_in)) as server:
        batch = server.submit(REQUESTS)
        assert server.look(batch).state is BatchState.working
        status = server.look(batch)
        assert status.state is BatchState.ended
        _direct_results(server, stand_in)
        found = dict(server.fetch(status))
        sent = server.submit(REQUESTS)
    answers = [found[key] for key in REQUESTS]
    assert isinstance(answers[0], ServerAnswer)
    assert answers[0].text == "1. Seen. 2. Seen again."
    assert answers[0].usage.cached == 7
    assert [type(answer) for answer in answers] == [ServerAnswer, ServerError, ServerError, ServerAnswer]
    kinds = [answer.kind for answer in answers if isinstance(answer, ServerError)]
    assert kinds == [ErrorKind.passing, ErrorKind.passing]  # the next batch leaves the temperature out
    assert sent == batch
    assert all("temperature" not in row["params"] for row in batches.rows)


def _direct_results(server: AnthropicBatchServer, stand_in: StandIn) -> None:
    """The library takes the address of the results from the batch; here it is that of the stand-in."""
    url = f"{stand_in.root}/v1/messages/batches/b1/results"
    batches = server._client.messages.batches
    retrieve = batches.retrieve
    batches.retrieve = lambda message_batch_id, **_: retrieve(message_batch_id).model_copy(update={"results_url": url})


def test_a_batch_that_is_not_known_is_said_and_one_is_cancelled() -> None:
    batches = Batches()
    with StandIn(anthropic, batches) as stand_in, AnthropicBatchServer(endpoint(stand_in)) as server:
        assert server.look("b2").state is BatchState.unknown
        assert server.cancel(server.submit(REQUESTS)) is BatchState.working
    assert batches.cancelled


GUIDELINES = "Mentions of diseases are listed as they stand.\n" * 100


@pytest.mark.parametrize(
    ("texts", "marked"),
    [
        ([f"{GUIDELINES}{number}. Gout." for number in range(3)], [False, True, True]),
        ([f"Short.\n{number}. Gout." for number in range(3)], [False, False, False]),
        ([f"{number}. Gout.\n{GUIDELINES}" for number in range(3)], [False, False, False]),
    ],
    ids=["long guidelines", "short ones", "at the end"],
)
def test_what_requests_share_is_marked_for_the_servers_cache(texts: list[str], marked: list[bool]) -> None:
    found = Endpoint(PROTOCOLS["anthropic"], model="m")
    prefix = SharedPrefix()
    seen = []
    for text in texts:
        asked = Request("d/p/u#0", ({"role": "user", "content": text},))
        content = body(asked, endpoint=found, prefix=prefix)["messages"][-1]["content"]
        blocks = content if isinstance(content, list) else [{"text": content}]
        assert "".join(block["text"] for block in blocks) == text
        seen.append("cache_control" in blocks[0])
    assert seen == marked
