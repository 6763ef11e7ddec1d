from __future__ import annotations

from typing import Any

import pytest

from clinsynth.tasks.ner import examples
from support import sentence


def test_a_corpus_line_is_read_back() -> None:
    example = sentence("mild/O ataxia/B telangiectasia/I gout/B")
    assert examples.from_json(example.to_json()) == example


def test_counts_that_are_reported() -> None:
    two = [sentence("mild/O ataxia/B"), sentence("DMD/B ./O")]
    assert examples.describe([*two, sentence("nothing")]) == {"sentences": 3, "mentions": 2, "none": 1}
    typed = [*two, sentence("ECG/B", label="Test")]
    assert examples.describe(typed) == {"sentences": 3, "mentions": 3, "of Disease": 2, "of Test": 1, "none": 0}
    assert examples.describe([]) == {"sentences": 0, "mentions": 0, "none": 0}


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ({}, ()),
        ({"word_confidences": [0.9, 0.5]}, (0.9, 0.5)),
        ({"word_confidences": [0.9]}, ()),
        ({"confidence": 0.7}, (0.7, 0.7)),
        ({"scores": [0.6667], "confidence": 0.1}, (1.0, 0.6667)),
        ({"confidence": None}, ()),
    ],
)
def test_a_row_may_say_how_sure_its_labels_are(said: dict[str, Any], sure: tuple[float, ...]) -> None:
    row = {"tokens": ["has", "gout"], "tags": ["O", "B-Disease"]}
    assert examples.from_json(row | said).confidence == sure
    assert examples.from_json(examples.from_json(row | said).to_json()).confidence == tuple(
        round(one, 3) for one in sure
    )
