"""What settings come to: what contradicts itself is refused, what is said stays, what is left open is filled in."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import pytest
from omegaconf import OmegaConf

from clinsynth import config
from clinsynth.config import SizeConfig
from clinsynth.errors import ConfigError
from clinsynth.learning.sets import training_set
from clinsynth.stages import resolving
from clinsynth.tasks.relation.gold import Relation
from support import Composed, gold

ASD = "dataset=sample_asd"
NER, PAIRS = "dataset=sample_ner", "dataset=sample_relation"
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
def completed(given: Settings) -> Settings:
    def settings_of(*words: str) -> Any:
        return resolving.complete(given(*words))

    return settings_of


@pytest.fixture
def resolved(given: Settings) -> Settings:
    def settings_of(*words: str) -> Any:
        return resolving.resolve(given(*words), gold=GOLD).settings

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
        (["source.corpora=[ab]", "units.negatives=0.1"], "already; units cannot change them"),
        (["units.negatives=0.1"], "units.negatives=0.1 is of ner; multilabel asks for texts of every label as it is"),
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
def test_settings_that_contradict_each_other_are_refused(words: list[str], said: str, completed: Settings) -> None:
    with pytest.raises(ConfigError) as raised:
        completed(*words)
    assert said in str(raised.value)


def said(settings: Any) -> dict[str, Any]:
    """Keys in which something is said; others are left to the task."""
    found: dict[str, Any] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                add(f"{prefix}.{key}", inner)
        elif value is not None and value != "default":
            found[prefix] = value

    add("", asdict(settings))
    return found


@pytest.mark.parametrize(
    "words",
    [
        ["source.corpora=[ab]"],
        ["source.corpora=[ab,cd]"],
        [ADDED, "source.corpora=[ab]", "source.target=A2", "source.ratio=0.5"],
        [ADDED, "source.ratio=2.5"],
        [PAIRS, "source=kshot", "size=t100"],
        [NER, "size=n10", "seed_ratio=r050", "annotator=llm", "units.max=3"],
        [ADDED, "size=n10", "units.only=[A1]"],
        ["source=original", "size=n10"],
    ],
    ids=" ".join,
)
def test_settings_that_go_together_stay(words: list[str], given: Settings) -> None:
    """Learning rates of other tasks alone are dropped, and a target is a choice among the units."""
    settings = given(*words)
    before = deepcopy(settings)
    after = resolving.complete(settings)
    assert settings == before
    assert after.source == before.source
    assert after.units.only == (["A2"] if before.source.target else before.units.only)
    stays = {key: value for key, value in said(before).items() if not key.startswith((".backbone.lr", ".units.only"))}
    assert len(stays) > 50
    assert stays.items() <= said(after).items()
    if before.size != SizeConfig():
        assert after.size == before.size


def test_a_target_is_the_only_unit(completed: Settings) -> None:
    assert completed(ADDED, "source.target=A2").units.only == ["A2"]
    assert completed(ADDED).units.only == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], 0.1),
        (["trainer.holdout=0.3"], 0.3),
        (["trainer.holdout=0"], 0.0),
        ([NER], 0.0),
        ([NER, "trainer.holdout=0.3"], 0.3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_holdout_is_the_tasks_unless_given(words: list[str], expected: float, completed: Settings) -> None:
    assert completed(*words).trainer.holdout == expected


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
    settings = resolving.complete(composed("train", *words))
    assert settings.backbone.lr == expected
    assert settings.backbone.lr_by_task == {}  # rates of other tasks do not make another job


def test_a_task_without_a_learning_rate_is_said(given: Settings) -> None:
    settings = given()
    settings.backbone.lr_by_task = {"ner": 3e-4}
    with pytest.raises(ConfigError, match=r"backbone\.lr=null, and backbone\.lr_by_task has no multilabel"):
        resolving.complete(settings)


USUAL = SizeConfig(per_unit=30)
"""The task's, where nothing is said."""


@pytest.mark.parametrize(
    ("words", "examples", "size"),
    [
        ([PAIRS, "source=kshot", "size.total=12"], 12, SizeConfig(total=12)),
        ([ADDED, "source.ratio=0.5"], None, SizeConfig(total=20)),
        (["source=augmented_r100"], None, SizeConfig(total=40)),
        (["source=augmented_r050", "source.examples=10"], 10, SizeConfig(total=5)),
        ([ADDED, "source.ratio=2.5", "source.examples=10"], 10, SizeConfig(total=25)),
        ([ADDED, "source.ratio=0.001"], None, SizeConfig(total=1)),
        ([ADDED, "source.ratio=0.25", "source.target=A2"], None, SizeConfig(total=10)),
        ([ADDED, "size=n10"], None, SizeConfig(per_unit=10)),
        (["source=original", "source.examples=7"], 7, USUAL),
        ([], None, USUAL),
        ([ADDED, "source.corpora=[ab]", "source.ratio=0.1"], None, SizeConfig(total=4)),
        ([ADDED, "source.corpora=[ab]", "source.ratio=0.5", "source.examples=12"], 12, SizeConfig(total=6)),
        ([ADDED, "source.corpora=[ab]", "source.target=A2", "source.ratio=0.05"], None, SizeConfig(total=2)),
        ([ADDED, "source.corpora=[ab]", "source.target=A2", "source.ratio=0.075"], None, SizeConfig(total=3)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_hangs_on_the_number_of_gold_examples(
    words: list[str], examples: int | None, size: SizeConfig, resolved: Settings
) -> None:
    settings = resolved(*words)
    assert (settings.source.examples, settings.size) == (examples, size)


def test_k_shot_takes_as_many_gold_examples_as_size_says(resolved: Settings) -> None:
    settings = resolved(PAIRS, "source=kshot", "size.total=12")
    found = training_set(GOLD, source=settings.source, holdout=0.0, seed=0)
    assert len(found.examples) == 12
    assert set(found.examples) <= set(GOLD.train)


ROWS = gold(*(Relation(f"@GENE$ and @DISEASE$, row {n}", "Yes" if n < 60 else "No") for n in range(120)))
POOLLESS = (PAIRS, "dataset.pool=null", "llm=local", "llm.model=m")


@pytest.mark.parametrize(
    ("words", "chosen"), [([], True), (["source=original"], False), (["source.corpora=[ab]"], False)], ids=str
)
def test_what_hangs_on_gold_is_chosen_where_a_corpus_is_made(
    words: list[str], chosen: bool, composed: Composed
) -> None:
    settings = composed("train", *POOLLESS, *words)
    before = deepcopy(settings)
    found = resolving.resolve(settings, gold=ROWS)
    assert settings == before
    assert (found.settings.dataset.pool is not None) is chosen
    assert found.task.dataset == found.settings.dataset
    assert (found.gold, list(found.proposed)) == (ROWS, ["pool.yaml"] if chosen else [])


def test_settings_that_are_resolved_stay_as_they_are(composed: Composed) -> None:
    once = resolving.resolve(composed("train", *POOLLESS), gold=ROWS)
    again = resolving.opened(once.settings, gold=ROWS)
    assert again.settings is once.settings
    assert again.task.dataset == once.task.dataset
    assert replace(again.recipe, task=once.task) == once.recipe
