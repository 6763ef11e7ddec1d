"""A server on this machine's own address that answers OpenAI's protocol with an opened chat model, and has a page.

Nothing of a conversation is kept or logged. Pages of other sites cannot use it: a request has to name this machine as
its host, to come from no other origin, and to be JSON.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from clinsynth.errors import ConfigError
from clinsynth.learning.causal.opening import OpenedChat

HOST = "127.0.0.1"
LARGEST = 4_000_000
"""Bytes of a request."""

ROLES = ("system", "user", "assistant")


class ChatServer(ThreadingHTTPServer):
    """One model, which answers one request at a time."""

    daemon_threads = True

    def __init__(self, model: OpenedChat, *, name: str, port: int, pieces: int, temperature: float) -> None:
        self.model, self.name, self.pieces, self.temperature = model, name, pieces, temperature
        self.turn = Lock()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise ConfigError(
                f"port {port} cannot be used ({error.strerror}): another server may be there. port={port + 1} takes "
                "another one, port=0 any that is free."
            ) from error

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{HOST}:{self.server_address[1]}"


class _Refused(Exception):
    def __init__(self, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, part: Any) -> None:
        try:
            self._check_origin()
            part()
        except _Refused as refusal:
            self.close_connection = True  # what was sent may not have been read
            error = {"message": str(refusal), "type": "invalid_request_error", "param": None, "code": None}
            self._send({"error": error}, status=refusal.status)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _check_origin(self) -> None:
        for value in (f"//{self.headers.get('Host', '')}", self.headers.get("Origin")):
            if value is not None and urlsplit(value).hostname not in (HOST, "localhost"):
                raise _Refused("this server answers this machine alone", 403)

    def _get(self) -> None:
        if self.path == "/":
            page = resources.files("clinsynth") / "assets" / "templates" / "chat.html"
            return self._write(page.read_bytes(), kind="text/html; charset=utf-8")
        if self.path == "/v1/models":
            model = {"id": self.server.name, "object": "model", "created": 0, "owned_by": "clinsynth"}
            return self._send({"object": "list", "data": [model]})
        raise _Refused(f"there is no {self.path}: GET /, GET /v1/models, POST /v1/chat/completions", 404)

    def _post(self) -> None:
        if self.path != "/v1/chat/completions":
            raise _Refused(f"there is no {self.path}: POST /v1/chat/completions", 404)
        asked = self._body()
        messages = _messages(asked.get("messages"))
        pieces = _number(asked, "max_completion_tokens", _number(asked, "max_tokens", self.server.pieces, most=8192))
        temperature = _number(asked, "temperature", self.server.temperature, least=0, most=2)
        if asked.get("n") not in (None, 1):
            raise _Refused("n has to be 1")
        with self.server.turn:
            speech = self.server.model.speech(messages, pieces=int(pieces), temperature=temperature)
            if asked.get("stream"):
                options = asked.get("stream_options") or {}
                self._stream(speech, usage=isinstance(options, dict) and bool(options.get("include_usage")))
            else:
                text = "".join(speech)
                choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": speech.ended}
                self._send(self._head("chat.completion") | {"choices": [choice], "usage": speech.usage})

    def _stream(self, speech: Any, *, usage: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        head = self._head("chat.completion.chunk")
        for chunk in self._chunks(speech, usage=usage):
            self.wfile.write(f"data: {json.dumps(head | chunk, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunks(self, speech: Any, *, usage: bool) -> Iterator[dict[str, Any]]:
        yield _chunk({"role": "assistant", "content": ""})
        for text in speech:
            yield _chunk({"content": text})
        yield _chunk({}, ended=speech.ended)
        if usage:
            yield {"choices": [], "usage": speech.usage}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": kind,
            "created": int(time.time()),
            "model": self.server.name,
        }

    def _body(self) -> dict[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise _Refused("the content has to be application/json", 415)
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal() or int(size) > LARGEST:
            raise _Refused(f"a request has a Content-Length of at most {LARGEST}", 413)
        try:
            found = json.loads(self.rfile.read(int(size)))
        except (ValueError, RecursionError) as error:
            raise _Refused("the content is no JSON") from error
        if not isinstance(found, dict):
            raise _Refused("the content has to be an object")
        return found

    def _send(self, content: dict[str, Any], *, status: int = 200) -> None:
        self._write(json.dumps(content, ensure_ascii=False).encode(), kind="application/json", status=status)

    def _write(self, content: bytes, *, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(content)


def _chunk(delta: dict[str, str], *, ended: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": ended}]}


def _messages(given: Any) -> list[dict[str, str]]:
    """Return the messages of a request; raises _Refused for other forms."""
    if not isinstance(given, list) or not given:
        raise _Refused("messages has to be a list with at least one message")
    found = []
    for message in given:
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise _Refused(f"each message has a role ({', '.join(ROLES)}) and a content")
        content = message.get("content")
        if isinstance(content, list):
            content = _joined(content)
        if not isinstance(content, str):
            raise _Refused("the content of a message has to be text")
        found.append({"role": message["role"], "content": content})
    if found[-1]["role"] != "user":
        raise _Refused("the last message has to be the user's")
    return found


def _joined(parts: list[Any]) -> str | None:
    """Return the text of a content in parts; `None` where one of them is no text."""
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return "\n".join(texts) if len(texts) == len(parts) else None


def _number(asked: dict[str, Any], name: str, usual: float, *, least: float = 1, most: float = 8192) -> float:
    value = asked.get(name)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _Refused(f"{name} has to be a number from {least:g} to {most:g}")
    return value
