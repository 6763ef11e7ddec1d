"""The probabilities of an answer's tokens, put beside its text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from clinsynth.types import Logprobs

LEAST = -9999.0
"""The logarithm of what is hardly possible, as OpenAI has it."""
DIGITS = 5
"""Digits behind the point that are kept of a logarithm."""


def read_logprobs(rows: Any, *, text: str) -> Logprobs:
    """Return the probabilities of a text's tokens as servers of OpenAI's protocol list them; empty where none fit."""
    try:
        tokens = [(_bytes(row), float(row["logprob"])) for row in rows or ()]
    except (TypeError, ValueError, LookupError, AttributeError):
        return ()
    return aligned(tokens, text=text)


def aligned(tokens: Sequence[tuple[bytes, float]], *, text: str) -> Logprobs:
    """Return where in a text each token ends, with its logarithm; empty where the tokens are not those of the text.

    Tokens before the text (thoughts) and behind it (marks of its end) are left out. One that holds but a part of a
    character counts with the token that begins it.
    """
    wanted = text.encode("utf-8", "replace")
    begin = b"".join(token for token, _ in tokens).rfind(wanted)
    if not wanted or begin < 0 or any(math.isnan(logprob) for _, logprob in tokens):
        return ()
    found: list[tuple[int, float]] = []
    place, length = -begin, 0
    for token, logprob in tokens:
        piece = wanted[max(place, 0) : max(place + len(token), 0)]
        place += len(token)
        begun = sum(byte & 0xC0 != 0x80 for byte in piece)
        length += begun
        kept = round(max(logprob, LEAST), DIGITS)
        if begun:
            found.append((length, kept))
        elif piece and found:
            found[-1] = (length, found[-1][1] + kept)
    return tuple(found)


def read_stored(rows: Any) -> Logprobs:
    """Return what a file holds of an answer's tokens; empty for what is none."""
    try:
        return tuple((int(end), float(logprob)) for end, logprob in rows or ())
    except (TypeError, ValueError):
        return ()


def in_file(logprobs: Iterable[tuple[int, float]]) -> list[list[float]]:
    """Return them as JSON holds them."""
    return [[end, logprob] for end, logprob in logprobs]


def _bytes(row: Any) -> bytes:
    """Return the bytes of a token, which need not be whole characters; its text where a server says no bytes."""
    given = row.get("bytes")
    return bytes(given) if given else str(row["token"]).encode("utf-8", "replace")
