from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import clinsynth
from clinsynth.config import CorpusConfig, PromptConfig, SizeConfig
from clinsynth.errors import ConfigError
from clinsynth.llm.recorded import parse_id
from clinsynth.tasks.multilabel import synthesis
from clinsynth.tasks.multilabel.config import PER_UNIT, MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.types import Completion, Draft, Gold
from support import Composed, corpus_settings

RECORDING = Path(clinsynth.__file__).parent / "assets" / "recordings" / "asd.behaviours.jsonl"
ROWS = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
GOLD = Gold(train=[Note("He waits.", ("A1",))], test=[Note("He hums.", ("B1",))], devel=[], hashes={})
CRITERIA = ["A1", "A2", "A3", "B1", "B2", "B3", "B4"]
PROMPT = PromptConfig(name="own", text="Write $n texts, $voice, that $content.")
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


@pytest.fixture
def own() -> CorpusConfig:
    return corpus_settings(dataset=dataset(), prompt=PROMPT, size=SizeConfig())


def message(unit: str, settings: CorpusConfig, *, replicate: int = 0) -> str:
    found = synthesis.request(unit, replicate=replicate, settings=settings, gold=GOLD)
    (only,) = found.messages
    assert (only["role"], found.evidence) == ("user", {"prompt": only["content"]})
    return only["content"]


def parsed(text: str, *, unit: str = "sad", finish_reason: str = "stop") -> Any:
    said = Completion(f"mine/own/{unit}#1", "m", text, finish_reason)
    return synthesis.parse(said, unit=unit, replicate=1, settings=corpus_settings(dataset=dataset()))


@pytest.fixture(scope="module")
def known() -> dict[str, CorpusConfig]:
    return {}


@pytest.fixture
def sample(known: dict[str, CorpusConfig], composed: Composed) -> CorpusConfig:
    """Nobody changes it; to compose it takes longer than a test."""
    from clinsynth.tasks.multilabel import config

    if not known:
        known["sample"] = composed("train", "dataset=sample_asd")
        config.resolve(known["sample"])
    return known["sample"]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_shipped_completions_are_answers_to_what_is_asked(row: dict[str, Any], sample: CorpusConfig) -> None:
    _, prompt, unit, replicate = parse_id(row["id"])
    assert message(unit, sample, replicate=replicate) == row["prompt"]
    found = synthesis.request(unit, replicate=replicate, settings=sample, gold=GOLD)
    assert found.id == f"sample_asd/{prompt}/{unit}#{replicate}"
    assert found.gold_characters == 0
    said = Completion(row["id"], row["model"], row["completion"], row["finish_reason"])
    drafts, rejected = synthesis.parse(said, unit=unit, replicate=replicate, settings=sample)
    assert (len(drafts), rejected) == (PER_UNIT, [])


def test_the_shipped_completions_are_two_of_each_unit(sample: CorpusConfig) -> None:
    units = synthesis.units(sample, gold=GOLD)
    assert units == [*CRITERIA, "none"]
    assert [parse_id(row["id"])[2:] for row in ROWS] == [(unit, number) for unit in units for number in (0, 1)]


def test_a_prompt_says_what_the_dataset_says(own: CorpusConfig) -> None:
    assert message("sad", own) == "Write 5 texts, in a diary, that tell of low mood (sad)."
    assert message("worried", own) == "Write 5 texts, in a diary, that tell of fear (worried)."
    assert message("none", own) == "Write 5 texts, in a diary, that tell of neither."
    ids = [synthesis.request("sad", replicate=n, settings=own, gold=GOLD).id for n in range(2)]
    assert ids == ["mine/own/sad#0", "mine/own/sad#1"]


@pytest.mark.parametrize("unit", ["sad", "none"])
def test_a_request_depends_on_neither_size_nor_replicate(unit: str, own: CorpusConfig) -> None:
    sizes = [replace(own, size=SizeConfig(per_unit=size)) for size in (1, 500)]
    assert {message(unit, found, replicate=n) for found in (own, *sizes) for n in range(3)} == {message(unit, own)}


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
    settings = corpus_settings(dataset=dataset(**keys), prompt=PromptConfig(name="own", text=text))
    with pytest.raises(ConfigError) as raised:
        message(unit, settings)
    assert said in str(raised.value)


def test_a_voice_and_a_meaning_may_be_left_out() -> None:
    settings = corpus_settings(dataset=dataset(criterion="are sad"), prompt=PromptConfig("own", "$n that $content"))
    assert message("sad", settings) == "5 that are sad"


def test_units_are_the_labels_and_none(own: CorpusConfig) -> None:
    assert synthesis.units(own, gold=GOLD) == ["sad", "worried", "none"]
    without = replace(own, dataset=dataset(none=None))
    assert synthesis.units(without, gold=GOLD) == ["sad", "worried"]


def test_a_prompt_shows_no_gold(own: CorpusConfig) -> None:
    assert synthesis.leaking(["sad", "none"], settings=own, gold=GOLD) == set()
    assert synthesis.propose(own, gold=GOLD) == {}
    assert not synthesis.ROUNDS


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
def test_a_text_has_the_label_it_was_asked_for(
    unit: str, labels: tuple[str, ...], label: str, own: CorpusConfig
) -> None:
    drafts, _ = parsed(LIST, unit=unit)
    found, rejected = synthesis.annotate(drafts, settings=own, lexicon=(), answer=None)
    assert [item.draft for item in found] == drafts
    assert [item.example for item in found] == [Note(draft.text, labels) for draft in drafts]
    assert {item.example.label for item in found} == {label}
    assert rejected == []
    assert all(map(synthesis.contains, drafts))
    assert synthesis.label_request(drafts, completion=Completion("", "m", LIST, "stop"), settings=own) is None


def test_how_many_texts_each_label_holds_for_is_told() -> None:
    notes = [Note("a", ("B", "A")), Note("b", ("A",)), Note("c", ()), Note("d", ())]
    assert synthesis.statistics(notes) == {"labels per text": 0.75, "A": 2, "B": 1, "none": 2}
    assert synthesis.statistics([]) == {"labels per text": 0}


@pytest.mark.parametrize("note", [Note("a", ("B", "A"), weight=0.25), Note("b ’ é", ()), Note("c", ("A",))])
def test_a_corpus_line_is_read_back(note: Note) -> None:
    row = {"unit": "A", "replicate": 0, "index": 3} | note.to_json()
    assert synthesis.from_json(json.loads(json.dumps(row))) == note


def test_words_are_split_as_gold_is() -> None:
    assert synthesis.words(Note("He's non-verbal.", ())) == ["He", "'", "s", "non", "-", "verbal", "."]
