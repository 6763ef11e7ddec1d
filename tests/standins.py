"""Servers that answer as those of others do: their paths, their headers, their answers, their words for what is wrong.

A `StandIn` listens in a thread of the test. What it says to a prompt is what `mock_openai` would say; the form of it is
that of a voice, a function of this module.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mock_openai import labelled, written


@dataclass
class Asked:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    def __or__(self, other: dict[str, Any]) -> Asked:
        return Asked(self.path, self.headers, self.body | other)

    @property
    def prompt(self) -> str:
        """The last message, or input, whatever its parts."""
        turns = self.body.get("messages") or self.body.get("input") or []
        content = turns[-1]["content"] if turns else ""
        return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


Reply = tuple[int, Any]
"""Status, and JSON or bytes."""
Voice = Callable[[Asked, str], Reply]
"""Puts a text into the form of a server."""


@dataclass
class StandIn:
    """A server with a voice; entered, it listens."""

    voice: Voice
    refuses: Callable[[Asked], Reply | None] = lambda asked: None
    """What it says in the place of an answer."""
    says: Callable[[Asked], str] = lambda asked: said(asked.prompt)
    asked: list[Asked] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    headers: dict[str, str] = field(default_factory=dict)
    """Of every reply."""
    down: bool = False

    def __enter__(self) -> StandIn:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                stand_in._reply(self)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.root}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _reply(self, handler: BaseHTTPRequestHandler) -> None:
        content = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        if self.down:
            handler.close_connection = True
            return
        asked = Asked(handler.path, {k.lower(): v for k, v in handler.headers.items()}, json.loads(content or b"{}"))
        self.asked.append(asked)
        status, reply = self.refuses(asked) or self.voice(asked, self.says(asked))
        self.statuses[status] += 1
        sent = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(sent), **self.headers}.items():
            handler.send_header(name, str(value))
        handler.end_headers()
        handler.wfile.write(sent)


def said(prompt: str) -> str:
    """What a model says to a prompt of the project."""
    return labelled(prompt) or written(prompt, share=1.0, time_asked=1)


def chat(asked: Asked, text: str | None, *, finish: str | None = "stop", **message: Any) -> Reply:
    """OpenAI's Chat Completions."""
    counts = {"prompt_tokens": len(asked.prompt) // 5, "completion_tokens": len(text or "") // 5}
    return 200, {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": asked.body["model"],
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text} | message}],
        "usage": counts | {"prompt_tokens_details": {"cached_tokens": 0}},
    }


def responses(asked: Asked, text: str) -> Reply:
    """OpenAI's Responses API, with thoughts beside the text."""
    counts = {"input_tokens": len(asked.prompt) // 5, "output_tokens": len(text) // 5}
    return 200, {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": f"{asked.body['model']}-2026-01-01",
        "error": None,
        "incomplete_details": None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]},
        ],
        "usage": counts | {"input_tokens_details": {"cached_tokens": 3}},
    }


def openai_error(status: int, message: str, *, param: str | None = None, code: str | None = None) -> Reply:
    """OpenAI's words for what is wrong."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return status, {"error": error}


def refuses_parameters(*names: str, instead: Mapping[str, str] | None = None) -> Callable[[Asked], Reply | None]:
    """A model that takes none of these parameters, one error at a time, as OpenAI's reasoning models say it."""

    def refused(asked: Asked) -> Reply | None:
        for name in names:
            if name in asked.body:
                other = (instead or {}).get(name)
                hint = f" Use '{other}' instead." if other else " Only the default (1) value is supported."
                return openai_error(
                    400,
                    f"Unsupported parameter: '{name}' is not supported with this model.{hint}",
                    param=name,
                    code="unsupported_parameter",
                )
        return None

    return refused


def azure(asked: Asked, text: str) -> Reply:
    """Azure: of both styles of addresses, with the verdicts of its filters."""
    status, reply = chat(asked | {"model": "gpt-4o-mini-2024-07-18"}, text)
    reply["choices"][0]["content_filter_results"] = {"hate": {"filtered": False, "severity": "safe"}}
    return status, reply


def anthropic(asked: Asked, text: str) -> Reply:
    """Anthropic's Messages, a thought before the text."""
    counts = {"input_tokens": len(asked.prompt) // 5, "output_tokens": len(text) // 5}
    return 200, {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": f"{asked.body['model']}-20251001",
        "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": counts | {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 7},
    }


def gemini(asked: Asked, text: str) -> Reply:
    """Gemini's door for OpenAI's protocol: no details of usage."""
    status, reply = chat(asked, text)
    del reply["usage"]["prompt_tokens_details"], reply["id"]
    return status, reply


def bedrock(asked: Asked, text: str) -> Reply:
    """Bedrock's Converse."""
    return 200, {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": len(asked.prompt) // 5, "outputTokens": len(text) // 5, "totalTokens": 0},
        "metrics": {"latencyMs": 1},
    }


def vllm(asked: Asked, text: str) -> Reply:
    """vLLM with a reasoning parser."""
    return chat(asked, text, reasoning_content="Let me think.", tool_calls=[])


def ollama(asked: Asked, text: str) -> Reply:
    """Ollama: thoughts in a field of another name, and `<think>` where it does not know the model."""
    return chat(asked, f"<think>\nFirst of all.\n</think>\n\n{text}", reasoning="First of all.")


def llamacpp(asked: Asked, text: str) -> Reply:
    """llama.cpp: timings, and another name for the model."""
    status, reply = chat(asked | {"model": "/models/q4.gguf"}, text)
    return status, reply | {"timings": {"predicted_ms": 1.0}}


def lmstudio(asked: Asked, text: str) -> Reply:
    """LM Studio: no usage at all, and the content in parts."""
    status, reply = chat(asked, "")
    reply["choices"][0]["message"]["content"] = [{"type": "text", "text": text}]
    del reply["usage"]
    return status, reply


def openrouter(asked: Asked, text: str) -> Reply:
    """OpenRouter: who has answered, and what it has cost."""
    status, reply = chat(asked, text, reasoning=None)
    reply["choices"][0]["native_finish_reason"] = "STOP"
    return status, reply | {"provider": "DeepInfra"}
