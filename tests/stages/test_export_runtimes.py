"""Models exported for other runtimes: measured before and after, run by `predict`, refused where that is no use."""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from clinsynth import api
from clinsynth.cli import main as cli
from clinsynth.types import Summary
from support import TINY, Command, copy_store

LONG = [word for word in TINY if not word.startswith(("trainer.epochs", "trainer.max_epochs", "source."))]
NER = ("train", "dataset=sample_ner", "source=original", *LONG, "trainer.epochs=12", "backbone.lr=5e-3")
RELATION = ("train", "dataset=sample_relation", "size=t20", *(word for word in TINY if not word.startswith("source.")))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, migrated: Path, tiny_bert: Path) -> Path:
    """A workspace with a model of gold entities, and one of synthetic relations, of which nothing was held out."""
    folder = tmp_path_factory.mktemp("models")
    copy_store(migrated, folder / "mlruns")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for variable in ("CLINSYNTH_DATA", "MLFLOW_TRACKING_URI"):
            patch.delenv(variable, raising=False)
        for name, words in (("ner", NER), ("relation", RELATION)):
            assert cli.main([*words, f"backbone.name_or_path={tiny_bert}", f"hydra.run.dir={name}"]) == 0
    root.handlers[:] = handlers
    root.setLevel(level)
    return folder


@pytest.fixture
def job(clinsynth: Command, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Any command, in a copy of that workspace."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return clinsynth


def model(name: str) -> str:
    found = Summary.read(Path(name) / "summary.json").model
    assert found is not None
    return f"artifacts/{Path(found).name}"


def predicted(job: Command, folder: str, output: str) -> list[dict[str, Any]]:
    said = job("predict", f"model={folder}", f"output={output}", "input=notes.jsonl")
    assert said.status == 0, said.err
    return [json.loads(line) for line in Path(output).read_text(encoding="utf-8").splitlines()]


def test_a_model_in_int8_is_measured_and_read(job: Command, sample_words: list[str]) -> None:
    notes = [" ".join(sample_words[start : start + 40]) for start in range(0, 2000, 40)]
    Path("notes.jsonl").write_text("".join(json.dumps({"text": note}) + "\n" for note in notes), encoding="utf-8")
    own = model("ner")
    said = job("export", f"model={own}", "to=out/int8", "format=onnx", "precision=int8", "hydra.run.dir=job")
    assert said.status == 0, said.err
    number = r"(\d\.\d{4})"
    where = r"F1 on held out of the training data \((\d+) texts\)"
    printed = re.search(rf"{where}: {number} before, {number} after", said.out)
    assert printed
    before, after = map(float, printed.groups()[1:])
    assert before > 0
    metrics = Summary.read(Path("job/summary.json")).metrics
    assert metrics["export/f1_before"] == pytest.approx(before, abs=1e-4)
    assert metrics["export/f1_share"] == pytest.approx(after / before, abs=1e-3)
    card = Path("out/int8/README.md").read_text(encoding="utf-8")
    assert "Exported for `onnx` in int8, quantized by the way `dynamic`. F1 on held out of the training data" in card
    assert f"| before | {before:.4f} |" in card
    assert "On the gold test set, before the export:" in card
    assert "clinsynth predict model=int8 input=notes/" in card
    assert not list(Path("out/int8").glob("*.safetensors"))

    wanted, found = predicted(job, own, "own.jsonl"), predicted(job, "out/int8", "int8.jsonl")
    assert [line["text"] for line in found] == notes
    spans_of_api = api.load_model("out/int8").predict(notes)
    assert [[dict(span) for span in spans] for spans in spans_of_api] == [line["spans"] for line in found]
    spans = [{(span["start"], span["end"]) for line in lines for span in line["spans"]} for lines in (wanted, found)]
    assert len(spans[0] & spans[1]) > 0.8 * len(spans[0]) > 0

    refused = job("predict", "model=out/int8", "input=notes.jsonl", "output=x.jsonl", "predict.accelerator=gpu")
    assert refused.status == 2
    again = job("export", "model=out/int8", "to=out/again", "format=onnx")
    assert (again.status, "was exported for onnx" in " ".join(again.err.split())) == (2, True)
    assert job("export", "model=out/int8", "to=out/copy").status == 0  # as it is
    assert (Path("out/copy/model.onnx")).read_bytes() == Path("out/int8/model.onnx").read_bytes()


def test_what_nothing_was_held_out_of_is_measured_on_test(job: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("export", f"model={model('relation')}", "to=out", "format=onnx", "precision=int8")
    refused = job(*words)
    assert refused.status == 2
    assert "nothing was held out: score=test measures it on gold test" in " ".join(refused.err.split())
    assert not Path("out").exists()
    said = job(*words, "score=test")
    assert said.status == 0, said.err
    assert "F1 on gold test (80 texts)" in said.out


def test_a_model_that_nobody_knows_is_not_measured(job: Command) -> None:
    shutil.copytree(model("ner"), "given")
    Path("given/manifest.json").unlink()
    refused = job("export", "model=given", "to=out", "format=onnx", "precision=int8")
    assert refused.status == 2
    assert "nothing here knows the run that trained model=given" in " ".join(refused.err.split())
    said = job("export", "model=given", "to=out", "format=onnx")
    assert said.status == 0, said.err
    assert "F1 is not measured" in said.out
    assert "F1 before and after was not measured." in Path("out/README.md").read_text(encoding="utf-8")


def test_a_missing_library_is_one_paragraph(job: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nncf", None)
    said = job("export", f"model={model('ner')}", "to=out", "format=openvino", "precision=int8")
    assert said.status == 2
    assert "needs nncf: pip install 'clinsynth[openvino]'." in " ".join(said.err.split())
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("corpus=latest", "format=onnx"), "format=onnx is out of range: it has to be transformers for a corpus"),
        (("model=latest", "format=tflite"), "format=tflite is out of range: it has to be one of transformers, onnx"),
        (("model=latest", "precision=int8"), "it has to be fp32 but for format=onnx or openvino"),
        (
            ("model=latest", "format=onnx", "score=train"),
            "score=train is out of range: it has to be one of devel",
        ),
    ],
)
def test_mistakes_in_an_export_are_said(job: Command, words: tuple[str, ...], said: str) -> None:
    refused = job("export", *words, "to=out")
    assert refused.status == 2
    assert said in " ".join(refused.err.split())
