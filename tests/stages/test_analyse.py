"""Comparing a corpus with gold, all the way: what is logged, what is left out, what is not done twice."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from numpy.typing import NDArray

from clinsynth.analysis import comparison, maps
from clinsynth.stages import analyse as stage
from support import Command, Composed, Said, rows, summary

Analyse = Callable[..., Said]
SMALL = {
    "sample_ner": ["size=n2", "units.max=40"],
    "sample_relation": ["size=t100"],
    "sample_asd": ["size=n5"],
}
"""By dataset, few synthetic texts."""

TRAIN = {"sample_ner": 130, "sample_relation": 80, "sample_asd": 160}
FILES = {"map.png", "map.svg", "map.json", "analysis.md", "copies.jsonl", "summary.json"}


def bags(texts: Sequence[str], *, progress: bool = False) -> NDArray[np.float32]:
    """In the place of the encoder: unit vectors of bags of words."""
    vectors = np.zeros((len(texts), 128), dtype=np.float32)
    for row, text in zip(vectors, texts, strict=True):
        for word in text.casefold().split():
            row[zlib.crc32(word.encode()) % 128] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def analyse(with_store: Path, clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> Analyse:
    monkeypatch.setattr(stage, "embed", bags)
    monkeypatch.setattr(comparison, "BLEU_TEXTS", 20)  # each against all others, which takes the square of it
    monkeypatch.setattr(maps, "STEPS", 250)

    def run(*words: object) -> Said:
        return clinsynth("analyse", *words)

    return run


def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")


def logged(folder: Path) -> set[str]:
    """Artifacts of the run that was summed up last."""
    return {file.path for file in client(folder).list_artifacts(summary(folder)["run_id"])}


@pytest.mark.parametrize("dataset", SMALL)
def test_a_corpus_is_compared_with_gold(analyse: Analyse, with_store: Path, dataset: str) -> None:
    said = analyse(f"dataset={dataset}", *SMALL[dataset])
    assert said.status == 0, said.err
    found = summary(with_store)
    number = found["analysis/synthetic_texts"]
    assert (found["examples"], found["model"], found["analysis/train_texts"]) == (number, None, TRAIN[dataset])
    assert ("analysis/mentions" in found) == (dataset == "sample_ner")
    (folder,) = with_store.glob("outputs/analyse/*")
    assert {path.name for path in folder.iterdir()} >= FILES
    assert (folder / "map.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "map.svg").stat().st_size < 1_000_000
    run = client(with_store).get_run(found["run_id"])
    assert {name: value for name, value in found.items() if name.startswith("analysis/")} == run.data.metrics
    assert run.data.tags["corpus"] == found["corpus"]
    assert run.data.params["analysis.texts"] == "1000"
    assert logged(with_store) == FILES | {"config.yaml"}
    report = (folder / "analysis.md").read_text(encoding="utf-8")
    for line in (f"synthetic texts: {number:.0f}", "| synthetic | yardstick |", "## Verdict", "self-BLEU"):
        assert line in report
    verdict = next(line for line in report.splitlines() if "nearer to train than to as many texts" in line)
    assert verdict.split(" | ")[2].strip().startswith("50.0%")
    assert "No synthetic text is a copy" in said.out
    assert "told from gold train, 50% is guessing" in said.out


def test_what_is_analysed_is_not_analysed_again(analyse: Analyse, with_store: Path) -> None:
    words = ["dataset=sample_relation", *SMALL["sample_relation"]]
    assert analyse(*words).status == 0
    first = summary(with_store)
    again = analyse(*words, "tracking.table=mine")
    assert "This corpus is analysed" in again.out
    assert "told from gold train" in again.out
    assert summary(with_store) == first
    assert client(with_store).get_run(first["run_id"]).data.tags["table.mine"] == "true"
    assert analyse(*words, "force=true").status == 0
    assert summary(with_store)["run_id"] != first["run_id"]
    assert summary(with_store)["run_key"] == first["run_key"]
    assert analyse(*words, "analysis.seed=1").status == 0
    assert summary(with_store)["run_key"] != first["run_key"]


def test_the_key_is_known_before_the_run(analyse: Analyse, composed: Composed, with_store: Path) -> None:
    words = ["dataset=sample_relation", *SMALL["sample_relation"]]
    assert analyse(*words).status == 0
    assert stage.planned(composed("analyse", *words))[1] == summary(with_store)["run_key"]
    assert stage.planned(composed("analyse", *words, "force=true"))[1] == summary(with_store)["run_key"]
    assert stage.planned(composed("analyse", *words, "analysis.texts=5"))[1] != summary(with_store)["run_key"]
    assert stage.planned(composed("analyse", *words, "size=t200"))[1] != summary(with_store)["run_key"]


def test_a_corpus_is_named_by_its_digest(analyse: Analyse, with_store: Path) -> None:
    words = ("dataset=sample_relation", "size=t100")
    assert analyse(*words).status == 0
    made = summary(with_store)
    assert analyse(f"corpus={made['corpus'][:6]}").status == 2  # sample_ner's gold is that of another task
    said = analyse(f"corpus={made['corpus'][:6]}", "dataset=sample_relation")
    assert said.status == 0, said.err
    found = summary(with_store)
    assert found["run_key"] != made["run_key"]
    assert found | {"run_id": made["run_id"], "run_key": made["run_key"]} == made
    assert "skipped" in analyse("corpus=latest", "dataset=sample_relation").out
    params = client(with_store).get_run(found["run_id"]).data.params
    assert not {"size", "annotator", "llm"} & set(params)
    refused = analyse("corpus=latest", "dataset=sample_relation", "size=t200")
    assert "corpus names a corpus that is made already; size cannot change them" in refused.err


@pytest.fixture
def leaking(with_store: Path) -> tuple[list[str], str]:
    """Overrides of a dataset whose test split holds a text of the corpus, and that text."""
    import clinsynth as package

    assets = Path(package.__file__).parent / "assets"
    recording = rows(assets / "recordings" / "asd.behaviours.jsonl")
    first = next(row for row in recording if "/A1#0" in row["id"])
    text = first["completion"].splitlines()[0].partition(". ")[2].strip()
    test = (assets / "sample_asd" / "test.jsonl").read_text(encoding="utf-8")
    planted = json.dumps({"text": text, "labels": ["A1"]})
    (with_store / "test.jsonl").write_text(f"{test}{planted}\n", encoding="utf-8")
    files = ["dataset.files.test.path=test.jsonl", "dataset.files.test.sha256=null"]
    return ["dataset=sample_asd", "size=n5", *files], text


def test_copies_of_test_are_a_warning(analyse: Analyse, with_store: Path, leaking: tuple[list[str], str]) -> None:
    words, text = leaking
    said = analyse(*words, "quality.test_copies=false")
    assert said.status == 0, said.err
    assert summary(with_store)["analysis/copies_test_exact"] == 1
    assert "Warning: 1 of 40 synthetic texts stands in the gold test split" in said.out
    (path,) = with_store.glob("outputs/analyse/*/copies.jsonl")
    assert [(row["split"], row["kind"], row["gold"]) for row in rows(path)] == [("test", "exact", text)]
    said = analyse(*words)
    assert summary(with_store)["analysis/copies_test_exact"] == 0
    assert summary(with_store)["analysis/copies_test_rejected"] == 1
    assert "Quality control has rejected 1 that was." in said.out


def test_private_texts_stay_out_of_mlflow(analyse: Analyse, with_store: Path, leaking: tuple[list[str], str]) -> None:
    words, text = leaking
    said = analyse(*words, "quality.test_copies=false", "dataset.public=false")
    assert said.status == 0, said.err
    assert logged(with_store) == FILES - {"copies.jsonl"} | {"config.yaml"}
    (folder,) = with_store.glob("outputs/analyse/*")
    assert text in (folder / "copies.jsonl").read_text(encoding="utf-8")
    kept = [path for path in (with_store / "mlruns").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if text.encode() in path.read_bytes()]
    said = analyse(*words, "quality.test_copies=false", "dataset.public=false", "tracking.log_text=true", "force=true")
    assert "copies.jsonl" in logged(with_store)


def test_terms_without_gold_cannot_be_compared(analyse: Analyse, with_store: Path) -> None:
    (with_store / "terms.txt").write_text("ataxia\n", encoding="utf-8")
    said = analyse("dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease")
    assert said.status == 2
    assert "terms has no gold texts to compare synthetic ones with" in " ".join(said.err.split())


@pytest.mark.parametrize("split", ["train", "test"])
def test_terms_are_compared_with_the_split_that_there_is(analyse: Analyse, with_store: Path, split: str) -> None:
    (with_store / "terms.txt").write_text("DM\nDMD\n", encoding="utf-8")
    file = f"dataset.files.{split}.path=assets:sample_ner/{split}.tsv"
    recorded = "llm.recordings=[assets:recordings/ncbi_disease.sentences.jsonl]"
    words = ["dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease", file, recorded, "size=n5"]
    said = analyse(*words, "generation.on_missing=skip")
    assert said.status == 0, said.err
    found = summary(with_store)
    assert f"analysis/distance_{split}_median" in found
    assert "no yardstick for memorised text" in said.out
    assert not {"copies.jsonl"} & logged(with_store)  # terms are private


def test_what_is_not_answered_is_left_to_fill_in(analyse: Analyse, with_store: Path) -> None:
    said = analyse("dataset=sample_relation", "size=t800")
    assert said.status == 2
    (place,) = with_store.glob("outputs/analyse/*/requests.jsonl")
    assert rows(place)
    assert "it is a file for llm.recordings" in " ".join(said.err.split())
    assert "Traceback" not in said.err


@pytest.mark.parametrize("word", ["analysis.texts=0", "analysis.perplexity=0.5", "analysis.seed=-1"])
def test_settings_have_ranges(analyse: Analyse, word: str) -> None:
    said = analyse(word)
    assert said.status == 2
    assert f"{word} is out of range" in " ".join(said.err.split())
