"""Reads a dialogue out of a completion."""

from __future__ import annotations

import re

_TURN = re.compile(
    r"""^[ \t]*(?:\#+[ \t]*)?[*_]{0,3}
        (?:\[[ \t]*(?P<bracketed>human|ai|user|assistant)[ \t]*\]|(?P<bare>human|ai|user|assistant)[*_]{0,3}[ \t]*(?=:))
        [*_]{0,3}[ \t]*:?[*_]{0,3}[ \t]*""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_HUMAN = ("human", "user")
END = "[END]"
"""The turn of a human who has nothing left to ask."""

_LEFT = re.compile(r"<\|[^|<>]{1,40}\|>|</?s>|\A[\s`]+|[\s`]+\Z")


def read_dialogue(text: str, *, cut: bool) -> tuple[str, ...]:
    """Return the turns, which begin with the human and end with the assistant; empty where there are none.

    The first turn that is malformed - empty, or of the same speaker again - ends the dialogue. `cut`: the completion
    was cut off, and so was its last turn.
    """
    marks = list(_TURN.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    if cut:
        marks = marks[:-1]
    turns: list[str] = []
    for mark, end in zip(marks, ends, strict=False):
        human = (mark["bracketed"] or mark["bare"]).casefold() in _HUMAN
        said = _LEFT.sub("", text[mark.end() : end]).strip()
        if human != (len(turns) % 2 == 0) or not said:
            break
        turns.append(said)
    return tuple(turns[: len(turns) // 2 * 2])


def read_turn(text: str) -> str:
    """Return the one turn that was asked for: without its own mark, and without what follows for the other speaker."""
    marks = list(_TURN.finditer(text))
    own = bool(marks) and not text[: marks[0].start()].strip()
    start = marks.pop(0).end() if own else 0
    return _LEFT.sub("", text[start : marks[0].start() if marks else len(text)]).strip()
