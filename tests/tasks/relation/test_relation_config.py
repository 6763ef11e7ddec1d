from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from omegaconf import OmegaConf

from clinsynth import tasks
from clinsynth.config import conf_folder, named_prompt
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.tasks.relation.config import PoolConfig, RelationDataset, own_pool
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Gold, Prompt
from support import Composed

GOLD = Gold(
    train=[Relation(f"Row {n}: @GENE$ or @DISEASE$.", "No" if n % 2 else "Yes") for n in range(140)],
    test=[],
    devel=[],
    hashes={},
)
"""Even rows are positive."""
NAMED = "choose among units with names; relation has rounds"


def resolved(composed: Composed, *words: str) -> Any:
    return resolving.complete(composed("train", *words))


def folds(name: str) -> list[dict[str, str]]:
    found: Any = OmegaConf.load(conf_folder() / "dataset" / f"{name}.yaml")
    return list(found.folds)


@pytest.mark.parametrize(("name", "fold"), [("sample_relation", None), ("gad", 1), ("euadr", 1)])
def test_what_the_task_usually_takes(name: str, fold: int | None, composed: Composed) -> None:
    settings = resolved(composed, f"dataset={name}")
    assert settings.dataset.fold == fold
    assert Prompt(settings.prompt.name, settings.prompt.text) == named_prompt("examples")
    assert settings.annotator.name == "none"
    assert settings.generation.per_request == 6
    assert (settings.size.per_unit, settings.size.total) == (None, None)
    assert settings.dataset.markers == ["@GENE$", "@DISEASE$"]
    assert tasks.open(settings.dataset).labels == ("No", "Yes")


@pytest.mark.parametrize(
    ("words", "per_request"),
    [
        (["dataset.per_request=4"], 4),
        (["dataset.per_request=4", "generation.per_request=2"], 2),
    ],
)
def test_a_given_number_holds(words: list[str], per_request: int, composed: Composed) -> None:
    assert resolved(composed, "dataset=gad", *words).generation.per_request == per_request


def test_given_choices_stay(composed: Composed) -> None:
    words = ("size=t400", "annotator=none", "prompt.name=own", "prompt.text=$n of $examples", "dataset.pool=null")
    settings = resolved(composed, "dataset=gad", *words)
    assert settings.dataset.pool is None
    assert (settings.size.total, settings.annotator.name, settings.prompt.name) == (400, "none", "own")
    assert settings.prompt.text == "$n of $examples"


@pytest.mark.parametrize(("name", "fold"), [("gad", 1), ("gad", 10), ("euadr", 2)])
def test_a_fold_names_its_files(name: str, fold: int, composed: Composed) -> None:
    files = resolved(composed, f"dataset={name}", f"dataset.fold={fold}").dataset.split_files()
    expected = folds(name)[fold - 1]
    for split in ("train", "test"):
        file = files[split]
        assert file.path == f"{name}/{fold}/{split}.tsv"
        assert file.url.endswith(f"/{fold}/{split}.tsv")
        assert file.sha256 == expected[split]
    assert "devel" not in files


@pytest.mark.parametrize("name", ["gad", "euadr"])
def test_no_two_folds_are_alike(name: str) -> None:
    found = folds(name)
    assert len(found) == 10
    for split in ("train", "test"):
        assert len({fold[split] for fold in found}) == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dataset=gad", "dataset.fold=0"], "dataset.fold=0 is out of range: it has to be 1 to 10"),
        (["dataset=gad", "dataset.fold=11"], "dataset.fold=11 is out of range: it has to be 1 to 10"),
        (["dataset=gad", "dataset.fold=null"], "it has to be 1 to 10"),
        (["dataset=sample_relation", "dataset.fold=1"], "null, for sample_relation has no folds"),
        (["dataset=gad", "size=n10"], "size.per_unit=10 is of tasks that count examples per unit; relation counts all"),
        (["dataset=gad", "annotator=seed"], "annotator.name=seed is out of range: it has to be none"),
        (["dataset=gad", "annotator=llm"], "annotator.name=llm is out of range"),
        (["dataset=gad", "units.max=3"], f"units.max, units.only and source.target {NAMED}"),
        (["dataset=gad", "units.only=[round-0001]"], NAMED),
        (["dataset=gad", "source=augmented", "source.target=A1"], NAMED),
        (["dataset=gad", "generation.per_request=5"], "generation.per_request=5 is out of range: it has to be even"),
        (["dataset=gad", "quality=weighted"], "only multilabel weights examples"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_relation_does_not_have_is_refused(words: list[str], said: str, composed: Composed) -> None:
    with pytest.raises(ConfigError) as raised:
        resolved(composed, *words)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "markers",
    [
        ["@GENE$"],
        ["@GENE$", "@DISEASE$", "@DRUG$"],
        ["@GENE$", "@GENE$"],
        ["GENE", "DISEASE"],
        ["@GENE", "@DISEASE$"],
        ["GENE$", "@DISEASE$"],
        ["@$", "@DISEASE$"],
        ["", "@DISEASE$"],
        [],
    ],
)
def test_markers_of_another_form_are_refused(markers: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.markers=.*it has to be two different ones such as @GENE\$"):
        RelationDataset(name="mine", task="relation", markers=markers)


def test_markers_can_be_others() -> None:
    found = RelationDataset(name="mine", task="relation", markers=["@DRUG$", "@SIDE_EFFECT$"])
    assert found.markers == ["@DRUG$", "@SIDE_EFFECT$"]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["dataset=sample_relation"], True),
        (["dataset=sample_relation", "llm=openai"], False),
        (["dataset=sample_relation", "llm=local", "llm.model=m"], False),
        (["dataset=gad"], True),
        (["dataset=gad", "llm=openai"], True),
        (["dataset=gad", "llm=openai", "dataset.fold=2"], True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_live_llm_is_shown_rows_that_are_at_hand(words: list[str], kept: bool, composed: Composed) -> None:
    """A pool out of another dataset is of use for recordings alone; that of another fold is refused later on."""
    settings = composed("train", *words)
    found = resolving.resolve(settings, gold=GOLD)
    pool = found.settings.dataset.pool  # type: ignore[attr-defined]
    assert (pool == settings.dataset.pool) is kept
    assert (found.proposed == {}) is kept
    assert (len(pool.positive), len(pool.negative)) == (50, 50)
    assert kept or pool == PoolConfig(positive=list(range(0, 100, 2)), negative=list(range(1, 100, 2)))
    assert found.task.dataset.pool == pool


def test_a_pool_without_a_file_is_the_datasets_own(composed: Composed) -> None:
    settings = resolved(composed, "dataset=sample_relation", "llm=openai")
    pool = PoolConfig(positive=[0, 1, 3], negative=[2, 4, 5])
    settings = replace(settings, dataset=replace(settings.dataset, pool=pool))
    found = resolving.resolve(settings, gold=GOLD)
    dataset: Any = found.settings.dataset
    assert dataset.pool == PoolConfig(positive=[0, 1, 3], negative=[2, 4, 5])
    assert found.proposed == {}
    assert own_pool(dataset)
