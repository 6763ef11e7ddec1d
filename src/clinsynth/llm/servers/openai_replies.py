"""Reads what servers of OpenAI's protocol send back: completions in their many forms, and errors in their own words."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from clinsynth.llm import endings
from clinsynth.llm.servers.base import ErrorKind, ServerAnswer, ServerError, Usage
from clinsynth.llm.servers.logprobs import read_logprobs

LONGEST = 300
"""Characters of a server's words that are told."""

_MOST_TOKENS = 2**63
_QUOTA = re.compile(
    r"insufficient_(?:user_)?quota|insufficient[_ ]balance|insufficient_credits|billing_|arrearage|"
    r"credit balance is too low|ServiceQuotaExceeded",
    re.I,
)
_FILTER = re.compile(
    r"content[ _-]?(?:filter|policy|management|moderation)|moderation|responsible_?ai|flagged|data_?inspection|"
    r"inappropriate|safety (?:system|polic|filter)|prohibited",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|size|window)|maximum context|exceed_context|prompt is too long|too many (?:input )?tokens|"
    r"input (?:is )?too long|reduce the length|maximum (?:number of )?(?:input )?tokens|request[ _]too[ _]large",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(
    r"not a valid model|model identifier is invalid|invalid model|unknown model|unexpected endpoint|model_not_found",
    re.IGNORECASE,
)
_KEY = re.compile(r"api[ _]?key (?:is )?(?:not (?:valid|found)|invalid|expired|missing)|invalid api[ _]?key", re.I)
_WORDS = ("message", "detail", "error_message", "msg", "error", "errors", "reason", "title", "description")
_PAGE = re.compile(r"\s*(?:<!doctype|<html|<head|<body|<\?xml)", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)


def read_answer(content: bytes, *, request_id: str | None, model: str) -> ServerAnswer:
    """Return the completion in a response's body; raises ServerError where there is none."""
    try:
        found = json.loads(content)
        choice = found["choices"][0]
        message = choice["message"] or {}
        text = _text(message.get("content"))
        refusal, word = message.get("refusal"), string(choice.get("finish_reason"))
        listed = choice.get("logprobs") or {}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise no_completion(content) from None
    ended = endings.ending(word, text=text)
    if choice.get("error"):
        ended, text = endings.BROKEN, words(choice["error"])
    elif refusal:
        ended, text = endings.REFUSAL, text or string(refusal)
    elif not text and (message.get("tool_calls") or message.get("function_call")):
        ended = endings.TOOL_CALL
    return ServerAnswer(
        text=text,
        finish_reason=ended,
        served_model=string(found.get("model")) or model,
        usage=_usage(found.get("usage")),
        request_id=request_id,
        logprobs=read_logprobs(listed.get("content"), text=text) if isinstance(listed, dict) else (),
    )


def read_error(content: bytes, *, status: int | None, otherwise: str = "", wait_s: float | None = None) -> ServerError:
    """Return the error of a response's body, in its own words, or `otherwise` where it has none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    return error_of(found, status=status, said=_plainwords(content) or otherwise, wait_s=wait_s)


def error_of(found: Any, *, status: int | None, said: str = "", wait_s: float | None = None) -> ServerError:
    """Return the error that a server has put into JSON."""
    if isinstance(found, list) and found and isinstance(found[0], dict):  # as Google's servers wrap it
        found = found[0]
    inner = found["error"] if isinstance(found, dict) and found.get("error") else found
    names = [str(inner[name]) for name in ("code", "type") if inner.get(name)] if isinstance(inner, dict) else []
    if status is None and names and re.fullmatch(r"[45]\d\d", names[0]):
        status = int(names[0])
    said = words(inner) or said
    whole = " ".join([*names, said])
    if status in (None, 400) and _NOT_THERE.search(whole):
        status = 404
    kind = _kind(status, whole)
    return ServerError(
        kind,
        said,
        status=status,
        wait_s=_wait(inner) if wait_s is None else wait_s,
        reason=_reason(kind, whole),
        parameter=_parameter(inner, found),
    )


def _reason(kind: ErrorKind, said: str) -> str | None:
    """Return why one request is declined, where that is known."""
    if kind is not ErrorKind.declined:
        return None
    if _TOO_LONG.search(said):
        return endings.TOO_LONG
    return endings.FILTERED if _FILTER.search(said) else None


def _parameter(*places: Any) -> str | None:
    """Return the parameter that is not taken, where the server names it: as OpenAI does, or as FastAPI does."""
    for found in places:
        if isinstance(found, dict):
            detail = found.get("detail")
            rows = [row for row in detail if isinstance(row, dict)] if isinstance(detail, list) else []
            located = [row["loc"][-1] for row in rows if isinstance(row.get("loc"), list) and row["loc"]]
            if name := next(filter(None, map(string, [found.get("param"), *located])), ""):
                return name
    return None


def _wait(inner: Any) -> float | None:
    """Return the seconds to wait that stand in the error itself, as Google's servers say it: `retryDelay: "34s"`."""
    details = inner.get("details") if isinstance(inner, dict) else None
    rows = [row for row in details if isinstance(row, dict)] if isinstance(details, list) else []
    said = next((found for row in rows if (found := re.fullmatch(r"([\d.]+)s", string(row.get("retryDelay"))))), None)
    return float(said[1]) if said else None


