"""Answers as JSON: asked for, held to a schema, and read however broken they are."""

from __future__ import annotations

from typing import Any

import pytest

from clinsynth.search.judges import verdict
from clinsynth.search.proposals import read_proposals
from clinsynth.tasks.ner.mention_lists import read_mentions
from clinsynth.text.lists import read_list
from clinsynth.text.schemas import PROMPTS, TEXTS, VERDICT, AnswerForm, mentions, read_object
from clinsynth.types import Completion, Request


def completion(text: str, *, ended: str = "stop") -> Completion:
    return Completion("d/mentions/u#0", "m", text, ended)


def test_a_form_stands_in_the_prompt_the_evidence_and_the_schema() -> None:
    asked = Request(
        "d/mentions/u#0", ({"role": "user", "content": "List."},), {"prompt": "List {them}.", "labels": "x"}
    )
    found = mentions().asked(asked)
    assert found.messages[0]["content"].startswith("List.\nInstead of lines, answer with one JSON object")
    assert found.evidence["prompt"].startswith("List {them}.\nInstead of lines")
    assert found.evidence["labels"] == "x"
    assert found.answer_schema == mentions().schema


@pytest.mark.parametrize("form", [TEXTS, PROMPTS, VERDICT, mentions(), mentions(["A", "B"])])
def test_schemas_are_strict(form: AnswerForm) -> None:
    def check(schema: Any) -> None:
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            for inner in schema["properties"].values():
                check(inner)
        if schema.get("type") == "array":
            check(schema["items"])

    check(form.schema)


@pytest.mark.parametrize(
    ("text", "ended", "listed"),
    [
        (
            '{"sentences": [{"number": 1, "mentions": ["gout", "ataxia"]}, {"number": 2, "mentions": []}]}',
            "stop",
            [["gout", "ataxia"], []],
        ),
        (  # cut off
            '{"sentences": [{"number": 1, "mentions": ["gout"]}, {"number": 2, "mentions": ["ata',
            "length",
            [["gout"], None],
        ),
        (  # a comma too many, and one too few
            '```json\n{"sentences": [{"number": 1, "mentions": ["gout",]} {"number": 2, "mentions": []}]}\n```',
            "stop",
            [["gout"], []],
        ),
        (  # without its closing brackets
            '{"sentences": [{"number": 1, "mentions": ["gout"]}, {"number": 2, "mentions": ["ataxia"]',
            "stop",
            [["gout"], ["ataxia"]],
        ),
    ],
)
def test_mentions_are_read_however_broken(text: str, ended: str, listed: list[list[str] | None]) -> None:
    assert read_mentions(completion(text, ended=ended), sentences=2) == listed


def test_mentions_with_types_are_read() -> None:
    text = '{"sentences": [{"number": 1, "mentions": [{"text": "aspirin", "type": "Treatment"}]}]}'
    assert read_mentions(completion(text), sentences=1, types=("treatment", "disease")) == [["aspirin (Treatment)"]]


def test_texts_are_read() -> None:
    found = read_list('{"texts": ["He walks alone all day.", "She sings in the \\"choir\\"."]}')
    assert [item.text for item in found.items] == ["He walks alone all day.", 'She sings in the "choir".']


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"reason": "B is better written, but A fits.", "verdict": "A"}', "A"),
        ('```json\n{"verdict": "tie", "reason": "Both."}\n```', "tie"),
        ('{"reason": "Set A is better", "verdict": "B"', "B"),
    ],
)
def test_verdicts_are_read(text: str, word: str) -> None:
    assert verdict(completion(text)) == word


@pytest.mark.parametrize(
    "text", ['{"prompts": ["Write {n} texts.", "Give {n} rows."]}', '{"prompts": ["Write {n} texts.", "Give {n} rows."']
)
def test_proposals_are_read(text: str) -> None:
    assert read_proposals(text, names=("n",)) == ["Write {n} texts.", "Give {n} rows."]


@pytest.mark.parametrize("text", ["", "No.", "[1, 2]"])
def test_what_is_no_object_is_none(text: str) -> None:
    assert read_object(text) is None
