from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clinsynth import tasks
from clinsynth.learning.encoder import backbones
from clinsynth.learning.encoder.objective import Objective
from clinsynth.tasks.multilabel import model
from clinsynth.tasks.multilabel.config import MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note

LABELS = ("A1", "A2", "B4")
NOTES = [
    Note("Covers his ears when the bell rings.", ("A2", "B4")),
    Note("Sleeps well.", ()),
    Note("Does not answer to his name in most of the trials that were made today.", ("A1",), weight=0.25),
]


def head(built: Any) -> Any:
    return getattr(built.classifier, "out_proj", built.classifier)


def fresh(tiny_backbone: Path) -> Any:
    """With a head of large weights, so that no two notes have the same probabilities."""
    torch.manual_seed(1)
    found = backbones.load_backbone(model.build, str(tiny_backbone), revision=None, labels=LABELS)
    with torch.no_grad():
        head(found).weight.mul_(100)
    return found


@pytest.fixture(scope="module")
def built(tiny_backbone: Path) -> Any:
    """Nobody changes it."""
    return fresh(tiny_backbone).eval()


def tuning(built: Any) -> Any:
    """Without dropout, so that the same batch has the same loss."""
    return model.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0).eval()


def encoded(notes: Sequence[Note], tokenizer: Any) -> list[Any]:
    return model.encode(notes, tokenizer=tokenizer, labels=LABELS, max_length=64)


def batch(notes: Sequence[Note], tokenizer: Any) -> Any:
    items = encoded(notes, tokenizer)
    return model.collator(tokenizer)([item.inputs | {"index": place} for place, item in enumerate(items)])


def weighted(*weights: float) -> list[Note]:
    return [replace(note, weight=weight) for note, weight in zip(NOTES, weights, strict=True)]


def loss(tuner: Any, notes: Sequence[Note], tokenizer: Any) -> float:
    with torch.no_grad():
        return float(tuner.loss(batch(notes, tokenizer)))


def answers(tuner: Any, tokenizer: Any) -> list[NDArray[np.float32]]:
    with torch.no_grad():
        found = tuner.predict_step(batch(NOTES, tokenizer), 0)
    return [found[place] for place in range(len(NOTES))]


def test_a_note_has_a_target_for_each_label(tokenizer: Any) -> None:
    items = encoded(NOTES, tokenizer)
    assert [item.inputs["labels"] for item in items] == [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert [item.inputs["weight"] for item in items] == [1.0, 1.0, 0.25]
    for note, item in zip(NOTES, items, strict=True):
        assert item.inputs["input_ids"] == tokenizer(note.text)["input_ids"]


def test_a_batch_keeps_targets_and_weights(tokenizer: Any) -> None:
    found = batch(NOTES, tokenizer)
    assert found["labels"].tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert found["labels"].dtype == found["weight"].dtype == torch.float32
    assert found["weight"].tolist() == [1.0, 1.0, 0.25]
    assert found["index"].tolist() == [0, 1, 2]


def test_the_loss_is_that_of_each_label_on_its_own(built: Any, tokenizer: Any) -> None:
    said = np.array(answers(tuning(built), tokenizer), dtype=np.float64)
    truth = np.array([[label in note.labels for label in LABELS] for note in NOTES])
    each = -np.log(np.where(truth, said, 1 - said)).mean(axis=1)
    for weights in ((1.0, 1.0, 1.0), (0.5, 1.0, 0.25), (0.0, 0.0, 1.0)):
        expected = (each * weights).mean()
        assert loss(tuning(built), weighted(*weights), tokenizer) == pytest.approx(expected, abs=1e-5)


def test_a_text_counts_by_how_sure_it_is_where_that_is_asked_for(built: Any, tokenizer: Any) -> None:
    """One of which nothing is known counts whole; its own weight counts, too."""
    notes = [replace(NOTES[0], confidence=0.5), NOTES[1], replace(NOTES[2], confidence=0.1)]
    alone = [loss(tuning(built), [note], tokenizer) for note in NOTES]
    asked = model.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0, objective=Objective(weighted=True)).eval()
    sure = np.array([0.5, 1.0, 0.1])
    assert loss(asked, notes, tokenizer) == pytest.approx((alone * sure).sum() / sure.sum(), abs=1e-5)
    assert float(asked.counted(batch(notes, tokenizer))) == pytest.approx(1.6)
    assert loss(tuning(built), notes, tokenizer) == pytest.approx(np.mean(alone), abs=1e-5)
    assert loss(asked, NOTES, tokenizer) == pytest.approx(np.mean(alone), abs=1e-5)


