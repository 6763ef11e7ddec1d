"""Other ways to train one encoder: several devices, as two processes of this machine, and compiled."""

from __future__ import annotations

import json
import shutil
from functools import partialmethod
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from clinsynth import datasets, tasks
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner, several
from clinsynth.learning.sets import TrainingSet
from support import Composed

DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob")


@pytest.fixture
def without_dropout(tiny_bert: Path, tmp_path: Path) -> Path:
    """A backbone that learns the same whatever is drawn."""
    folder = tmp_path / "bert"
    shutil.copytree(tiny_bert, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | dict.fromkeys(DROPOUTS, 0.0)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def student(composed: Composed, backbone: Path, dataset: str, *words: str) -> tuple[Any, list[Any]]:
    """Return one that learns 13 examples in batches of three, and the ones that it is tried on."""
    passes = ("trainer.epochs=4", "trainer.max_epochs=4", "trainer.min_steps=0", "trainer.accelerator=cpu")
    small = (f"backbone.name_or_path={backbone}", "backbone.max_length=32", "backbone.batch_size=3", "backbone.lr=1e-3")
    settings = composed("train", f"dataset={dataset}", "trainer.precision=32-true", *passes, *small, *words)
    task = tasks.open(settings.dataset)
    examples = list(datasets.open_gold(task, data=Path("data")).train)
    arm = TrainingSet(tuple(examples[:19]), train=tuple(examples[:13]), devel=tuple(examples[13:19]))
    learner = open_learner("encoder")
    return learner.student(task, arm=arm, backbone=settings.backbone, trainer=settings.trainer, seed=0), examples[20:30]


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch traces what it is to compile, and has it computed as ever, which takes no minutes."""
    monkeypatch.setattr(torch.nn.Module, "compile", partialmethod(torch.nn.Module.compile, backend="eager"))


DEVICES = "trainer.devices=[0,1]"
FSDP = "trainer.strategy=fsdp"


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize(
    ("dataset", "way", "words"),
    [
        ("sample_ner", (DEVICES,), ()),
        ("sample_relation", (DEVICES,), ()),
        ("sample_relation", (DEVICES, FSDP), ()),
        ("sample_ner", (DEVICES, FSDP), ("trainer.average=2",)),
        ("sample_ner", ("trainer.compile=true",), ()),
    ],
)
def test_another_way_trains_an_encoder_as_one_device_does(
    dataset: str,
    way: tuple[str, ...],
    words: tuple[str, ...],
    composed: Composed,
    without_dropout: Path,
    tmp_path: Path,
) -> None:
    """To the same losses, devel scores, outputs and saved weights.

    The last batch of a pass is one example, too small for two.
    """

    def trained(*words: str) -> tuple[list[Any], list[Any], Any, dict[str, Any]]:
        made, tried = student(composed, without_dropout, dataset, *words)
        measured: list[Any] = []
        fitted = made.fit(report=measured.extend)
        made.save(tmp_path / "saved")
        loaded = made.task.kind.model().Auto.from_pretrained(tmp_path / "saved")
        return made.probabilities(tried), measured, fitted, loaded.state_dict()

    one, measured, fitted, weights = trained(*words)
    two, parted, together, saved = trained(*way, *words)
    assert measured
    assert [(name, step) for name, _, step in parted] == [(name, step) for name, _, step in measured]
    assert [value for _, value, _ in parted] == pytest.approx([value for _, value, _ in measured], rel=1e-3)
    assert together == fitted
    assert saved.keys() == weights.keys()
    for mine, other in zip(two, one, strict=True):
        np.testing.assert_allclose(mine, other, atol=2e-3)
    for name, weight in weights.items():
        np.testing.assert_allclose(saved[name], weight, atol=2e-4)


def test_fsdp_divides_weights_and_moments(composed: Composed, without_dropout: Path, tmp_path: Path) -> None:
    made, _ = student(composed, without_dropout, "sample_ner", DEVICES, FSDP, "trainer.epochs=1")

    def count() -> None:
        held = [value.to_local().numel() for value in made.tuner.parameters()]
        moments = [state["exp_avg"].to_local().numel() for state in made.tuner.optimizers().state.values()]
        noted = json.dumps([sum(held), sum(moments)])
        (tmp_path / f"{several.process()[0]}.json").write_text(noted, encoding="utf-8")

    made.tuner.on_train_end = count
    made.fit(report=lambda measured: None)
    parts = [json.loads((tmp_path / f"{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1)]
    whole = sum(value.numel() for value in made.tuner.parameters())
    assert sum(held for held, _ in parts) == whole
    assert max(held for held, _ in parts) < 0.6 * whole
    assert all(moments <= held for held, moments in parts)


@pytest.mark.parametrize("dataset", ["sample_ner", "sample_relation", "sample_asd", "sample_classes"])
def test_an_encoder_can_be_handed_to_a_new_process(dataset: str, composed: Composed, tiny_bert: Path) -> None:
    """As it is where several GPUs train."""
    made, _ = student(composed, tiny_bert, dataset)
    several.name_modules()
    tuner, data = ForkingPickler.loads(ForkingPickler.dumps((made.tuner, made.data)))
    assert len(list(data.train_dataloader())) == 5
    assert tuner.metric == made.tuner.metric


def test_a_compiler_that_is_not_here_is_said(
    composed: Composed, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ConfigError, match=r"needs a C\+\+ compiler \(no-such-compiler\), which is not here; leave"):
        student(composed, tiny_bert, "sample_ner", "trainer.compile=true")
