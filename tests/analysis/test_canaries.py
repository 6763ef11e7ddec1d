"""Canaries are unmistakable, keep the labels of the rows that carry them, and are ranked among their like."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinsynth import tasks
from clinsynth.analysis import canaries
from clinsynth.analysis.canaries import ALTERNATIVES, Exposure
from clinsynth.analysis.losses import losses
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from clinsynth.text.entities import Sentence, Span
from support import sentence


def test_numbers_are_drawn_by_their_seed() -> None:
    assert canaries.codes(20, seed=0)[:5] == canaries.codes(5, seed=0)
    assert not set(canaries.codes(20, seed=0)) & set(canaries.codes(20, seed=1))
    (code,) = canaries.codes(1, seed=0)
    others = canaries.alternatives(code)
    assert len(set(others) | {code}) == ALTERNATIVES + 1
    assert {len(one) for one in others} == {len(code)}


NESTED = Sentence(("mild", "ataxia"), (Span(0, 2, "Disease"), Span(1, 2, "Disease")))


@pytest.mark.parametrize(
    ("task", "example"),
    [
        ("ner", sentence("mild/B ataxia/I in/O her/O")),
        ("ner", NESTED),
        ("relation", Relation("@GENE$ causes @DISEASE$", "Yes")),
        ("multilabel", Note("He lines up cars", ("A1", "B2"))),
        ("chat", Dialogue(("How are you?", "Well."))),
    ],
)
def test_a_copy_carries_the_canary_and_its_labels(task: str, example: Any) -> None:
    found = canaries.carrying(example, "123456789", of=tasks.kind(task).examples)
    assert found.text.replace("[AI] ", "").endswith(example.text.rpartition("\n")[2].removeprefix("[AI] "))
    assert "Canary 123456789:" in found.text
    assert found.label == example.label
    marked = [(entity["text"], entity["label"]) for entity in found.entities()]
    assert marked == [(entity["text"], entity["label"]) for entity in example.entities()]
    assert getattr(found, "labels", None) == getattr(example, "labels", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Canary 123456789: a text", {"123456789"}),
        ("the number 123 456-789.", {"123456789"}),
        ("12345678 and 9", {"123456789"}),
        ("12345678, nothing more", set()),
        ("", set()),
    ],
)
def test_a_canary_is_found_however_it_is_written(text: str, expected: set[str]) -> None:
    assert canaries.stand_in(["123456789", "987654321"], text.replace(" and ", " ")) == expected


def test_exposure_is_high_where_canaries_are_known_and_even_where_not() -> None:
    losses = np.random.default_rng(0).normal(size=(40, 101))
    unknown = Exposure(losses).metrics
    assert unknown["canaries/exposure"] == pytest.approx(unknown["canaries/exposure_chance"], abs=0.6)
    assert unknown["canaries/p"] > canaries.LEVEL
    losses[:, 0] -= 3
    known = Exposure(losses).metrics
    assert known["canaries/p"] < 1e-6
    assert known["canaries/exposure_most"] == known["canaries/exposure_possible"] == pytest.approx(math.log2(101))
    assert Exposure(np.zeros((2, 101))).ranks.tolist() == [51.0, 51.0]


def test_a_model_that_writes_is_asked_how_likely_a_dialogue_is(cache_home: Path) -> None:
    import torch

    from clinsynth.learning.causal.opening import open_chat
    from clinsynth.learning.causal.tiny import tiny_llama

    model = open_chat(str(tiny_llama()), task="chat", batch_size=1, device="cpu", precision="32-true")
    dialogue = Dialogue(("How are you?", "Canary 123456789: well."))

    def learnt(steps: int) -> float:
        optimizer = torch.optim.AdamW(model.network.parameters(), lr=3e-3)
        turns = [
            {"role": role, "content": turn} for role, turn in zip(("user", "assistant"), dialogue.turns, strict=True)
        ]
        ids = model.tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)["input_ids"]
        for _ in range(steps):
            optimizer.zero_grad()
            model.network(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
        (found,) = losses(model, [dialogue], kind=tasks.kind("chat"), labels=())
        return float(found)

    before, after = learnt(0), learnt(15)
    assert after < before - 1
    others = [
        Dialogue((dialogue.turns[0], f"Canary {code}: well.")) for code in canaries.alternatives("123456789")[:20]
    ]
    assert losses(model, others, kind=tasks.kind("chat"), labels=()).min() > after
