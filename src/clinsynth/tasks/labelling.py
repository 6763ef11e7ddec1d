"""Requests for the labels of numbered texts: what the tasks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clinsynth.task import Shot


def numbered(texts: Sequence[str]) -> str:
    """Return texts a line each, numbered from 1."""
    return "\n".join(f"{number}. {' '.join(text.splitlines())}" for number, text in enumerate(texts, 1))


def placeholder(number: int) -> str:
    """Return what stands for so many texts in the evidence of a request."""
    return f"{{the {number} numbered sentences}}"


def shot_turns(
    shots: Sequence[Shot], *, message: Callable[[str], str], answer: Callable[[Sequence[Shot]], str]
) -> list[dict[str, str]]:
    """Return a question about the examples and its right answer, which stand before the question; empty without."""
    if not shots:
        return []
    question = message(numbered([shot.example.text for shot in shots]))
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer(shots)}]
