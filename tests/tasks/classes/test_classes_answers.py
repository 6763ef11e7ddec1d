"""What LLMs answer to which class a text is of, and what it is read as."""

from __future__ import annotations

import pytest

from clinsynth.tasks.classes.answers import read_class
from clinsynth.tasks.classes.asker import ClassesAsker
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.tasks.classes.examples import Classified
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading
from support import slowdown

CLASSES = {
    "mechanism": "one drug changes the level of the other",
    "effect": "giving both changes what a drug does",
    "advice": "a recommendation how to give both",
    "interaction": "that the two interact is stated",
    "none": "no interaction is stated",
}
DATASET = ClassesDataset(name="mine", task="classes", classes=CLASSES, markers=["@A$", "@B$"], negative="none")
ASKER = ClassesAsker(DATASET)
EXAMPLE = Classified("The effect of @A$ on @B$ is not known.", "interaction", ("@A$", "@B$"), "none")
QUESTION = ASKER.question(EXAMPLE, prompt=ASKER.prompt)


def read(text: str) -> Reading:
    return read_class(text, question=QUESTION, classes=CLASSES, asked=EXAMPLE.text)


def test_a_name_alone_is_what_was_asked_for() -> None:
    assert read(" effect\n") == Reading("effect", CLEAN)
    assert "- advice: a recommendation how to give both" in QUESTION
    assert "The class is that of what @A$ and @B$ stand for" in QUESTION
    assert ASKER.answer(EXAMPLE) == "interaction"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Effect.", "effect"),
        ("**effect**", "effect"),
        ('"effect"', "effect"),
        ("Class: effect", "effect"),
        ("The class is: `effect`", "effect"),
        ("Label: mechanism (not effect)", "mechanism"),
        ("Final answer: **advice**", "advice"),
        ("2", "effect"),
        ("Option 3", "advice"),
        ("(5)", "none"),
        ("2. effect", "effect"),
        ("effect: giving both changes what a drug does", "effect"),
        ("Giving both changes what a drug does.", "effect"),
        ('{"label": "effect"}', "effect"),
        ('```json\n{"class": "effect", "confidence": 0.8}\n```', "effect"),
        ('["effect"]', "effect"),
        ('{"mechanism": 0.1, "effect": 0.8, "none": 0.1}', "effect"),
        ('{"mechanism": false, "effect": true}', "effect"),
        ("mechanism: no\neffect: yes\nadvice: no", "effect"),
        ("- mechanism: ❌\n- effect: ✅", "effect"),
        ("effect\n\nBleeding is an outcome, and not advice.", "effect"),
        ("Bleeding is an outcome of both.\n\neffect", "effect"),
        ("Effect - the patient bled.", "effect"),
        ("Mechanism, since the AUC rises.", "mechanism"),
        ("Label: mechanism, because the INR rise is an effect of inhibition.", "mechanism"),
        ("The text describes the mechanism by which levels rise.", "mechanism"),
        ("It is advice, rather than an effect.", "advice"),
        ("This is not advice; it states the effect of both.", "effect"),
        ("The answer is not effect but mechanism.", "mechanism"),
        ("This text belongs to the class 'interaction'.", "interaction"),
        ("I would classify this text as advice.", "advice"),
        ("Both are named. Therefore, the class would be mechanism.", "mechanism"),
        ("<think>mechanism? or advice</think>effect", "effect"),
        ("| class | effect |", "effect"),
        ("None of the above", "none"),
        ("effect. None of the other classes fits.", "effect"),
        (f"{QUESTION}\nmechanism", "mechanism"),
    ],
)
def test_usual_forms_of_an_answer_are_read(text: str, label: str) -> None:
    assert read(text) == Reading(label, REPAIRED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "effect or mechanism",
        "Either effect or mechanism.",
        "Class: effect, mechanism",
        '{"mechanism": true, "effect": true}',
        '{"mechanism": 0.5, "effect": 0.5}',
        "It is unclear whether this is an effect.",
        "It could be effect.",
        "I cannot determine the class.",
        "I'm sorry, but I can't help with that.",
        "Not advice.",
        "pharmacokinetics",
        "Class: pharmacokinetics",
        "7",
        "The effect of @A$ on @B$ is not known.",
    ],
)
def test_hedges_refusals_and_other_names_say_nothing(text: str) -> None:
    assert read(text) == Reading("", UNUSABLE)


def test_an_answer_that_says_nothing_is_in_no_class() -> None:
    found = ASKER.read("Hard to say.", question=QUESTION, example=EXAMPLE)
    assert (found.predicted.label, found.status) == ("", UNUSABLE)
    result = ASKER.evaluate([EXAMPLE], readings=[found])
    assert (result.metrics["test/f1"], result.metrics["test/accuracy"]) == (0.0, 0.0)


@pytest.mark.parametrize(("text", "label"), [("1", "1"), ("Class 0", "0"), ("2", "2")])
def test_a_name_that_is_a_number_is_a_name(text: str, label: str) -> None:
    found = read_class(text, question="?", classes={"2": "high", "1": "middle", "0": "low"}, asked="x")
    assert found.predicted == label


def test_names_within_each_other_are_told_apart() -> None:
    classes = {
        "interaction": "they interact",
        "no interaction": "they do not",
        "CPR:4": "inhibits",
        "CPR:3": "activates",
    }
    for text, label in (("No interaction", "no interaction"), ("Label: CPR:4", "CPR:4"), ("cpr 3", "CPR:3")):
        assert read_class(text, question="?", classes=classes, asked="x").predicted == label


@pytest.mark.parametrize(
    "piece", ["effect ", "not effect ", "mechanism or ", "class: ", "effect: no\n", "{", '"effect" ']
)
def test_a_long_answer_takes_no_longer_than_its_length(piece: str) -> None:
    assert slowdown(read, piece=piece) < 3
