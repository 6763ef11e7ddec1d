"""The form in which an answer is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clinsynth.types import Request


@dataclass(frozen=True)
class AnswerForm:
    """The form of an answer: how it is asked for, and its schema."""

    words: str
    schema: Mapping[str, Any]
    write: Callable[[str], str] | None = None
    """Turns the right answer of a question, as it stands in words, into one of this form, for a shot."""

    def asked(self, request: Request) -> Request:
        """Return the request for an answer of this form; what it shows as evidence ends like its last message."""
        *before, last = request.messages
        message = {**last, "content": f"{last['content']}\n{self.words}"}
        evidence = {
            name: f"{value}\n{self.words}" if name == "prompt" else value for name, value in request.evidence.items()
        }
        return replace(request, messages=(*before, message), evidence=evidence, answer_schema=self.schema)
