"""spaCy's documents get what `clinsynth predict` says, with the same offsets."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clinsynth

spacy = pytest.importorskip("spacy")

SPACES = (" ", "  ", "\n", "\t", "\u00a0", " \n\n ", "\u2009")


def odd(words: list[str], draw: random.Random) -> str:
    """A text with spaces of all kinds, and words that spaCy cuts otherwise than gold is."""
    parts = [draw.choice(words) + draw.choice(["", "", "-positive", "/ml", ".", "'s", "€5", ")"]) for _ in range(12)]
    return draw.choice(["", " ", "\n"]) + "".join(part + draw.choice(SPACES) for part in parts)


def test_offsets_are_those_of_predict(marking_model: Path, sample_words: list[str]) -> None:
    draw = random.Random(0)
    texts = [odd(sample_words, draw) for _ in range(500)]
    nlp = spacy.blank("en")
    nlp.add_pipe("clinsynth", config={"model": str(marking_model), "accelerator": "cpu"})
    wanted = clinsynth.load_model(marking_model, "predict.accelerator=cpu").predict(texts)
    docs = list(nlp.pipe(texts))
    assert sum(map(len, wanted)) > 500
    for text, doc, spans in zip(texts, docs, wanted, strict=True):
        places = [(span.start, span.end, span.label) for span in spans]
        assert doc.text == text
        assert [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents] == places
        assert doc.spans["clinsynth"].attrs["scores"] == [span.score for span in spans]
    assert [entity.text for entity in nlp(texts[0]).ents] == [span.text for span in wanted[0]]


def test_labels_of_a_text_are_its_categories(tiny_student: Callable[..., Any], workspace: Path) -> None:
    settings = clinsynth.compose("train", "dataset=sample_asd").settings
    rows = list(clinsynth.load_dataset("sample_asd").train)[:4]
    tiny_student(settings.dataset, rows, epochs=1, lr=1e-4).save(workspace / "model")
    nlp = spacy.blank("en")
    nlp.add_pipe("clinsynth", config={"model": str(workspace / "model")})
    doc = nlp("He lines up his cars.")
    assert doc.cats == next(clinsynth.load_model(workspace / "model").read([doc.text]))["labels"]
    assert not doc.ents
