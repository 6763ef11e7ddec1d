"""Criteria all the way: recorded texts, gold, both, one's own instrument, and several corpora together."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import clinsynth as package
from support import TINY, Command, Said, digest, examples, rows, summary

SAMPLE = "dataset=sample_asd"
CRITERIA = ("A1", "A2", "A3", "B1", "B2", "B3", "B4")
QUICK = [word for word in TINY if not word.startswith("source.")]
SCORES = {f"test/{name}{end}" for name in ("precision", "recall", "f1", "average_precision") for end in ("", "_macro")}
EACH = {f"test/{label}/{name}" for label in CRITERIA for name in ("precision", "recall", "f1", "average_precision")}
CHOSEN = {"test/precision_chosen", "test/recall_chosen", "test/f1_chosen"}
RECORDED = (Path(package.__file__).parent / "assets/recordings/asd.behaviours.jsonl").read_text(encoding="utf-8")

Train = Callable[..., Said]


@pytest.fixture
def train(with_store: Path, clinsynth: Command, tiny_bert: Path) -> Train:
    """Train on the sample, with the tiny backbone."""

    def run(*words: object) -> Said:
        return clinsynth("train", SAMPLE, f"backbone.name_or_path={tiny_bert}", *QUICK, *words)

    return run


def artifact(name: str, folder: Path) -> Path:
    """Of the one run."""
    (found,) = folder.glob(f"mlruns/artifacts/*/*/artifacts/{name}")
    return found


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("source", "number", "synthetic"),
    [
        (["source=original"], 160, {}),
        (["source=synthetic"], 240, dict.fromkeys((*CRITERIA, "none"), 30)),
        (["source=augmented", "source.ratio=0.5"], 240, dict.fromkeys((*CRITERIA, "none"), 10)),
        (["source=augmented_r100"], 320, dict.fromkeys((*CRITERIA, "none"), 20)),
        (["source=augmented", "source.target=A2", "source.ratio=0.25"], 200, {"A2": 40}),
        (["source=synthetic", "dataset.none=null"], 210, dict.fromkeys(CRITERIA, 30)),
    ],
    ids=["original", "synthetic", "ratio", "augmented_r100", "target", "without none"],
)
def test_sources_of_the_sample(
    train: Train, with_store: Path, source: list[str], number: int, synthetic: dict[str, int]
) -> None:
    said = train(*source, "trainer.save_model=false")
    assert said.status == 0, said.err
    assert "sample_asd: train 160 texts, 16 A1, 12 A2" in said.out
    found = summary(with_store)
    assert found["examples"] == number
    if synthetic:
        corpus = examples(said, with_store)
        assert Counter(row["unit"] for row in corpus) == synthetic
        assert all(row["labels"] == ([] if row["unit"] == "none" else [row["unit"]]) for row in corpus)
        assert {row["weight"] for row in corpus} == {1.0}
    else:
        assert found["corpus"] is None
    measured = {name for name in found if name.startswith("test/")}
    assert measured == {*SCORES, *EACH, *CHOSEN, "test/f1_low", "test/f1_high", "test/threshold", "test/words_lost"}
    assert all(0 <= found[name] <= 1 for name in measured - {"test/words_lost"})
    assert 0.05 <= found["test/threshold"] <= 0.95


def test_a_trained_model_judges_each_criterion(train: Train, with_store: Path) -> None:
    said = train("source=original")
    assert said.status == 0, said.err
    assert re.search(r"macro +AP +P\* +R\* +F1\* +threshold\*", said.out)
    for name in ("precision_recall.png", "errors.png"):
        assert artifact(name, with_store).read_bytes().startswith(b"\x89PNG")
    told = rows(artifact("predictions.jsonl", with_store))
    assert len(told) == 160
    for row in told:
        assert list(row["scores"]) == list(CRITERIA)
        sure = {label: score for label, score in row["scores"].items() if abs(score - 0.5) > 1e-3}
        assert {label for label, score in sure.items() if score > 0.5} == set(row["predicted"]) & set(sure)
    found = summary(with_store)

    from transformers import pipeline

    judge = pipeline("text-classification", found["model"], device="cpu", top_k=None)
    for row in told[:5]:
        (answer,) = judge([row["text"]], truncation=True, max_length=64)
        scores = {item["label"]: item["score"] for item in answer}
        assert scores == pytest.approx(row["scores"], abs=1e-3)
    card = (Path(found["model"]) / "README.md").read_text(encoding="utf-8")
    assert 'pipeline("text-classification"' in card


def test_without_a_holdout_no_threshold_is_chosen(train: Train, with_store: Path) -> None:
    said = train("source=synthetic", "size=n1", "trainer.holdout=0", "trainer.save_model=false")
    assert said.status == 0, said.err
    found = summary(with_store)
    assert found.keys() >= SCORES
    assert not {*CHOSEN, "test/threshold"} & found.keys()


def test_a_smaller_size_or_ratio_stands_inside_a_larger(clinsynth: Command, train: Train, with_store: Path) -> None:
    small, large = (examples(clinsynth("generate", SAMPLE, f"size={size}"), with_store) for size in ("n10", "n30"))
    assert (len(small), len(large)) == (80, 240)
    by_unit = {unit: [row for row in large if row["unit"] == unit] for unit in (*CRITERIA, "none")}
    assert [row for row in small if row["unit"] == "A1"] == by_unit["A1"][:10]
    assert sorted(small, key=str) == sorted((row for found in by_unit.values() for row in found[:10]), key=str)
    assert large[:80] == small
    share = examples(train("source=augmented", "source.ratio=0.25", "trainer.save_model=false"), with_store)
    assert large[:40] == share


def test_what_is_recorded_is_told(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("generate", SAMPLE)
    assert "8 of 8 units are recorded" in said.out
    assert re.search(r"corpus \w+: 240 examples of 8 units \(\d+ texts parsed", said.out)
    shown = clinsynth("show", "samples=2")
    assert shown.status == 0, shown.err
    assert "labels per text" in shown.out


@pytest.mark.parametrize(
    ("asked", "told", "in_all", "there"),
    [
        (["source.target=A2", "source.ratio=1"], ["size.per_unit=160", "units.only=[A2]"], 6, 2),
        (["source.ratio=5"], ["size.per_unit=100"], 32, 16),
    ],
)
def test_more_than_is_recorded_is_missing(
    asked: list[str], told: list[str], in_all: int, there: int, train: Train, clinsynth: Command, with_store: Path
) -> None:
    """Two answers of thirty texts are recorded of each unit; `generate`, asked as it is said, asks for the others."""
    found = train("source=augmented", *asked)
    assert found.status == 2
    assert f"{in_all - there} of {in_all} completions are missing" in words(found.err)
    assert f"`clinsynth generate` with {' '.join(told)} and a live LLM makes them" in words(found.err)
    (path,) = with_store.glob("outputs/train/*/requests.jsonl")
    assert len(rows(path)) == in_all - there
    planned = clinsynth("generate", SAMPLE, *told, "generation.dry_run=true", "llm=local", "llm.model=m")
    assert planned.status == 0, planned.err
    assert f"requests to send {in_all} " in words(planned.out)


def test_an_unknown_target_is_named(train: Train) -> None:
    said = train("source=augmented", "source.target=A9")
    assert said.status == 2
    assert "'A9' is no unit of sample_asd. Units are: " in words(said.err)


def test_doubtful_texts_weigh_less(train: Train, with_store: Path) -> None:
    words = ("source=synthetic", "size=n10", "units.only=[A1,A2,none]", "quality=weighted")
    said = train(*words, "trainer.save_model=false")
    found = examples(said, with_store)
    weights = [row["weight"] for row in found]
    assert len(found) == 30
    assert all(0 < weight <= 1 for weight in weights)
    assert len({weight for weight in weights if weight < 1}) > 5
    assert "weighted" in said.out


def recording(model: str, replicate: int) -> str:
    """One of the two answers to each request, as if another model had given it."""
    found = [json.loads(line) for line in RECORDED.splitlines()]
    return "".join(
        json.dumps(row | {"id": row["id"].replace(f"#{replicate}", "#0"), "model": model}) + "\n"
        for row in found
        if row["id"].endswith(f"#{replicate}")
    )


@pytest.fixture
def pair(clinsynth: Command, with_store: Path) -> list[str]:
    """Two corpora of five texts a unit, each by another model."""
    for replicate, model in enumerate(("early", "late")):
        (with_store / f"{model}.jsonl").write_text(recording(model, replicate), encoding="utf-8")
    return [
        digest(clinsynth("generate", SAMPLE, "size=n5", f"llm.recordings=[{model}.jsonl]"))
        for model in ("early", "late")
    ]


def test_two_corpora_are_trained_on_together(train: Train, with_store: Path, pair: list[str]) -> None:
    together = f"source.corpora=[{','.join(pair)}]"
    said = train(together, "trainer.save_model=false")
    found = examples(said, with_store)
    assert (len(found), summary(with_store)["examples"]) == (80, 80)
    assert summary(with_store)["corpus"] == digest(said)
    (manifest,) = with_store.glob(f"artifacts/corpus-*{digest(said)}/manifest.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["models"] == ["early", "late"]

    (alone,) = with_store.glob(f"artifacts/corpus-*{pair[1]}")
    assert found[1::2] == rows(alone / "examples.jsonl")
    said = train("source=augmented", together, "source.target=A2", "source.ratio=0.05", "trainer.save_model=false")
    assert said.status == 0, said.err
    assert summary(with_store)["examples"] == 160 + 8
    again = train("source=augmented", together, "source.target=A2", "source.ratio=0.05", "trainer.save_model=false")
    assert "This job is finished" in again.out
    more = train("source=augmented", together, "source.target=A2", "source.ratio=0.5")
    assert more.status == 2
    assert "takes 80, and the corpora of source.corpora hold 10 examples of A2" in words(more.err)


INSTRUMENT = """\
defaults: [/schema/dataset/multilabel@_here_]
name: moods
task: multilabel
public: false
labels:
  sad: low mood on most days
  worried: fear that is hard to control
