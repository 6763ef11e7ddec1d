"""How likely an LLM found the label that it has written behind a sentence."""

from __future__ import annotations

import re

from clinsynth.tasks.relation.labels import NEGATIVE, POSITIVE
from clinsynth.text.confidence import probability
from clinsynth.types import Completion

_BEHIND = re.compile(
    r"[^\w\n]*(?:(?:label|relation|answer)[^\w\n]+)?(?P<label>(?P<positive>yes|positive|true)|no|negative|false)\b",
    re.IGNORECASE,
)


def label_confidence(answer: Completion, text: str, *, label: str, at: int) -> tuple[float | None, int]:
    """Return the probability of a row's label, and where in the answer to look for the next row.

    `None` where nobody says, and where no such label stands on the same line behind the text as it is in the corpus.
    """
    begin = answer.text.find(text, at) if answer.logprobs else -1
    if begin < 0:
        return None, at
    end = begin + len(text)
    found = _BEHIND.match(answer.text, end)
    if found is None or (POSITIVE if found["positive"] else NEGATIVE) != label:
        return None, end
    return probability(answer, *found.span("label")), found.end()
