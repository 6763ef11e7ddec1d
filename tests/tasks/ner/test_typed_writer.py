"""Units, requests and labels of a dataset with several entity types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinsynth import datasets, tasks
from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.task import Choices, Negatives, Wanted
from clinsynth.tasks.ner.config import EntityType, NerDataset
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.tasks.supply import EACH_UNIT
from clinsynth.text.entities import Sentence, to_spans
from clinsynth.types import Completion, Draft, Prompt
from support import gold, writing

TYPES = {
    "Problem": EntityType("medical problem", "Count symptoms.", "(no problems)"),
    "Treatment": EntityType(negatives="(no drugs)"),
    "Test": EntityType(),
}


def dataset(**parts: Any) -> NerDataset:
    return NerDataset(name="notes", task="ner", entity_types=dict(TYPES), **parts)


WRITER = NerWriter(dataset())


def typed(tagged: str) -> Sentence:
    """`"mild/O ataxia/B-Problem"` as a sentence."""
    pairs = [word.rpartition("/") if "/" in word else (word, "", "O") for word in tagged.split()]
    return Sentence(tuple(word for word, _, _ in pairs), to_spans([tag for _, _, tag in pairs]))


def test_units_stand_behind_their_types_by_frequency() -> None:
    train = [
        typed("cold/B-Problem and Cold/B-Treatment ECG/B-Test"),
        typed("cold/B-Problem or chest/B-Problem pain/I-Problem"),
    ]
    found = WRITER.units(gold(*train), writing=writing())
    assert found == ["Problem:cold", "Problem:chest pain", "Treatment:Cold", "Test:ECG"]


def test_a_request_names_the_type_in_its_id_and_the_noun_in_its_prompt() -> None:
    usual = WRITER.complete(Choices(Prompt("default")))
    found = WRITER.request(
        "Problem:chest pain", replicate=1, writing=writing(prompt=usual.prompt, per_request=7), gold=gold()
    )
    assert found.id == "notes/sentences_types/Problem:chest pain#1"
    assert 'provide 7 sentences containing the medical problem "chest pain".' in found.messages[0]["content"]
    assert found.gold_characters == len("chest pain")


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (("Treatment:cold",), ["Treatment:cold"]),
        (("cold",), ["Problem:cold", "Treatment:cold"]),
        (("cold", "Test:ECG"), ["Problem:cold", "Treatment:cold", "Test:ECG"]),
    ],
)
def test_units_are_chosen_with_their_type_or_without(only: tuple[str, ...], expected: list[str]) -> None:
    units = ["Problem:cold", "Treatment:cold", "Test:ECG"]
    wanted = Wanted(1, None, 1, share=1.0, seed=0, only=only)
    assert sorted(EACH_UNIT.choose(units, others=units, wanted=wanted, limited=False).units) == sorted(expected)


def test_units_come_from_a_list_for_each_type(workspace: Path) -> None:
    (workspace / "a.txt").write_text("cold\npain\n")
    (workspace / "b.txt").write_text("cold\n")
    own = dataset(units={"Problem": "a.txt", "Treatment": "b.txt"})
    found = datasets.open_gold(tasks.open(own), data=workspace)
    assert found.units == ("Problem:cold", "Problem:pain", "Treatment:cold")


@pytest.mark.parametrize("units", [{"Drug": "a.txt"}, 3, ["a.txt"]])
def test_lists_of_other_types_are_refused(units: object) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.units=.*one for each of Problem, Treatment, Test"):
        dataset(units=units)


def drafts(*texts: str, unit: str = "Problem:cold") -> list[Draft]:
    return [Draft(unit, 0, index, text) for index, text in enumerate(texts)]


Labelled = Callable[..., list[list[str]]]


def labelled(name: str, *, lexicon: tuple[str, ...] = (), answer: str = "") -> list[list[str]]:
    found, _ = WRITER.annotate(
        drafts("A cold and an ECG.", "Cold packs helped."),
        annotator=name,
        lexicon=lexicon,
        answer=Completion("n/m/u#0", "m", answer, "stop"),
    )
    return [[f"{one.example.mention(span)}/{span.label}" for span in one.example.spans] for one in found]


def test_annotators_label_with_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert labelled("seed") == [["cold/Problem"], ["Cold/Problem"]]
    known = ("Test:ECG", "Problem:cold", "Treatment:cold", "Treatment:cold pack")
    assert labelled("gazetteer", lexicon=known) == [["cold/Problem", "ECG/Test"], ["Cold packs/Treatment"]]
    assert "1 terms of the lexicon have another type before" in capsys.readouterr().out
    answer = "1. cold (Problem) | ECG (Test)\n2. Cold packs (Treatment)"
    assert labelled("llm", answer=answer) == [["cold/Problem", "ECG/Test"], ["Cold packs/Treatment"]]


def test_the_second_request_lists_the_types_with_their_guidelines() -> None:
    request = WRITER.label_request(
        drafts("A cold."),
        completion=Completion("n/s/Problem:cold#0", "m", "", "stop"),
        writing=writing(annotator="llm", label_prompt=named_prompt("mentions_types")),
    )
    assert request is not None
    assert request.id == "notes/mentions_types/Problem:cold#0"
    assert request.messages[0]["content"].endswith(
        "The types are:\n- Problem (medical problem): Count symptoms.\n- Treatment\n- Test\n1. A cold."
    )


def test_negatives_mention_no_type_at_all() -> None:
    chosen = WRITER.complete(Choices(Prompt("default"), negatives=Negatives(0.2, 40)))
    request = WRITER.request("none", replicate=0, writing=writing(negatives=chosen.negatives), gold=gold())
    assert request.id == "notes/negatives_types/none#0"
    said = "mention NO medical problem, treatment or test at all (no problems) (no drugs) 40 distinct sentences"
    assert said in request.messages[0]["content"]
    kept, rejected = WRITER.annotate(
        drafts("Seen by us.", "An ECG was done.", unit="none"), annotator="llm", lexicon=("Test:ECG",), answer=None
    )
    assert [one.draft.text for one in kept] == ["Seen by us."]
    assert [(one.reason, one.detail) for one in rejected] == [("mention_in_negative", "ECG")]