def test_what_weighs_nothing_teaches_nothing(tiny_backbone: Path, tokenizer: Any) -> None:
    """Neither its loss nor its gradient is there; an opposite target changes neither."""

    def learnt(notes: Sequence[Note]) -> tuple[float, list[torch.Tensor]]:
        tuner = tuning(fresh(tiny_backbone))
        found = tuner.loss(batch(notes, tokenizer))
        found.backward()
        gradients = [weight.grad.clone() for weight in tuner.parameters() if weight.grad is not None]
        return float(found.detach()), gradients

    notes = weighted(1.0, 0.0, 0.5)
    opposite = [notes[0], replace(notes[1], labels=LABELS), notes[2]]
    (first, gradient), (second, same) = learnt(notes), learnt(opposite)
    assert first == second > 0
    assert gradient
    assert all(torch.equal(left, right) for left, right in zip(gradient, same, strict=True))
    (third, other) = learnt([replace(note, weight=note.weight or 0.1) for note in opposite])
    assert third > first
    assert not all(torch.equal(left, right) for left, right in zip(gradient, other, strict=True))
    nothing, zeros = learnt(weighted(0.0, 0.0, 0.0))
    assert nothing == 0
    assert not any(bool(found.any()) for found in zeros)


def test_the_model_never_sees_place_and_weight(built: Any, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    forward = built.forward

    def noted(*given: Any, **named: Any) -> Any:
        assert not given
        seen.append(set(named))
        return forward(**named)

    monkeypatch.setattr(built, "forward", noted)
    tuner = tuning(built)
    loss(tuner, NOTES, tokenizer)
    answers(tuner, tokenizer)
    assert len(seen) == 2
    assert all(names == {*tokenizer.model_input_names, "labels"} for names in seen)


def shares(*labels: str) -> list[Note]:
    """`"A1 B4"` is a note of which these hold."""
    return [Note(f"note {place}", tuple(named.split())) for place, named in enumerate(labels)]


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        (shares("A1", "A1 A2", "A1", ""), (0.75, 0.25, 0.01)),
        (shares("A1", "A2", "B4", "", ""), (0.2, 0.2, 0.2)),
        (shares("A1 A2"), (0.99, 0.99, 0.01)),  # never surer than that
        (shares(*["B4"] * 3, *[""] * 3), (0.01, 0.01, 0.5)),
    ],
)
def test_a_primed_head_begins_with_how_often_a_label_holds(
    notes: list[Note], expected: Sequence[float], tiny_backbone: Path, tokenizer: Any
) -> None:
    found = fresh(tiny_backbone)
    tuner = tuning(found)
    before = {name: value.clone() for name, value in found.state_dict().items()}
    tuner.prime(encoded(notes, tokenizer))
    changed = [name for name, value in found.state_dict().items() if not torch.equal(value, before[name])]
    assert changed in (["classifier.bias"], ["classifier.out_proj.bias"])
    bias = head(found).bias
    assert bias.tolist() == pytest.approx([math.log(share / (1 - share)) for share in expected], abs=1e-4)
    assert bias.sigmoid().tolist() == pytest.approx(expected, abs=1e-5)
    assert bias.requires_grad


