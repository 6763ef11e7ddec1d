"""One class of several all the way: recorded texts and answers, gold, both, review, and a data set of one's own."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from support import TINY, Command, digest, examples, rows, summary

SAMPLE = "dataset=sample_classes"
CLASSES = ("mechanism", "effect", "advice", "interaction", "none")
QUICK = [word for word in TINY if not word.startswith("source.")]
SCORES = {f"test/{name}{end}" for name in ("precision", "recall", "f1") for end in ("", "_macro")} | {
    "test/f1_low",
    "test/f1_high",
    "test/accuracy",
}
EACH = {f"test/{label}/{name}" for label in CLASSES for name in ("precision", "recall", "f1")}


def artifact(name: str, folder: Path) -> Path:
    (found,) = folder.glob(f"mlruns/artifacts/*/*/artifacts/{name}")
    return found


def test_a_model_learns_classes_and_reads_any_text(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    tiny = [f"backbone.name_or_path={tiny_bert}", *QUICK]
    said = clinsynth("train", SAMPLE, *tiny, "source=augmented", "size=t40")
    assert said.status == 0, said.err
    assert "sample_classes: train 100 texts, 20 advice, 24 effect, 8 interaction" in said.out
    found = summary(with_store)
    assert found["examples"] == 140
    assert found.keys() >= SCORES | EACH | {f"test/{label}/average_precision" for label in CLASSES}
    assert artifact("confusion.png", with_store).read_bytes().startswith(b"\x89PNG")
    confusion = json.loads(artifact("confusion.json", with_store).read_text(encoding="utf-8"))
    assert confusion["labels"] == confusion["predicted"] == [*CLASSES]
    assert [sum(row) for row in confusion["counts"]] == [14, 14, 12, 6, 14]
    told = rows(artifact("predictions.jsonl", with_store))
    assert all(max(row["scores"], key=row["scores"].get) == row["predicted"] for row in told)

    notes = ("Avoid @DRUG1$ with @DRUG2$.", "@DRUG1$ alone.")
    (with_store / "notes.csv").write_text("text\n" + "".join(f"{note}\n" for note in notes), encoding="utf-8")
    said = clinsynth("predict", "model=latest", "input=notes.csv", "predict.html=true")
    assert said.status == 0, said.err
    first, second = rows(with_store / "predictions.jsonl")
    assert list(first["labels"]) == [*CLASSES]
    assert sum(first["labels"].values()) == pytest.approx(1, abs=1e-4)
    best = max(first["labels"], key=first["labels"].get)
    assert f" {best} " in said.out  # though its probability may be below a half
    assert "class=said" in (with_store / "predictions.html").read_text(encoding="utf-8")
    assert "@DRUG2$ stands 0 times in it" in second["error"]


def test_texts_follow_the_proportions_of_train(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("generate", SAMPLE)
    assert "5 of 5 units are recorded" in said.out
    assert "1 marker_doubled, 1 marker_missing, 1 other_class" in said.out
    found = examples(said, with_store)
    assert Counter(row["label"] for row in found) == {
        "mechanism": 36,
        "effect": 36,
        "advice": 30,
        "interaction": 12,
        "none": 36,
    }
    assert all(row["text"].count(marker) == 1 for row in found for marker in row["markers"])
    small = examples(clinsynth("generate", SAMPLE, "size=t40"), with_store)
    assert found[:40] == small
    said = clinsynth("train", SAMPLE, "source=augmented", "source.ratio=0.5", "source.target=interaction")
    assert said.status == 2
    message = " ".join(said.err.split())
    assert "3 of 5 completions are missing" in message
    assert "`clinsynth generate` with size.total=50 units.only=[interaction] and a live LLM makes them" in message
    equal = examples(clinsynth("generate", SAMPLE, "size=n10", "dataset.balance=equal"), with_store)
    assert Counter(row["label"] for row in equal) == dict.fromkeys(CLASSES, 10)


def test_an_llm_is_asked_for_a_class(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("zero_shot", SAMPLE)
    assert said.status == 0, said.err
    assert "60 of 60 questions are answered: 88.3% clean, 8.3% repaired, 3.3% unusable" in said.out
    found = summary(with_store)
    assert found.keys() >= SCORES | EACH
    assert found["test/accuracy"] == pytest.approx(55 / 60)
    confusion = json.loads(artifact("confusion.json", with_store).read_text(encoding="utf-8"))
    assert confusion["predicted"] == [*CLASSES, "no class"]


def test_people_put_a_class_right(clinsynth: Command, with_store: Path) -> None:
    base = digest(clinsynth("generate", SAMPLE, "size=t40"))
    assert clinsynth("review", "action=export", "review.n=10", "review.annotators=[ann]").status == 0
    folder = with_store / "reviews" / base
    how = (folder / "how-to-answer.md").read_text(encoding="utf-8")
    assert "- `advice` (a recommendation how, or whether, to give both)" in how
    path = folder / "sheets" / "ann.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        sheet = list(csv.DictReader(file))
    for number, row in enumerate(sheet):
        row["answer"] = "correct" if number else "None" if row["label"] != "none" else "Effect"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sheet[0])
        writer.writeheader()
        writer.writerows(sheet)
    said = clinsynth("review", "action=import")
    assert "The label is right in 9 of 10" in said.out
    fixed = examples(clinsynth("generate", SAMPLE, "size=t40", "quality.reviewed=fix"), with_store)
    (changed,) = [row for row in fixed if row["label"] != row["unit"]]
    assert changed["text"] == sheet[0]["text"]
    assert changed["label"] == ("none" if sheet[0]["label"] != "none" else "effect")


OWN = """\
defaults: [/schema/dataset/classes@_here_]
name: letters
task: classes
classes: {referral: asks a colleague to see the patient, discharge: tells what happened in hospital}
files: {train: {path: train.csv}, test: {path: test.tsv}}
"""


@pytest.fixture
def letters(with_store: Path) -> Path:
    """A data set of one's own that is not public, with plain texts."""
    (with_store / "letters.yaml").write_text(OWN, encoding="utf-8")
    (with_store / "train.csv").write_text(
        'text,label\n"Dear colleague, please see her.",referral\nHe went home.,discharge\n'
    )
    (with_store / "test.tsv").write_text("Please see him soon.\treferral\nShe left on Friday.\tdischarge\n")
    return with_store


def test_rows_of_a_private_data_set_are_shown_to_nobody_unasked(clinsynth: Command, letters: Path) -> None:
    live = ["llm=local", "llm.model=m", "llm.base_url=http://127.0.0.1:9/v1", "size=n10"]
    refused = clinsynth("generate", "dataset=letters.yaml", *live, "llm.trusted=false")
    assert refused.status == 2
    assert "send_gold_text" in refused.err
    planned = clinsynth(
        "generate", "dataset=letters.yaml", *live, "llm.trusted=false", "dataset.shown=0", "generation.dry_run=true"
    )
    assert planned.status == 0, planned.err
    assert "0 of them gold text" in planned.out


def test_a_class_that_is_not_declared_is_said(clinsynth: Command, letters: Path) -> None:
    (letters / "test.tsv").write_text("Please see him soon.\treferal\n")
    said = clinsynth("train", "dataset=letters.yaml", "source=original")
    assert said.status == 2
    message = " ".join(said.err.split())
    assert "test.tsv:1: 'referal' is no class of letters: dataset.classes has referral, discharge." in message
    assert "Did you mean referral?" in message
