"""Answers to the project's own questions as JSON with a schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.asking.questions import questions
from clinsynth.stages import resolving
from clinsynth.types import CLEAN, REPAIRED
from support import Composed

OWN = [("sample_classes", "class", "label"), ("sample_asd", "criteria", "labels")]
PAPERS = ["sample_ner", "sample_relation", "sample_types"]


def opened(composed: Composed, dataset: str, *words: str) -> Any:
    settings = composed("zero_shot", f"dataset={dataset}", "llm=local", "llm.model=m", *words)
    resolved = resolving.asked(settings)
    gold = resolving.load_gold(resolved.dataset, paths=resolved.paths)
    return tasks.open(resolved.dataset), resolving.part(resolved), gold


def asked(found: Any) -> Any:
    task, part, gold = found
    return questions(task, part=part, gold=gold)


@pytest.mark.parametrize(("dataset", "name", "held"), OWN)
def test_an_own_question_is_asked_for_by_a_schema(composed: Composed, dataset: str, name: str, held: str) -> None:
    found = opened(composed, dataset, "llm.structured=auto", "zero_shot.shots=2", "zero_shot.limit=3")
    task = found[0]
    for question in asked(found):
        schema = question.request.answer_schema
        assert schema is not None
        assert schema["required"] == [name]
        *turns, last = question.request.messages
        for turn, answer in zip(turns[::2], turns[1::2], strict=True):
            reading = task.asker.read(answer["content"], question=turn["content"], example=question.example)
            assert [*json.loads(answer["content"])] == [name]
            assert reading.status == CLEAN
        form = task.asker.form(found[1].prompt)
        assert last["content"].endswith(form.words)
        answer = form.write(task.asker.answer(question.example))
        reading = task.asker.read(answer, question=question.text, example=question.example)
        assert (reading.status, getattr(reading.predicted, held)) == (CLEAN, getattr(question.example, held))
        strayed = task.asker.read(f"```json\n{answer}\n```", question=question.text, example=question.example)
        assert (strayed.status, strayed.predicted) == (REPAIRED, reading.predicted)


@pytest.mark.parametrize("dataset", PAPERS)
def test_the_papers_questions_stay_as_they_are(composed: Composed, dataset: str) -> None:
    plain = asked(opened(composed, dataset, "zero_shot.limit=3"))
    structured = asked(opened(composed, dataset, "zero_shot.limit=3", "llm.structured=auto"))
    assert structured == plain


@pytest.mark.parametrize(("dataset", "name", "held"), OWN)
def test_a_prompt_of_a_users_own_stays_as_it_is(composed: Composed, dataset: str, name: str, held: str) -> None:
    words = ["zero_shot.limit=3", "prompt.name=mine", "prompt.text='Which one? $text'", "llm.structured=auto"]
    assert {question.request.answer_schema for question in asked(opened(composed, dataset, *words))} == {None}
