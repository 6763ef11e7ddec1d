from __future__ import annotations

from dataclasses import replace

import pytest

from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.tasks.ner.companions import companions
from clinsynth.tasks.ner.writer import NerWriter
from support import dataset, gold, sentence, writing

UNITS = ("gout", "ataxia", "lupus", "fever", "asthma", "DMD")


def test_others_are_drawn_by_unit_and_replicate() -> None:
    def drawn(unit: str, replicate: int = 0, seed: int = 0) -> list[str]:
        return companions(unit, replicate=replicate, seed=seed, gold=gold(units=UNITS), dataset=dataset())

    assert drawn("gout") == drawn("gout")
    assert len({tuple(drawn("gout", n, seed)) for n in range(3) for seed in range(2)}) > 3
    assert all(len(set(drawn(unit))) == 4 and unit not in drawn(unit) for unit in UNITS)


def test_others_are_mentions_of_train_where_there_is_no_list() -> None:
    train = [sentence("mild/B ataxia/I and gout/B ."), sentence("Gout/B .")]
    known = gold(*train, hashes={"train": "of this test alone"})
    assert companions("gout", replicate=0, seed=0, gold=known, dataset=dataset()) == ["mild ataxia"]


def test_a_prompt_names_them_and_counts_them_as_gold() -> None:
    asked = writing(prompt=named_prompt("sentences_several"))
    found = NerWriter(dataset()).request("gout", replicate=0, writing=asked, gold=gold(units=UNITS))
    others = companions("gout", replicate=0, seed=0, gold=gold(units=UNITS), dataset=dataset())
    assert ", ".join(f'"{name}"' for name in others) in found.messages[0]["content"]
    assert found.gold_characters == len("gout") + sum(map(len, others))
    usual = replace(asked, prompt=named_prompt("sentences"))
    one = NerWriter(dataset()).request("gout", replicate=0, writing=usual, gold=gold(units=UNITS))
    assert one.gold_characters == len("gout")
    assert not any(name in one.messages[0]["content"] for name in others)


def test_a_prompt_that_names_others_needs_some() -> None:
    asked = writing(prompt=named_prompt("sentences_several"))
    with pytest.raises(ConfigError, match=r"names other terms beside 'gout', and .* has none of its kind"):
        NerWriter(dataset()).request("gout", replicate=0, writing=asked, gold=gold(units=("gout", "Gout")))
