from __future__ import annotations

import pytest

from clinsynth.llm.endings import ending, lack

TEXT = "1. Gout hurts at night."


@pytest.mark.parametrize(
    ("word", "text", "ended"),
    [
        ("stop", TEXT, "stop"),
        ("STOP", TEXT, "stop"),
        ("end_turn", TEXT, "stop"),
        ("length", TEXT, "length"),
        ("MAX_TOKENS", TEXT, "length"),
        ("max_output_tokens", TEXT, "length"),
        ("content_filter", TEXT, "content filter"),
        ("SAFETY", TEXT, "content filter"),
        ("tool_calls", TEXT, "tool call"),
        ("error", TEXT, "error"),
        (None, TEXT, "stop"),
        (None, '1. "Gout hurts."', "stop"),
        (None, "1. Gout hurts.\n2. We followed adults with gout for two ", "length"),
        ("a new word", TEXT, "a new word"),
    ],
)
def test_the_words_of_many_servers_are_known(word: str | None, text: str, ended: str) -> None:
    assert ending(word, text=text) == ended


@pytest.mark.parametrize(
    ("text", "ended", "reason"),
    [
        (TEXT, "stop", None),
        (TEXT, "length", None),
        (TEXT, "a new word", None),
        ("", "stop", "empty"),
        (" \n", "stop", "empty"),
        ("<think>They want gout.</think>\n", "stop", "empty"),
        ("", "length", "thoughts cut off"),
        ("<think>They want gout, so", "length", "thoughts cut off"),
        ("<think>They want gout.</think>\n1. Gout hur", "length", None),
        ("1. Gout hur", "content filter", "content filter"),
        ("1. Gout hur", "error", "error"),
        ("Let me look.", "tool call", "tool call"),
        ("I'm sorry, but I can't assist with that.", "stop", "refusal"),
        ("Gout is sore.", "refusal", "refusal"),
    ],
)
def test_what_is_no_answer_says_why(text: str, ended: str, reason: str | None) -> None:
    assert lack(text, ended=ended) == reason
