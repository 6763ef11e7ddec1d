from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import clinsynth
from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.llm.recorded import parse_id
from clinsynth.stages import resolving
from clinsynth.task import NONE, Choices, Negatives
from clinsynth.tasks.ner.writer import NerWriter, hard_negatives
from clinsynth.types import Completion, Draft, Prompt
from support import Composed, dataset, gold, sentence, writing

RECORDED = Path(clinsynth.__file__).parent / "assets" / "recordings"
OWN = NerWriter(replace(dataset(), negatives="($ like 5 % of cells). Be short."))
ASKED = writing(negatives=Negatives(0.2, 7, named_prompt("negatives")), label_prompt=named_prompt("mentions"))


@pytest.mark.parametrize("name", ["ncbi_disease", "bc5cdr_disease"])
def test_recorded_answers_are_answers_to_what_is_asked(name: str, composed: Composed) -> None:
    settings = resolving.complete(composed("train", f"dataset={name}", "units.negatives=0.1"))
    writer, usual = NerWriter(settings.dataset), resolving.writing(settings)
    recorded = (RECORDED / f"{name}.negatives.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in recorded.splitlines()]
    assert [parse_id(row["id"])[1:] for row in rows] == [("negatives", NONE, number) for number in range(4)]
    for number, row in enumerate(rows):
        found = writer.request(NONE, replicate=number, writing=usual, gold=gold())
        assert (found.id, found.evidence) == (row["id"], {"prompt": row["prompt"]})
        assert found.messages == ({"role": "user", "content": row["prompt"]},)
        assert found.gold_characters == 0
        said = Completion(row["id"], row["model"], row["completion"], row["finish_reason"])
        drafts, rejected = writer.parse(said, unit=NONE, replicate=number)
        assert (len(drafts), rejected) == (40, [])


def test_a_request_says_what_the_dataset_says_and_hangs_on_no_size() -> None:
    found = [OWN.request(NONE, replicate=number, writing=ASKED, gold=gold()) for number in (0, 1)]
    assert [request.id for request in found] == ["mine/negatives/none#0", "mine/negatives/none#1"]
    assert found[0].messages == found[1].messages
    assert found[0].messages[0]["content"] == (
        "Write sentences in the style of PubMed abstracts that mention NO disease at all ($ like 5 % of cells). Be "
        "short. 7 distinct sentences of 8 to 40 words, as a numbered list."
    )


def test_another_prompt_may_ask_for_them() -> None:
    own = Negatives(0.2, 3, Prompt("plain", "$n sentences without a $noun: $negatives"))
    found = OWN.request(NONE, replicate=0, writing=writing(negatives=own), gold=gold())
    assert (found.id, found.messages[0]["content"][:29]) == ("mine/plain/none#0", "3 sentences without a disease")


DRAFTS = [
    Draft(NONE, 0, place, text) for place, text in enumerate(("Exon 5 was read.", "Two gouts of 5.", "It is no AS."))
]


@pytest.mark.parametrize("annotator", ["seed", "gazetteer", "llm"])
def test_a_sentence_with_a_known_term_is_rejected_and_the_others_have_no_entity(annotator: str) -> None:
    kept, rejected = OWN.annotate(DRAFTS, annotator=annotator, lexicon=["gout", "AS"], answer=None)
    assert [(found.draft, found.example) for found in kept] == [(DRAFTS[0], sentence("Exon 5 was read ."))]
    assert [(found.draft, found.reason, found.detail) for found in rejected] == [
        (DRAFTS[1], "mention_in_negative", "gouts"),
        (DRAFTS[2], "mention_in_negative", "AS"),
    ]


def test_without_a_lexicon_none_is_rejected() -> None:
    kept, rejected = OWN.annotate(DRAFTS, annotator="llm", lexicon=[], answer=None)
    assert ([found.draft for found in kept], rejected) == (DRAFTS, [])


def test_nobody_is_asked_to_label_them() -> None:
    asked = replace(ASKED, annotator="llm")
    assert (
        OWN.label_request(DRAFTS, completion=Completion("d/negatives/none#0", "m", "", "stop"), writing=asked) is None
    )
    assert all(map(OWN.contains, DRAFTS))


def test_a_dataset_that_does_not_say_what_they_are_like_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"units\.negatives=0\.2: mine does not say .* without a disease are like.*line"
    ):
        NerWriter(dataset()).complete(Choices(Prompt("default"), negatives=Negatives(0.2, 40)))


def test_the_usual_prompt_is_filled_in() -> None:
    chosen = OWN.complete(Choices(Prompt("default"), negatives=Negatives(0.2, 40))).negatives
    assert chosen == Negatives(0.2, 40, named_prompt("negatives"))
    assert OWN.complete(Choices(Prompt("default"))).negatives is None


HARD = NerWriter(dataset(), distractors=("fever", "FMR1 gene", "cough"))
LISTED = writing(negatives=Negatives(0.2, 2, named_prompt("hard_negatives"), listed=True))


def test_a_request_for_hard_negatives_shows_the_next_terms_of_the_list_and_begins_anew_behind_its_end() -> None:
    shown = [HARD.request(NONE, replicate=number, writing=LISTED, gold=gold()) for number in range(3)]
    assert [request.messages[0]["content"].splitlines()[1:] for request in shown] == [
        ["1. fever", "2. FMR1 gene"],
        ["1. cough", "2. fever"],
        ["1. FMR1 gene", "2. cough"],
    ]
    assert "None of these terms is a disease" in shown[0].messages[0]["content"]
    assert shown[0].id == "mine/hard_negatives/none#0"
    assert shown[0].gold_characters == len("feverFMR1 gene")


def test_a_hard_negative_holds_a_term_of_the_list() -> None:
    assert [HARD.contains(Draft(NONE, 0, 0, text)) for text in ("No fevers.", "No fmr1 gene.", "None.")] == [
        True
    ] * 2 + [False]
    assert HARD.contains(Draft("gout", 0, 0, "Gout and fever."))


def test_terms_that_hold_an_entity_of_gold_are_no_distractors(capsys: pytest.CaptureFixture[str]) -> None:
    known = gold(sentence("gout/B"))
    found, terms = hard_negatives(["gout pain", "fever", "Gout"], known, dataset=dataset())
    assert (found.distractors, terms) == (("fever",), ("fever",))
    assert "2 of 3 terms of negatives.terms hold a disease of gold train" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="each of the 1 terms holds a disease"):
        hard_negatives(["Gout"], known, dataset=dataset())


def test_hard_negatives_need_no_line_of_the_dataset() -> None:
    chosen = NerWriter(dataset()).complete(Choices(Prompt("default"), negatives=Negatives(0.2, 2, listed=True)))
    assert chosen.negatives == LISTED.negatives


@pytest.mark.parametrize("known", [gold(sentence("none/B")), gold(units=("gout", "none"))], ids=["gold", "list"])
def test_an_entity_of_that_name_is_refused(known: Any) -> None:
    with pytest.raises(ConfigError, match=r"an entity is called 'none'.*dataset\.units=terms\.txt"):
        OWN.units(known, writing=ASKED)


@pytest.mark.parametrize(
    ("others", "share", "examples", "requests"),
    [(1200, 0.1, 133, 4), (360, 0.3, 154, 4), (60, 0.25, 20, 1), (1, 0.01, 1, 1), (40, 0.5, 40, 1), (41, 0.5, 41, 2)],
)
def test_how_many_there_are(others: int, share: float, examples: int, requests: int) -> None:
    found = Negatives(share, 40).beside(others)
    assert (found.unit, found.examples, found.replicates) == (NONE, examples, requests)
