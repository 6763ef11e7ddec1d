from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import clinsynth
from clinsynth.config import PromptConfig, named_prompt
from clinsynth.errors import ConfigError
from clinsynth.llm.recorded import parse_id
from clinsynth.stages import resolving
from clinsynth.task import Writing
from clinsynth.tasks.multilabel.config import MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.writer import PER_UNIT, MultilabelWriter
from clinsynth.tasks.supply import EachUnit
from clinsynth.types import Completion, Draft, Gold, Prompt
from support import Composed, writing

RECORDING = Path(clinsynth.__file__).parent / "assets" / "recordings" / "asd.behaviours.jsonl"
ROWS = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
GOLD = Gold(train=[Note("He waits.", ("A1",))], test=[Note("He hums.", ("B1",))], devel=[], hashes={})
CRITERIA = ["A1", "A2", "A3", "B1", "B2", "B3", "B4"]
PROMPT = Prompt("own", "Write $n texts, $voice, that $content.")
LIST = "Sure, here they are:\n\n1. He doesn’t wave.\n2) She **never** nods.\n3. - It is late.\n\nLet me know!"


def dataset(**keys: Any) -> MultilabelDataset:
    usual = {
        "name": "mine",
        "task": "multilabel",
        "labels": {"sad": "low mood", "worried": "fear"},
        "voice": "in a diary",
        "criterion": "tell of $meaning ($label)",
        "none": "tell of neither",
    }
    return MultilabelDataset(**(usual | keys))


OWN = MultilabelWriter(dataset())
WRITING = writing(prompt=PROMPT, annotator="none")


def message(unit: str, writer: MultilabelWriter = OWN, *, writing: Writing = WRITING, replicate: int = 0) -> str:
    found = writer.request(unit, replicate=replicate, writing=writing, gold=GOLD)
    (only,) = found.messages
    assert (only["role"], found.evidence) == ("user", {"prompt": only["content"]})
    return only["content"]


def parsed(text: str, *, unit: str = "sad", finish_reason: str = "stop") -> Any:
    said = Completion(f"mine/own/{unit}#1", "m", text, finish_reason)
    return OWN.parse(said, unit=unit, replicate=1)


Sample = tuple[MultilabelWriter, Writing]


@pytest.fixture(scope="module")
def known() -> dict[str, Sample]:
    return {}


@pytest.fixture
def sample(known: dict[str, Sample], composed: Composed) -> Sample:
    """As `train` asks for it; to compose it takes longer than a test."""
    if not known:
        settings = resolving.complete(composed("train", "dataset=sample_asd"))
        known["sample"] = MultilabelWriter(settings.dataset), resolving.writing(settings)
    return known["sample"]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_shipped_completions_are_answers_to_what_is_asked(row: dict[str, Any], sample: Sample) -> None:
    writer, usual = sample
    _, prompt, unit, replicate = parse_id(row["id"])
    assert message(unit, writer, writing=usual, replicate=replicate) == row["prompt"]
    found = writer.request(unit, replicate=replicate, writing=usual, gold=GOLD)
    assert found.id == f"sample_asd/{prompt}/{unit}#{replicate}"
    assert found.gold_characters == 0
    said = Completion(row["id"], row["model"], row["completion"], row["finish_reason"])
    drafts, rejected = writer.parse(said, unit=unit, replicate=replicate)
    assert (len(drafts), rejected) == (PER_UNIT, [])


def test_the_shipped_completions_are_two_of_each_unit(sample: Sample) -> None:
    writer, usual = sample
    units = writer.units(GOLD, writing=usual)
    assert units == [*CRITERIA, "none"]
    assert [parse_id(row["id"])[2:] for row in ROWS] == [(unit, number) for unit in units for number in (0, 1)]


def test_a_prompt_says_what_the_dataset_says() -> None:
    assert message("sad") == "Write 5 texts, in a diary, that tell of low mood (sad)."
    assert message("worried") == "Write 5 texts, in a diary, that tell of fear (worried)."
    assert message("none") == "Write 5 texts, in a diary, that tell of neither."
    ids = [OWN.request("sad", replicate=n, writing=WRITING, gold=GOLD).id for n in range(2)]
    assert ids == ["mine/own/sad#0", "mine/own/sad#1"]


