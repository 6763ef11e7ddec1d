"""Documents with several types, from training to reading: offsets are those of the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support import Command, Said, rows, summary

TEXTS = {
    "note-1": "HISTORY: Dr. Lee saw breast cancer.\nPLAN: aspirin b.i.d. with food. No fever.",
    "note-2": "HISTORY: Dr. Roe saw colon cancer.\nPLAN: warfarin b.i.d. with food. No gout.",
}
MENTIONS = {
    "note-1": {"breast cancer": "Problem", "breast": "Organ", "aspirin": "Drug", "fever": "Problem"},
    "note-2": {"colon cancer": "Problem", "colon": "Organ", "warfarin": "Drug", "gout": "Problem"},
}
QUICK = (
    *("trainer.epochs=40", "trainer.max_epochs=40", "trainer.min_steps=0"),
    *(
        "trainer.accelerator=cpu",
        "trainer.precision=32-true",
        "backbone.lr=5e-3",
        "backbone.max_length=32",
        "backbone.batch_size=2",
    ),
)
YAML = """defaults: [/schema/dataset/ner@_here_]
name: mine
task: ner
public: true
entity_types: {Problem: {noun: medical problem}, Drug: {}, Organ: {}}
files: {train: {path: notes.jsonl}, devel: {path: notes.jsonl}, test: {path: notes.jsonl}}
"""


def placed(name: str) -> list[list[Any]]:
    text = TEXTS[name]
    return [[start := text.index(words), start + len(words), kind] for words, kind in MENTIONS[name].items()]


@pytest.fixture
def train(with_store: Path, clinsynth: Command, tiny_bert: Path) -> Any:
    lines = [json.dumps({"id": name, "text": text, "entities": placed(name)}) for name, text in TEXTS.items()]
    (with_store / "notes.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (with_store / "mine.yaml").write_text(YAML, encoding="utf-8")

    def run(*words: object) -> Said:
        own = ("train", "dataset=mine.yaml", "source=original", f"backbone.name_or_path={tiny_bert}")
        return clinsynth(*own, *QUICK, *words)

    return run


def test_nested_documents_from_training_to_reading(train: Any, clinsynth: Command, with_store: Path) -> None:
    said = train("backbone.head=span")
    assert said.status == 0, said.err
    assert "notes.jsonl: 2 of 8 mentions lie in or across another one" in said.out
    found = summary(with_store)
    assert found["test/f1"] == found["test/f1_macro"] == found["test/Organ/f1"] == found["test/f1_relaxed"] == 1.0

    artifacts = next(with_store.glob("mlruns/artifacts/*/*/artifacts"))
    lines = rows(artifacts / "predictions.jsonl")
    offsets: dict[str, list[Any]] = {name: [] for name in TEXTS}
    for line in lines:
        assert TEXTS[line["document"]][line["start"] :].startswith(line["text"])
        offsets[line["document"]] += [
            [line["start"] + span["start"], line["start"] + span["end"], span["label"]] for span in line["predicted"]
        ]
    assert {name: sorted(spans) for name, spans in offsets.items()} == {name: sorted(placed(name)) for name in TEXTS}
    scores = json.loads((artifacts / "scores.json").read_text(encoding="utf-8"))
    assert scores["documents"]["number"] == 2
    assert scores["schemes"]["strict"]["correct"] == 8
    assert (artifacts / "reliability.png").stat().st_size > 1000

    Path("in").mkdir()
    for name, text in TEXTS.items():
        Path("in", f"{name}.txt").write_text(text, encoding="utf-8")
    assert clinsynth("predict", f"model={found['model']}", "input=in", "output=out.jsonl").status == 0
    read = {Path(line["source"]).stem: line["spans"] for line in rows(Path("out.jsonl"))}
    for name, spans in read.items():
        assert sorted([span["start"], span["end"], span["label"]] for span in spans) == sorted(placed(name))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dataset.overlapping=error"], "overlap. Take one out; or set dataset.overlapping=keep"),
        (["~dataset.entity_types.Organ"], "the entity type 'Organ' is not declared: mine declares Problem, Drug."),
        (["dataset.documents=pages"], "dataset.documents=pages is out of range"),
    ],
)
def test_mistakes_are_told_in_a_paragraph(train: Any, words: list[str], said: str) -> None:
    found = train(*words)
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err


def test_types_that_are_not_wanted_are_left_out(train: Any, with_store: Path) -> None:
    words = ("~dataset.entity_types.Organ", "dataset.other_types=ignore", "dataset.documents=windows")
    said = train(*words, "trainer.save_model=false", "trainer.epochs=1", "trainer.max_epochs=1")
    assert said.status == 0, said.err
    assert "2 of 8 mentions are of other types, and are left out" in said.out
    assert {name for name in summary(with_store) if name.endswith("/f1")} >= {"test/Problem/f1", "test/Drug/f1"}
