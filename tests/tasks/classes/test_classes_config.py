from __future__ import annotations

from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.types import Prompt
from support import Composed

SAMPLE = "dataset=sample_classes"
CLASSES = ("mechanism", "effect", "advice", "interaction", "none")


def resolved(composed: Composed, *words: str) -> Any:
    """As `train` does it."""
    return resolving.complete(composed("train", SAMPLE, *words))


def dataset(**keys: Any) -> ClassesDataset:
    return ClassesDataset(**({"name": "mine", "task": "classes", "classes": {"a": "one", "b": "two"}} | keys))


def test_what_the_task_usually_takes(composed: Composed) -> None:
    settings = resolved(composed)
    assert Prompt(settings.prompt.name, settings.prompt.text) == named_prompt("classes")
    assert settings.annotator.name == "none"
    assert (settings.size.per_unit, settings.size.total, settings.generation.per_request) == (None, 150, 10)
    task = tasks.open(settings.dataset)
    assert task.labels == CLASSES
    assert task.markers == {"@DRUG1$": "drug1", "@DRUG2$": "drug2"}


@pytest.mark.parametrize(
    ("words", "total", "per_request"),
    [
        (["size=n10"], 50, 10),
        (["size=t400"], 400, 10),
        (["size=n10", "units.only=[effect,none]"], 20, 10),
        (["source=augmented", "source.target=effect"], 30, 10),
        (["dataset.per_request=12"], 150, 12),
        (["dataset.per_request=12", "generation.per_request=7"], 150, 7),
    ],
)
def test_so_many_of_each_class_are_so_many_in_all(
    words: list[str], total: int, per_request: int, composed: Composed
) -> None:
    settings = resolved(composed, *words)
    assert (settings.size.total, settings.generation.per_request) == (total, per_request)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["units.max=3"], "classes have no order"),
        (["annotator=gazetteer"], "none: a text has the class that it was asked for"),
        (["quality=weighted"], "only multilabel weights examples"),
        (["units.negatives=0.1"], "units.negatives=0.1 is of ner"),
    ],
)
def test_settings_of_other_tasks_are_refused(words: list[str], said: str, composed: Composed) -> None:
    with pytest.raises(ConfigError, match=said):
        resolved(composed, *words)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"classes": {"a": "one"}}, "at least two classes"),
        ({"classes": {"a/b": "one", "c": "two"}}, "dataset.classes=a/b"),
        ({"classes": {"A": "one", "a": "two"}}, "differ in more than case"),
        ({"negative": "none"}, "null or one of a, b"),
        ({"markers": ["@A$", "B"]}, "different words such as @DRUG1"),
        ({"markers": ["@A$", "@A$"]}, "different words such as @DRUG1"),
        ({"markers": ["@A$"], "masked": ["Drug", "Drug"]}, "a type for each of one or two dataset.markers"),
        ({"shown": -1}, "0 or more"),
        ({"mix": {"a": 1}}, "a number from 1 for each of a, b"),
        ({"mix": {"a": 1, "b": 0}}, "a number from 1 for each of a, b"),
    ],
)
def test_what_a_dataset_cannot_be_is_said(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        dataset(**keys)


@pytest.mark.parametrize("name", ["CPR:4", "DDI-false", "not related", "a.b", "2"])
def test_a_class_may_have_the_names_that_corpora_give(name: str) -> None:
    assert list(dataset(classes={name: "one", "x": "two"}).classes) == [name, "x"]
