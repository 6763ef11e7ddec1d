from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.task import Writing
from clinsynth.tasks.classes.config import Balance, ClassesDataset
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.classes.writer import ClassesWriter
from clinsynth.types import Completion, Gold, Prompt
from support import writing

TRAIN = [Classified(f"row {n} of {label}", label) for label, number in (("x", 6), ("y", 3)) for n in range(number)]
GOLD = Gold(train=TRAIN, test=[Classified("row 0 of x", "x")], devel=[], hashes={})
WRITING = writing(prompt=named_prompt("classes"), annotator="none", per_request=10)


def dataset(**keys: Any) -> ClassesDataset:
    usual = {"name": "mine", "task": "classes", "classes": {"x": "it is so", "y": "it is not", "z": "it may be"}}
    return ClassesDataset(**(usual | keys))


MASKED = dataset(markers=["@A$", "@B$"], negative="z")


def message(unit: str = "x", *, replicate: int = 0, writing: Writing = WRITING, **keys: Any) -> str:
    found = ClassesWriter(dataset(**keys)).request(unit, replicate=replicate, writing=writing, gold=GOLD)
    (only,) = found.messages
    assert found.evidence == {"prompt": only["content"]}
    assert found.gold_characters == sum(len(row.text) for row in TRAIN if f"- {row.text}" in only["content"])
    return only["content"]


def shown(said: str) -> set[str]:
    return {row.text for row in TRAIN if f"- {row.text}" in said}


def test_a_request_tells_the_class_and_shows_rows_of_it() -> None:
    said = message()
    assert 'the class "x": it is so.' in said
    assert "- y: it is not\n- z: it may be" in said
    assert len(shown(said)) == 3
    assert all("of x" in row for row in shown(said))
    assert "\n\n" not in said


def test_requests_show_different_rows_and_always_the_same() -> None:
    assert len({frozenset(shown(message(replicate=number))) for number in range(6)}) > 2
    assert message(replicate=2) == message(replicate=2)
    assert message(writing=writing(prompt=WRITING.prompt, per_request=10, seed=1)) != message()


def test_a_row_that_is_tested_is_shown_to_nobody() -> None:
    found = set().union(*(shown(message(replicate=number)) for number in range(20)))
    assert found == {f"row {n} of x" for n in range(1, 6)}


@pytest.mark.parametrize(
    ("unit", "share", "keys", "number"),
    [("x", 0.4, {}, 2), ("x", 0.0, {}, 0), ("x", 1.0, {"shown": 0}, 0), ("y", 1.0, {"shown": 9}, 3), ("z", 1.0, {}, 0)],
)
def test_how_many_rows_are_shown(unit: str, share: float, keys: dict[str, Any], number: int) -> None:
    said = message(unit, writing=writing(prompt=WRITING.prompt, per_request=10, share=share), **keys)
    assert len(shown(said)) == number
    assert ("of which yours are no copies" in said) is bool(number)


def test_a_prompt_has_to_tell_the_markers() -> None:
    said = ClassesWriter(MASKED).request("x", replicate=0, writing=WRITING, gold=GOLD).messages[0]["content"]
    assert "Each text has @A$ and @B$ exactly once" in said
    own = writing(prompt=Prompt("own", "$n $label $meaning"), per_request=10)
    with pytest.raises(ConfigError, match="does not say @A"):
        ClassesWriter(MASKED).request("x", replicate=0, writing=own, gold=GOLD)


@pytest.mark.parametrize(
    ("keys", "mix"),
    [
        ({}, {"x": 6, "y": 3, "z": 1}),
        ({"balance": Balance.equal}, {"x": 1, "y": 1, "z": 1}),
        ({"mix": {"x": 1, "y": 5, "z": 2}}, {"x": 1, "y": 5, "z": 2}),
    ],
)
def test_proportions_are_proposed(keys: dict[str, Any], mix: dict[str, int]) -> None:
    proposal = ClassesWriter(dataset(**keys)).propose(GOLD, recorded=False)
    assert proposal.dataset.mix == mix
    assert ClassesWriter(proposal.dataset).propose(GOLD, recorded=False).dataset == proposal.dataset


def read(text: str, unit: str = "x", *, of: ClassesDataset = MASKED) -> tuple[list[str], Counter[str]]:
    drafts, rejected = ClassesWriter(of).parse(
        Completion("mine/classes/x#0", "m", text, "stop"), unit=unit, replicate=0
    )
    assert [draft.index for draft in drafts] == list(range(len(drafts)))
    return [draft.text for draft in drafts], Counter(found.reason for found in rejected)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("@A$ raises @B$ levels.", "@A$ raises @B$ levels."),
        ("@a raises **@B$** levels.", "@A$ raises @B$ levels."),
        ("A raises B levels.", "A raises B levels."),
        ("@A$/@B$ raises levels.", "@A$/@B$ raises levels."),
        ("x: @A$ raises @B$ levels.", "@A$ raises @B$ levels."),
        ("Class x: @A$ raises @B$ levels.", "@A$ raises @B$ levels."),
        ("@A$ raises @B$ levels. (x)", "@A$ raises @B$ levels."),
        ("@A$ raises @B$ levels. | x", "@A$ raises @B$ levels."),
    ],
)
def test_a_text_is_read_without_its_label(line: str, text: str) -> None:
    plain = dataset() if "@" not in line else MASKED
    assert read(f"Here they are:\n1. {line}\n2. @A$ and @B$ differ here.", of=plain)[0][0] == text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("@A$ is given.", "marker_missing"),
        ("@A$ and @B$ or @B$ are given.", "marker_doubled"),
        ("y: @A$ and @B$ are given.", "other_class"),
        ("I'm sorry, but I cannot write that.", "remark"),
    ],
)
def test_what_is_no_text_of_the_class_has_a_reason(line: str, reason: str) -> None:
    texts, reasons = read(f"1. @A$ raises @B$.\n2. {line}\n3. @B$ lowers @A$.")
    assert texts == ["@A$ raises @B$.", "@B$ lowers @A$."]
    assert reasons == {reason: 1}


def test_a_text_has_the_class_that_it_was_asked_for() -> None:
    writer = ClassesWriter(MASKED)
    drafts, _ = writer.parse(Completion("i", "m", "1. @A$ raises @B$.", "stop"), unit="y", replicate=0)
    candidates, rejected = writer.annotate(drafts, annotator="none", lexicon=(), answer=None)
    assert [found.example for found in candidates] == [Classified("@A$ raises @B$.", "y", ("@A$", "@B$"), "z")]
    assert rejected == []


def test_whoever_writes_prompts_is_told_of_the_markers() -> None:
    brief = ClassesWriter(MASKED).brief()
    assert "each with @A$ and @B$ exactly once (the prompt has to say so)" in brief.task
    assert [*brief.placeholders] == ["n", "label", "meaning"]
    assert "@" not in ClassesWriter(dataset()).brief().task
