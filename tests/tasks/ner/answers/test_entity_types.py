"""Of several entity types in an answer the asked one counts; a single one loses nothing by another name."""

from __future__ import annotations

import pytest

from clinsynth.tasks.ner.answers import read_entities
from clinsynth.tasks.ner.answers.entity_types import Closeness, closeness, counted


def read(text: str, *, sentence: str, entity_type: str, question: str = "") -> tuple[list[str], tuple[str, ...]]:
    tokens = sentence.split()
    found = read_entities(text, question=question, tokens=tokens, entity_type=entity_type)
    return [" ".join(tokens[span.start : span.end]) for span in found.predicted], found.hallucinated


DRUGS = "Aspirin led to rash ."
TWO_TYPES = [
    "Aspirin\tB-DRUG\nled\tO\nto\tO\nrash\tB-ADE\n.\tO",
    "Aspirin\tDRUG\nled\tO\nto\tO\nrash\tADE\n.\tO",
    "Aspirin/B-DRUG led/O to/O rash/B-ADE ./O",
    "Aspirin B-DRUG\nrash B-ADE",
    "<DRUG>Aspirin</DRUG> led to <ADE>rash</ADE>.",
    "[Aspirin](DRUG) led to [rash](ADE) .",
    "[[Aspirin|DRUG]] led to [[rash|ADE]] .",
    "[DRUG]Aspirin[/DRUG] led to [ADE]rash[/ADE] .",
    '<entity type="DRUG">Aspirin</entity> led to <entity type="ADE">rash</entity> .',
    "<mark data-entity='DRUG'>Aspirin</mark> led to <mark data-entity='ADE'>rash</mark> .",
    '{"DRUG": ["Aspirin"], "ADE": ["rash"]}',
    '{"DRUG": "Aspirin", "ADE": "rash"}',
    '{"entities": {"DRUG": ["Aspirin"], "ADE": ["rash"]}}',
    '{"entities": [{"text": "Aspirin", "type": "DRUG"}, {"text": "rash", "type": "ADE"}]}',
    '[{"text": "Aspirin", "label": "DRUG"}, {"text": "rash", "label": "ADE"}]',
    '[{"entity": "DRUG", "word": "Aspirin"}, {"entity": "ADE", "word": "rash"}]',
    '[["Aspirin", "DRUG"], ["rash", "ADE"]]',
    '{"Aspirin": "DRUG", "rash": "ADE"}',
    '[{"start": 0, "end": 7, "label": "DRUG"}, {"start": 15, "end": 19, "label": "ADE"}]',
    "entities:\n  - text: Aspirin\n    type: DRUG\n  - text: rash\n    type: ADE",
    "DRUG:\n  - Aspirin\nADE:\n  - rash",
    "- Aspirin (DRUG)\n- rash (ADE)",
    "Aspirin (DRUG), rash (ADE)",
    "[Aspirin (DRUG)], [rash (ADE)]",
    "(Aspirin, DRUG), (rash, ADE)",
    "Aspirin: DRUG\nrash: ADE",
    "Aspirin - DRUG\nrash - ADE",
    "Aspirin -> DRUG\nrash -> ADE",
    "Aspirin [DRUG], rash [ADE]",
    "| Entity | Type |\n|---|---|\n| Aspirin | DRUG |\n| rash | ADE |",
    "DRUG: Aspirin\nADE: rash",
    "**DRUG**\n- Aspirin\n**ADE**\n- rash",
    "B-DRUG: Aspirin\nB-ADE: rash",
    "Drugs: aspirin\nAdverse drug events: rash",
]


@pytest.mark.parametrize("text", TWO_TYPES)
@pytest.mark.parametrize(("entity_type", "right"), [("DRUG", "Aspirin"), ("ADE", "rash")])
def test_of_two_types_the_asked_one_counts(text: str, entity_type: str, right: str) -> None:
    assert read(text, sentence=DRUGS, entity_type=entity_type) == ([right], ())


NOTE = "He has gout and had a blood count with aspirin ."
THREE_TYPES = [
    'He has <span class="problem">gout</span> and had a <span class="test">blood count</span> with '
    '<span class="treatment">aspirin</span>.',
    '{"problem": ["gout"], "test": ["blood count"], "treatment": ["aspirin"]}',
    '{"problems": ["gout"], "tests": ["blood count"], "treatments": ["aspirin"]}',
    "Problems: gout\nTests: blood count\nTreatments: aspirin",
    "Problems:\n- gout\n\nTests:\n- blood count\n\nTreatments:\n- aspirin",
    "gout (problem)\nblood count (test)\naspirin (treatment)",
    "- gout: problem\n- blood count: test\n- aspirin: treatment",
    "| gout | problem |\n| blood count | test |\n| aspirin | treatment |",
]


