"""Asks the LLM for prompts, and reads them as templates of the task."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from string import Template

from clinsynth.config import SearchConfig
from clinsynth.errors import DataFormatError
from clinsynth.prompts import render
from clinsynth.search.sampling import Sampler
from clinsynth.search.tree import CandidatePrompt
from clinsynth.text.lists import clean
from clinsynth.text.peeling import peeled
from clinsynth.text.schemas import PROMPTS, read_object
from clinsynth.types import Prompt, Request

_WRITTEN = r"\{{\{{\s*{0}\s*\}}\}}|\{{\s*{0}\s*\}}|\[\s*{0}\s*\]|<\s*{0}\s*>|\$\{{{0}\}}|\${0}\b"
"""Ways in which LLMs write a placeholder, whichever they are asked for."""
_NUMBER = re.compile(r"^[ \t]*(?:\*\*|#+ )?\(?\d{1,3}[.):](?:\*\*)?(?=\s|\*|\"|[A-Z])", re.MULTILINE)
_ENDS = re.compile(r"\n\s*\n|\n(?=(?:let me know|i hope|feel free|these prompts|would you like)\b)", re.IGNORECASE)
_BULLET = re.compile(r"^[ \t]*[-*•](?=\s)", re.MULTILINE)
_LEAD = re.compile(r"(?:\*\*[^*{\n]{1,40}:?\*\*:?|(?:prompt|variation|option|version)\s*\d{0,2}\s*:)\s*", re.IGNORECASE)
"""A title before a prompt."""


def propose(
    settings: SearchConfig, *, number: int, best: CandidatePrompt | None, known: Sequence[str], sampler: Sampler
) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Return the new templates of a round, none of them `known`, and proposals that are none, with the reason.

    Asks again for those that are lacking, up to `generation.max_attempts` times; raises DataFormatError where not one
    can be used in the first round. Later there may be none left that is new.
    """
    texts: list[str] = []
    unusable: dict[str, str] = {}
    answer = ""
    for attempt in range(settings.generation.max_attempts):
        lacking = settings.candidates - len(texts)
        if lacking <= 0:
            break
        request = proposal_request(settings, number=number, attempt=attempt, wanted=lacking, best=best, sampler=sampler)
        answer = sampler.ask([request], f"round {number}: prompts")[request.id].text
        for written in read_proposals(answer, names=tuple(sampler.brief.placeholders)):
            template = to_template(written, sampler.brief.placeholders)
            reason = sampler.refusal(template)
            if reason:
                unusable[written] = reason
            elif template not in (*texts, *known):
                texts.append(template)
    if not texts and best is None:
        why = next(iter(unusable.values()), f"its answer begins {' '.join(answer.split())[:80]!r}.")
        raise DataFormatError(
            f"round {number}: {settings.llm.model or settings.llm.name} has proposed no prompt that can be used: {why} "
            "Another llm, or another text of propose.text and augment.text, may do better."
        )
    texts = texts[: settings.candidates]
    if 0 < len(texts) < settings.candidates:
        print(f"Round {number} goes on with {len(texts)} prompts: no more of those proposed are new and usable.")
    return texts, tuple(unusable.items())


def proposal_request(
    settings: SearchConfig, *, number: int, attempt: int, wanted: int, best: CandidatePrompt | None, sampler: Sampler
) -> Request:
    """Ask for prompts out of the description of the task, or for variations of the best one."""
    brief = sampler.brief
    placeholders = ", ".join(f"{{{name}}} for {meaning}" for name, meaning in brief.placeholders.items())
    values = {"candidates": wanted, "task": sampler.task, "placeholders": placeholders}
    template = Prompt(**vars(settings.propose))
    if best is not None:
        template = Prompt(**vars(settings.augment))
        values["best"] = to_written(best.text, brief.placeholders)
    message = render(template, values, optional=("task",))
    # A replicate of its own, or a prompt that stays the best for two rounds would be varied in the same way.
    replicate = (number - 1) * settings.generation.max_attempts + attempt
    id = f"{settings.dataset.name}/{template.name}/round-{number}#{replicate}"
    asked = Request(id, ({"role": "user", "content": message},), {"prompt": message})
    return PROMPTS.asked(asked) if settings.llm.asks_for_json else asked


def read_proposals(answer: str, *, names: Sequence[str] = ()) -> list[str]:
    """Return the prompts of an answer, each once: of a JSON list, of numbered or bulleted items, else of lines."""
    tags = "|".join(map(re.escape, names))
    text = peeled(re.sub(rf"<\s*({tags})\s*>", r"{\1}", answer, flags=re.IGNORECASE) if names else answer)
    found = _json(text) or _items(text, _NUMBER) or _items(text, _BULLET) or _lines(text)
    return list(dict.fromkeys(prompt for item in found if (prompt := clean(_LEAD.sub("", item.strip())))))


def _json(text: str) -> list[str]:
    try:
        found = json.loads(text[text.index("[") : text.rindex("]") + 1])
    except ValueError:
        found = (read_object(text) or {}).get("prompts") if text.startswith("{") else None
    return found if isinstance(found, list) and all(isinstance(item, str) for item in found) else []


def _items(text: str, mark: re.Pattern[str]) -> list[str]:
    """Return the text behind each mark, over several lines too; after a blank line a remark follows the last one."""
    pieces = mark.split(text)[1:]
    return [*pieces[:-1], _ENDS.split(pieces[-1].strip())[0]] if pieces else []


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if re.search(r"[{\[<$]\w", line)]  # others are remarks


def to_template(written: str, placeholders: Mapping[str, str]) -> str:
    """Return a proposal as a template: its placeholders as `$name`, every other dollar sign doubled."""
    patterns = {name: _WRITTEN.format(name) for name in placeholders}
    whole = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in patterns.items()), re.IGNORECASE)
    pieces, done = [], 0
    for found in whole.finditer(written):
        done, before = found.end(), written[done : found.start()]
        goes_on = re.match(r"\w", written[done:])  # {n}th
        pieces += [before.replace("$", "$$"), f"${{{found.lastgroup}}}" if goes_on else f"${found.lastgroup}"]
    return "".join([*pieces, written[done:].replace("$", "$$")])


def to_written(template: str, placeholders: Mapping[str, str]) -> str:
    """Return a template as an LLM is shown it; the reverse of `to_template`."""
    return Template(template).safe_substitute({name: f"{{{name}}}" for name in placeholders})
