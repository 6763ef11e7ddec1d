"""Errors of a server: how long to wait before the next try, or what to tell the user."""

from __future__ import annotations

import random

from clinsynth.errors import ClinsynthError, ConfigError, Unreachable
from clinsynth.llm.budget import Spend
from clinsynth.llm.endings import FILTERED, THOUGHTS, TOO_LONG
from clinsynth.llm.servers.base import Endpoint, ErrorKind, NoAnswer, ServerError

REDIRECTS = (301, 302, 303, 307, 308)

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds."""


def delay(error: ServerError, attempt: int) -> float:
    """Return the seconds to wait: as the server says, else exponential with jitter, lest all come back together."""
    if error.wait_s is not None:
        return error.wait_s + random.uniform(0, 0.2)
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0**attempt)
    return random.uniform(longest / 2, longest)


def kind(failure: ServerError | NoAnswer) -> str:
    """Return a failure in a word: its status, what kind of error it is, or why it is no answer."""
    if isinstance(failure, NoAnswer):
        return failure.reason
    return str(failure.status or failure.kind.value)


def told(failure: ServerError | NoAnswer) -> str:
    """Return a failure in a few words: its status or reason, and the server's own words."""
    said = " ".join(failure.said.split())[:200]
    status = failure.status if isinstance(failure, ServerError) else None
    return f"{status or failure.reason}: {said}" if said else f"no answer ({failure.reason})"


def explained(error: ServerError, *, endpoint: Endpoint, patience_s: float) -> ClinsynthError:
    """Return the error of a request that will not be sent again, in a sentence that says what mends it."""
    where, said = endpoint.server, _quoted(endpoint.redacted(error.said))
    if error.kind is ErrorKind.unreachable:
        return Unreachable(
            f"{where} cannot be reached ({said}). Is the server running, and llm.base_url right? What has been "
            "answered is kept: the same command goes on from there."
        )
    if error.reason == FILTERED:
        return ConfigError(f"{where} filters every prompt of this job: {said}. Try another prompt=, or another llm=.")
    if error.kind is ErrorKind.garbled:
        owner = endpoint.protocol.owner
        return ConfigError(f"{where} does not answer as {owner}'s servers do: {said}. Is llm.base_url right?")
    if error.reason == TOO_LONG:
        return ConfigError(
            f"{where} takes no prompt as long as those of this job with the answer that is asked for: "
            f"{said}. A smaller llm.max_tokens, generation.per_request or number of shown "
            f"rows, or an llm.model with a longer context than {endpoint.model}, may do."
        )
    if error.kind is ErrorKind.refused and error.status == 400:  # as Google's servers say it
        return ConfigError(f"{where} refused: {said}. {_key_hint(endpoint)}")
    if error.status in REDIRECTS:
        return ConfigError(
            f"{where} sends requests on to another server ({said}), which is not followed: texts go where llm.base_url "
            "says, and nowhere else. Give the other address as llm.base_url, if it is one that may see them."
        )
    hints = {
        401: _key_hint(endpoint),
        403: f"{_who_asks(endpoint)} may not do this, or not with llm.model={endpoint.model}: see its rights.",
        404: f"Is llm.model={endpoint.model} a model of this server, and llm.base_url right?",
        400: "A shorter prompt, or other llm.max_tokens, llm.temperature and llm.extra_body, may do.",
        429: f"It went on for llm.patience_s={patience_s:g}: try a smaller llm.concurrency.",
    }
    hint = hints.get(error.status or 0, "See llm.model and llm.base_url.")
    if error.kind is ErrorKind.quota:
        hint = f"That is a matter of the account{_whose(endpoint)}, and was not tried again: see its bill and limits."
    elif error.kind is ErrorKind.passing and error.status != 429:
        hint = f"It went on for llm.patience_s={patience_s:g}. What has been answered is kept."
    status = "" if error.status is None else f" with status {error.status}"
    return ConfigError(f"{where} refused{status}: {said}. {hint}")


def _quoted(said: str) -> str:
    """Return a server's words on one line, without the full stop that follows here."""
    return " ".join(said.split())[:300].rstrip(". ")


def _whose(endpoint: Endpoint) -> str:
    """Return which account pays, where a key says so."""
    return f" whose key the variable {endpoint.key_variable} holds (llm.api_key_env)" if endpoint.key_variable else ""


def _who_asks(endpoint: Endpoint) -> str:
    if endpoint.key_variable is None:
        return "Whoever asks"
    return f"The key in the variable {endpoint.key_variable} (llm.api_key_env)"


def _key_hint(endpoint: Endpoint) -> str:
    if endpoint.key_variable is None:
        return "It wants a key: name the variable that holds it as llm.api_key_env=..."
    return f"The key in the variable {endpoint.key_variable} is not accepted: set another, or llm.api_key_env."


def without_answers(spend: Spend, *, endpoint: Endpoint) -> ConfigError:
    """Return the error of a session in which nothing that came was an answer."""
    reasons = ", ".join(f"{number} {reason}" for reason, number in spend.no_answers.most_common())
    last = list(spend.given_up.values())[-1:] or [NoAnswer("", "")]
    said = f" The last one: {' '.join(last[0].said.split())[:200]!r}." if last[0].said.strip() else ""
    hint = "Try a larger llm.max_tokens." if spend.no_answers[THOUGHTS] else "Try another prompt=, or another llm=."
    return ConfigError(
        f"{endpoint.model} on {endpoint.server} has answered none of {spend.no_answers.total()} times it was asked: "
        f"{reasons}.{said} {hint} Nothing of it is kept as an answer, and the same command asks again."
    )
