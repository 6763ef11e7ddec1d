"""Models with random heads read users' texts; what they say is chance, where it stands is not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.files.input_texts import InputText
from clinsynth.learning import reading
from clinsynth.learning.learner import Opening
from clinsynth.types import Summary
from support import Command

LABELS = {"ner": ("O", "B-Disease", "I-Disease"), "relation": ("No", "Yes"), "multilabel": ("A1", "A2", "B4")}
MARKERS = {"relation": {"@GENE$": "gene", "@DISEASE$": "disease"}}

ODD = (
    "Ataxia:\tbreast\u00a0cancer\r\n\r\n"
    "\u201cParkinson\u2019s\u201d Sjo\u0308gren \U0001f9ec\ufe0f dia\u00adbetes <b>&\u2028 caf\u00e9 \u9ad8\u8840 x\n"
)


def saved(folder: Path, *, backbone: Path, task: str) -> Path:
    """What training leaves, but for what is learnt."""
    import torch
    from transformers import logging

    from clinsynth.learning.encoder import backbones

    logging.disable_progress_bar()
    room, markers = tasks.kind(task).model(), MARKERS.get(task, {})
    tokenizer = backbones.tokenizer(str(backbone), None, tuple(markers))
    torch.manual_seed(1)
    model = backbones.load_backbone(room.build, str(backbone), revision=None, labels=LABELS[task])
    backbones.embed(model, markers=markers, tokenizer=tokenizer)
    with torch.no_grad():
        model.classifier.weight.mul_(20)  # so that labels change from word to word
    model.config.text_pieces = {"most": 40, "longest": 64}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def finder(tmp_path_factory: pytest.TempPathFactory, tiny_backbone: Path) -> Path:
    return saved(tmp_path_factory.mktemp("finder"), backbone=tiny_backbone, task="ner")


@pytest.fixture(scope="session")
def bert_finder(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Path:
    return saved(tmp_path_factory.mktemp("bert_finder"), backbone=tiny_bert, task="ner")


@pytest.fixture(scope="session")
def relater(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Path:
    return saved(tmp_path_factory.mktemp("relater"), backbone=tiny_bert, task="relation")


@pytest.fixture(scope="session")
def labeller(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Path:
    return saved(tmp_path_factory.mktemp("labeller"), backbone=tiny_bert, task="multilabel")


def lines(path: Path | str = "predictions.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").split("\n") if line]


def write(path: Path | str, texts: Sequence[str]) -> None:
    Path(path).write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")


def test_offsets_are_into_the_text_of_the_user(clinsynth: Command, with_store: Path, finder: Path) -> None:
    Path("notes").mkdir()
    Path("notes/odd.txt").write_bytes(ODD.encode())
    Path("notes/empty.txt").write_bytes(b"")
    write("notes/more.jsonl", [ODD * 20, "x"])
    assert clinsynth("predict", f"model={finder}", "input=notes").status == 0
    empty, long, x, odd = lines()
    assert (empty["text"], empty["spans"], empty["source"]) == ("", [], "empty.txt")
    assert (odd["text"], long["text"], long["row"], x["row"]) == (ODD, ODD * 20, 0, 1)
    assert odd["spans"]
    for line in (odd, long):
        end = 0
        for span in line["spans"]:
            assert line["text"][span["start"] : span["end"]] == span["text"]
            assert span["text"] == span["text"].strip()
            assert span["start"] >= end, "spans overlap"
            assert span["label"] == "Disease"
            assert 0 < span["score"] <= 1
            end = span["end"]
    assert long["spans"][-1]["end"] > 19 * len(ODD), "the end of a long text is read"


def test_spans_are_those_of_a_pipeline(clinsynth: Command, with_store: Path, bert_finder: Path) -> None:
    """But where a model opens no entity with `B-`: there a pipeline opens one with `I-`."""
    from transformers import AutoModelForTokenClassification, pipeline

    from clinsynth.files import sources

    model = AutoModelForTokenClassification.from_pretrained(bert_finder)
    model.classifier.bias.data[0] = -100  # nothing is O, so that a sentence that begins with B- is of valid tags
    model.config.id2label = {0: "O", 1: "I-Disease", 2: "B-Disease"}  # chance has made most of them begin with 2
    shutil.copytree(bert_finder, "finder")
    model.save_pretrained("finder")
    path = sources.resolve("assets:sample_ner/test.tsv")
    words = [[row.split("\t")[0] for row in part.split("\n")] for part in path.read_text().strip().split("\n\n")]
    texts = [" ".join(part) for part in words if len(part) < 20]
    write("notes.jsonl", texts)
    assert clinsynth("predict", "model=finder", "input=notes.jsonl", "predict.window=128").status == 0
    find = pipeline("token-classification", "finder", aggregation_strategy="first", device="cpu")
    each = pipeline("token-classification", "finder", ignore_labels=[], device="cpu")
    found, compared = lines(), 0
    for line, theirs, pieces in zip(found, find(texts), each(texts), strict=True):
        tags = ["O", *(piece["entity"] for piece in pieces if not piece["word"].startswith("##"))]
        if any(tag[0] == "I" and before == "O" for before, tag in pairwise(tags)):
            continue
        compared += len(theirs)
        assert [(span["start"], span["end"], span["label"]) for span in line["spans"]] == [
            (span["start"], span["end"], span["entity_group"]) for span in theirs
        ]
        assert [span["score"] for span in line["spans"]] == pytest.approx([s["score"] for s in theirs], abs=1e-4)
    assert compared > 50


def test_labels_have_probabilities(clinsynth: Command, with_store: Path, labeller: Path) -> None:
    Path("notes.csv").write_text('id,note\n7,"He lines up cars, and cries."\n8,\n9,' + "cars and " * 99 + "\n")
    done = clinsynth("predict", f"model={labeller}", "input=notes.csv", "predict.column=note", "predict.keep=[id]")
    assert done.status == 0
    first, empty, long = lines()
    assert list(first["labels"]) == list(long["labels"]) == ["A1", "A2", "B4"]
    assert all(0 <= score <= 1 for score in first["labels"].values())
    assert [line["id"] for line in (first, empty, long)] == ["7", "8", "9"]
    assert (empty["labels"], empty["error"]) == ({}, "there is no text")
    assert "1 documents could not be read" in done.out.replace("  ", " ")


def test_relations_need_their_markers(clinsynth: Command, with_store: Path, relater: Path) -> None:
    write("notes.jsonl", ["@GENE$ causes @DISEASE$.", "BRCA1 causes cancer."])
    assert clinsynth("predict", f"model={relater}", "input=notes.jsonl").status == 0
    good, bad = lines()
    assert sum(good["labels"].values()) == pytest.approx(1, abs=1e-4)
    assert list(good["labels"]) == ["No", "Yes"]
    assert "@GENE$ stands 0 times" in bad["error"]
    write("others.jsonl", ["BRCA1 causes cancer."])
    refused = clinsynth("predict", f"model={relater}", "input=others.jsonl", "output=others")
    assert refused.status == 2
    assert "masked as @GENE$ and @DISEASE$" in " ".join(refused.err.split())
    assert "others.jsonl, row 0" in " ".join(refused.err.split())
    assert not Path("others.out").exists()


def test_a_stopped_job_goes_on(
    clinsynth: Command, with_store: Path, bert_finder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 10)
    write("notes.jsonl", [f"Breast cancer number {number} of ataxia." for number in range(35)])
    words = ("predict", f"model={bert_finder}", "input=notes.jsonl")
    assert clinsynth(*words, "output=whole.jsonl").status == 0
    read: list[int] = []

    def interrupted(*given: Any, **options: Any) -> Any:
        for number, portion in enumerate(original(*given, **options)):
            if number == stop_at:
                raise KeyboardInterrupt
            read.append(len(portion))
            yield portion

    original, stop_at = reading.read_texts, 2
    monkeypatch.setattr(reading, "read_texts", interrupted)
    assert clinsynth(*words).status == 130
    assert not Path("predictions.jsonl").exists()
    stop_at = 99
    again = clinsynth(*words)
    assert again.status == 0
    assert "20 of 35 documents are read already" in again.out
    assert read == [10, 10, 10, 5]
    assert Path("predictions.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
    read.clear()
    assert "skipped" in clinsynth(*words).out
    assert read == []
    Path("predictions.jsonl").write_text("mine")
    refused = clinsynth(*words)
    assert (refused.status, Path("predictions.jsonl").read_text()) == (2, "mine")
    assert "force=true" in refused.err
    assert clinsynth(*words, "force=true").status == 0
    assert Path("predictions.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()


def test_texts_come_as_a_stream(bert_finder: Path) -> None:
    """Nothing waits for the end of the input."""
    from clinsynth.learning.encoder.opening import open_model

    model = open_model(bert_finder, kinds=tasks.kinds(), how=Opening(overlap=0.25, batch_tokens=64))
    endless = (InputText(f"note {number}", "notes.jsonl", number) for number in count())
    portions = reading.read_texts(endless, model=model)
    assert [len(next(portions)) for _ in range(2)] == [reading.MOST] * 2
    assert next(endless).row == 3 * reading.MOST  # one is read ahead


def test_the_page_shows_spans_and_runs_nothing(clinsynth: Command, with_store: Path, bert_finder: Path) -> None:
    write("notes.jsonl", [ODD, "<script>alert(1)</script>", "last"])
    words = ("predict", f"model={bert_finder}", "input=notes.jsonl", "predict.html=true", "predict.html_documents=2")
    assert clinsynth(*words).status == 0
    page = Path("predictions.html").read_text(encoding="utf-8")
    assert page.count("<mark") > sum(len(line["spans"]) for line in lines()[:2])  # and the legend
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "the first 2 of 3" in page
    assert ">last<" not in page
    Path("predictions.html").unlink()
    assert "skipped" in clinsynth(*words).out
    assert Path("predictions.html").read_text(encoding="utf-8") == page


def test_no_text_goes_into_the_ledger(clinsynth: Command, with_store: Path, bert_finder: Path) -> None:
    write("notes.jsonl", ["Xanthippe has ataxia."])
    assert clinsynth("predict", f"model={bert_finder}", "input=notes.jsonl", "hydra.run.dir=job").status == 0
    summary = Summary.read(Path("job/summary.json"))
    assert summary.metrics["predict/documents"] == summary.examples == 1
    with sqlite3.connect("mlruns/mlflow.db") as database:
        assert "Xanthippe" not in "".join(database.iterdump())
    assert not any(b"Xanthippe" in path.read_bytes() for path in Path("mlruns/artifacts").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("input=notes.jsonl", "output=notes.jsonl"), "is the input"),
        (("input=notes.jsonl", "output=folder"), "is a folder"),
        (("input=.", "output=new/out.jsonl"), "name another place"),
        (("input=notes.jsonl", "output=notes.html", "predict.html=true"), "name it notes.jsonl"),
        (("input=notes.jsonl", "output=found.csv"), "which fit no .csv: name it found.jsonl"),
        (("input=notes.jsonl", "output=found.XLSX"), "which fit no .XLSX: name it found.jsonl"),
        (("input=notes.jsonl", "predict.keep=[text]"), "rename the column"),
        (("input=notes.jsonl", "predict.keep=[id]"), "no column id; there are text"),
        (("input=notes.jsonl", "predict.window=4000"), "has 512 positions"),
        (("input=empty.jsonl",), "holds no document"),
        (("input=absent",), "is not there"),
    ],
)
def test_mistakes_are_said(
    clinsynth: Command, with_store: Path, bert_finder: Path, words: tuple[str, ...], said: str
) -> None:
    Path("folder").mkdir()
    Path("empty.jsonl").write_text("\n")
    write("notes.jsonl", ["Breast cancer."])
    refused = clinsynth("predict", f"model={bert_finder}", *words)
    assert refused.status == 2
    assert said in " ".join(refused.err.split())


def test_a_model_without_a_task_is_refused(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    write("notes.jsonl", ["Breast cancer."])
    refused = clinsynth("predict", f"model={tiny_bert}", "input=notes.jsonl")
    assert refused.status == 2
    assert "BertModel, which has not learnt a task" in " ".join(refused.err.split())


def test_parts_in_any_order_give_the_same_output(
    clinsynth: Command, with_store: Path, bert_finder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 3)  # three portions
    words = ("breast cancer ", "diabetes ", "Sjo\u0308gren ", "caf\u00e9 ")
    write("notes.jsonl", [f"Ataxia {number}: {words[number % 4] * (1 + 3 * (number % 3))}" for number in range(8)])
    given = (f"model={bert_finder}", "input=notes.jsonl")
    assert clinsynth("predict", *given, "output=whole.jsonl").status == 0
    whole = Path("whole.jsonl").read_bytes()
    for number in (1, 2, 4):  # of four the last one is empty
        to = f"output=of{number}.jsonl"
        for part in reversed(range(number)):
            early = clinsynth("predict", *given, to, f"shard=merge/{number}")
            assert early.status == 2
            assert f"shard={part}/{number}" in early.err
            done = clinsynth("predict", *given, to, f"shard={part}/{number}")
            assert done.status == 0, done.err
        assert clinsynth("predict", *given, to, f"shard=merge/{number}").status == 0
        assert Path(f"of{number}.jsonl").read_bytes() == whole
    again = clinsynth("predict", *given, "output=of2.jsonl", "shard=0/2")
    assert "skipped" in again.out
    assert "skipped" in clinsynth("predict", *given, "output=of2.jsonl").out  # joined, it is the whole


def test_a_sweep_reads_the_parts_and_one_that_was_changed_is_not_joined(
    clinsynth: Command, with_store: Path, bert_finder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 2)
    write("notes.jsonl", ["Ataxia and gout.", "Breast cancer.", "Diabetes."])
    given = (f"model={bert_finder}", "input=notes.jsonl", "shards=2")
    swept = clinsynth("predict", "-m", *given, "shard=range(0,2)")
    assert swept.status == 0, swept.err
    part = Path("predictions.1-of-2.jsonl")
    content = part.read_bytes()
    part.write_bytes(content.replace(b"Diabetes", b"Diabetic"))
    refused = clinsynth("predict", *given, "shard=merge")
    assert (refused.status, "do shard=1/2" in " ".join(refused.err.split())) == (2, True)
    part.write_bytes(content)
    assert clinsynth("predict", *given, "shard=merge").status == 0
    assert [line["text"] for line in lines()] == ["Ataxia and gout.", "Breast cancer.", "Diabetes."]


@pytest.mark.parametrize("shard", ["8/8", "1", "-1/2", "1/0", "x/2", "merge"])
def test_a_part_that_cannot_be_is_said(clinsynth: Command, with_store: Path, shard: str) -> None:
    said = clinsynth("predict", "model=m", "input=notes.jsonl", f"shard='{shard}'")
    assert (said.status, "0/8 to 7/8" in " ".join(said.err.split())) == (2, True)
