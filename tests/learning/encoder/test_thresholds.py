"""How sure a model has to be of a span: chosen on what is held out, kept to in scores and by a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner
from clinsynth.learning.encoder.opening import open_model
from clinsynth.learning.learner import Opening
from clinsynth.learning.sets import TrainingSet
from support import Composed, sentence

TRAIN = (sentence("has gout/B today"), sentence("was well today"), sentence("no gout/B was seen"))


def student(composed: Composed, backbone: Path, *words: str, devel: Any = TRAIN) -> Any:
    quick = ("trainer.epochs=15", "trainer.max_epochs=15", "trainer.min_steps=0", "trainer.accelerator=cpu")
    own = (f"backbone.name_or_path={backbone}", "backbone.lr=5e-3", "backbone.max_length=32", "backbone.batch_size=2")
    settings = composed("train", "dataset=sample_ner", *quick, *own, "trainer.thresholds=true", *words)
    return open_learner("encoder").student(
        tasks.open(settings.dataset),
        arm=TrainingSet(TRAIN, train=TRAIN, devel=devel),
        backbone=settings.backbone,
        trainer=settings.trainer,
        seed=0,
    )


def test_a_threshold_is_chosen_and_kept_to(composed: Composed, tiny_bert: Path, tmp_path: Path) -> None:
    found = student(composed, tiny_bert)
    found.fit(report=lambda measured: None)
    assert found.thresholds == {"Disease": 0.0}  # all that it finds is right
    assert found.predict(TRAIN).predicted == list(TRAIN)
    found.thresholds = {"Disease": 1.1}
    assert [example.spans for example in found.predict(TRAIN).predicted] == [(), (), ()]
    found.save(tmp_path / "model")
    model: Any = open_model(tmp_path / "model", kinds=tasks.kinds(), how=Opening(overlap=0.25, batch_tokens=64))
    assert model.read(["has gout today"]) == [{"spans": []}]


def test_nothing_to_choose_on_is_refused(composed: Composed, tiny_bert: Path) -> None:
    with pytest.raises(ConfigError, match=r"trainer\.thresholds=true chooses on examples that are held out"):
        student(composed, tiny_bert, devel=())


def test_a_task_without_mentions_refuses_thresholds(composed: Composed, tiny_bert: Path) -> None:
    with pytest.raises(ConfigError, match=r"trainer\.thresholds=true is of ner: relation has no mentions"):
        student(composed, tiny_bert, "dataset=sample_relation", devel=())


def test_a_model_of_whole_words_reads_as_it_has_learnt(composed: Composed, tiny_bert: Path, tmp_path: Path) -> None:
    """And so does one that labels words as elsewhere in their text."""
    own = ("backbone.head=word", "trainer.thresholds=false", "trainer.alike=document", "trainer.abbreviations=true")
    found = student(composed, tiny_bert, *own, "trainer.loss=generalised", "trainer.average=2")
    found.fit(report=lambda measured: None)
    assert found.predict(TRAIN).predicted == list(TRAIN)
    found.save(tmp_path / "model")
    model: Any = open_model(tmp_path / "model", kinds=tasks.kinds(), how=Opening(overlap=0.25, batch_tokens=64))
    assert (model.alike.scope, model.alike.abbreviations) == ("document", True)
    assert model.predict(TRAIN).predicted == list(TRAIN)
    read = model.read(["has gout today", ""])
    assert [[span["text"] for span in line["spans"]] for line in read] == [["gout"], []]
    rows = model.probabilities(TRAIN)
    assert [row.shape for row in rows] == [(3, 3), (3, 3), (4, 3)]
    assert rows[0].sum(-1) == pytest.approx(1.0, abs=1e-4)


def test_a_head_without_labels_of_words_has_none_alike(composed: Composed, tiny_bert: Path) -> None:
    with pytest.raises(ConfigError, match=r"trainer\.alike and trainer\.abbreviations are of ner"):
        student(composed, tiny_bert, "backbone.head=span", "trainer.alike=document")
