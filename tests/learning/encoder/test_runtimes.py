"""A model says the same of texts one by one and all together, in PyTorch and exported."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from clinsynth import tasks
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner, saved
from clinsynth.learning.encoder.opening import OpenedEncoder, open_model
from clinsynth.learning.learner import Opening
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from support import Composed, sentence

MARKERS = ("@GENE$", "@DISEASE$")
DRUGS = ("@DRUG1$", "@DRUG2$")
CLOSE = 5e-4
"""Of probabilities: whatever sums in another order differs by more than 1e-4 now and then."""

HEADS: dict[str, tuple[str, str, list[Any]]] = {
    "ner": ("sample_ner", "token", [sentence("mild/O ataxia/B"), sentence("gout/B hurts/O today/O")]),
    "spans": ("sample_ner", "span", [sentence("mild/O ataxia/B"), sentence("gout/B hurts/O today/O")]),
    "relation": (
        "sample_relation",
        "token",
        [Relation("@GENE$ in @DISEASE$", "Yes", MARKERS), Relation("No @GENE$ in @DISEASE$", "No", MARKERS)],
    ),
    "classes": (
        "sample_classes",
        "token",
        [Classified("@DRUG1$ and @DRUG2$", "none", DRUGS, "none"), Classified("@DRUG1$ or @DRUG2$", "effect", DRUGS)],
    ),
    "multilabel": ("sample_asd", "token", [Note("He waits for his turn.", ("A1",)), Note("He hums.", ())]),
}
"""Dataset, head and examples of a name."""


@pytest.fixture
def folder(
    request: pytest.FixtureRequest, composed: Composed, tiny_student: Callable[..., Any], tmp_path: Path
) -> Path:
    """A model with a head whose weights are random, so that it says much."""
    dataset, head, examples = HEADS[request.param]
    settings = composed("train", f"dataset={dataset}")
    student = tiny_student(settings.dataset, examples, epochs=1, lr=1e-4, head=head, random_head=1)
    student.save(tmp_path / "model")
    return tmp_path / "model"


def opened(folder: Path, *, batch_tokens: int = 256, workers: int = 1, precision: str = "32-true") -> OpenedEncoder:
    how = Opening(window=24, overlap=0.25, batch_tokens=batch_tokens, workers=workers, precision=precision)
    return open_model(folder, kinds=tasks.kinds(), how=how)


def texts(words: list[str], number: int = 40) -> list[str]:
    """Texts of one word up to several windows, one that is empty, and one that lacks its markers."""
    draw = random.Random(0)
    parts = [" ".join(draw.choices(words, k=draw.choice([1, 3, 9, 20, 70]))) for _ in range(number)]
    beginnings = ("@GENE$ and @DISEASE$", "@DRUG1$ and @DRUG2$")
    return [*(f"{draw.choice(beginnings)} {part}" for part in parts), "", "gout"]


def numbers(line: dict[str, Any]) -> list[float]:
    return [span["score"] for span in line["spans"]] if "spans" in line else list(line["labels"].values())


def without_scores(line: dict[str, Any]) -> Any:
    spans = [{name: value for name, value in span.items() if name != "score"} for span in line.get("spans", ())]
    return spans, list(line.get("labels", ())), line.get("error")


def assert_alike(found: list[dict[str, Any]], wanted: list[dict[str, Any]], *, apart: float) -> None:
    assert [without_scores(line) for line in found] == [without_scores(line) for line in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=apart)


@pytest.mark.parametrize("folder", list(HEADS), indirect=True)
@pytest.mark.parametrize("workers", [1, 2])
def test_texts_together_are_read_as_one_by_one(folder: Path, workers: int, sample_words: list[str]) -> None:
    given = texts(sample_words)
    alone = opened(folder, batch_tokens=1)
    one_by_one = [alone.read([text])[0] for text in given]
    assert any(numbers(line) for line in one_by_one)
    assert_alike(opened(folder, workers=workers).read(given), one_by_one, apart=CLOSE)


@pytest.mark.parametrize("folder", list(HEADS), indirect=True)
def test_an_exported_model_reads_alike(folder: Path, sample_words: list[str], tmp_path: Path) -> None:
    given = texts(sample_words)
    wanted = opened(folder).read(given)
    for format, precision in (("onnx", "fp32"), ("onnx", "int8"), ("openvino", "fp32")):
        to = tmp_path / f"{format}-{precision}"
        assert export(folder, to, format=format, precision=precision) == ("dynamic" if precision == "int8" else "")
        said = json.loads((to / "config.json").read_text(encoding="utf-8"))["clinsynth"]
        assert (said["runtime"], said["precision"], said["opset"]) == (format, precision, 17)
        assert saved.is_model(to)
        model = opened(to)
        assert (model.task, model.reader.labels) == (opened(folder).task, opened(folder).reader.labels)
        if precision == "fp32":
            assert_alike(model.read(given), wanted, apart=CLOSE)
        else:
            assert [line.get("error") for line in model.read(given)] == [line.get("error") for line in wanted]
            assert np.abs(np.subtract(logits(opened(to)), logits(opened(folder)))).mean() < 1.0
    with pytest.raises(ConfigError, match=r"was exported for openvino: export the model of the run"):
        export(tmp_path / "openvino-fp32", tmp_path / "again", format="onnx", precision="fp32")


def logits(model: OpenedEncoder) -> Any:
    ids = np.array([[2, 8, 9, 10, 11, 3]], dtype=np.int64)
    batch = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    return model.runtime(batch).numpy()


def export(folder: Path, to: Path, *, format: str, precision: str, share: Any = lambda made: 1.0) -> str:
    to.mkdir(exist_ok=True)
    examples = HEADS[saved.describe_model(folder).task or ""][2]
    return open_learner("encoder").export(
        folder, to, kinds=tasks.kinds(), format=format, precision=precision, examples=examples, share=share
    )


@pytest.mark.parametrize("folder", ["ner"], indirect=True)
def test_openvino_int8_falls_back_to_weights_where_the_score_is_lost(folder: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    def share(made: Path) -> float:
        asked.append(json.loads((made / "config.json").read_text(encoding="utf-8"))["clinsynth"]["quantized"])
        assert opened(made).read(["mild ataxia today"])[0]["spans"] is not None
        return {"full": 0.99, "weights": 0.9939}[asked[-1]]

    assert export(folder, tmp_path / "int8", format="openvino", precision="int8", share=share) == "weights"
    assert asked == ["full", "weights"]
    said = json.loads((tmp_path / "int8" / "config.json").read_text(encoding="utf-8"))["clinsynth"]
    assert (said["runtime"], said["quantized"]) == ("openvino", "weights")
    assert np.abs(np.subtract(logits(opened(tmp_path / "int8")), logits(opened(folder)))).max() < 1.0


@pytest.mark.parametrize("folder", ["ner"], indirect=True)
@pytest.mark.parametrize(("format", "library"), [("onnx", "onnxruntime"), ("openvino", "openvino")])
def test_a_missing_extra_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=rf"precision=fp32 needs {library}: pip install 'clinsynth\[{format}\]'"):
        export(folder, tmp_path / "out", format=format, precision="fp32")
    said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    said["clinsynth"]["runtime"] = format
    (folder / "config.json").write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"which is not installed: pip install 'clinsynth\[{format}\]'"):
        opened(folder)


@pytest.mark.parametrize("folder", ["ner"], indirect=True)
@pytest.mark.parametrize("content", [b"", b"x" * 99])
def test_a_broken_graph_is_refused(folder: Path, content: bytes) -> None:
    said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    said["clinsynth"]["runtime"] = "onnx"
    (folder / "config.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ConfigError, match="holds no model that can be opened"):
        opened(folder)


@pytest.mark.parametrize("folder", ["ner"], indirect=True)
def test_half_precision_computes_what_autocast_does(folder: Path) -> None:
    """Weights that are converted once give what converting them in every batch gives."""
    from transformers import AutoModelForTokenClassification

    network = AutoModelForTokenClassification.from_pretrained(folder).eval()
    ids = torch.tensor([[2, 8, 9, 10, 11, 3]])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        wanted = network(input_ids=ids).logits.float().numpy()
    assert logits(opened(folder, precision="bf16-mixed")).tolist() == wanted.tolist()
