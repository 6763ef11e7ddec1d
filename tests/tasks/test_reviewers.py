"""What annotators write, task by task."""

from __future__ import annotations

import pytest

from clinsynth import tasks
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from clinsynth.text.entities import Sentence, Span

LABELS = {"ner": ("O", "B-Disease", "I-Disease"), "relation": ("No", "Yes"), "multilabel": ("A1", "A2", "B4")}
TEXT = "Ataxia, breast cancer or cancer; no ataxia."


@pytest.mark.parametrize(
    ("task", "written", "read"),
    [
        ("relation", " yes ", "Yes"),
        ("relation", "0", "No"),
        ("multilabel", "b4; a1", "A1;B4"),
        ("multilabel", "A2,A1|A1", "A1;A2"),
        ("multilabel", "None", "none"),
        ("ner", "none", "none"),
        ("ner", "BREAST  cancer|ataxia", "Ataxia | breast cancer"),
        ("ner", "cancer | breast cancer", "breast cancer | cancer"),
        ("ner", "ataxia | ataxia", "Ataxia | ataxia"),
    ],
)
def test_answers_are_read(task: str, written: str, read: str) -> None:
    assert tasks.kind(task).reviewer.read(written, text=TEXT, labels=LABELS[task]) == read


@pytest.mark.parametrize(
    ("task", "written", "accepted"),
    [
        ("relation", "maybe", "Yes or No"),
        ("relation", "", "Yes or No"),
        ("multilabel", "A3", "A1, A2, B4"),
        ("multilabel", "", "A1, A2, B4"),
        ("multilabel", "A1;none", "either"),
        ("ner", "taxia", "word for word"),
        ("ner", "ataxia|ataxia|ataxia", "so often"),
        ("ner", " | ", "none"),
    ],
)
def test_what_is_no_answer_says_what_is_accepted(task: str, written: str, accepted: str) -> None:
    with pytest.raises(ValueError, match=accepted):
        tasks.kind(task).reviewer.read(written, text=TEXT, labels=LABELS[task])


SENTENCE = Sentence(("Ataxia", "or", "breast", "cancer", "."), (Span(0, 1, "Disease"),))


@pytest.mark.parametrize(
    ("task", "example", "answer", "relabelled"),
    [
        ("relation", Relation("x", "Yes"), "No", Relation("x", "No")),
        ("multilabel", Note("x", ("A1",)), "A1;B4", Note("x", ("A1", "B4"))),
        ("multilabel", Note("x", ("A1",)), "none", Note("x", ())),
        ("ner", SENTENCE, "none", Sentence(SENTENCE.tokens)),
        ("ner", SENTENCE, "breast cancer", Sentence(SENTENCE.tokens, (Span(2, 4, "Disease"),))),
        ("ner", Sentence(SENTENCE.tokens), "Ataxia", SENTENCE),
    ],
)
def test_an_example_takes_the_label_of_an_answer(task: str, example: object, answer: str, relabelled: object) -> None:
    reviewer = tasks.kind(task).reviewer
    assert reviewer.relabelled(example, answer, labels=LABELS[task]) == relabelled
    assert reviewer.given(relabelled) == answer


def test_a_criterion_that_is_seen_with_others_is_right() -> None:
    reviewer = tasks.kind("multilabel").reviewer
    assert reviewer.agrees("A1;B4", given="A1")
    assert not reviewer.agrees("B4", given="A1")
    assert not reviewer.agrees("A1", given="none")


@pytest.mark.parametrize(
    ("text", "places"), [("cancer genes : ataxia and cancer", (3, 5)), ("Ataxia telangiectasia : ataxia", (3,))]
)
def test_a_label_that_is_copied_is_right_whichever_occurrence_it_marks(text: str, places: tuple[int, ...]) -> None:
    reviewer = tasks.kind("ner").reviewer
    example = Sentence(tuple(text.split()), tuple(Span(place, place + 1, "Disease") for place in places))
    answer = reviewer.read(reviewer.given(example), text=example.text, labels=LABELS["ner"])
    assert reviewer.agrees(answer, given=reviewer.given(example))
    assert reviewer.relabelled(example, answer, labels=LABELS["ner"]) == example
    assert not reviewer.agrees(f"{answer} | {text.split()[1]}", given=reviewer.given(example))
