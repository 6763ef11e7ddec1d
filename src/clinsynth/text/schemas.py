"""Answers as JSON: what a prompt of the project's own adds to ask for them, and the schema that holds servers to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.task import AnswerForm
from clinsynth.text.peeling import said
from clinsynth.types import Prompt

OWN = ("mentions", "mentions_types", "negatives", "negatives_types", "hard_negatives", "behaviours", "classes")
"""Prompts whose answers may be asked for as JSON; those of the papers stay as they are printed."""


def is_own(prompt: Prompt) -> bool:
    return prompt.name in OWN


def _object(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has all of these and nothing else, as servers want it that hold to it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


_TEXT = {"type": "string"}

TEXTS = AnswerForm(
    'Instead of a numbered list, answer with one JSON object and nothing else: {"texts": ["...", "..."]}',
    _object(texts=_list(_TEXT)),
)
PROMPTS = AnswerForm(
    'Answer with one JSON object and nothing else: {"prompts": ["...", "..."]}', _object(prompts=_list(_TEXT))
)
VERDICT = AnswerForm(
    'Answer with one JSON object and nothing else: {"reason": "...", "verdict": "A"} or "B" or "tie"',
    _object(reason=_TEXT, verdict={"type": "string", "enum": ["A", "B", "tie"]}),
)


def mentions(types: Sequence[str] = ()) -> AnswerForm:
    """Return the form of the mentions of numbered sentences, each with its type where there are several."""
    kinds = _object(text=_TEXT, type={"type": "string", "enum": list(types)})
    shown = {"text": "...", "type": types[0]} if types else "..."
    row = {"number": 1, "mentions": [shown]}
    words = (
        f"Instead of lines, answer with one JSON object and nothing else: {json.dumps({'sentences': [row]})}, with an "
        "entry for every numbered sentence, and an empty list for one without a mention."
    )
    sentence = _object(number={"type": "integer"}, mentions=_list(kinds if types else _TEXT))
    return AnswerForm(words, _object(sentences=_list(sentence)))


def one_of(classes: Sequence[str]) -> AnswerForm:
    """Return the form of the name of one class."""
    shown = json.dumps({"class": "..."})
    return AnswerForm(
        f"Answer with one JSON object and nothing else: {shown}, with the name of the class.",
        _object(**{"class": {"type": "string", "enum": list(classes)}}),
        write=lambda answer: json.dumps({"class": answer}, ensure_ascii=False),
    )


def some_of(criteria: Sequence[str], *, none: str) -> AnswerForm:
    """Return the form of any number of criteria, which in words have semicolons between them, or are `none`."""
    shown = json.dumps({"criteria": ["..."]})
    return AnswerForm(
        f"Answer with one JSON object and nothing else: {shown}, with the names of all that it meets, or an empty "
        "list.",
        _object(criteria=_list({"type": "string", "enum": list(criteria)})),
        write=lambda answer: json.dumps({"criteria": [] if answer == none else answer.split("; ")}, ensure_ascii=False),
    )


def exact(text: str, form: AnswerForm, *, question: str) -> Any:
    """Return the one value of an answer that is just the object that a question asks for; `None` for any other."""
    (name,) = form.schema["required"]
    try:
        found = json.loads(text) if form.words in question else None
    except (ValueError, RecursionError):
        return None
    return found[name] if isinstance(found, dict) and [*found] == [name] else None


def read_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object that an answer is, mended where it is broken or cut; `None` where it is none."""
    begun = text.find("{")
    if begun < 0:
        return None
    found = mended(text[begun:])
    return found if isinstance(found, dict) else None


def is_json(text: str) -> bool:
    """Say whether an answer holds a whole JSON object, whatever stands round it."""
    text = said(text)
    try:
        json.loads(text[text.index("{") : text.rindex("}") + 1], strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def mended(text: str) -> Any:
    """Return what JSON says that need not be whole; `None` where nothing can be made of it."""
    from json_repair import repair_json

    try:
        return repair_json(text, return_objects=True) or None
    except (ValueError, RecursionError):
        return None
