"""A job that is private reaches this machine alone, whichever library opens the connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from clinsynth.closed import ClosedNetwork, closed_network
from clinsynth.stages import predict
from support import Command

FAR = ("192.0.2.1", 80)
"""An address that no machine has (RFC 5737)."""


def connected(address: tuple[str, int]) -> None:
    with socket.socket() as found:
        found.settimeout(0.01)
        found.connect(address)


def test_other_machines_are_out_of_reach_while_it_is_wanted() -> None:
    with closed_network(True):
        with pytest.raises(ClosedNetwork, match=r"a connection to 192\.0\.2\.1 was refused"):
            connected(FAR)
        with pytest.raises(ClosedNetwork, match=r"huggingface\.co"):
            requests.get("https://huggingface.co", timeout=1)
        with pytest.raises(ClosedNetwork), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
            found.sendto(b"text", FAR)
    with closed_network(False), contextlib.suppress(OSError):
        connected(FAR)


def test_this_machine_stays_within_reach() -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    with closed_network(True):
        assert requests.get(f"http://localhost:{server.server_address[1]}", timeout=5).status_code == 501
    server.server_close()


def test_a_private_job_is_ended_by_what_it_must_not_do(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "main", lambda settings, *, job: connected(FAR))
    said = clinsynth("predict", "model=m", "input=notes.txt", "private=true")
    assert said.status == 2
    assert "private=true: a connection to 192.0.2.1 was refused, and nothing was sent" in " ".join(said.err.split())
