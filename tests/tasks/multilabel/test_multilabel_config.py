from __future__ import annotations

from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.tasks.multilabel.config import MultilabelDataset
from clinsynth.types import Prompt
from support import Composed

SAMPLE = "dataset=sample_asd"
CRITERIA = ("A1", "A2", "A3", "B1", "B2", "B3", "B4")


def resolved(composed: Composed, *words: str) -> Any:
    """As `train` does it."""
    return resolving.complete(composed("train", SAMPLE, *words))


def dataset(**keys: Any) -> MultilabelDataset:
    usual = {"name": "mine", "task": "multilabel", "labels": {"A1": "a"}, "voice": "kindly", "criterion": "say $label"}
    return MultilabelDataset(**(usual | keys))


def test_what_the_task_usually_takes(composed: Composed) -> None:
    settings = resolved(composed)
    assert Prompt(settings.prompt.name, settings.prompt.text) == named_prompt("behaviours")
    assert settings.annotator.name == "none"
    assert (settings.size.per_unit, settings.size.total) == (30, None)
    assert settings.generation.per_request == 30
    assert settings.trainer.holdout == 0.1
    assert tasks.open(settings.dataset).labels == CRITERIA
    assert settings.dataset.units() == [*CRITERIA, "none"]
    assert not settings.dataset.needs_train()


@pytest.mark.parametrize(
    ("words", "per_unit", "per_request"),
    [
        (["size=n10"], 10, 30),
        (["size.per_unit=40"], 40, 30),
        (["dataset.per_request=12"], 30, 12),
        (["dataset.per_request=12", "generation.per_request=7"], 30, 7),
    ],
)
def test_a_given_number_holds(words: list[str], per_unit: int, per_request: int, composed: Composed) -> None:
    settings = resolved(composed, *words)
    assert (settings.size.per_unit, settings.generation.per_request) == (per_unit, per_request)


def test_given_choices_stay(composed: Composed) -> None:
    words = ("annotator=none", "prompt.name=own", "prompt.text=$n $voice $content", "trainer.holdout=0.3")
    settings = resolved(composed, *words, "units.only=[A1]", "quality=weighted")
    assert (settings.annotator.name, settings.prompt.name, settings.trainer.holdout) == ("none", "own", 0.3)
    assert settings.prompt.text == "$n $voice $content"
    assert settings.units.only == ["A1"]
    assert settings.quality.weighted


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["size=t100"], "size.total=100 is of tasks that count all examples; multilabel counts texts per criterion"),
        (["size=t100"], "use size=n1 ... n30, or size.per_unit=40"),
        (["seed_ratio=r050"], "seed_ratio.value=0.5: every criterion is asked for"),
        (["seed_ratio=r000"], "seed_ratio.value=0.0: every criterion is asked for"),
        (["units.max=3"], "units.max=3: criteria have no order; units.only=[A1,A2] names some"),
        (["annotator=seed"], "annotator.name=seed is out of range: it has to be none"),
        (["annotator=gazetteer"], "annotator.name=gazetteer is out of range"),
        (["annotator=llm"], "annotator.name=llm is out of range"),
        (
            ["+dataset.labels.none=nothing"],
            "dataset.labels=none is out of range: it has to be letters, digits, spaces and . - _ in a name",
        ),
        (["dataset.name=a/b"], "dataset.name=a/b is out of range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_multilabel_does_not_have_is_refused(words: list[str], said: str, composed: Composed) -> None:
    with pytest.raises(ConfigError) as raised:
        resolved(composed, *words)
    assert said in str(raised.value)


@pytest.mark.parametrize("label", ["none", "None", "NONE", "A1;B2", "A1|B2", "A1,B2", "A1#0", "", ";"])
def test_a_label_that_could_not_be_written_is_refused(label: str) -> None:
    with pytest.raises(
        ConfigError,
        match=r"dataset\.labels=.*it has to be letters, digits, spaces and \. - _ in a name, which is not 'none'",
    ):
        dataset(labels={"A1": "a", label: "b"})


@pytest.mark.parametrize("label", ["A1", "social deficits", "B.2", "C-3", "nonebutone", "Ängste"])
def test_a_label_can_be_many_things(label: str) -> None:
    assert tasks.open(dataset(labels={label: "a"})).labels == (label,)


@pytest.mark.parametrize("label", [" A1", "A1 ", "Rett's", "A1 (social)"])
def test_a_label_that_no_row_or_no_metric_can_have_is_refused(label: str) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.labels="):
        dataset(labels={label: "a"})


def test_an_instrument_without_labels_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one label with its meaning"):
        dataset(labels={})


@pytest.mark.parametrize("said", [None, ""])
def test_without_words_for_none_there_is_no_such_unit(said: str | None) -> None:
    assert dataset(none=said).units() == ["A1"]
    assert dataset(none="say nothing").units() == ["A1", "none"]


def test_labels_keep_the_order_they_are_given_in() -> None:
    found = dataset(labels={"B4": "b", "A2": "a", "C": "c"}, none="nothing")
    assert tasks.open(found).labels == ("B4", "A2", "C")
    assert found.units() == ["B4", "A2", "C", "none"]
