from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hydra.errors import HydraException

from clinsynth import config
from clinsynth.cli import help, mistakes
from support import Command, Said, python

HEAVY = {"torch", "mlflow", "pytorch_lightning", "transformers", "matplotlib", "openai", "sentence_transformers"}


def imported(said: Said) -> set[str]:
    """Top-level packages in the report of `-X importtime`."""
    lines = [line for line in said.err.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("words", "mentioned"),
    [
        ((), ["STAGE", *config.STAGES]),
        (("--help",), ["STAGE", *config.STAGES]),
        (("train", "--help"), ["clinsynth train", "ncbi_disease", "biobert", "units.max", "--help all"]),
        (("report", "-h"), ["clinsynth report", "table", "figure"]),
    ],
    ids=["nothing", "--help", "train --help", "report -h"],
)
def test_help_is_quick(words: tuple[str, ...], mentioned: list[str]) -> None:
    began = time.monotonic()
    said = python("-X", "importtime", "-m", "clinsynth", *words, COLUMNS="200")
    assert time.monotonic() - began < 15  # torch and mlflow alone take longer on a slow machine
    assert said.status == 0
    assert [word for word in mentioned if word not in said.out] == []
    assert "hydra" in imported(said)
    assert imported(said) & HEAVY == set()


@pytest.mark.parametrize("dataset", ["sample_ner", "sample_relation", "sample_asd", "sample_classes"])
def test_a_mistake_in_gold_is_told_before_what_takes_seconds(dataset: str, workspace: Path) -> None:
    said = python(
        "-X", "importtime", "-m", "clinsynth", "train", f"dataset={dataset}", "dataset.files.test.path=no.tsv"
    )
    assert said.status == 2
    assert "no file at no.tsv" in said.err
    assert imported(said) & (HEAVY | {"sklearn", "scipy", "pandas"}) == set()


def listed(said: Said) -> set[str]:
    """First words of the lines that a command prints."""
    return {line.split()[0] for line in said.out.splitlines() if line.strip()}


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("stage", config.STAGES)
def test_help_of_a_stage_leads_to_every_key(stage: str, clinsynth: Command) -> None:
    short, whole = clinsynth(stage, "--help"), clinsynth(stage, "--help", "all")
    assert short.status == whole.status == 0
    keys = {key for key, _ in config.documented(config.STAGES[stage])}
    assert keys <= listed(whole)
    assert len(short.out.splitlines()) <= 60
    assert {key.partition(".")[0] for key in keys} <= {word.partition(".")[0] for word in listed(short)}


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize(
    ("words", "there", "elsewhere"),
    [
        (("train", "--help", "backbone"), {"backbone", "backbone.lr", "backbone.name"}, {"seed", "dataset.name"}),
        (("help", "train", "backbone"), {"backbone", "backbone.lr"}, {"seed"}),
        (("train", "--help", "seed"), {"seed"}, {"generation.seed", "backbone.lr"}),
        (("train", "--help", "lr"), {"backbone.lr", "backbone.lr_by_task"}, {"seed"}),
        (("train", "dataset=gad", "--help", "dataset"), {"dataset.fold", "dataset.public"}, {"dataset.entity_type"}),
        (("help", "train"), {"clinsynth", "dataset", "seed"}, {"backbone.lr"}),
    ],
)
def test_help_of_a_group(words: tuple[str, ...], there: set[str], elsewhere: set[str], clinsynth: Command) -> None:
    said = clinsynth(*words)
    assert said.status == 0
    assert there <= listed(said)
    assert not elsewhere & listed(said)


@pytest.mark.parametrize(("topic", "near"), [("datset", "Did you mean dataset?"), ("zzz", "has no group zzz")])
def test_help_of_what_there_is_not(topic: str, near: str, clinsynth: Command) -> None:
    said = clinsynth("train", "--help", topic)
    assert said.status == 2
    assert near in said.err


@pytest.mark.usefixtures("wide")
def test_help_knows_the_options_of_a_further_folder(clinsynth: Command, workspace: Path) -> None:
    (workspace / "my" / "backbone").mkdir(parents=True)
    content = (config.conf_folder() / "backbone" / "bert.yaml").read_text(encoding="utf-8")
    (workspace / "my" / "backbone" / "own.yaml").write_text(content, encoding="utf-8")
    said = clinsynth("train", "--config-dir=my", "backbone=own", "--help")
    assert re.search(r"backbone +own bert", said.out)


def test_help_shows_the_values_that_overrides_give(clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    said = clinsynth("train", "backbone=roberta", "seed=7", "--help", "all")
    rows = dict(line.split()[:2] for line in said.out.splitlines() if len(line.split()) > 2)
    assert (rows["seed"], rows["backbone.name"], rows["backbone.revision"]) == ("7", "roberta", "null")
    assert rows["backbone"] == "roberta"  # chosen first


def test_examples_of_every_stage_compose(clinsynth: Command) -> None:
    assert set(help.EXAMPLES) == set(config.STAGES)
    for stage, examples in help.EXAMPLES.items():
        for example in examples:
            name, called, *words = example.split()
            assert (name, called) == ("clinsynth", stage)
            words = [word for word in words if word != "-m" and "," not in word and not word.startswith("hydra")]
            assert clinsynth(stage, "--cfg", "job", *words).status == 0, example


@pytest.mark.parametrize(
    ("stage", "word", "near"),
    [
        ("train", "dataset=ncbi_diseas", "ncbi_disease"),
        ("train", "backbone=bio_bert", "biobert"),
        ("train", "backbone.lrr=1", "backbone.lr"),
        ("train", "trainer.epoch=1", "trainer.epochs"),
        ("train", "experiment=train/demmo", "train/demo"),
        ("report", "tabel=x", "table"),
        ("train", "datset=gad", "dataset?"),
        ("train", "bakbone=bert", "backbone?"),
        ("train", "sed=1", "seed?"),
        ("generate", "anotator=llm", "annotator?"),
    ],
)
def test_what_looks_alike_is_suggested(stage: str, word: str, near: str, clinsynth: Command) -> None:
    said = " ".join(clinsynth(stage, word).err.split())
    assert f"Did you mean {near}" in said


@pytest.mark.parametrize("word", ["dataset=zzz", "zzz=1", "backbone.zzz=1"])
def test_what_looks_like_nothing_gets_no_suggestion(word: str, clinsynth: Command) -> None:
    assert "Did you mean" not in clinsynth("train", word).err


@pytest.mark.parametrize(
    ("word", "mended"),
    [
        ("input=a [1]", """ "input='a [1]'\","""),
        ("input=notes/é", """ "input='notes/é'\","""),
        ("input=it's", r""" "input=\"it's\"","""),
        ("input=a,b", """ "input='a,b'\","""),
        ("predict.keep=[a (1),b]", """ "predict.keep=['a (1)','b']\","""),
        ("predict.keep=note", "predict.keep=note is no list: predict.keep=[note] is one."),
    ],
)
def test_what_needs_quotes_is_said_with_them(word: str, mended: str, clinsynth: Command) -> None:
    said = " ".join(clinsynth("predict", "model=m", "input=i", word).err.split())
    assert f"{word.partition('=')[0]}=" in said
    assert mended in said


def test_an_error_is_told_with_its_cause() -> None:
    error = HydraException("Could not override 'seed'")
    error.__cause__ = ValueError("it is no number")
    said = mistakes.explained(error, "train")
    assert said == "Could not override 'seed'\nit is no number. `clinsynth train --help` lists groups and keys."
