"""Words that are labelled as elsewhere in their document, where a model is unsure of them."""

from __future__ import annotations

import numpy as np
import pytest

from clinsynth.task import Alike
from clinsynth.tasks.ner.consistency import consistent
from clinsynth.tasks.ner.rows import pooled, read_rows
from clinsynth.text.entities import Origin, Sentence

LABELS = ("O", "B-Disease", "I-Disease")


def read(*sentences: tuple[str, str, dict[str, float]], how: Alike) -> list[list[str]]:
    """Return the mentions of sentences of documents, in which words are the beginning of a disease so surely."""
    examples, rows = [], []
    for document, text, sure in sentences:
        words = text.split()
        ends = np.cumsum([len(word) + 1 for word in words])
        places = tuple((int(end) - len(word) - 1, int(end) - 1) for word, end in zip(words, ends, strict=True))
        examples.append(Sentence(tuple(words), origin=Origin(document, 0, text, places)))
        rows.append(np.array([[1 - (one := sure.get(word, 0.0)), one, 0.0] for word in words], dtype=np.float32))
    found, _ = consistent(read_rows(examples, rows=rows, labels=LABELS), rows=rows, labels=LABELS, how=how)
    return [sentence.mentions for sentence in found]


@pytest.mark.parametrize(
    ("scope", "found"),
    [("document", [["gout"], ["gout"], []]), ("corpus", [["gout"], ["gout"], ["gout"]]), (None, [["gout"], [], []])],
)
def test_where_the_model_is_unsure_other_places_decide(scope: str | None, found: list[list[str]]) -> None:
    texts = (("1", "has gout", {"gout": 0.95}), ("1", "the gout", {"gout": 0.4}), ("2", "a gout", {"gout": 0.4}))
    assert read(*texts, how=Alike(scope)) == found


def test_where_the_model_is_sure_it_has_its_way() -> None:
    texts = (("1", "has gout", {"gout": 0.95}), ("1", "no gout", {"gout": 0.05}))
    assert read(*texts, how=Alike("document")) == [["gout"], []]


def test_what_most_places_leave_out_is_left_out() -> None:
    texts = (
        ("1", "cases grew", {"cases": 0.6}),
        ("1", "cases fell", {"cases": 0.05}),
        ("1", "of cases", {"cases": 0.1}),
    )
    assert read(*texts, how=Alike("document")) == [[], [], []]


def test_it_is_told_how_sure_all_places_are_of_what_they_have_decided() -> None:
    examples = [Sentence(("has", "gout")), Sentence(("the", "gout")), Sentence(("of", "cases")), Sentence(("cases",))]
    sure = [[0.0, 0.95], [0.0, 0.4], [0.0, 0.6], [0.05]]
    rows = [np.array([[1 - one, one, 0.0] for one in row], dtype=np.float32) for row in sure]
    plain = read_rows(examples, rows=rows, labels=LABELS)
    found, votes = consistent(plain, rows=rows, labels=LABELS, how=Alike("corpus"))
    assert [one.mentions for one in found] == [["gout"], ["gout"], [], []]
    assert [list(one) for one in votes] == [[], [1], [1], []]
    assert votes[1][1] == pytest.approx((0.95 + 0.4) / 2)
    assert votes[2][1] == pytest.approx(1 - (0.6 + 0.05) / 2)


def test_an_abbreviation_is_labelled_as_its_long_form() -> None:
    texts = (
        ("1", "with gouty arthritis ( GA ) today", {"arthritis": 0.0, "gouty": 0.0}),
        ("1", "the GA was", {"GA": 0.45}),
        ("1", "of GA again", {"GA": 0.97}),
    )
    assert read(*texts, how=Alike(abbreviations=True))[1] == []  # of which nobody is sure
    told = (("1", "the Gout ( GT ) is", {"Gout": 0.99, "GT": 0.3}), ("1", "his GT grew", {"GT": 0.3}))
    assert read(*told, how=Alike()) == [["Gout"], []]
    assert read(*told, how=Alike(abbreviations=True)) == [["Gout", "GT"], ["GT"]]


def test_pieces_of_a_word_speak_together() -> None:
    output = np.array([[0.5, 0.5], [0.1, 0.9], [0.8, 0.2]], dtype=np.float32)
    assert pooled(output, words=(0, 1, 2)) is output
    together = pooled(output, words=(0, 0, 1))
    assert together.shape == (2, 2)
    assert together[0] == pytest.approx([0.25, 0.75])
    assert together[1] == pytest.approx([0.8, 0.2])