def test_a_backbone_as_wide_as_there_are_labels_is_primed_at_its_head(tiny_bert: Path) -> None:
    """32 labels, and layers with 32 outputs."""
    tokenizer = backbones.tokenizer(str(tiny_bert), None)
    labels = [f"L{number}" for number in range(32)]
    found = backbones.load_backbone(model.build, str(tiny_bert), revision=None, labels=labels)
    before = {name: value.clone() for name, value in found.state_dict().items()}
    tuning(found).prime(model.encode(shares("L3", ""), tokenizer=tokenizer, labels=labels, max_length=64))
    changed = [name for name, value in found.state_dict().items() if not torch.equal(value, before[name])]
    assert changed == ["classifier.bias"]
    assert found.classifier.bias[3] == 0


def test_an_output_is_the_probability_of_each_label(built: Any, tokenizer: Any) -> None:
    found = answers(tuning(built), tokenizer)
    for place, item in enumerate(encoded(NOTES, tokenizer)):
        alone = {name: torch.tensor([item.inputs[name]]) for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            logits = built(**alone).logits
        assert found[place].shape == (3,)
        assert found[place] == pytest.approx(logits[0].sigmoid().numpy(), abs=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-4


def test_outputs_become_labels_with_all_probabilities(tokenizer: Any) -> None:
    outputs = [np.array(row, dtype=np.float32) for row in ((0.5, 0.49, 1.0), (0.1, 0.2, 0.3), (0.9, 0.8, 0.7))]
    found = model.predictions(NOTES, encoded=encoded(NOTES, tokenizer), outputs=outputs, labels=LABELS)
    assert [note.labels for note in found] == [("A1", "B4"), (), LABELS]
    assert [note.text for note in found] == [note.text for note in NOTES]
    for note, row in zip(found, outputs, strict=True):
        assert dict(note.scores) == pytest.approx(dict(zip(LABELS, row, strict=True)))
    assert [note.scores for note in NOTES] == [()] * 3


@pytest.mark.parametrize("rows", [[[0.5, 0.5, 0.5]] * 2, [[0.5, 0.5]] * 3])
def test_outputs_that_do_not_pair_are_refused(rows: list[list[float]], tokenizer: Any) -> None:
    outputs = [np.array(row, dtype=np.float32) for row in rows]
    with pytest.raises(ValueError, match="zip"):
        model.predictions(NOTES, encoded=encoded(NOTES, tokenizer), outputs=outputs, labels=LABELS)


def test_no_notes_are_encoded_to_nothing(tokenizer: Any) -> None:
    assert encoded([], tokenizer) == []
    assert model.predictions([], encoded=[], outputs=[], labels=LABELS) == []


def test_a_saved_model_answers_alike(built: Any, tokenizer: Any, tmp_path: Path) -> None:
    from transformers import pipeline

    built.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    judge = pipeline("text-classification", str(tmp_path), device="cpu", top_k=None)
    for expected, note in zip(answers(tuning(built), tokenizer), NOTES, strict=True):
        (said,) = judge([note.text])
        found = {answer["label"]: answer["score"] for answer in said}
        assert found == pytest.approx(dict(zip(LABELS, map(float, expected), strict=True)), abs=1e-5)


def test_the_model_knows_its_labels_and_that_they_are_independent(built: Any) -> None:
    assert built.config.id2label == dict(enumerate(LABELS))
    assert built.config.label2id == {label: place for place, label in enumerate(LABELS)}
    assert built.config.problem_type == "multi_label_classification"


def test_there_are_no_markers_and_no_checkpoints() -> None:
    dataset = MultilabelDataset(name="m", task="multilabel", labels={"A1": "a"}, voice="v", criterion="c")
    assert tasks.open(dataset).markers == {}
    assert model.CHECKPOINTS is False


def test_the_usage_is_python(tmp_path: Path) -> None:
    lines = model.usage(tmp_path)
    compile(lines, "usage", "exec")
    assert f'"{tmp_path}"' in lines
    assert "top_k=None" in lines
