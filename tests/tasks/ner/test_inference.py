"""Texts are cut for reading as gold documents are cut for training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.task import Reader
from clinsynth.tasks import ner
from clinsynth.tasks.ner import inference, model
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.documents import read_documents

LABELS = ("O", "B-Disease", "I-Disease")
NOTE = (
    "HISTORY: Seen by Dr. Lee for acute gout.\nTakes aspirin b.i.d. with food;  痛风 is no worse. " + "No fever " * 30
)


def reader(tokenizer: Any, *, sentences: str | None = "en") -> Reader:
    return Reader(tokenizer, LABELS, (), size=32, overlap=0.25, sentences=sentences)


@pytest.mark.parametrize("documents", ["sentences", "windows"])
def test_training_and_reading_cut_alike(tokenizer: Any, documents: str) -> None:
    dataset = NerDataset("mine", "ner", entity_type="Disease", documents=documents)
    examples = read_documents([AnnotatedText(NOTE, "a")], path=Path("a"), dataset=dataset)
    learnt = model.encode(examples, tokenizer=tokenizer, labels=LABELS, max_length=32)
    language = ner.kind().sentences
    assert language is not None
    (read,) = inference.cut([NOTE], reader=reader(tokenizer, sentences=language(dataset, examples)))
    assert [window.inputs["input_ids"] for window in read.windows] == [item.inputs["input_ids"] for item in learnt]
    assert [len(window.pieces or ()) for window in read.windows] == [len(item.words) for item in learnt]
    assert len(read.windows) > 3


def test_no_span_goes_on_in_the_next_sentence(tokenizer: Any) -> None:
    text = "mild gout. Fever went."
    (cut,) = inference.cut([text], reader=reader(tokenizer))
    assert cut.sentences == (3, 3)
    tags = ["O", "O", "B-Disease", "I-Disease", "I-Disease", "O"]
    rows = np.eye(3, dtype=np.float32)[[LABELS.index(tag) for tag in tags]] * 0.9 + 0.03
    found = inference.answer(cut, outputs=[rows[:3], rows[3:]], labels=LABELS)["spans"]
    assert [(span["text"], span["start"]) for span in found] == [(".", 9), ("Fever went", 11)]


def test_texts_without_words_are_read_to_nothing(tokenizer: Any) -> None:
    cuts = inference.cut(["", " \n", "gout"], reader=reader(tokenizer))
    assert [len(cut.windows) for cut in cuts] == [0, 0, 1]
    assert inference.answer(cuts[0], outputs=[], labels=LABELS) == {"spans": []}


def test_a_model_says_how_its_texts_were_cut() -> None:
    dataset = NerDataset("mine", "ner", entity_type="Disease", language="es")
    cut_by = ner.kind().sentences
    assert cut_by is not None
    text = AnnotatedText("gota", "a", (Mention(0, 4, "Disease"),))
    assert cut_by(dataset, read_documents([text], path=Path("a"), dataset=dataset)) == "es"
    words = AnnotatedText("gota", "a", words=((0, 4),))
    assert cut_by(dataset, read_documents([words], path=Path("a"), dataset=dataset)) is None
