"""Sentences in which nobody has marked entities of some types: what both heads learn of them, and what they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from clinsynth.learning.encoder import backbones
from clinsynth.learning.learner import Student
from clinsynth.tasks.ner import examples as form
from clinsynth.tasks.ner import model, span_model
from clinsynth.tasks.ner.completing import NerPartial
from clinsynth.tasks.ner.config import EntityType, NerDataset
from clinsynth.tasks.ner.counts import count
from clinsynth.text.entities import Sentence, Span
from clinsynth.types import Unlabelled
from support import gold

DATASET = NerDataset("mine", "ner", entity_types={"Disease": EntityType(), "Drug": EntityType()})
DISEASES, DRUGS = ("gout", "ataxia", "asthma", "angina"), ("aspirin", "heparin", "lithium", "insulin")


def halves() -> tuple[Sentence, ...]:
    """Every disease and every drug, each marked in one half of the sentences alone."""
    found = []
    for disease in DISEASES:
        for drug in DRUGS:
            words = ("no", disease, "after", drug, "today")
            found.append(Sentence(words, (Span(1, 2, "Disease"),), unlabelled=("Drug",)))
            found.append(Sentence(words, (Span(3, 4, "Drug"),), unlabelled=("Disease",)))
    return tuple(found)


def whole() -> tuple[Sentence, ...]:
    return tuple(
        Sentence(("no", disease, "after", drug, "today"), (Span(1, 2, "Disease"), Span(3, 4, "Drug")))
        for disease in DISEASES
        for drug in DRUGS
    )


@pytest.mark.parametrize("head", ["token", "span"])
def test_two_halves_make_a_whole(head: str, tiny_student: Callable[..., Student]) -> None:
    """As outside each half says no of what the other says yes; masked they agree."""
    test = whole()

    def learnt(train: Sequence[Sentence]) -> list[Sentence]:
        student = tiny_student(DATASET, train, epochs=12, lr=5e-3, head=head)
        student.fit(report=lambda measured: None)
        return list(student.predict(test).predicted)

    found = count(test, learnt(halves())).sum(axis=0)
    assert found.tolist() == [32, 32, 32]
    outside = tuple(replace(sentence, unlabelled=()) for sentence in halves())
    contradicted = count(test, learnt(outside)).sum(axis=0)
    assert contradicted[0] < 32


def batch_of(built: Any, *sentences: Sentence, of: Any, tokenizer: Any) -> dict[str, Any]:
    encoded = of.encode(sentences, tokenizer=tokenizer, labels=DATASET.labels, max_length=32)
    return dict(of.collator(tokenizer)([item.inputs for item in encoded]))


@pytest.mark.parametrize("of", [model, span_model])
def test_without_open_types_the_loss_is_the_usual_one(of: Any, tiny_bert: Path) -> None:
    """Of a batch in which another sentence has open types, too."""
    tokenizer = backbones.tokenizer(str(tiny_bert), None)
    torch.manual_seed(0)
    tuner = of.FineTuner(of.build(str(tiny_bert), labels=DATASET.labels), lr=1e-3, warmup=0.0, weight_decay=0.0).eval()
    plain, half = whole()[0], replace(whole()[1], unlabelled=("Drug",))
    usual = tuner.loss(batch_of(tuner, plain, of=of, tokenizer=tokenizer))
    both = of.encode([plain, half], tokenizer=tokenizer, labels=DATASET.labels, max_length=32)
    alone = dict(of.collator(tokenizer)([both[0].inputs]))
    assert "open" in alone
    assert not alone["open"].any()
    assert tuner.loss(alone).item() == pytest.approx(usual.item(), rel=1e-5)


def test_a_word_outside_may_be_of_an_open_type(tiny_bert: Path) -> None:
    tokenizer = backbones.tokenizer(str(tiny_bert), None)
    torch.manual_seed(0)
    built = model.build(str(tiny_bert), labels=DATASET.labels)
    tuner = model.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0).eval()
    half = Sentence(("no", "gout", "after"), (Span(1, 2, "Disease"),), unlabelled=("Drug",))
    batch = batch_of(tuner, half, of=model, tokenizer=tokenizer)
    logits = tuner._forward(batch).logits[0][batch["labels"][0] != -100]
    probabilities = logits.softmax(-1)
    outside, disease = DATASET.labels.index("O"), DATASET.labels.index("B-Disease")
    drugs = [DATASET.labels.index(f"{kind}-Drug") for kind in "BI"]
    may_be = [probabilities[word, [outside, *drugs]].sum() for word in (0, 2)]
    expected = -(may_be[0].log() + probabilities[1, disease].log() + may_be[1].log()) / 3
    assert tuner.loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_model_is_not_blamed_for_what_nobody_has_marked() -> None:
    half = halves()[0]
    found = half.predicted([Span(1, 2, "Disease"), Span(3, 4, "Drug")], scores=[0.9, 0.8])
    assert (found.spans, found.scores) == ((Span(1, 2, "Disease"),), (0.9,))
    both = replace(half, unlabelled=()).predicted([Span(1, 2, "Disease"), Span(3, 4, "Drug")], scores=[0.9, 0.8])
    assert len(both.spans) == 2


def test_rows_keep_what_is_open() -> None:
    half, plain = halves()[0], whole()[0]
    assert form.from_json(half.to_json()) == half
    assert "unlabelled" not in plain.to_json()


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        (("O", "B-Drug", "I-Drug"), ("Disease",)),
        (("O", "B-Disease", "I-Disease", "B-Drug", "I-Drug"), ()),
        (("O", "B-Gene", "I-Gene"), None),
        (("O", "B-Gene", "I-Gene", "B-Drug", "I-Drug"), None),
        (("O",), None),
    ],
)
def test_what_labels_lack(labels: tuple[str, ...], missing: tuple[str, ...] | None) -> None:
    assert NerPartial(DATASET).missing(labels) == missing


def test_three_ways_to_complete_a_sentence() -> None:
    half = Sentence(("Gout", "after", "lithium", "ataxia"), (Span(2, 4, "Drug"),))
    known = gold(Sentence(("gout", "or", "ataxia"), (Span(0, 1, "Disease"), Span(2, 3, "Disease"))))

    def completed(how: Unlabelled, **parts: Any) -> Sentence:
        found: Sentence = NerPartial(DATASET).completed(["Disease"], how=how, gold=replace(known, **parts))(half)
        return found

    assert completed(Unlabelled.outside) == half
    assert completed(Unlabelled.masked) == replace(half, unlabelled=("Disease",))
    assert completed(Unlabelled.lexicon).spans == (Span(0, 1, "Disease"), Span(2, 4, "Drug"))
    listed = completed(Unlabelled.lexicon, units=("Disease:after", "Drug:gout"))
    assert listed.spans == (Span(1, 2, "Disease"), Span(2, 4, "Drug"))
