"""Two roles take turns, a request each, until nothing is left to ask."""

from __future__ import annotations

from typing import Any

import pytest

from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.task import Writing
from clinsynth.tasks import chat
from clinsynth.tasks.chat.config import ChatDataset, Written
from clinsynth.tasks.chat.parsing import END, read_dialogue, read_turn
from clinsynth.types import Completion, Gold, Prompt, Request

ASKED = "What is gout?"
WRITING = Writing(named_prompt("self_chat_turns"), per_request=1)
GOLD = Gold((), (), (), {})


def taking_turns(**options: Any) -> Any:
    dataset = ChatDataset(name="mine", task="chat", written=Written.in_turns, **options)
    return chat.open(dataset)


def talk(task: Any, answers: list[str], *, cut: bool = False) -> tuple[list[Request], tuple[str, ...]]:
    """Give these answers in turn; the requests that there are, and the dialogue. The last one may be cut off."""
    asked = [task.writer.request(ASKED, replicate=0, writing=WRITING, gold=GOLD)]
    said: list[Completion] = []
    for number, text in enumerate(answers, 1):
        said.append(Completion(asked[-1].id, "m", text, "length" if cut and number == len(answers) else "stop"))
        following = task.exchange.request(ASKED, replicate=0, said=said, writing=WRITING)
        if following is None:
            assert number == len(answers)
            break
        asked.append(following)
    else:
        raise AssertionError("it goes on")
    whole = task.exchange.joined(ASKED, said)
    drafts, _ = task.writer.parse(whole, unit=ASKED, replicate=0)
    return asked, read_dialogue(drafts[0].text, cut=False) if drafts else ()


def test_the_roles_alternate_and_each_sees_what_was_said() -> None:
    asked, turns = talk(taking_turns(turns=2), ["[AI] A disease.", "Is it bad?", "It can be."])
    assert turns == (ASKED, "A disease.", "Is it bad?", "It can be.")
    assert [request.id for request in asked] == [f"mine/self_chat_turns_{number}/{ASKED}#0" for number in (2, 3, 4)]
    shown = [request.messages[0]["content"] for request in asked]
    assert ["that of [AI]" in text for text in shown] == [True, False, True]
    assert "[Human] What is gout?\n[AI] A disease.\n[Human] Is it bad?\n" in shown[2]


@pytest.mark.parametrize(
    ("answers", "cut", "turns"),
    [
        (["A disease.", END], False, (ASKED, "A disease.")),
        (["A disease.", f"Thank you. {END}"], False, (ASKED, "A disease.")),
        (["A disease.", ""], False, (ASKED, "A disease.")),
        (
            [
                "A disease.",
                "Is it",
            ],
            True,
            (ASKED, "A disease."),
        ),
        (["A disease.", "Bad?", "It can"], True, (ASKED, "A disease.")),
        (["A dis"], True, ()),
        (["I'm sorry, but I can't help with that."], False, (ASKED, "I'm sorry, but I can't help with that.")),
    ],
)
def test_it_ends_where_nothing_is_left_or_a_turn_is_none(answers: list[str], cut: bool, turns: tuple[str, ...]) -> None:
    assert talk(taking_turns(turns=3), answers, cut=cut)[1] == turns


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("It is this.", "It is this."),
        ("[AI] It is this.", "It is this."),
        ("**[AI]:** It is this.\n[Human] And then?\n[AI] More.", "It is this."),
        ("It is\n\n- this.\n[Human] And then?", "It is\n\n- this."),
        ("[AI]", ""),
    ],
)
def test_one_turn_is_taken_of_an_answer(text: str, turn: str) -> None:
    assert read_turn(text) == turn


def test_requests_of_the_usual_length_tell_the_cost() -> None:
    assert len(taking_turns(turns=3).exchange.foreseen(ASKED, replicate=0, writing=WRITING)) == 4
    assert taking_turns(turns=1).exchange.foreseen(ASKED, replicate=0, writing=WRITING) == []


def test_a_prompt_that_shows_nothing_of_what_was_said_is_refused() -> None:
    writing = Writing(Prompt("mine", "Say something about $topic."), per_request=1)
    with pytest.raises(ConfigError, match="lacks \\$speaker, \\$transcript"):
        taking_turns().writer.request(ASKED, replicate=0, writing=writing, gold=GOLD)
