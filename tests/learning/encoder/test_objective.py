"""The losses that labels pull with which may be wrong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from clinsynth.errors import ConfigError
from clinsynth.learning.encoder import backbones
from clinsynth.learning.encoder.objective import Objective, objective
from clinsynth.tasks import one_label
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.ner import model, span_model, word_model
from clinsynth.tasks.relation import model as relation
from clinsynth.text.entities import Sentence, Span

LABELS = ("O", "B-Disease", "I-Disease")
SICK = Sentence(("has", "gout"), (Span(1, 2, "Disease"),))


@pytest.mark.parametrize(("q", "expected"), [(1.0, 0.5), (0.5, (1 - 0.5**0.5) / 0.5), (1e-3, 0.693)])
def test_generalised_cross_entropy_lies_between_two_losses(q: float, expected: float) -> None:
    likelihood = torch.tensor([0.5]).log()
    assert Objective("generalised", q).mean(likelihood).item() == pytest.approx(expected, abs=1e-3)


def test_a_label_counts_by_its_weights() -> None:
    likelihood = torch.tensor([0.5, 0.25]).log()
    found = Objective().mean(likelihood, weights=[torch.tensor([1.0, 0.5]), torch.tensor([1.0, 0.0])])
    assert found.item() == pytest.approx(-torch.tensor(0.5).log().item())


def loss(of: Any, *sentences: Sentence, backbone: Path, **how: Any) -> tuple[float, dict[str, torch.Tensor]]:
    """Return the loss of sentences by an untrained model without dropout, and their batch."""
    tokenizer = backbones.tokenizer(str(backbone), None)
    torch.manual_seed(0)
    built = of.build(str(backbone), labels=LABELS)
    tuner = of.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0, objective=Objective(**how)).eval()
    encoded = of.encode(sentences, tokenizer=tokenizer, labels=LABELS, max_length=32)
    batch = of.collator(tokenizer)([item.inputs for item in encoded])
    return tuner.loss(dict(batch)).item(), batch


def test_words_of_which_nobody_is_sure_teach_nothing(tiny_bert: Path) -> None:
    sure = Sentence(SICK.tokens, SICK.spans, confidence=(1.0, 0.0))
    same = Sentence(SICK.tokens, confidence=(1.0, 0.0))
    weighted = loss(model, sure, backbone=tiny_bert, weighted=True)[0]
    assert weighted == pytest.approx(loss(model, same, backbone=tiny_bert, weighted=True)[0])
    assert loss(model, sure, backbone=tiny_bert)[0] != pytest.approx(loss(model, same, backbone=tiny_bert)[0])
    assert loss(model, sure, backbone=tiny_bert)[0] == pytest.approx(loss(model, SICK, backbone=tiny_bert)[0])


def test_a_sentence_that_says_nothing_counts_as_sure(tiny_bert: Path) -> None:
    unsure = Sentence(("gout",), (Span(0, 1, "Disease"),), confidence=(0.5,))
    _, batch = loss(model, SICK, unsure, backbone=tiny_bert)
    assert [round(one, 2) for one in batch["weights"].sum(-1).tolist()] == [2.0, 0.5]


def test_all_pieces_of_a_word_are_learnt_as_one_word(tiny_bert: Path) -> None:
    long = Sentence(("has", "goutyarthritisx"), (Span(1, 2, "Disease"),))
    _, batch = loss(word_model, long, backbone=tiny_bert)
    learnt = batch["labels"] != -100
    assert int(learnt.sum()) > 2
    assert batch["shares"].sum().item() == pytest.approx(2.0)
    assert set(batch["labels"][learnt].tolist()) == {0, 1}


def test_a_text_counts_by_how_sure_its_label_is(tiny_bert: Path) -> None:
    """One of which nobody is sure teaches nothing, and gold, of which nothing is said, counts whole."""
    tokenizer = backbones.tokenizer(str(tiny_bert), None)

    def loss_of(*sure: float | None, labels: str = "ab", weighted: bool = True) -> float:
        torch.manual_seed(0)
        built = relation.build(str(tiny_bert), labels=("a", "b"))
        how = Objective(weighted=weighted)
        tuner = one_label.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0, objective=how).eval()
        texts = [Classified("has gout", label, confidence=one) for label, one in zip(labels, sure, strict=True)]
        encoded = one_label.encode(texts, tokenizer=tokenizer, labels=("a", "b"), max_length=32)
        return tuner.loss(dict(relation.collator(tokenizer)([item.inputs for item in encoded]))).item()

    assert loss_of(None, 0.0) == pytest.approx(loss_of(None, labels="a"))
    assert loss_of(0.5, 0.5) == pytest.approx(loss_of(None, None)) != pytest.approx(loss_of(0.9, 0.1))
    assert loss_of(0.9, 0.1, weighted=False) == pytest.approx(loss_of(None, None))


def test_models_without_one_label_refuse_the_loss() -> None:
    trainer: Any = SimpleNamespace(loss="generalised", q=0.7, weights="none")
    assert objective(trainer, of=one_label.FineTuner, task="relation").q == 0.7
    with pytest.raises(ConfigError, match=r"trainer\.loss=generalised is of models that choose one label"):
        objective(trainer, of=span_model.FineTuner, task="ner")
    trainer.loss, trainer.weights = "cross_entropy", "confidence"
    assert objective(trainer, of=one_label.FineTuner, task="relation").weighted
    with pytest.raises(ConfigError, match=r"trainer\.weights=confidence: with backbone\.head=span ner has no labels"):
        objective(trainer, of=span_model.FineTuner, task="ner")
