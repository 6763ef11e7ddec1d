"""Patterns that most texts cannot match are not tried on them: the signs that they need are looked for first."""

from __future__ import annotations

import random

from clinsynth.text import leftovers, markup, remarks

PIECES = (
    "It was seen. ", "gout", " 12 ", " and ", "last year", ".", "! ", "? ", " ", "\n", "a.", "sp. ", "x", "A",
    "1. ", "(2) ", "Note", "note: ", "In Spanish: ", "Label", "sentence 3: ", "User: ", "passive voice",
    "word count", "12 words", "(", ")", "[", "]", "{", "}", "（", "）", ":", "：", "-", "–", "—", " - ", " — ", "/",
    " / ", "|", " | ", "#", "~", "<", "<-", "→", "⇒", "->", "=>", " -> ", "*", "**", "_", "__", "`", "~~", "==",
    "$", "$x$", "\\", "\\(", "\\)", "\\*", '"', "'", '": "', "<|im_end|>", "[INST]", "[/INST]", "<</SYS>>", "<b>",
    "</b>", "<!-- x -->", "<![CDATA[", "]]>", "<?xml>", "<!doctype html>", "&amp;", "&#12;", "](http://x)", "](#a)",
    "![", "[ ] ", "# ", "#1", "> ", "- ", "• ", " ● ", "①", "[[", '["', "}}", "{{", "[insert name]", "[disease x]",
    "◁", "｜>", "\x07", "\u200e", ". 3. The", "link](www.x)", "[a](https://b.c)", "~~a~~", "==b==",
)  # fmt: skip


def texts(number: int, *, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 9))) for _ in range(number)]


def test_what_is_left_over_is_found_only_where_its_signs_are() -> None:
    found = set()
    for text in texts(20_000, seed=1):
        for name, signs, pattern in leftovers._FOUND:
            if pattern.search(text):
                found.add(name)
                assert not signs or any(sign in text for sign in signs), (name, text)
    assert found == {name for name, _, _ in leftovers._FOUND}


def test_notes_are_found_only_where_their_signs_are() -> None:
    found = set()
    for text in texts(40_000, seed=2):
        for place, (signs, pattern) in enumerate(remarks._NOTES):
            if pattern.search(text):
                found.add(place)
                assert any(sign in text for sign in signs), (place, text)
    assert found == set(range(len(remarks._NOTES)))


def test_a_text_without_a_sign_of_markdown_stays_as_it_is() -> None:
    changed = 0
    for text in texts(20_000, seed=3):
        if markup.without_marks(text) != text:
            changed += 1
            assert markup._MARK.search(text)
    assert changed > 100