def _kind(status: int | None, said: str) -> ErrorKind:
    if status == 402 or _QUOTA.search(said):
        return ErrorKind.quota
    if status in (400, 413, 422, 500) and _TOO_LONG.search(said):
        return ErrorKind.declined
    if status == 400 and _KEY.search(said):
        return ErrorKind.refused
    if (status is None or 400 <= status < 500) and status not in (401, 429) and _FILTER.search(said):
        return ErrorKind.declined
    if status is None or status >= 500 or status in (408, 409, 425, 429):
        return ErrorKind.passing
    return ErrorKind.refused if status in (401, 403, 404, 405, 407) else ErrorKind.declined


def no_completion(content: bytes) -> ServerError:
    """Return the error of a body that was sent with status 200 and holds no completion."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return ServerError(ErrorKind.garbled, _plainwords(content) or "its answer is empty")
    if isinstance(found, dict) and found.get("error"):
        return error_of(found, status=None)
    said = words(found) if isinstance(found, dict) and not found.get("choices") else ""
    return ServerError(ErrorKind.garbled, f"there is no completion in its answer: {said or _beginning(content)}")


def _plainwords(content: bytes) -> str:
    """Return the words of a body that need not be JSON: a page, a stream of events, a line."""
    try:
        return words(json.loads(content)) or _beginning(content)
    except (ValueError, RecursionError):
        text = content[: 40 * LONGEST].decode("utf-8", "replace").strip("\ufeff \r\n\t")
    if _PAGE.match(text):
        return f"a web page: {_short(html.unescape(_UNSEEN.sub(' ', text)))}"
    if re.match(r"(?:data|event):", text):
        return f"a stream of events, which was not asked for: {_short(text)}"
    return _short(text)


def words(found: Any, *, levels: int = 6) -> str:
    """Return what an error says, wherever in it that stands, but for the deepest levels."""
    if isinstance(found, str) or not levels:
        return _short(found) if isinstance(found, str) else ""
    inner = found[:3] if isinstance(found, list) else []
    if isinstance(found, dict):
        inner = [found[name] for name in _WORDS if found.get(name)]
    return next(filter(None, (words(part, levels=levels - 1) for part in inner)), "")


def _beginning(content: bytes) -> str:
    return _short(content[: 4 * LONGEST].decode("utf-8", "replace"))


def _short(text: str) -> str:
    text = " ".join(string(text).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _text(content: Any) -> str:
    """Return the text of a message, which may be in parts; raises TypeError for what is no text."""
    if content is None or isinstance(content, str):
        return string(content)
    if not isinstance(content, list):
        raise TypeError(content)
    parts = [{"text": part} if isinstance(part, str) else part for part in content]
    return "".join(_part(part) for part in parts)


def _part(part: dict[str, Any]) -> str:
    """Return the text of a part; empty for one of another type, such as thoughts."""
    if part.get("type", "text") not in ("text", "output_text"):
        return ""
    text = part["text"]
    return string(text["value"] if isinstance(text, dict) else text)


def string(found: Any) -> str:
    """Return a string without halves of surrogate pairs, which no file can hold; empty for what is none."""
    if not isinstance(found, str):
        return ""
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _usage(said: Any) -> Usage:
    counts = said if isinstance(said, dict) else {}
    details = counts.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(tokens(counts.get("prompt_tokens")), tokens(counts.get("completion_tokens")), tokens(cached))


def tokens(count: Any) -> int | None:
    """Return a count, however it is written; `None` for what is none."""
    if isinstance(count, str) and re.fullmatch(r"\d{1,18}", count.strip()):
        count = int(count)
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    is_count = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < _MOST_TOKENS
    return count if is_count else None
