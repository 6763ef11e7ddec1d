"""Anthropic's Message Batches: what is asked together is answered within 24 hours, at half the price."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from clinsynth.llm.servers.anthropic import library, options, translated
from clinsynth.llm.servers.anthropic_messages import body, read_message
from clinsynth.llm.servers.base import BatchState, BatchStatus, Endpoint, ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.dialect import dialect_of, unsent
from clinsynth.llm.servers.openai import quieten
from clinsynth.llm.servers.openai_replies import error_of
from clinsynth.llm.servers.prefixes import SharedPrefix
from clinsynth.types import Request

ENDED = "ended"


class AnthropicBatchServer:
    most = 10_000
    """A batch may hold 100,000, and 256 MB."""

    def __init__(self, endpoint: Endpoint) -> None:
        quieten()
        self._endpoint = endpoint
        http = library().DefaultHttpxClient(timeout=endpoint.timeout_s, **endpoint.travel)
        self._client = library().Anthropic(**options(endpoint), http_client=http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def submit(self, requests: Mapping[str, Request]) -> str:
        prefix = SharedPrefix()
        rows = [
            {"custom_id": key, "params": unsent(body(asked, endpoint=self._endpoint, prefix=prefix))}
            for key, asked in requests.items()
        ]
        with translated():
            batch = self._client.messages.batches.create(requests=rows)
        return str(batch.id)

    def look(self, batch: str) -> BatchStatus:
        return _known(lambda: self._status(batch))

    def fetch(self, status: BatchStatus) -> Iterator[tuple[str, ServerAnswer | ServerError]]:
        sent = body(
            Request("", ({"role": "user", "content": ""},), answer_schema={}),
            endpoint=self._endpoint,
            prefix=SharedPrefix(),
        )
        for batch in status.files:
            with translated():
                for row in self._client.messages.batches.results(batch):
                    yield row.custom_id, self._read(row.result.model_dump(), sent=sent)

    def cancel(self, batch: str) -> BatchState:
        def cancelled() -> BatchStatus:
            found = self._status(batch)
            if found.state is BatchState.working:
                self._client.messages.batches.cancel(batch)
            return found

        return _known(cancelled).state

    def _status(self, batch: str) -> BatchStatus:
        found = self._client.messages.batches.retrieve(batch)
        return BatchStatus(BatchState.ended if found.processing_status == ENDED else BatchState.working, (batch,))

    def _read(self, result: dict[str, Any], *, sent: dict[str, Any]) -> ServerAnswer | ServerError:
        """Return what has come of a row; its error is a passing one where the next batch asks otherwise."""
        if result["type"] == "succeeded":
            try:
                content = json.dumps(result["message"]).encode()
                return read_message(content, request_id=None, model=self._endpoint.model)
            except ServerError as error:
                return error
        if result["type"] != "errored":  # canceled, expired
            return ServerError(ErrorKind.passing, f"the batch ended without it ({result['type']})")
        found = result["error"]
        inner = found.get("error") or found
        status = 400 if inner.get("type") == "invalid_request_error" else None
        refusal = error_of(found, status=status)
        learnt = dialect_of(self._endpoint).learn(refusal, sent=sent)
        return ServerError(ErrorKind.passing, refusal.said) if learnt else refusal


def _known(ask: Callable[[], BatchStatus]) -> BatchStatus:
    try:
        with translated():
            return ask()
    except ServerError as error:
        if error.status == 404:
            return BatchStatus(BatchState.unknown)
        raise