@pytest.mark.parametrize("text", THREE_TYPES)
@pytest.mark.parametrize(
    ("entity_type", "right"), [("problem", "gout"), ("test", "blood count"), ("treatment", "aspirin")]
)
def test_types_with_everyday_names(text: str, entity_type: str, right: str) -> None:
    assert read(text, sentence=NOTE, entity_type=entity_type) == ([right], ())


@pytest.mark.parametrize(
    ("sentence", "text", "entity_type", "right"),
    [
        ("He went from Oslo to the WHO .", "- Oslo (location)\n- WHO (organization)", "organization", ["WHO"]),
        ("He went from Oslo to the WHO .", "- Oslo (location)", "organization", []),
        ("He went from Oslo to the WHO .", "Oslo\tB-LOC\nWHO\tB-ORG", "location", ["Oslo"]),
        (
            "He had gout with fever .",
            "<Disease>gout</Disease>\n- gout (Disease)\n- fever (Symptom)",
            "Disease",
            ["gout"],
        ),
        ("He had gout with fever .", "Diseases: gout\nDisease symptoms: fever", "Disease", ["gout"]),
        ("He had gout with fever .", '{"diseases": ["gout"], "symptoms": ["fever"]}', "Disease", ["gout"]),
        (
            "Tired and numb .",
            '<i class="other_AE">Tired</i> and <i class="nervous_AE">numb</i>.',
            "nervous_AE",
            ["numb"],
        ),
        ("Tired and numb .", '<i class="other_AE">Tired</i> and numb .', "nervous_AE", []),
        ("He had lung cancer .", '<x class="problem">He had <x class="body">lung</x> cancer</x> .', "body", ["lung"]),
        ("soil and yeast", "- soil (Habitat)\n- yeast (Microbe)", "Habitat", ["soil"]),
        ("soil and yeast", "- soil (wet)\n- yeast (dry)", "Habitat", ["soil", "yeast"]),
    ],
)
def test_other_types(sentence: str, text: str, entity_type: str, right: list[str]) -> None:
    assert read(text, sentence=sentence, entity_type=entity_type) == (right, ())


def test_a_type_that_the_question_names_beside_the_asked_one_is_another() -> None:
    question = "Name each Microbe and each Habitat: soil and yeast"
    both = {
        kind: read("- soil (Habitat)", sentence="soil and yeast", entity_type=kind, question=question)
        for kind in ("Habitat", "Microbe")
    }
    assert both == {"Habitat": (["soil"], ()), "Microbe": ([], ())}


@pytest.mark.parametrize(
    "text",
    [
        *("gout (Disorder)", "- gout (medical condition)", '{"conditions": ["gout"]}', "<disorder>gout</disorder>"),
        *("Conditions: gout", '<span class="condition">gout</span>', "gout [ENTITY]", "gout - Disease or Syndrome"),
        *('[{"text": "gout", "label": "MISC"}]', "He had <problem>gout</problem> .", '{"SpecificDisease": ["gout"]}'),
        "He\tO\nhad\tO\ngout\tB-DIS\n.\tO",
    ],
)
def test_a_single_type_of_another_name_loses_nothing(text: str) -> None:
    assert read(text, sentence="He had gout .", entity_type="Disease") == (["gout"], ())


@pytest.mark.parametrize(
    ("name", "entity_type", "expected"),
    [
        ("diseases", "Disease", Closeness.SAME),
        ("SpecificDisease", "Disease", Closeness.SAME),
        ("Disease or Syndrome", "Disease", Closeness.SAME),
        ("Krankheit", "Krankheit", Closeness.SAME),
        ("疾病", "疾病", Closeness.SAME),
        ("disorder", "Disease", Closeness.SYNONYM),
        ("AE", "nervous_AE", Closeness.SYNONYM),
        ("entity", "Disease", Closeness.SYNONYM),
        ("symptom", "Disease", Closeness.RELATED),
        ("MISC", "Disease", Closeness.UNKNOWN),
        ("other_AE", "nervous_AE", Closeness.OTHER),
        ("cell_line", "cell_type", Closeness.RELATED),
        ("adverse drug event", "drug", Closeness.OTHER),
        ("drug dosage", "drug", Closeness.OTHER),
        ("test", "problem", Closeness.OTHER),
        ("improved_symptom", "test", Closeness.OTHER),
    ],
)
def test_closeness(name: str, entity_type: str, expected: Closeness) -> None:
    assert closeness(name, entity_type=entity_type) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Disease", "Disorder", "Gene"], {"Disease"}),
        (["DiseaseClass", "SpecificDisease", "Modifier"], {"DiseaseClass", "SpecificDisease"}),
        (["Disorder", "Symptom", "MISC"], {"Disorder"}),
        (["MISC"], {"MISC"}),
        (["MISC", "Gene"], set()),
        (["Gene"], set()),
        ([], set()),
    ],
)
def test_only_the_closest_types_count(names: list[str], expected: set[str]) -> None:
    assert counted(names, entity_type="Disease") == expected
