"""OpenAI's Batch API: what is asked together is one file, which the server works off within 24 hours."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from clinsynth.llm.servers.base import BatchState, BatchStatus, Endpoint, ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.dialect import body, dialect_of, unsent
from clinsynth.llm.servers.openai import options, quieten, translated
from clinsynth.llm.servers.openai_replies import error_of, read_answer
from clinsynth.types import Request

if TYPE_CHECKING:
    import openai
    from openai.types import Batch

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"

ENDED = ("completed", "expired", "cancelled")


def _http(endpoint: Endpoint) -> Any:
    import openai

    return openai.DefaultHttpxClient(timeout=endpoint.timeout_s, **endpoint.travel)


class OpenAIBatchServer:
    most = 50_000

    def __init__(self, endpoint: Endpoint) -> None:
        quieten()
        self._endpoint = endpoint
        self._client = self._open(endpoint, _http(endpoint))

    def _open(self, endpoint: Endpoint, http: Any) -> openai.OpenAI:
        import openai

        return openai.OpenAI(**options(endpoint), http_client=http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def submit(self, requests: Mapping[str, Request]) -> str:
        rows = (
            {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": unsent(body(asked, endpoint=self._endpoint))}
            for key, asked in requests.items()
        )
        content = io.BytesIO("\n".join(map(json.dumps, rows)).encode())
        with translated():
            file = self._client.files.create(file=("requests.jsonl", content), purpose="batch")
            batch = self._client.batches.create(input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h")
        return batch.id

    def look(self, batch: str) -> BatchStatus:
        return _known(lambda: _status(self._client.batches.retrieve(batch)))

    def fetch(self, status: BatchStatus) -> Iterator[tuple[str, ServerAnswer | ServerError]]:
        sent = body(Request("", (), answer_schema={}), endpoint=self._endpoint)
        for file in status.files:
            with translated():
                content = self._client.files.content(file).content
            for line in content.split(b"\n"):
                if line.strip():
                    key, found = self._read(line)
                    yield key, self._learnt(found, sent=sent) if isinstance(found, ServerError) else found

    def _learnt(self, error: ServerError, *, sent: dict[str, Any]) -> ServerError:
        """Return the error of a row; a passing one where the next batch asks otherwise."""
        if not dialect_of(self._endpoint).learn(error, sent=sent):
            return error
        return ServerError(ErrorKind.passing, error.said, status=error.status)

    def cancel(self, batch: str) -> BatchState:
        batches = self._client.with_options(max_retries=0).batches

        def cancelled() -> BatchStatus:
            found = _status(batches.retrieve(batch))
            if found.state is BatchState.working:
                batches.cancel(batch)
            return found

        return _known(cancelled).state

    def _read(self, line: bytes) -> tuple[str, ServerAnswer | ServerError]:
        """Return the cache key of a row and what it says; a row that cannot be read has none."""
        try:
            row: dict[str, Any] = json.loads(line)
            key, response = str(row["custom_id"]), row.get("response") or {}
            status, found = response.get("status_code"), response.get("body")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return "", ServerError(ErrorKind.garbled, "a row of the batch cannot be read")
        if status != 200:
            return key, error_of(row.get("error") or found, status=status if isinstance(status, int) else None)
        try:
            return key, read_answer(
                json.dumps(found).encode(), request_id=response.get("request_id"), model=self._endpoint.model
            )
        except ServerError as error:
            return key, error


def _known(ask: Callable[[], BatchStatus]) -> BatchStatus:
    try:
        with translated():
            return ask()
    except ServerError as error:
        if error.status == 404:
            return BatchStatus(BatchState.unknown)
        raise


def _status(found: Batch) -> BatchStatus:
    files = tuple(file for file in (found.output_file_id, found.error_file_id) if file)
    if found.status == "failed":
        reasons = [error.message or "" for error in (found.errors.data or [])] if found.errors else []
        return BatchStatus(BatchState.refused, files, "; ".join(reasons))
    return BatchStatus(BatchState.ended if found.status in ENDED else BatchState.working, files)
