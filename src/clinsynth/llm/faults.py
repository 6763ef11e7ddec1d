"""What a server's refusal means: try again, or say it at once."""

from __future__ import annotations

import random

import openai

from clinsynth.config import LLMConfig
from clinsynth.errors import ClinsynthError, ConfigError, Unreachable

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds."""


class Garbled(Exception):
    """An answer that is no completion: no JSON, no text, not UTF-8."""


def passing(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, openai.RateLimitError):
        return getattr(error, "code", None) != "insufficient_quota"
    if isinstance(error, openai.APIStatusError):
        return error.status_code >= 500 or error.status_code in (408, 409, 425)
    return isinstance(error, openai.APIConnectionError | Garbled)


def delay(error: Exception, attempt: int) -> float:
    """Seconds to wait: what the server says, else exponential with jitter, so that no two come back together."""
    if isinstance(error, openai.APIStatusError):
        said = error.response.headers.get("retry-after-ms"), error.response.headers.get("retry-after")
        for value, unit in zip(said, (0.001, 1.0), strict=True):
            try:
                return max(0.0, float(value or "") * unit) + random.uniform(0, 0.2)
            except ValueError:  # not said, or said as a date
                continue
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0**attempt)
    return random.uniform(longest / 2, longest)


def explained(error: Exception, *, llm: LLMConfig, key: str | None) -> ClinsynthError:
    """The error of a request that will not be sent again, in a sentence that says what mends it."""
    where = llm.server()
    if isinstance(error, openai.APIStatusError):
        said = _said(error, key)
        hints = {
            401: f"The key in the variable {llm.api_key_env} is not accepted: set another, or llm.api_key_env.",
            403: f"The key in the variable {llm.api_key_env} may not do this.",
            404: f"Is llm.model={llm.model} a model of this server, and llm.base_url right?",
            400: "A shorter prompt, or other llm.max_tokens and llm.temperature, may do.",
            429: f"It went on for llm.patience_s={llm.patience_s:g}: try a smaller llm.concurrency, or see the bill.",
        }
        hint = hints.get(error.status_code, "See llm.model and llm.base_url.")
        return ConfigError(f"{where} refused with status {error.status_code}: {said}. {hint}")
    if isinstance(error, Garbled):
        return ConfigError(f"{where} does not answer as OpenAI's servers do: {error}. Is llm.base_url right?")
    cause = error.__cause__ or error
    return Unreachable(
        f"{where} cannot be reached ({type(cause).__name__}: {redacted(str(cause), key)}). Is the server running, and "
        "llm.base_url right? What has been answered is kept: the same command goes on from there."
    )


def redacted(text: str, key: str | None) -> str:
    return text.replace(key, "***") if key else text


def _said(error: openai.APIStatusError, key: str | None) -> str:
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return redacted(" ".join(str(message or error.message).split())[:300], key)