voice: as a nurse would note them
criterion: tell of $meaning
none: tell of neither mood
files: {train: {path: notes.csv}, test: {path: notes.csv}}
"""
NOTES = """\
text,labels
"Cries, says all is lost.",sad
Sleeps and eats well.,none
"Asks again and again whether mother is safe, and cries.",sad;worried
Will not leave the house for fear of dogs.,worried
Plays cards with the others.,
"""


@pytest.fixture
def moods(clinsynth: Command, with_store: Path, tiny_bert: Path) -> Train:
    """An instrument of one's own."""
    file = with_store / "mine" / "dataset" / "moods.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(INSTRUMENT, encoding="utf-8")
    (with_store / "notes.csv").write_text(NOTES, encoding="utf-8")

    def run(stage: str, *given: object) -> Said:
        tiny = [f"backbone.name_or_path={tiny_bert}", *QUICK] if stage == "train" else []
        return clinsynth(stage, "--config-dir", "mine", "dataset=moods", *tiny, *given)

    return run


def test_another_instrument_is_another_file(moods: Train, with_store: Path) -> None:
    said = moods("train", "source=original")
    assert said.status == 0, said.err
    assert "moods: train 5 texts, 2 sad, 2 worried, 2 none" in said.out
    found = summary(with_store)
    assert found["examples"] == 5
    assert {"test/sad/f1", "test/worried/f1", "test/f1_macro"} <= found.keys()
    learnt = json.loads((Path(found["model"]) / "config.json").read_text(encoding="utf-8"))
    assert learnt["id2label"] == {"0": "sad", "1": "worried"}
    assert learnt["problem_type"] == "multi_label_classification"


