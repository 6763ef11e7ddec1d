"""A new setting re-keys nothing while it has the value that means "as before it came"."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass, replace
from typing import Any

import pytest

from clinsynth import keys
from clinsynth.config import PromptConfig, option
from clinsynth.keys.hashing import digest_each
from clinsynth.types import Request
from support import Composed

GOLD = {"train": "a", "test": "b"}

NODES = (
    *("dataset", "size", "seed_ratio", "units", "generation", "prompt", "llm", "annotator", "quality"),
    *("source", "backbone", "trainer", ""),
)
"""Of a training whose corpus is generated; the empty one is the stage's own."""


def training(settings: Any) -> str:
    return keys.training(
        settings,
        versions=("w", "m"),
        gold=GOLD,
        labels=("O",),
        weights={"weights": "w"},
        precision="32-true",
    )


def zero_shot(settings: Any) -> str:
    asked = Request("d/p/u#0", ({"role": "user", "content": "?"},))
    return keys.zero_shot(settings, version="v", gold=GOLD, labels=("O",), questions=[asked])


def search(settings: Any) -> str:
    return keys.search(settings, gold=GOLD)


def analysis(settings: Any) -> str:
    return keys.analysis(settings, version="v", gold=GOLD, analysis=settings.analysis)


def prediction(settings: Any) -> str:
    return keys.prediction(settings.predict, model="m", texts=[["a", "b"]], precision="32-true")


KEYED = [
    *(("train", node, training) for node in NODES),
    *(("analyse", node, analysis) for node in (*NODES[:9], "analysis")),
    *(("zero_shot", node, zero_shot) for node in ("zero_shot", "llm")),
    *(("search_prompts", node, search) for node in ("dataset", "judge", "llm", "quality", "propose", "generation", "")),
    ("predict", "predict", prediction),
]

WORDS = {
    "predict": ("model=m", "input=i"),
    "zero_shot": ("dataset=sample_ner", "llm=openai"),
    "search_prompts": ("llm=openai",),
    "train": ("annotator=llm",),
}


def grown(node: Any, *, value: Any, **declared: Any) -> Any:
    """The node with a field more, as a later edition would have it."""
    added = option(value, "came later", **declared)
    kind = make_dataclass(type(node).__name__, [("came_later", type(value), added)], bases=(type(node),))
    found = kind.__new__(kind)
    found.__dict__.update(vars(node), came_later=value)
    return found


def with_node(settings: Any, name: str, node: Any) -> Any:
    """A copy of the settings with another node."""
    if not name:
        return node
    found = type(settings).__new__(type(settings))
    found.__dict__.update(vars(settings), **{name: node})
    return found


@pytest.mark.parametrize(("stage", "name", "key"), KEYED)
def test_a_field_that_came_later_moves_a_key_when_it_says_something_new(
    stage: str, name: str, key: Any, composed: Composed
) -> None:
    settings = composed(stage, *WORDS.get(stage, ()))
    node = getattr(settings, name) if name else settings
    before = key(settings)
    assert key(with_node(settings, name, grown(node, value=False, before=False))) == before
    changed_default = grown(node, value=True, before=False)
    assert key(with_node(settings, name, changed_default)) != before
    assert key(with_node(settings, name, grown(node, value="/a/path", keyless=True))) == before


@pytest.mark.parametrize("items", [[], ["a"], [["é", 1, None], {"b": 2.5, "a": []}, "\u2028"]])
def test_the_digest_of_items_one_after_another_is_that_of_their_list(items: list[Any]) -> None:
    assert digest_each(iter(items)) == keys.digest(items)


def test_negatives_stand_in_keys_where_there_are_some(composed: Composed) -> None:
    settings = composed("train")
    before = training(settings)
    asked = replace(settings, negatives=replace(settings.negatives, per_request=5))
    asked.dataset = replace(settings.dataset, negatives="Another line.")
    assert training(asked) == before

    def key(**negatives: Any) -> str:
        some = replace(settings, units=replace(settings.units, negatives=0.1))
        some.negatives = replace(settings.negatives, **negatives)
        return training(some)

    keyed = {before, key(), key(per_request=5), key(prompt=PromptConfig("negatives", "a"))}
    assert len({*keyed, key(prompt=PromptConfig("negatives", "b"))}) == 5
    some = replace(asked, units=replace(settings.units, negatives=0.1))
    assert training(some) not in keyed


@dataclass
class Inner:
    first: int = 1
    came_later: list[int] = option([], "came later", before=[])


@dataclass
class Outer:
    inner: Inner
    several: dict[str, Inner]


def test_fields_within_nodes_within_nodes_are_left_out_too() -> None:
    assert keys.named(Outer(Inner(), {"a": Inner()})) == {"inner": {"first": 1}, "several": {"a": {"first": 1}}}
    assert keys.named(Outer(Inner(came_later=[2]), {})) == {"inner": {"first": 1, "came_later": [2]}, "several": {}}


def test_what_says_where_things_lie_stands_in_no_key(composed: Composed) -> None:
    settings = composed("train", "llm=local", "llm.model=m")
    before = training(settings)
    moved = replace(settings, paths=replace(settings.paths, artifacts="/elsewhere"), force=True)
    moved.llm = replace(settings.llm, base_url="http://127.0.0.1:1/v1", concurrency=1, api_key_env="KEY", trusted=True)
    moved.trainer = replace(settings.trainer, accelerator="cpu", save_model=False)
    moved.tracking = replace(settings.tracking, uri="sqlite:///other.db", table="t")
    assert training(moved) == before
