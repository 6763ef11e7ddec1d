from __future__ import annotations

import pytest

from clinsynth.llm.servers import PROTOCOLS
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerError

ENDPOINT = Endpoint(PROTOCOLS["openai"], model="m", key="sk-very-secret")


def test_the_key_is_not_shown() -> None:
    assert "sk-very-secret" not in repr(ENDPOINT)
    assert ENDPOINT.redacted("Bearer sk-very-secret is wrong") == "Bearer *** is wrong"
    assert Endpoint(PROTOCOLS["openai"], model="m", key="").redacted("none") == "none"


@pytest.mark.parametrize(
    ("given", "sampling"),
    [
        ({}, {}),
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"temperature": 1.0, "max_tokens": 60}, {"temperature": 1.0, "max_tokens": 60}),
        ({"timeout_s": 1.0, "concurrency": 2, "base_url": "http://127.0.0.1:1/v1"}, {}),
    ],
)
def test_only_what_is_said_goes_into_a_request(given: dict[str, float], sampling: dict[str, float]) -> None:
    assert Endpoint(PROTOCOLS["openai"], model="m", **given).sampling == sampling


@pytest.mark.parametrize(
    ("kind", "lasting", "reached"),
    [
        (ErrorKind.passing, False, True),
        (ErrorKind.refused, True, True),
        (ErrorKind.quota, True, True),
        (ErrorKind.unreachable, False, False),
        (ErrorKind.garbled, False, False),
    ],
)
def test_the_kind_decides_whether_to_ask_again(kind: ErrorKind, lasting: bool, reached: bool) -> None:
    error = ServerError(kind, "said")
    assert (error.lasting, error.reached) == (lasting, reached)
