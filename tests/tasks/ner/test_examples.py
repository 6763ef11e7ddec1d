from __future__ import annotations

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
