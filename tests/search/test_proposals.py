"""Prompts out of what LLMs write: their placeholders, their lists, and what is said of those that are none."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from string import Template
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth import tasks
from clinsynth.errors import DataFormatError
from clinsynth.search.proposals import propose, read_proposals, to_template, to_written
from clinsynth.search.sampling import Sampler
from clinsynth.search.tree import CandidatePrompt
from clinsynth.types import Completion, Request
from support import Composed, gold, sentence

PLACES = {"n": "the number of sentences", "entity": "the disease name"}
VALUES = {"n": "7", "entity": "gout"}
GOLD = gold(sentence("gout/B hurts"), sentence("mild ataxia/B was seen"))
FIVE = [f"{verb} {{n}} sentences with {{entity}}." for verb in ("Write", "Give", "Compose", "Invent", "Draft")]
TEMPLATES = [to_template(text, PLACES) for text in FIVE]


@pytest.mark.parametrize(
    ("written", "template"),
    [
        ("{n} on {entity}", "$n on $entity"),
        ("{{n}} on {{entity}}", "$n on $entity"),
        ("[n] on [entity]", "$n on $entity"),
        ("<n> on <entity>", "$n on $entity"),
        ("$n on $entity", "$n on $entity"),
        ("${n} on ${entity}", "$n on $entity"),
        ("{N} on {Entity}", "$n on $entity"),
        ("{ n } on {{ entity }}", "$n on $entity"),
        ("[ n ] on < entity >", "$n on $entity"),
        ('{n} on "{entity}".', '$n on "$entity".'),
        ("{n}{entity}", "$n$entity"),
        ("the {n}th, {entity}s", "the ${n}th, ${entity}s"),
        ("{n}_{entity}", "${n}_$entity"),
        ("{n}5", "${n}5"),
        ("{n}é", "${n}é"),
        ("$5 each, {n} for 5$", "$$5 each, $n for 5$$"),
        ("{n} with @GENE$ and @DISEASE$", "$n with @GENE$$ and @DISEASE$$"),
        ("{number} and {n}", "{number} and $n"),
        ("{n sentences} and {entity_name}", "{n sentences} and {entity_name}"),
        ("$name, $entities", "$$name, $$entities"),
        ("(n) or n", "(n) or n"),
        ("", ""),
    ],
)
def test_placeholders_in_the_ways_in_which_llms_write_them(written: str, template: str) -> None:
    assert to_template(written, PLACES) == template


def test_a_template_is_shown_with_curly_brackets() -> None:
    assert (
        to_written("The ${n}th of $n on $entity for $$5, {so}.", PLACES) == "The {n}th of {n} on {entity} for $5, {so}."
    )


LITERALS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="${}[]<>"), max_size=12)
PIECES = st.one_of(
    LITERALS, st.sampled_from(["$n", "${n}", "$entity", "${entity}", "$$ ", "$$5 ", "{so}", "[1]", "<b>"])
)


@given(st.lists(PIECES).map("".join).filter(lambda text: set(Template(text).get_identifiers()) <= set(VALUES)))
def test_what_is_shown_is_read_as_the_same_template(template: str) -> None:
    again = to_template(to_written(template, PLACES), PLACES)
    assert Template(again).substitute(VALUES) == Template(template).substitute(VALUES)


TWO = ["Write {n} sentences with {entity}.", "Give {n} sentences on {entity}, in PubMed's style."]


@pytest.mark.parametrize(
    "layout",
    [
        "1. {}\n2. {}",
        "1) {}\n2) {}",
        "- {}\n- {}",
        "• {}\n• {}",
        "**1.** {}\n**2.** {}",
        "1. **{}**\n2. **{}**",
        '1. "{}"\n2. "{}"',
        "1. “{}”\n2. “{}”",
        "1. `{}`\n2. `{}`",
        "{}\n{}",
        "{}\n\n{}",
        "```\n1. {}\n2. {}\n```",
        "Sure! Here are 2 prompts:\n\n1. {}\n2. {}",
        "Here are the variations:\n- {}\n- {}",
        "1. {}\n2. {}\n\nLet me know if you need more.",
        "[INST]1. {}\n2. {}[/INST]\n\nNote: these are two.",
        "<think>1. Ask for {{n}} of {{entity}}.</think>\n1. {}\n2. {}",
    ],
)
def test_lists_of_prompts_that_are_read_alike(layout: str) -> None:
    assert read_proposals(layout.format(*TWO)) == TWO


@pytest.mark.parametrize(
    ("answer", "prompts"),
    [
        (
            "1. Write {n}\n   sentences with\n   {entity}.\n2. Give {n}.",
            ["Write {n} sentences with {entity}.", "Give {n}."],
        ),
        ("1. Write {n}.\n2. Write {n}.\n3. Give {n}.", ["Write {n}.", "Give {n}."]),
        ("1. Write *exactly* {n}.", ["Write exactly {n}."]),
        ("1. Use ‘{entity}’ in {n} non‑trivial lines.", ["Use '{entity}' in {n} non-trivial lines."]),
        ("", []),
        ("Here are five prompts:", []),
    ],
    ids=["several lines", "twice", "emphasis", "typographic signs", "empty", "a greeting alone"],
)
def test_what_a_list_holds(answer: str, prompts: list[str]) -> None:
    assert read_proposals(answer) == prompts


def test_prompts_may_end_with_a_colon_as_ours_do() -> None:
    prompts = ["Write {n} sentences with {entity}:", "Give {n} lines on {entity}:"]
    assert read_proposals("1. {}\n2. {}".format(*prompts)) == prompts


def test_a_second_line_may_be_a_sentence_of_its_own() -> None:
    answer = "1. Write {n} sentences.\n   Each of them contains {entity}.\n2. Give {n} lines on {entity}."
    assert read_proposals(answer) == [
        "Write {n} sentences. Each of them contains {entity}.",
        "Give {n} lines on {entity}.",
    ]


def test_thoughts_that_only_end_are_no_prompts() -> None:
    assert read_proposals("1. Ask for {n} of {entity}?\n</think>\n\n1. Write {n} of {entity}.") == [
        "Write {n} of {entity}."
    ]


COMPOSED: list[Any] = []
"""The settings: to compose them takes a tenth of a second."""


@pytest.fixture
def settings(composed: Composed) -> Any:
    if not COMPOSED:
        COMPOSED.append(composed("search_prompts", "llm=local", "llm.model=m"))
    return deepcopy(COMPOSED[0])


class Proposed:
    """What comes of answers that an LLM gives one after the other."""

    def __init__(self, settings: Any, *answers: str, best: str | None = None, known: Sequence[str] = ()) -> None:
        self.asked: list[Request] = []
        left = list(answers)

        def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
            self.asked += requests
            return {request.id: Completion(request.id, "m", left.pop(0), "stop") for request in requests}

        self.texts, self.unusable = propose(
            settings,
            number=2 if best else 1,
            best=CandidatePrompt("1.1", None, best, kept=(), rejected=()) if best else None,
            known=known,
            sampler=Sampler(settings, task=tasks.open(settings.dataset), gold=GOLD, ask=ask),
        )
        assert not left

    @property
    def messages(self) -> list[str]:
        return [request.messages[0]["content"] for request in self.asked]


def numbered(prompts: Sequence[str]) -> str:
    return "\n".join(f"{place}. {text}" for place, text in enumerate(prompts, 1))


def test_as_many_prompts_as_asked_for_are_templates(settings: Any) -> None:
    found = Proposed(settings, numbered([*FIVE, "One {n} more {entity}."]))
    assert (found.texts, found.unusable) == (TEMPLATES, ())
    (message,) = found.messages
    assert message.startswith("Please write 5 concise prompts")
    assert "{n} for the number of sentences, {entity} for the disease name" in message
    assert "sentences that contain a given disease name" in message


def test_those_that_are_lacking_are_asked_for_again(settings: Any) -> None:
    found = Proposed(settings, numbered(FIVE[:3]), numbered([FIVE[0], *FIVE[3:]]))
    assert found.texts == TEMPLATES
    assert [message.split(" concise")[0] for message in found.messages] == ["Please write 5", "Please write 2"]
    assert [request.id.rpartition("#")[2] for request in found.asked] == ["0", "1"]


def test_what_is_still_lacking_is_said(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = Proposed(settings, *[numbered(FIVE[:3])] * 3)
    assert found.texts == TEMPLATES[:3]
    assert "Round 1 goes on with 3 prompts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("written", "reason"),
    [("Write {n} sentences.", "lacks $entity"), ("Write on {entity}.", "lacks $n"), ("Write.", "lacks $entity, $n")],
)
def test_proposals_without_a_placeholder_are_unusable(settings: Any, written: str, reason: str) -> None:
    settings.candidates = 1
    found = Proposed(settings, numbered([written, FIVE[0]]))
    assert found.texts == TEMPLATES[:1]
    ((text, why),) = found.unusable
    assert text == written
    assert reason in why


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("1. Write {n} sentences.", "lacks $entity"),
        ("", "its answer begins ''"),
        ("Here are some prompts:", "its answer begins 'Here are some prompts:'"),
        ("I'm sorry, but I cannot do that.", "its answer begins \"I'm sorry"),
    ],
)
def test_a_first_round_without_prompts_is_refused_with_the_reason(settings: Any, answer: str, why: str) -> None:
    with pytest.raises(DataFormatError) as caught:
        Proposed(settings, *[answer] * 3)
    message = str(caught.value)
    assert message.startswith("round 1: m has proposed no prompt")
    assert why in message


def test_a_later_round_may_bring_nothing(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = Proposed(settings, numbered(FIVE), "", "Nothing new.", best=TEMPLATES[0], known=TEMPLATES)
    assert found.texts == []
    assert found.unusable == ()
    assert capsys.readouterr().out == ""


def test_variations_are_asked_for_by_the_best_prompt(settings: Any) -> None:
    found = Proposed(settings, numbered(FIVE), best="Costs $$5: the ${n}th on $entity.")
    (message,) = found.messages
    assert message.startswith("Please write 5 variations")
    assert message.endswith("The prompt: Costs $5: the {n}th on {entity}.")
    assert found.asked[0].id == "sample_ner/augment/round-2#3"


def test_known_prompts_are_not_proposed_again(settings: Any) -> None:
    settings.candidates = 2
    found = Proposed(
        settings, numbered(["Write <n> sentences with [entity].", *FIVE[1:3]]), best="b", known=TEMPLATES[:1]
    )
    assert found.texts == TEMPLATES[1:3]


def test_a_task_of_your_own_is_what_is_asked_for(settings: Any) -> None:
    settings.task = "limericks on a disease"
    (message,) = Proposed(settings, numbered(FIVE)).messages
    assert "Each of them asks for limericks on a disease." in message
    assert "PubMed" not in message
