"""Members are told from others where a model has learnt them by heart, and not where it has learnt fairly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clinsynth import datasets, tasks
from clinsynth.analysis.losses import losses
from clinsynth.analysis.membership import Attack, altered
from clinsynth.models import opened
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from support import Composed, sentence

EACH = 40


@pytest.mark.parametrize(("passes", "lr"), [(60, 5e-3), (1, 1e-4)], ids=["by heart", "fairly"])
def test_what_was_learnt_by_heart_is_given_away(
    composed: Composed, tiny_student: Callable[..., Any], tmp_path: Path, passes: int, lr: float
) -> None:
    dataset = composed("train", "dataset=sample_ner").dataset
    task = tasks.open(dataset)
    gold = datasets.open_gold(task, data=Path("data"))
    members, others = list(gold.train)[:EACH], list(gold.test)[:EACH]
    student = tiny_student(dataset, members, epochs=passes, lr=lr)
    student.fit(report=lambda measured: None)
    student.save(tmp_path / "model")
    with closing(opened(tmp_path / "model")) as model:
        found = losses(model, [*members, *others], kind=task.kind, labels=task.labels)
    attack = Attack(-found[:EACH], -found[EACH:])
    low, high = attack.spread(seed=0)
    assert low < attack.auc < high
    if passes > 1:
        assert attack.auc > 0.8
        assert low > 0.5
    else:
        assert low < 0.5 < high or attack.auc < 0.6


def test_an_attack_is_measured_as_it_should_be() -> None:
    attack = Attack(np.array([4.0, 3.0, 1.0]), np.array([2.0, 1.0]))
    assert attack.auc == pytest.approx((1 + 1 + 1 + 1 + 0 + 0.5) / 6)
    assert (attack.allowed, attack.worst) == (1, pytest.approx(2 / 3))
    many = Attack(np.linspace(0, 1, 300), np.linspace(0, 1, 300))
    assert many.allowed == 3
    assert many.spread(seed=0)[0] < 0.5 < many.spread(seed=0)[1]
    found = many.metrics("loss", seed=0)
    assert found["membership/loss_false_positives"] == 0.01
    false, true = attack.roc()
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("task", "example", "kept"),
    [
        ("ner", sentence("She/O has/O mild/B ataxia/I ./O"), ["mild", "ataxia"]),
        ("relation", Relation("We link @GENE$ to @DISEASE$ here", "Yes"), ["@GENE$", "@DISEASE$"]),
        ("multilabel", Note("He lines up cars all day", ("A1",)), []),
    ],
)
def test_a_neighbour_has_other_words_and_the_same_labels(task: str, example: Any, kept: list[str]) -> None:
    (several,) = altered([example], of=tasks.kind(task).examples, words=["other"], number=5)
    assert len(several) == 5
    for one in several:
        assert one.text.split().count("other") == 1
        assert all(word in one.text for word in kept)
        assert one.label == example.label
        assert [entity["label"] for entity in one.entities()] == [entity["label"] for entity in example.entities()]


@pytest.mark.parametrize(
    ("task", "example", "labels", "rows", "expected"),
    [
        ("relation", Relation("@GENE$ @DISEASE$", "Yes"), ("No", "Yes"), [[0.1, 0.9]], [0.9]),
        ("ner", sentence("mild/O ataxia/B"), ("O", "B-Disease"), [[0.1, 0.9]] * 2, [0.1, 0.9]),
        ("multilabel", Note("text", ("A1",)), ("A1", "A2"), [[0.2, 0.8], [0.7, 0.3]], [0.8, 0.7]),
    ],
)
def test_losses_are_of_the_labels(
    task: str, example: Any, labels: tuple[str, ...], rows: list[list[float]], expected: list[float]
) -> None:
    model: Any = SimpleNamespace(probabilities=lambda examples: [np.array(rows)])
    assert losses(model, [example], kind=tasks.kind(task), labels=labels) == pytest.approx([-np.log(expected).mean()])
