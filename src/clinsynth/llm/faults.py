"""Errors of a server: how long to wait before the next try, or what to tell the user."""

from __future__ import annotations

import random

from clinsynth.errors import ClinsynthError, ConfigError, Unreachable
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerError

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds."""


def delay(error: ServerError, attempt: int) -> float:
    """Return the seconds to wait: as the server says, else exponential with jitter, lest all come back together."""
    if error.wait_s is not None:
        return error.wait_s + random.uniform(0, 0.2)
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0**attempt)
    return random.uniform(longest / 2, longest)


def explained(error: ServerError, *, endpoint: Endpoint, patience_s: float) -> ClinsynthError:
    """Return the error of a request that will not be sent again, in a sentence that says what mends it."""
    where, said = endpoint.server, endpoint.redacted(error.said)
    if error.kind is ErrorKind.unreachable:
        return Unreachable(
            f"{where} cannot be reached ({said}). Is the server running, and llm.base_url right? What has been "
            "answered is kept: the same command goes on from there."
        )
    if error.kind is ErrorKind.garbled:
        owner = endpoint.protocol.owner
        return ConfigError(f"{where} does not answer as {owner}'s servers do: {said}. Is llm.base_url right?")
    hints = {
        401: f"The key in the variable {endpoint.key_variable} is not accepted: set another, or llm.api_key_env.",
        403: f"The key in the variable {endpoint.key_variable} may not do this.",
        404: f"Is llm.model={endpoint.model} a model of this server, and llm.base_url right?",
        400: "A shorter prompt, or other llm.max_tokens and llm.temperature, may do.",
        429: f"It went on for llm.patience_s={patience_s:g}: try a smaller llm.concurrency, or see the bill.",
    }
    hint = hints.get(error.status or 0, "See llm.model and llm.base_url.")
    status = "" if error.status is None else f" with status {error.status}"
    return ConfigError(f"{where} refused{status}: {' '.join(said.split())[:300]}. {hint}")
