"""Texts that were not written for Markdown."""

from __future__ import annotations

import pytest

from clinsynth.reports.markdown import code, escaped, fenced, markdown_table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sample_ner", "sample_ner"),
        ("_sure_", r"\_sure\_"),
        ("a | b", r"a \| b"),
        ("<b> & *c*", r"\<b\> \& \*c\*"),
        ("# no\nheading", r"\# no heading"),
        ("[x](y) `z`", r"\[x\](y) \`z\`"),
    ],
)
def test_signs_of_markdown_are_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a|b\nc", r"`a\|b c`")]
)
def test_code_may_hold_backticks(text: str, expected: str) -> None:
    assert code(text) == expected


@pytest.mark.parametrize(("text", "fence"), [("a", "```"), ("```\nb\n```", "````"), ("`````", "``````")])
def test_a_block_ends_where_it_shall(text: str, fence: str) -> None:
    assert fenced(text, "sh") == f"{fence}sh\n{text}\n{fence}"


def test_a_table_has_its_numbers_on_the_right() -> None:
    assert markdown_table(["", "n"], [("a", "1")], right=(1,)) == "|  | n |\n| --- | ---: |\n| a | 1 |"
