from __future__ import annotations

import json
from pathlib import Path

import pytest

import clinsynth
from clinsynth.text.refusals import is_refusal
from support import CORPORA

RECORDED = [Path(clinsynth.__file__).parent / "assets" / "recordings", CORPORA.parent / "recordings"]


@pytest.mark.parametrize(
    "text",
    [
        "Unfortunately, I am not able to generate clinical text about giardiasis.",
        "I'm sorry, but I can't assist with that.",
        "I’m really sorry, but I cannot help with this request.",
        "Sorry, I can't.",
        "I cannot fulfill this request.",
        "I can't provide medical advice about gout. Please see a doctor.",
        "As an AI language model, I am unable to write clinical records.",
        "I must respectfully decline to write about self-harm.",
        "I won't write sentences about this.",
        "I understand that you need training data, but I'm not comfortable generating texts about abuse.",
        "Thank you for asking. Unfortunately, I cannot write such sentences.",
        "I apologize, but I can't.",
        "I do not feel comfortable providing this content.",
        "My guidelines do not allow me to write that.",
        "This request violates our content policy.",
        "It would not be appropriate for me to provide such examples.",
        "I'm not a doctor and cannot diagnose A1 or A2.",
        "<think>They want sentences.</think>\n\nI'm sorry, but I can't help with that.",
        "1. Unfortunately, I am not able to generate this sentence.",
        "**I'm sorry, but I cannot assist with that.**",
        "I can't write about that. However, I can help with:\n1. general information\n2. finding a doctor",
        "I cannot assist with that, but I can offer general information.",
        "I can't help with that. However, it's important to see a doctor.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Es tut mir leid, aber ich kann dabei nicht helfen.",
        "Je suis désolé, mais je ne peux pas fournir ce texte.",
        "很抱歉，我无法提供这些内容。",
    ],
)
def test_a_refusal_is_recognised(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "No, A1 is not met.",
        "none",
        "I cannot identify any disease in this sentence.",
        "I can't find any entities.",
        "Unfortunately, gout may damage the kidneys over many years.",
        "1. Unfortunately, I am not able to walk since the stroke.\n2. I cannot sleep at night.",
        "I am not able to write a letter with my right hand.",
        "I can't help crying at night.",
        "I am unable to provide for my family since the operation.",
        "I cannot give him his medicine in the morning.",
        'The patient said: "I cannot write about it."',
        "He was sorry that he could not assist his wife.",
        "She cannot provide information about her childhood.",
        "Families who declined to participate were sent a letter.",
        "Sorry for the delay! Here are the sentences:\n1. Gout hurts.\n2. Gout is treated.",
        "I can't write thirty sentences, so here are two:\n1. Gout hurts.\n2. Gout is treated.",
        "I am not a doctor, but A1 and A2 are met.",
        "I cannot diagnose, but the record meets A1; B4",
    ],
)
def test_an_answer_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize("folder", RECORDED, ids=["shipped", "all"])
def test_no_recorded_answer_is_called_a_refusal(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}")
    texts = set()
    for path in folder.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            completion = json.loads(line).get("completion", "")
            texts |= {completion, *completion.split("\n")[:3]}
    assert len(texts) > 1000
    assert [text for text in texts if is_refusal(text)] == []
