"""The requests by which an LLM labels the texts of one answer: passes, reasons first, a check of its own labels.

Each step goes on with the conversation of the one before it, and is a request like any other: cached, counted,
replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.keys import digest
from clinsynth.llm.recorded import parse_id
from clinsynth.task import ANSWER, REASON, VERIFY, Asking
from clinsynth.types import Completion, Request

PASS = 1000
"""Pass p of replicate r is the replicate r + p * 1000, so that further passes leave the first one's numbers alone."""


@dataclass(frozen=True)
class LabelStep:
    """One request of a pass."""

    base: Request
    """The request of the writer, without steps."""
    number: int
    """Of the pass, from 0."""
    kind: str
    """`ANSWER` where the answer holds labels, `REASON` or `VERIFY`."""
    request: Request


def first_steps(base: Request, *, asking: Asking) -> list[LabelStep]:
    """Return the first request of each pass."""
    kind = REASON if asking.steps > 1 else ANSWER
    return [LabelStep(base, number, kind, _first(base, number, kind, asking=asking)) for number in range(asking.passes)]


def next_step(step: LabelStep, completion: Completion, *, asking: Asking) -> LabelStep | None:
    """Return what is asked when a step is answered; `None` where the answer holds the labels for good."""
    if step.kind == REASON:
        return _after(step, completion, ANSWER, asking=asking)
    if step.kind == ANSWER and asking.verify:
        return _after(step, completion, VERIFY, asking=asking)
    return None


def number_after(step: LabelStep, *, asking: Asking) -> int:
    """Return how many steps follow one until its pass is over."""
    return (step.kind == REASON) + (step.kind != VERIFY and asking.verify)


def _first(base: Request, number: int, kind: str, *, asking: Asking) -> Request:
    """Return the request of the writer, of a pass; reasons are asked for in the place of the answer."""
    numbered = replace(base, id=_named(base.id, pass_number=number))
    if kind != REASON:
        return numbered
    text = asking.prompts[REASON].text or ""
    *before, last = base.messages
    messages = (*before, {**last, "content": f"{last['content']}\n\n{text}"})
    evidence = base.evidence | {"step": text}
    id = _named(base.id, pass_number=number, step=asking.prompts[REASON].name)
    return replace(base, id=id, messages=messages, evidence=evidence, answer_schema=None)


def _after(step: LabelStep, completion: Completion, kind: str, *, asking: Asking) -> LabelStep:
    """Return the step that shows the answer of another one; evidence says which answer that was."""
    prompt, base = asking.prompts[kind], step.base
    said = ({"role": "assistant", "content": completion.text}, {"role": "user", "content": prompt.text or ""})
    evidence = base.evidence | {"step": prompt.text, "after_sha256": digest([*_answers(step), completion.text])}
    request = replace(
        base,
        id=_named(base.id, pass_number=step.number, step=prompt.name),
        messages=(*step.request.messages, *said),
        evidence=evidence,
    )
    return LabelStep(base, step.number, kind, request)


def _answers(step: LabelStep) -> Sequence[str]:
    """Return the LLM's own answers that a step shows; those of examples are none."""
    own = step.request.messages[len(step.base.messages) :]
    return [message["content"] for message in own if message["role"] == "assistant"]


def _named(id: str, *, pass_number: int, step: str | None = None) -> str:
    """Return the id of a request of a pass; the name of a step's prompt stands behind that of the labels."""
    dataset, prompt, unit, replicate = parse_id(id)
    prompt = f"{prompt}_{step}" if step else prompt
    return f"{dataset}/{prompt}/{unit}#{replicate + PASS * pass_number}"
