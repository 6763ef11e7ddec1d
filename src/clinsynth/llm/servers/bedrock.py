"""Amazon Bedrock's Converse, one protocol for all its models.

Through boto3, for AWS has many ways to say who one is (roles, profiles, single sign-on, keys of Bedrock), which its own
library knows; the door that speaks OpenAI's protocol has few of the models. boto3 waits in threads.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self

from clinsynth.llm import endings
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Structured, Usage
from clinsynth.llm.servers.dialect import WAY, dialect_of, unsent
from clinsynth.llm.servers.extras import extra
from clinsynth.llm.servers.openai_replies import error_of, no_completion, string, tokens
from clinsynth.types import Request

_NAMES = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP", "stop": "stopSequences"}
_WHO = "(AWS finds who you are in variables, profiles and roles; AWS_BEARER_TOKEN_BEDROCK holds a key of Bedrock)"
_PASSING = ("ThrottlingException", "ModelNotReadyException", "ModelTimeoutException", "ServiceUnavailableException")


class BedrockServer:
    """Asks in as many threads as requests may be under way."""

    def __init__(self, endpoint: Endpoint) -> None:
        with extra("bedrock", protocol="bedrock"):
            import boto3
            from botocore.config import Config

        for name in ("boto3", "botocore", "urllib3"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._endpoint, self._dialect = endpoint, dialect_of(endpoint)
        config = Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=endpoint.concurrency,
            connect_timeout=10,
            read_timeout=endpoint.timeout_s,
        )
        with translated(endpoint):
            self._client = boto3.session.Session().client(
                "bedrock-runtime", region_name=endpoint.region, endpoint_url=endpoint.base_url, config=config
            )
        self._threads = ThreadPoolExecutor(endpoint.concurrency, thread_name_prefix="bedrock")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def ask(self, request: Request) -> ServerAnswer:
        loop = asyncio.get_running_loop()
        while True:
            sent = body(request, endpoint=self._endpoint)
            try:
                return await loop.run_in_executor(self._threads, self._send, unsent(sent["converse"]))
            except ServerError as error:
                if not self._dialect.learn(error, sent=sent):
                    raise

    def _send(self, sent: dict[str, Any]) -> ServerAnswer:
        with translated(self._endpoint):
            return read_converse(self._client.converse(**sent), model=self._endpoint.model)


def body(request: Request, *, endpoint: Endpoint) -> dict[str, Any]:
    """Return what is sent for a request as `converse`, beside its parameters by their usual names."""
    dialect = dialect_of(endpoint)
    chosen = {name: value for name, value in endpoint.asked(request).items() if name not in dialect.left_out}
    found: dict[str, Any] = {
        "modelId": endpoint.model,
        "messages": [{"role": turn["role"], "content": [{"text": turn["content"]}]} for turn in request.messages],
        "inferenceConfig": {name: chosen[ours] for ours, name in _NAMES.items() if ours in chosen},
        "additionalModelRequestFields": dict(endpoint.extra_body),
    }
    if endpoint.system:
        found["system"] = [{"text": endpoint.system}]
    output: dict[str, Any] = {"effort": effort} if (effort := chosen.get("reasoning_effort")) else {}
    if request.answer_schema is not None and dialect.ways[0] in (Structured.json_schema, Structured.json_object):
        schema = {"name": "answer", "schema": json.dumps(request.answer_schema)}
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
        chosen[WAY] = dialect.ways[0]
    found |= {"outputConfig": output} | dict(endpoint.routing)
    return chosen | {"converse": {name: value for name, value in found.items() if value}}


def read_converse(found: Any, *, model: str) -> ServerAnswer:
    """Return the completion in a reply; raises ServerError where there is none."""
    try:
        blocks = (found["output"].get("message") or {})["content"]
        text = "".join(string(block.get("text")) for block in blocks)
        ended = endings.ending(string(found.get("stopReason")), text=text)
    except (LookupError, TypeError, AttributeError):
        raise no_completion(json.dumps(found, default=str).encode()) from None
    counts = found.get("usage") or {}
    read, written = tokens(counts.get("cacheReadInputTokens")), tokens(counts.get("cacheWriteInputTokens"))
    prompt = tokens(counts.get("inputTokens"))
    whole = None if prompt is None else prompt + (read or 0) + (written or 0)
    return ServerAnswer(
        text=text,
        finish_reason=ended,
        served_model=model,
        usage=Usage(whole, tokens(counts.get("outputTokens")), read, written),
        request_id=(found.get("ResponseMetadata") or {}).get("RequestId"),
    )


@contextmanager
def translated(endpoint: Endpoint) -> Iterator[None]:
    """Raise a ServerError for what the library raises."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        raise _refusal(error) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.TokenRetrievalError) as error:
        raise ServerError(ErrorKind.refused, f"{error} {_WHO}") from error
    except exceptions.NoRegionError as error:
        raise ServerError(ErrorKind.refused, "no region: give one as llm.region=eu-central-1, or AWS_REGION") from error
    except exceptions.ParamValidationError as error:
        raise ServerError(ErrorKind.refused, f"boto3 does not take this request: {error}") from error
    except exceptions.BotoCoreError as error:
        raise ServerError(ErrorKind.unreachable, f"{type(error).__name__}: {error}") from error


def _refusal(error: Any) -> ServerError:
    found = error.response.get("Error") or {}
    code, said = string(found.get("Code")), string(found.get("Message"))
    status = (error.response.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    if status in (401, 403):
        said = f"{said} {_WHO}"
    if code in _PASSING:
        status = 429 if code == _PASSING[0] else 503
    return error_of({"message": said, "code": code}, status=status)
