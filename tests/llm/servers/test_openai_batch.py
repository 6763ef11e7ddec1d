from __future__ import annotations

import pytest

from clinsynth.llm.servers import PROTOCOLS
from clinsynth.llm.servers.base import BatchState, BatchStatus, Endpoint, ServerAnswer, ServerError
from clinsynth.llm.servers.openai_batch import OpenAIBatchServer
from clinsynth.types import Request
from support import MockServer

REQUESTS = {
    f"key{number}": Request(f"d/sentences/unit{number}#0", ({"role": "user", "content": f"Write {number}."},))
    for number in range(3)
}


@pytest.fixture
def batches(server: MockServer) -> OpenAIBatchServer:
    return OpenAIBatchServer(Endpoint(PROTOCOLS["openai"], model="m", base_url=server.url, timeout_s=5.0))


def test_what_is_submitted_can_be_fetched_row_by_row(server: MockServer, batches: OpenAIBatchServer) -> None:
    server.behave(batch_fails=[1])
    name = batches.submit(REQUESTS)
    assert batches.look(name).state is BatchState.working
    status = batches.look(name)
    assert status.state is BatchState.ended
    found = dict(batches.fetch(status))
    assert set(found) == set(REQUESTS)
    assert isinstance(found["key1"], ServerError)
    assert "an odd row" in found["key1"].said
    answer = found["key0"]
    assert isinstance(answer, ServerAnswer)
    assert (answer.text, answer.served_model, answer.request_id) == ("OK.", "m-0613", "q")


def test_a_batch_that_is_refused_says_why(server: MockServer, batches: OpenAIBatchServer) -> None:
    server.behave(batch_end="failed", batch_polls=0)
    assert batches.look(batches.submit(REQUESTS)) == BatchStatus(BatchState.refused, said="the file is too odd")


def test_a_batch_that_nobody_knows_is_no_error(batches: OpenAIBatchServer) -> None:
    assert batches.look("batch-none").state is BatchState.unknown
    assert batches.cancel("batch-none") is BatchState.unknown


def test_only_a_batch_at_work_is_cancelled(server: MockServer, batches: OpenAIBatchServer) -> None:
    name = batches.submit(REQUESTS)
    assert batches.cancel(name) is BatchState.working
    assert batches.cancel(name) is BatchState.ended
    assert server.asked()["cancelled"] == 1
