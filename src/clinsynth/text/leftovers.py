"""Says why a text that was read out of an answer is none: a refusal, or markup, numbers and notes left in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinsynth.text.markup import TAG
from clinsynth.text.remarks import begins_as_refusal, is_remark

_MARKUP = (
    (
        "a chat template's token",
        "<｜>]◁▷",
        r"<\|[^|<>]+\|>|<｜|｜>|\[/?(?:INST|SYS|THINK|EOS|BOS)\]|<</?SYS>>|[◁▷]|<(?:start|end)_of_turn>",
    ),
    ("a tag", "<]", rf"{TAG.pattern}"),
    ("an entity of HTML", "&", r"&(?:[a-zA-Z]\w{1,20}|\#\d{1,7}|\#x[0-9a-fA-F]{1,6});"),
    ("a backslash", "\\", r"\\"),
    (
        "Markdown",
        "`*~=_#>[]",
        r"`|\*\*|~~|==|(?<!\w)__|__(?!\w)|\A\#{1,6}\s|\A\#\d|\A>\s(?!\d)|\]\((?:https?:|www\.|\#)|!\[|\A\[[ xX]\]",
    ),
    ("a bullet", "", r"\A[-–—*+•◦▪‣●○■□▸►▶➤➢✓✔✅☑☐❖]\s|\A(?:→|[-=]>)|\s[•◦▪‣●■►➤]\s"),
    (
        "a number",
        "",
        r"\A[(\[]?\d{1,3}(?:[.)\]]|:(?!\d))\s|(?<=[.!?][\"”’)\s])\s*[(\[]?\d{1,2}[.)\]]\s+[A-Z]|\A[①-⑳❶-❿]",
    ),
    ("a table", "|", r"\A\||\|\Z|\s\|\s"),
    ("JSON", "[{}\"'", r"""\A[\[{]\s*["'{\[]|["'}]\s*[\]}],?\Z|["']\s*:\s*["'\[{\d]|\{["']|\A["']?\w+["']\s*:\s"""),
    (
        "a placeholder",
        "[{}",
        r"\[(?:insert|your|name\ of|sentence|placeholder|disease|entity|text)\b[^\[\]]*\]|\{\{|\}\}",
    ),
    ("a speaker", ":", r"\A(?i:assistant|user|human|system|sentence|output|answer|response)\s*\d*\s*:"),
    (
        "signs that are no text",
        "",
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffd\ud800-\udfff]",
    ),
)
"""Names of what is left, the signs of which a text has to have one to hold it (none: it may have any), and patterns."""
_FOUND = tuple(
    (name, signs, re.compile(f"(?xi:{pattern})" if name == "a tag" else pattern)) for name, signs, pattern in _MARKUP
)


def flaw(text: str, *, pipes: bool = False) -> tuple[str, str] | None:
    """Return reason and detail where a text is no text; `None` where nothing speaks against it.

    With `pipes` it may hold them: its reader has parted tables.
    """
    text = text.replace("|", "/") if pipes else text
    if begins_as_refusal(text) or is_remark(text):
        return "remark", "a remark"
    found = next(((name, match) for name, pattern in _possible(text) if (match := pattern.search(text))), None)
    return ("markup", f"{found[0]}: {found[1].group()[:40]}") if found else None


def _possible(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    return ((name, found) for name, signs, found in _FOUND if not signs or any(sign in text for sign in signs))
