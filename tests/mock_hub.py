"""A stand-in for the Hugging Face hub: repositories, commits, and who asked with which token."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SHA = "0" * 40

HUB_TOKEN = "hf_stays_secret"


class MockHub:
    """Files go into commits as they are (the mode `regular`)."""

    def __init__(self, *, token: str) -> None:
        self.token = token
        self.repositories: dict[str, dict[str, Any]] = {}
        """By kind and name, as in `datasets/me/mine`."""
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[tuple[str, str | None]] = []
        """Method and path, with the header Authorization."""
        self.fault: dict[str, int] = {}
        """Part of a path to the status that requests get."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            def _answer(self, body: bytes) -> None:
                status, content = hub.answer(self.command, self.path, self.headers.get("Authorization"), body)
                sent = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, header: str | None, body: bytes) -> tuple[int, Any]:
        self.asked.append((f"{method} {path}", header))
        path = path.partition("?")[0]
        fault = next((status for part, status in self.fault.items() if part in path), None)
        if fault is not None:
            return fault, {"error": f"told to say {fault} to {header}"}
        if header != f"Bearer {self.token}":
            return 401, {"error": "Invalid username or password."}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            return 200, {
                "files": [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in asked]
            }
        name = path.removeprefix("/api/").partition("/commit/")[0].partition("/revision/")[0]
        if name not in self.repositories:
            return 404, {"error": "Repository not found"}
        if "/commit/" in path:
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    self.files[name][entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            place = name.removeprefix("models/")
            return 200, {"commitUrl": f"{self.url}/{place}/commit/{SHA}", "commitOid": SHA, "success": True}
        return 200, {"id": name.partition("/")[2], "sha": SHA, "tags": [], "siblings": []} | self.repositories[name]

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        kind = "datasets" if asked.get("type") == "dataset" else "models"
        name = f"{kind}/{asked['organization']}/{asked['name']}"
        url = f"{self.url}/{'datasets/' if kind == 'datasets' else ''}{asked['organization']}/{asked['name']}"
        if name in self.repositories:
            return 409, {"error": "You already created this repo", "url": url}
        private = asked.get("visibility") == "private" or asked.get("private") is True
        self.repositories[name] = {"private": private}
        self.files[name] = {}
        return 200, {"url": url}