def test_another_instrument_asks_in_its_own_words(moods: Train, with_store: Path) -> None:
    said = moods("train", "source=synthetic", "generation.per_request=4", "size=n4")
    assert said.status == 2
    assert "none of the 3 units of moods is recorded" in words(said.err)
    (path,) = with_store.glob("outputs/train/*/requests.jsonl")
    asked = rows(path)
    assert [row["id"] for row in asked] == [f"moods/behaviours/{unit}#0" for unit in ("sad", "worried", "none")]
    assert asked[0]["prompt"].startswith(
        "Generate 4 examples of sentences, as a nurse would note them, that tell of low mood on most days and contains"
    )
    assert "that tell of neither mood and" in asked[2]["prompt"]
    ways = (
        "Was {} all day.",
        "The night was {} again, he said.",
        "It is {} that he told us of.",
        "Nobody is as {} here.",
    )
    for row in asked:
        unit = row["id"].split("/")[2].split("#")[0]
        row["completion"] = "\n".join(f"{n}. {way.format(unit)}" for n, way in enumerate(ways, 1))
    path.write_text("".join(json.dumps(row) + "\n" for row in asked), encoding="utf-8")
    filled = moods("train", "source=synthetic", "generation.per_request=4", "size=n4", f"llm.recordings=['{path}']")
    assert Counter(row["unit"] for row in examples(filled, with_store)) == {"sad": 4, "worried": 4, "none": 4}
    assert summary(with_store)["examples"] == 12


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ("text,labels\na,sad;worried\nb,angry\n", "notes.csv:3: 'angry' is no label of moods"),
        ("text,labels\na,sad\n", "notes.csv: no example of worried."),
        ("note,labels\na,sad\n", "notes.csv: its columns are note, labels"),
        ("text,labels\n", "notes.csv: the train split of moods is empty"),
    ],
)
def test_gold_that_cannot_be_read_is_said(notes: str, said: str, moods: Train, with_store: Path) -> None:
    (with_store / "notes.csv").write_text(notes, encoding="utf-8")
    found = moods("train", "source=original")
    assert found.status == 2
    assert said in words(found.err)
