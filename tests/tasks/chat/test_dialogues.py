"""Dialogues are read out of completions, whatever an LLM has put round them."""

from __future__ import annotations

import pytest

from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.parsing import read_dialogue

WHOLE = ("What is it?", "It is this.", "And then?", "Nothing more.")


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("[Human] What is it?\n[AI] It is this.\n[Human] And then?\n[AI] Nothing more.", WHOLE),
        (
            "Sure!\n\n**[Human]:** What is it?\n\n**[AI]:** It is this.\n[human] And then?\n[AI] Nothing more.",
            WHOLE,
        ),
        ("Human: What is it?\nAI: It is this.\nUser: And then?\nAssistant: Nothing more.", WHOLE),
        ("### [Human] What is it?\n### [AI] It is this.", WHOLE[:2]),
        ("[Human] What is it?\n[AI] It is\n\n- this\n- and that.", ("What is it?", "It is\n\n- this\n- and that.")),
        ("[Human] What is it?\n[AI] It is this.\n[Human] And then?", WHOLE[:2]),
        ("[Human] What is it?\n[AI] It is this.\n[AI] And more.\n[Human] And then?\n[AI] No.", WHOLE[:2]),
        ("[Human] What is it?\n[AI] It is this.\n[Human]\n[AI] Nothing more.", WHOLE[:2]),
        ("[Human] What is it?\n[AI] It is this.<|eot_id|>", WHOLE[:2]),
        ("[AI] It is this.\n[Human] What?", ()),
        ("The AI is a tool, and the human uses it.", ()),
        ("", ()),
    ],
)
def test_turns_up_to_the_first_that_is_malformed(text: str, turns: tuple[str, ...]) -> None:
    assert read_dialogue(text, cut=False) == turns


def test_the_last_turn_of_a_completion_that_was_cut_off_goes() -> None:
    text = Dialogue(WHOLE).text
    assert read_dialogue(text, cut=True) == WHOLE[:2]
    assert read_dialogue(Dialogue(WHOLE[:3]).text, cut=True) == WHOLE[:2]


def test_what_is_written_is_read_again() -> None:
    assert read_dialogue(Dialogue(WHOLE).text, cut=False) == WHOLE