@pytest.mark.parametrize("unit", ["sad", "none"])
def test_a_request_depends_on_neither_size_nor_replicate(unit: str, composed: Composed) -> None:
    def sized(size: int) -> Writing:
        settings = composed("train", "dataset=sample_asd", "generation.per_request=5", f"size.per_unit={size}")
        return resolving.writing(replace(settings, dataset=dataset(), prompt=PromptConfig(PROMPT.name, PROMPT.text)))

    sizes = [sized(size) for size in (1, 500)]
    found = {message(unit, writing=asked, replicate=n) for asked in (WRITING, *sizes) for n in range(3)}
    assert found == {message(unit)}


@pytest.mark.parametrize(
    ("keys", "text", "unit", "said"),
    [
        ({}, "Write $n.", "sad", "the prompt 'own' lacks $content"),
        ({}, "Write $content.", "sad", "the prompt 'own' lacks $n"),
        ({}, "Write $n, $content and $label.", "sad", "has the unknown $label"),
        ({"criterion": "tell of $entity"}, PROMPT.text, "sad", "the prompt 'criterion' has the unknown $entity"),
        ({"criterion": "cost $ 5"}, PROMPT.text, "sad", "the prompt 'criterion' has a lone `$`"),
        ({"none": "tell no $label"}, PROMPT.text, "none", "the prompt 'none' has the unknown $label"),
    ],
)
def test_a_template_that_does_not_fit_is_named(keys: dict[str, str], text: str, unit: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        message(unit, MultilabelWriter(dataset(**keys)), writing=writing(prompt=Prompt("own", text)))
    assert said in str(raised.value)


def test_a_voice_and_a_meaning_may_be_left_out() -> None:
    short = writing(prompt=Prompt("own", "$n that $content"))
    assert message("sad", MultilabelWriter(dataset(criterion="are sad")), writing=short) == "5 that are sad"


def test_units_are_the_labels_and_none() -> None:
    assert OWN.units(GOLD, writing=WRITING) == ["sad", "worried", "none"]
    assert MultilabelWriter(dataset(none=None)).units(GOLD, writing=WRITING) == ["sad", "worried"]


def test_a_prompt_shows_no_gold() -> None:
    assert OWN.leaking(["sad", "none"], writing=WRITING, gold=GOLD) == set()
    for recorded in (True, False):
        proposal = OWN.propose(GOLD, recorded=recorded)
        assert (proposal.dataset, proposal.files) == (dataset(), {})
    assert isinstance(OWN.supply, EachUnit)


def test_a_completion_is_parsed_and_nothing_is_dropped_silently() -> None:
    drafts, rejected = parsed(LIST)
    assert drafts == [
        Draft("sad", 1, 0, "He doesn't wave."),
        Draft("sad", 1, 1, "She never nods."),
        Draft("sad", 1, 2, "It is late."),
    ]
    assert [item.reason for item in rejected] == ["remark", "remark"]


def test_a_text_that_was_cut_is_rejected() -> None:
    drafts, rejected = parsed("1. He waves.\n2. She no", finish_reason="length")
    assert [draft.text for draft in drafts] == ["He waves."]
    assert [(item.reason, item.draft.text) for item in rejected] == [("cut", "She no")]


@pytest.mark.parametrize(
    ("unit", "labels", "label"), [("sad", ("sad",), "sad"), ("worried", ("worried",), "worried"), ("none", (), "none")]
)
def test_a_text_has_the_label_it_was_asked_for(unit: str, labels: tuple[str, ...], label: str) -> None:
    drafts, _ = parsed(LIST, unit=unit)
    found, rejected = OWN.annotate(drafts, annotator="none", lexicon=(), answer=None)
    assert [item.draft for item in found] == drafts
    assert [item.example for item in found] == [Note(draft.text, labels) for draft in drafts]
    assert {item.example.label for item in found} == {label}
    assert rejected == []
    assert all(map(OWN.contains, drafts))
    told = replace(WRITING, label_prompt=named_prompt("mentions"))
    for asked in (WRITING, told):
        assert OWN.label_request(drafts, completion=Completion("", "m", LIST, "stop"), writing=asked) is None
