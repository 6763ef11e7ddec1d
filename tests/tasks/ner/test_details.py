from __future__ import annotations

from dataclasses import replace

import pytest

from clinsynth.tasks.ner.details import confidence, detailed, further
from clinsynth.tasks.ner.scores import evaluate
from clinsynth.text.entities import Origin, Sentence, Span
from clinsynth.types import Predictions


def marked(words: str, *spans: tuple[int, int, str], document: str = "") -> Sentence:
    tokens = tuple(words.split())
    found = Sentence(tokens, tuple(Span(*span) for span in spans))
    if not document:
        return found
    text, places, end = " ".join(tokens), [], -1
    for word in tokens:
        places.append((end + 1, end := end + 1 + len(word)))
    return replace(found, origin=Origin(document, 0, text, tuple(places)))


GOLD = [marked("gout on aspirin", (0, 1, "Problem"), (2, 3, "Drug")), marked("a bad fever", (1, 3, "Problem"))]
PREDICTED = [marked("gout on aspirin", (0, 1, "Problem"), (2, 3, "Test")), marked("a bad fever", (2, 3, "Problem"))]


def test_several_types_have_scores_of_their_own_and_a_mean() -> None:
    found = evaluate(Predictions(GOLD, PREDICTED), train=[], devel=Predictions((), ())).metrics
    assert found["test/f1"] == pytest.approx(1 / 3)
    assert found["test/f1_relaxed"] == pytest.approx(2 / 3)
    assert [found[f"test/{name}/f1"] for name in ("Problem", "Drug", "Test")] == [0.5, 0.0, 0.0]
    assert found["test/Problem/precision"] == found["test/Problem/recall"] == 0.5
    assert found["test/f1_macro"] == 0.25  # of the types that gold has


def test_one_type_has_none() -> None:
    assert set(further(GOLD[1:], GOLD[1:], types=["Problem"])) == {"test/f1_relaxed"}


def test_a_name_that_mlflow_refuses_is_changed() -> None:
    both = [marked("a b", (0, 1, "R&D(x)"), (1, 2, "Drug"))]
    assert further(both, both, types=["Drug", "R&D(x)"])["test/R_D_x_/f1"] == 1.0


def test_mentions_are_scored_by_their_length() -> None:
    found = detailed(GOLD, PREDICTED)["words"]
    assert list(found) == ["1", "2", "3", "4 or more"]
    assert found["1"] == {"precision": 1 / 3, "recall": 1 / 2, "f1": 0.4, "predicted": 3, "gold": 2}
    assert (found["2"]["gold"], found["2"]["recall"]) == (1, 0.0)


def test_long_mentions_are_taken_together() -> None:
    long = [marked("a b c d e f", (0, 4, "X")), marked("a b c d e f", (0, 6, "X"))]
    assert detailed(long, long)["words"]["4 or more"]["gold"] == 2


def test_a_document_is_the_set_of_its_mentions() -> None:
    gold = [
        marked("Gout again", (0, 1, "Problem"), document="1"),
        marked("gout and fever", (0, 1, "Problem"), (2, 3, "Problem"), document="1"),
        marked("gout", document="2"),
    ]
    predicted = [
        marked("Gout again", document="1"),
        marked("gout and fever", (0, 1, "Problem"), document="1"),
        marked("gout", (0, 1, "Problem"), document="2"),
    ]
    found = detailed(gold, predicted)["documents"]
    assert found == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "predicted": 2, "gold": 2, "number": 2}


def test_sentences_without_a_document_have_no_such_scores() -> None:
    assert "documents" not in detailed(GOLD, PREDICTED)


def test_confidence_is_judged_where_a_model_says_it() -> None:
    sure = [found.marked(found.spans, scores=[0.9] * len(found.spans)) for found in PREDICTED]
    found = detailed(GOLD, sure)["calibration"]
    assert found["spans"] == [3]
    assert found["error"] == pytest.approx(0.9 - 1 / 3)
    assert confidence(GOLD, PREDICTED) is None
    assert confidence(GOLD, [marked("gout on aspirin"), marked("a bad fever")]) is None
