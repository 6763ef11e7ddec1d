"""The request for the mentions of numbered sentences, with examples and rules where these are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clinsynth.prompts import render
from clinsynth.task import AnswerForm, Shot, Writing
from clinsynth.tasks.labelling import numbered, placeholder, shot_turns
from clinsynth.tasks.ner.config import NerDataset, listed_types
from clinsynth.text.entities import Sentence
from clinsynth.text.schemas import is_own, mentions
from clinsynth.types import Prompt, Request


def mentions_request(
    texts: Sequence[str],
    *,
    dataset: NerDataset,
    unit: str,
    replicate: int,
    prompt: Prompt,
    writing: Writing,
    evidence: Mapping[str, Any],
    gold_characters: int,
) -> Request:
    """Return the request; `evidence` says which texts these are, `gold_characters` how many of them are gold."""
    shots = writing.shots.shown(texts) if writing.shots else ()
    rules = writing.rules.shown(texts) if writing.rules else ""
    message = _message(prompt, dataset=dataset, rules=rules)
    types = tuple(dataset.types) if len(dataset.types) > 1 else ()
    form = mentions(types) if writing.structured and is_own(prompt) else None
    before = shot_turns(
        shots,
        message=lambda sentences: message(sentences) + (f"\n{form.words}" if form else ""),
        answer=lambda shown: _answer(shown, types=types, form=form),
    )
    shown = {"shots": [shot.row for shot in shots]} if shots else {}
    asked = Request(
        f"{dataset.name}/{prompt.name}/{unit}#{replicate}",
        (*before, {"role": "user", "content": message(numbered(texts))}),
        {"prompt": message(placeholder(len(texts)))} | dict(evidence) | shown,
        gold_characters + sum(len(shot.example.text) for shot in shots),
    )
    return form.asked(asked) if form else asked


def _message(prompt: Prompt, *, dataset: NerDataset, rules: str) -> Callable[[str], str]:
    """Return what puts sentences into the prompt."""
    several = len(dataset.types) > 1
    told = {"noun": dataset.called, "guidelines": dataset.guidelines, "types": listed_types(dataset)}
    if rules:
        name = "types" if several else "guidelines"
        told |= {name: f"{told[name]}\n{rules}\n"}
    return lambda sentences: render(prompt, told | {"sentences": sentences}, optional=tuple(told))


def _answer(shots: Sequence[Shot], *, types: Sequence[str], form: AnswerForm | None) -> str:
    """Return the mentions of examples as they are asked for."""
    sentences: list[Sentence] = [shot.example for shot in shots]
    if form is None:
        lines = (" | ".join(_named(sentence, types=types)) or "none" for sentence in sentences)
        return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    rows = []
    for number, sentence in enumerate(sentences, 1):
        found = [{"text": name, "type": kind} if types else name for name, kind in _mentions(sentence)]
        rows.append({"number": number, "mentions": found})
    return json.dumps({"sentences": rows}, ensure_ascii=False)


def _named(sentence: Sentence, *, types: Sequence[str]) -> list[str]:
    return [f"{name} ({kind})" if types else name for name, kind in _mentions(sentence)]


def _mentions(sentence: Sentence) -> list[tuple[str, str]]:
    """Return mentions with their types: of those that overlap the longest."""
    return [(sentence.mention(span), span.label) for span in sentence.outermost]
