"""Tells an answer from what a server sends in the place of one: an answer holds text, and has ended well or is cut."""

from __future__ import annotations

from clinsynth.text.lists import ENDS
from clinsynth.text.peeling import said
from clinsynth.text.refusals import is_refusal

STOP, LENGTH = "stop", "length"
REFUSAL, FILTERED, TOOL_CALL, BROKEN = "refusal", "content filter", "tool call", "error"
THOUGHTS, EMPTY, TOO_LONG = "thoughts cut off", "empty", "context too long"
CUT, LOOP, ECHO, LANGUAGE = "cut off", "loop", "echo of the prompt", "other language"
DECLINED, GARBLED, FAILED = "declined", "garbled", "failed"
"""Why there is no answer; the last three are of requests that a server did not take, or not answer in its protocol."""

OF_THE_SERVER = (GARBLED, FAILED)
"""Those of them that say nothing of the LLM."""

_WORDS = {
    STOP: ("stop", "stop_sequence", "end_turn", "eos", "eos_token", "finish_reason_stop", "complete", "completed"),
    LENGTH: (
        "length",
        "max_tokens",
        "max_output_tokens",
        "max_length",
        "model_length",
        "token_limit",
        "incomplete",
        "model_context_window_exceeded",
    ),
    REFUSAL: ("refusal", "refused"),
    FILTERED: (
        *("content_filter", "content_filtered", "content-filter", "contentfilter", "filtered", "sensitive", "safety"),
        *("recitation", "blocklist", "prohibited_content", "spii", "image_safety", "guardrail_intervened", "blocked"),
    ),
    TOOL_CALL: (
        "tool_calls",
        "tool_call",
        "tool_use",
        "function_call",
        "malformed_function_call",
        "malformed_tool_use",
    ),
    BROKEN: (
        *("error", "error_toxic", "error_limit", "network_error", "server_error", "abort", "aborted", "cancelled"),
        *("user_cancel", "insufficient_system_resource", "malformed_model_output"),
    ),
}
_ENDINGS = {word: ending for ending, words in _WORDS.items() for word in words} | {
    ending: ending for ending in (*_WORDS, THOUGHTS, EMPTY)
}
_CLOSING = "*_`\"'’”»)]}|"


def ending(word: str | None, *, text: str) -> str:
    """Return how a text ended, of the word that a server has for it; words that nobody knows stay as they are.

    Where a server has none, a text that breaks off within a sentence counts as cut.
    """
    if not word:
        return STOP if text.rstrip().rstrip(_CLOSING).endswith((*ENDS, "。", "！", "？")) else LENGTH
    return _ENDINGS.get(word.casefold().strip(), word)


def lack(text: str, *, ended: str) -> str | None:
    """Return why a completion is no answer, of how it `ended`; `None` where it is one."""
    if ended in (REFUSAL, FILTERED, TOOL_CALL, BROKEN):
        return ended
    if not said(text).strip():
        return THOUGHTS if ended == LENGTH else EMPTY
    return REFUSAL if is_refusal(text) else None
