from __future__ import annotations

import pytest

from clinsynth.tasks.ner.answers.several import read_typed_entities
from clinsynth.tasks.ner.asker import NerAsker
from clinsynth.tasks.ner.config import EntityType, NerDataset
from clinsynth.text.entities import Sentence, Span
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading

NOUNS = {"Problem": "medical problem", "Treatment": "treatment", "Test": "test"}
TOKENS = ["Aspirin", "relieved", "her", "chest", "pain", "after", "a", "normal", "ECG", "."]
GOLD = (Span(0, 1, "Treatment"), Span(3, 5, "Problem"), Span(8, 9, "Test"))
QUESTION = NerAsker(
    NerDataset(name="n", task="ner", entity_types={name: EntityType(noun) for name, noun in NOUNS.items()})
)


def read(text: str, nouns: dict[str, str] | None = None, tokens: list[str] = TOKENS) -> Reading:
    question = QUESTION.question(Sentence(tuple(tokens)), prompt=QUESTION.prompt)
    return read_typed_entities(text, question=question, tokens=tokens, nouns=nouns or NOUNS)


def columns(between: str) -> str:
    return QUESTION.answer(Sentence(tuple(TOKENS), GOLD)).replace("\t", between)


def test_an_answer_as_it_was_asked_for_is_clean() -> None:
    assert read(columns("\t")) == Reading(GOLD, CLEAN)
    assert "the labels are O, B-Problem, I-Problem, B-Treatment" in QUESTION.question(
        Sentence(("a",)), prompt=QUESTION.prompt
    )


@pytest.mark.parametrize(
    "text",
    [
        columns(" "),
        columns("\t").replace("B-", "B-").replace("I-Problem", "I-PROBLEM"),
        "```\n" + columns(" | ") + "\n```",
        '{"Problem": ["chest pain"], "Treatment": ["Aspirin"], "Test": ["ECG"]}',
        '```json\n{"problems": ["chest pain"], "treatments": ["Aspirin"], "tests": ["ECG"]}\n```',
        '{"entities": {"Problem": ["chest pain"], "Treatment": ["Aspirin"], "Test": ["ECG"]}}',
        '[{"text": "Aspirin", "type": "Treatment"}, {"text": "chest pain", "type": "Problem"}, '
        '{"text": "ECG", "type": "Test"}]',
        '{"entities": [{"entity": "Aspirin", "label": "TREATMENT"}, {"entity": "chest pain", "label": "PROBLEM"}, '
        '{"entity": "ECG", "label": "TEST"}]}',
        "- Aspirin (Treatment)\n- chest pain (Problem)\n- ECG (Test)",
        "Aspirin - Treatment\nchest pain - Problem\nECG - Test",
        "Problem: chest pain\nTreatment: Aspirin\nTest: ECG",
        "**Problems:** chest pain\n**Treatments:** Aspirin\n**Tests:** ECG",
        "Problem:\n- chest pain\n\nTreatment:\n- Aspirin\n\nTest:\n- ECG",
        "Here are the entities:\n\n1. Aspirin: Treatment\n2. chest pain: Problem\n3. ECG: Test",
        "| Entity | Type |\n|---|---|\n| Aspirin | Treatment |\n| chest pain | Problem |\n| ECG | Test |",
        "<Treatment>Aspirin</Treatment> relieved her <Problem>chest pain</Problem> after a normal <Test>ECG</Test>.",
        "[Aspirin](Treatment) relieved her [chest pain](Problem) after a normal [ECG](Test) .",
        '<span class="Treatment">Aspirin</span> relieved her <span class="Problem">chest pain</span> after a normal '
        '<span class="Test">ECG</span>.',
    ],
)
def test_usual_forms_are_read_with_types(text: str) -> None:
    assert (read(text).predicted, read(text).status) == (GOLD, REPAIRED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Problem: none\nTreatment: Aspirin\nTest: none", (GOLD[0],)),
        ('{"Problem": [], "Treatment": ["Aspirin"], "Test": []}', (GOLD[0],)),
        ("none", ()),
        ("Aspirin (Treatment), ECG (Test)", (GOLD[0], GOLD[2])),
    ],
)
def test_types_of_which_there_is_nothing(text: str, expected: tuple[Span, ...]) -> None:
    assert (read(text).predicted, read(text).status) == (expected, REPAIRED)


@pytest.mark.parametrize("text", ["I cannot help with that.", "Aspirin relieved her chest pain after a normal ECG ."])
def test_an_answer_that_says_nothing_is_unusable(text: str) -> None:
    assert read(text) == Reading((), UNUSABLE)


def test_a_place_of_two_types_is_a_conflict() -> None:
    found = read('{"Problem": ["chest pain"], "Treatment": ["chest pain", "Aspirin"], "Test": ["pain"]}')
    assert (found.predicted, found.conflicts) == ((GOLD[0],), 3)
    untyped = read('["Aspirin", "chest pain", "ECG"]')
    assert (untyped.predicted, untyped.conflicts) == ((), 9)


def test_names_that_are_not_there_are_hallucinated_once() -> None:
    assert read("- Aspirin (Treatment)\n- fever (Problem)").hallucinated == ("fever",)


def test_types_that_are_alike_are_told_apart_where_both_are_asked_for() -> None:
    nouns = {"Strength": "strength", "Dosage": "dosage", "Drug": "drug", "ADE": "adverse drug event"}
    tokens = ["Aspirin", "100", "mg", ",", "one", "tablet", ",", "gave", "her", "a", "rash", "."]
    found = read("- 100 mg (Strength)\n- one tablet (Dosage)\n- Aspirin (Drug)\n- rash (ADE)", nouns, tokens)
    spans = (Span(0, 1, "Drug"), Span(1, 3, "Strength"), Span(4, 6, "Dosage"), Span(10, 11, "ADE"))
    assert (found.predicted, found.conflicts) == (spans, 0)
