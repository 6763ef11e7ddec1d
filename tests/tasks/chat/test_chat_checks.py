"""What a corpus of dialogues does without, and what is asked for it."""

from __future__ import annotations

import pytest

from clinsynth import tasks
from clinsynth.errors import ConfigError
from clinsynth.quality import control
from clinsynth.tasks.chat.config import ChatDataset
from clinsynth.tasks.chat.examples import Dialogue, words
from clinsynth.types import Candidate, Completion, Draft
from support import Composed, gold

ANSWER = "High blood pressure means that the force of the blood on the walls of the arteries stays too high."
QUESTION = "What is high blood pressure?"
GOLD = gold(Dialogue((QUESTION, ANSWER)), test=[Dialogue(("What do the kidneys do for the body?", "They filter."))])
GOOD = ("What is it?", "It is a lasting rise of the pressure in the vessels, which is mostly not felt at all.")


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        (GOOD, None),
        (("What is it?", "A rise."), "too_short"),
        (("What is it?", " ".join(f"word{n} and" for n in range(60))), "too_long"),
        (
            ("What is it?", "I'm sorry, but I cannot assist with that request, for it is about health and I am an AI."),
            "refusal",
        ),
        ((*GOOD, *GOOD), "loop"),
        (("What is it?", "it rises and rises and rises now " * 5), "loop"),
        (("What is it?", f"Well. {ANSWER} That is all of it."), "copy_of_the_answer"),
        ((*GOOD, "And what do the kidneys do for the body?", "They filter the blood and make urine."), "test_question"),
    ],
)
def test_a_dialogue_that_is_rejected_has_a_reason(
    turns: tuple[str, ...], reason: str | None, composed: Composed
) -> None:
    quality = composed("generate", "dataset=sample_chat").quality
    task = tasks.open(ChatDataset(name="mine", task="chat", min_words=12, max_words=100))
    assert task.checks is not None
    draft = Draft(QUESTION, 0, 0, Dialogue(turns).text)
    kept, rejected = control(
        [Candidate(draft, Dialogue(turns))],
        config=quality,
        contains=task.writer.contains,
        words=words,
        test_texts=frozenset(),
        own=task.checks(GOLD),
    )
    assert [found.reason for found in rejected] == ([reason] if reason else [])
    assert len(kept) == (reason is None)


def test_near_duplicates_go(composed: Composed) -> None:
    task = tasks.open(ChatDataset(name="mine", task="chat", min_words=5))
    assert task.checks is not None
    text = "It is a lasting rise of the pressure in the vessels which is mostly not felt at all by anybody who has it"
    found = [Candidate(Draft(QUESTION, 0, n, text), Dialogue((f"What{n}?", text))) for n in range(2)]
    quality = composed("generate", "dataset=sample_chat").quality
    how = {"config": quality, "contains": task.writer.contains, "words": words, "test_texts": frozenset()}
    _, rejected = control(found, own=task.checks(GOLD), **how)
    assert [one.reason for one in rejected] == ["near_duplicate"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("I'm sorry, I can't help with that.", "refusal"), ("Blood pressure is a force.", "no_dialogue")],
)
def test_a_completion_without_a_dialogue_is_rejected(text: str, reason: str) -> None:
    writer = tasks.open(ChatDataset(name="mine", task="chat")).writer
    drafts, rejected = writer.parse(Completion("i", "m", text, "stop"), unit=QUESTION, replicate=0)
    assert (drafts, [found.reason for found in rejected]) == ([], [reason])


@pytest.mark.parametrize(
    "words_", [("size=t5",), ("generation.per_request=2",), ("annotator=llm",), ("quality=weighted",)]
)
def test_settings_that_dialogues_do_not_have_are_refused(words_: tuple[str, ...], composed: Composed) -> None:
    from clinsynth.stages import resolving

    with pytest.raises(ConfigError):
        resolving.complete(composed("generate", "dataset=sample_chat", *words_))


def test_questions_that_are_tested_are_no_seeds() -> None:
    writer = tasks.open(ChatDataset(name="mine", task="chat")).writer
    both = gold(Dialogue(("Why?", "So.")), Dialogue(("How?", "So.")), test=[Dialogue(("WHY?", "So."))])
    assert writer.leaking(["Why?", "How?"], writing=None, gold=both) == {"Why?"}  # type: ignore[arg-type]
