from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from clinsynth import config
from clinsynth.config import SizeConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.training import sources
from clinsynth.training.sets import training_set
from support import Composed, gold

ASD = "dataset=sample_asd"
ADDED = "source=augmented"
GOLD = gold(*(f"gold {number}" for number in range(40)))


Settings = Callable[..., Any]


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, ...], Any]:
    return {}


@pytest.fixture
def given(known: dict[tuple[str, ...], Any], composed: Composed) -> Settings:
    """As `composed` does it, for the sample; groups that were composed before take no time."""

    def settings_of(*words: str) -> Any:
        groups = tuple(word for word in words if "." not in word.partition("=")[0])
        if groups not in known:
            known[groups] = OmegaConf.structured(composed("train", ASD, *groups))
        keys = OmegaConf.from_dotlist([word for word in words if word not in groups])
        return config.typed(OmegaConf.merge(known[groups], keys), config.TrainConfig)

    return settings_of


@pytest.fixture
def checked(given: Settings) -> Settings:
    def settings_of(*words: str) -> Any:
        settings = given(*words)
        sources.check(settings)
        return settings

    return settings_of


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([ADDED, "source.ratio=0.5", "size=n10"], "source.ratio=0.5 says how much synthetic data is added, and so"),
        ([ADDED, "source.ratio=0.5", "size=t100"], "leave size=default"),
        (["source=augmented_r100", "size.per_unit=3"], "source.ratio=1.0 says how much"),
        (
            ["source=kshot"],
            "source.matched=true (source=kshot) takes as many gold examples as size.total says: give size=t400",
        ),
        (["source=kshot", "size=n10"], "source.matched=true (source=kshot) takes as many gold examples as size.total"),
        (["source.corpora=[ab]", "size=n10"], "corpora that are made already; size cannot change them"),
        (["source.corpora=[ab]", "size=t100"], "already; size cannot change them: leave out one or the other"),
        (["source.corpora=[ab]", "seed_ratio=r050"], "already; seed_ratio cannot change them"),
        (["source.corpora=[ab]", "annotator=seed"], "already; annotator cannot change them"),
        (["source.corpora=[ab]", "annotator=none"], "already; annotator cannot change them"),
        (["source.corpora=[ab]", "units.max=3"], "already; units cannot change them"),
        (["source.corpora=[ab]", "units.only=[A1]"], "already; units cannot change them"),
        (
            ["source.corpora=[ab]", "size=n10", "seed_ratio=r050", "annotator=llm", "units.max=1"],
            "already; size, seed_ratio, annotator, units cannot change them",
        ),
        ([ADDED, "source.corpora=[ab]", "source.ratio=1", "size=n10"], "source.ratio=1.0 says how much"),
        (["source.ratio=0.5"], "source.ratio=0.5 is out of range: it has to be null but for source=augmented"),
        (["source=original", "source.ratio=0.5"], "source.ratio=0.5 is out of range: it has to be null but for"),
        (["source.target=A1"], "source.target=A1 is out of range: it has to be null but for source=augmented"),
        (["source=original", "source.target=A1"], "source.target=A1 is out of range"),
        ([ADDED, "source.ratio=0"], "source.ratio=0.0 is out of range: it has to be null or above 0"),
        ([ADDED, "source.ratio=-1"], "it has to be null or above 0"),
        (["source=original", "source.corpora=[ab]"], "empty with source=original, which has no corpus"),
        (["source=kshot", "size=t100", "source.corpora=[ab]"], "empty with source=original"),
        (["source.matched=true"], "false but for source=original without source.examples"),
        ([ADDED, "source.matched=true"], "false but for source=original without source.examples"),
        (["source=kshot", "source.examples=3", "size=t100"], "source.matched=True is out of range"),
        (["source.examples=3"], "source.examples=3 is out of range: it has to be null with source=synthetic"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_settings_that_contradict_each_other_are_refused(words: list[str], said: str, checked: Settings) -> None:
    with pytest.raises(ConfigError) as raised:
        checked(*words)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "words",
    [
        ["source.corpora=[ab]"],
        ["source.corpora=[ab,cd]"],
        [ADDED, "source.corpora=[ab]", "source.target=A2", "source.ratio=0.5"],
        [ADDED, "source.ratio=2.5"],
        ["source=kshot", "size=t100"],
        ["size=n10", "seed_ratio=r050", "annotator=llm", "units.max=3"],
        [ADDED, "size=n10", "units.only=[A1]"],
        ["source=original", "size=n10"],
    ],
    ids=" ".join,
)
def test_settings_that_go_together_stay(words: list[str], given: Settings, checked: Settings) -> None:
    before = given(*words)
    after = checked(*words)
    if after.source.target:
        assert after.units.only == ["A2"]
        after.units.only = []
    assert after == before


