"""What a model thinks aloud before it answers; it is no part of the answer."""

from __future__ import annotations

import re

_NAME = r"(?:think(?:ing)?|reasoning|scratchpad)"
# The first alternative: a template opened the thoughts, so that only their end is in the completion.
_THOUGHTS = re.compile(
    rf"\A(?:(?!<{_NAME}>).)*?</{_NAME}>|<({_NAME})>.*?(?:</\1>|\Z)",
    re.DOTALL | re.IGNORECASE,
)


def take_out(text: str, *, leaving: str = "") -> tuple[str, tuple[str, ...]]:
    """Return a text with `leaving` in the place of its thoughts, and the thoughts, with their marks.

    Thoughts stand between marks such as `<think>` and `</think>`; they may be opened by the template of the prompt, so
    that the text has their end alone, or be cut off, so that it has their beginning alone.
    """
    found = parts(text)
    said, thoughts = ([part for part, thought in found if thought is which] for which in (False, True))
    return leaving.join(said), tuple(thoughts)


def parts(text: str) -> list[tuple[str, bool]]:
    """Return a text in pieces, by turns what is said (maybe nothing) and thought, each with whether it is thought."""
    found, at = [], 0
    for thought in _THOUGHTS.finditer(text):
        found += [(text[at : thought.start()], False), (thought.group(), True)]
        at = thought.end()
    return [*found, (text[at:], False)]