def test_a_target_is_the_only_unit(checked: Settings) -> None:
    assert checked(ADDED, "source.target=A2").units.only == ["A2"]
    assert checked(ADDED).units.only == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], 0.1), (["trainer.holdout=0.3"], 0.3), (["trainer.holdout=0"], 0.0)],
)
def test_the_holdout_is_the_tasks_unless_given(words: list[str], expected: float, given: Settings) -> None:
    settings = given(*words)
    sources.fill(settings, holdout=0.1)
    assert settings.trainer.holdout == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["dataset=sample_asd"], 1e-4),
        (["dataset=sample_relation"], 1e-4),
        (["dataset=sample_ner"], 3e-4),
        (["dataset=sample_ner", "backbone.lr=2e-5"], 2e-5),
        (["dataset=sample_ner", "backbone=bert"], 5e-5),
        (["dataset=sample_asd", "backbone=bert"], 5e-5),
        (["dataset=sample_asd", "backbone.lr_by_task.multilabel=7e-5"], 7e-5),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_learning_rate_is_that_of_the_task_unless_given(
    words: list[str], expected: float, composed: Composed
) -> None:
    settings = composed("train", *words)
    sources.fill(settings, holdout=0.1)
    assert settings.backbone.lr == expected
    assert settings.backbone.lr_by_task == {}  # rates of other tasks do not make another job


def test_a_task_without_a_learning_rate_is_said(given: Settings) -> None:
    settings = given()
    settings.backbone.lr_by_task = {"ner": 3e-4}
    with pytest.raises(ConfigError, match=r"backbone\.lr=null, and backbone\.lr_by_task has no multilabel"):
        sources.fill(settings, holdout=0.1)


@pytest.mark.parametrize(
    ("words", "examples", "size"),
    [
        (["source=kshot", "size.total=12"], 12, SizeConfig(total=12)),
        ([ADDED, "source.ratio=0.5"], None, SizeConfig(total=20)),
        (["source=augmented_r100"], None, SizeConfig(total=40)),
        (["source=augmented_r050", "source.examples=10"], 10, SizeConfig(total=5)),
        ([ADDED, "source.ratio=2.5", "source.examples=10"], 10, SizeConfig(total=25)),
        ([ADDED, "source.ratio=0.001"], None, SizeConfig(total=1)),
        ([ADDED, "source.ratio=0.25", "source.target=A2"], None, SizeConfig(total=10)),
        ([ADDED, "size=n10"], None, SizeConfig(per_unit=10)),
        (["source=original", "source.examples=7"], 7, SizeConfig()),
        ([], None, SizeConfig()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_hangs_on_the_number_of_gold_examples(
    words: list[str], examples: int | None, size: SizeConfig, checked: Settings
) -> None:
    settings = checked(*words)
    sources.settle(settings, gold=GOLD)
    assert (settings.source.examples, settings.size) == (examples, size)


def test_k_shot_takes_as_many_gold_examples_as_size_says(checked: Settings) -> None:
    settings = checked("source=kshot", "size.total=12")
    sources.settle(settings, gold=GOLD)
    found = training_set(GOLD, source=settings.source, holdout=0.0, seed=0)
    assert len(found.examples) == 12
    assert set(found.examples) <= set(GOLD.train)


def corpus(*units: str) -> Corpus:
    """An example of each of these units."""
    examples = tuple(f"{unit} {place}" for place, unit in enumerate(units))
    return Corpus("abc", Path("corpus"), examples, units, {})


UNITS = ("A1", "A2", "none", "A2", "A1", "A2")


@pytest.fixture
def taken(checked: Settings) -> Callable[..., list[str]]:
    def examples_of(*words: str) -> list[str]:
        settings = checked(*words)
        sources.settle(settings, gold=GOLD)
        return list(sources.synthetic(settings, corpus(*UNITS)))

    return examples_of


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "012345"),
        (["source.corpora=[ab]"], "012345"),
        ([ADDED, "source.corpora=[ab]"], "012345"),
        ([ADDED, "source.target=A2"], "012345"),  # a corpus that was made for it has no others
        ([ADDED, "source.corpora=[ab]", "source.target=A2"], "135"),
        ([ADDED, "source.corpora=[ab]", "source.target=none"], "2"),
        ([ADDED, "source.corpora=[ab]", "source.ratio=0.1"], "0123"),
        ([ADDED, "source.corpora=[ab]", "source.ratio=0.5", "source.examples=12"], "012345"),
        ([ADDED, "source.corpora=[ab]", "source.target=A2", "source.ratio=0.05"], "13"),
        ([ADDED, "source.corpora=[ab]", "source.target=A2", "source.ratio=0.075"], "135"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_examples_of_a_corpus_that_are_taken(
    words: list[str], expected: str, taken: Callable[..., list[str]]
) -> None:
    assert taken(*words) == [f"{UNITS[int(place)]} {place}" for place in expected]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["source.ratio=0.5"], "source.ratio=0.5 takes 20, and the corpora of source.corpora hold 6 examples."),
        (
            ["source.target=A2", "source.ratio=0.1"],
            "source.ratio=0.1 takes 4, and the corpora of source.corpora hold 3 examples of A2.",
        ),
        (["source.target=B9"], "source.target=B9 takes some, and the corpora of source.corpora hold 0 examples of B9."),
        (["source.target=B9", "source.ratio=0.1"], "source.ratio=0.1 takes 4, and the corpora"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_more_than_pinned_corpora_hold_is_named(words: list[str], said: str, taken: Callable[..., list[str]]) -> None:
    with pytest.raises(ConfigError) as raised:
        taken(ADDED, "source.corpora=[ab]", *words)
    assert said in str(raised.value)
