"""What annotators write, task by task."""

from __future__ import annotations

import pytest

from clinsynth import tasks
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from clinsynth.text.entities import Sentence, Span

LABELS = {
    "ner": ("O", "B-Disease", "I-Disease"),
    "relation": ("No", "Yes"),
    "multilabel": ("A1", "A2", "B4"),
    "classes": ("effect", "none"),
}
TEXT = "Ataxia, breast cancer or cancer; no ataxia."


@pytest.mark.parametrize(
    ("task", "written", "read"),
    [
        ("relation", " yes ", "Yes"),
        ("relation", "0", "No"),
        ("classes", " Effect ", "effect"),
        ("multilabel", "b4; a1", "A1;B4"),
        ("multilabel", "A2,A1|A1", "A1;A2"),
        ("multilabel", "None", "none"),
        ("ner", "none", "none"),
        ("ner", "BREAST  cancer|ataxia", "Ataxia | breast cancer"),
        ("ner", "cancer | breast cancer", "breast cancer | cancer"),
        ("ner", "ataxia | ataxia", "Ataxia | ataxia"),
        ("ner", "ataxia [2]", "ataxia [2]"),
        ("ner", "ataxia[1]|ATAXIA [2]", "Ataxia [1] | ataxia [2]"),
        ("ner", "ataxia | ataxia [1]", "Ataxia [1] | ataxia"),
        ("ner", "cancer [1]", "cancer [1]"),
    ],
)
def test_answers_are_read(task: str, written: str, read: str) -> None:
    assert tasks.kind(task).reviewer.read(written, text=TEXT, labels=LABELS[task]) == read


@pytest.mark.parametrize(
    ("task", "written", "accepted"),
    [
        ("relation", "maybe", "Yes or No"),
        ("relation", "", "Yes or No"),
        ("classes", "effects", "one of effect, none"),
        ("classes", "effect;none", "one of effect, none"),
        ("multilabel", "A3", "A1, A2, B4"),
        ("multilabel", "", "A1, A2, B4"),
        ("multilabel", "A1;none", "either"),
        ("ner", "taxia", "word for word"),
        ("ner", "ataxia|ataxia|ataxia", "so often"),
        ("ner", "ataxia [3]", "so often"),
        ("ner", "ataxia [2] | ataxia [2]", "so often"),
        ("ner", "breast cancer [1] | cancer [1]", "so often"),
        ("ner", "ataxia [0]", "so often"),
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
        ("classes", Classified("x", "none", ("@A$",)), "effect", Classified("x", "effect", ("@A$",))),
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
    assert reviewer.given(relabelled, labels=LABELS[task]) == answer


TWICE = Sentence(("gout", ",", "not", "gout", "[", "2", "]", "."))
SECOND = Sentence(TWICE.tokens, (Span(3, 4, "Disease"),))


def test_of_equal_words_the_marked_one_is_labelled() -> None:
    reviewer = tasks.kind("ner").reviewer
    first = Sentence(TWICE.tokens, (Span(0, 1, "Disease"),))
    assert [reviewer.given(example, labels=LABELS["ner"]) for example in (first, SECOND)] == ["gout [1]", "gout [2]"]
    for example, other in ((first, SECOND), (SECOND, first)):
        answer = reviewer.read(reviewer.given(other, labels=LABELS["ner"]), text=example.text, labels=LABELS["ner"])
        assert not reviewer.agrees(answer, given=reviewer.given(example, labels=LABELS["ner"]))
        assert reviewer.relabelled(example, answer, labels=LABELS["ner"]) == other


def test_an_answer_without_a_number_does_not_say_which_one_is_meant() -> None:
    reviewer = tasks.kind("ner").reviewer
    assert reviewer.agrees("gout", given="gout [2]")
    assert reviewer.agrees("gout [2]", given="gout")  # of a review that was drawn before there were numbers
    assert not reviewer.agrees("gout | gout", given="gout [2]")
    both = Sentence(TWICE.tokens, (Span(0, 1, "Disease"), Span(3, 4, "Disease")))
    assert reviewer.given(both, labels=LABELS["ner"]) == "gout | gout"


def test_brackets_of_the_text_itself_are_no_number() -> None:
    reviewer = tasks.kind("ner").reviewer
    cited = Sentence(TWICE.tokens, (Span(3, 7, "Disease"),))
    assert reviewer.given(cited, labels=LABELS["ner"]) == "gout [2] [1]"
    assert reviewer.relabelled(Sentence(TWICE.tokens), "gout [2] [1]", labels=LABELS["ner"]) == cited
    assert reviewer.read("gout [7]", text="gout, gout [7]", labels=LABELS["ner"]) == "gout [7]"
    assert reviewer.read("(gout)", text="x(gout)", labels=LABELS["ner"]) == "(gout)"


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
    answer = reviewer.read(reviewer.given(example, labels=LABELS["ner"]), text=example.text, labels=LABELS["ner"])
    assert reviewer.agrees(answer, given=reviewer.given(example, labels=LABELS["ner"]))
    assert reviewer.relabelled(example, answer, labels=LABELS["ner"]) == example
    assert not reviewer.agrees(f"{answer} | {text.split()[1]}", given=reviewer.given(example, labels=LABELS["ner"]))


TYPED = ("O", "B-Problem", "I-Problem", "B-Treatment", "I-Treatment")
COLD = Sentence(
    ("A", "cold", "and", "a", "cold", "pack", "for", "her", "cold", "."),
    (Span(1, 2, "Problem"), Span(4, 6, "Treatment"), Span(8, 9, "Problem")),
)


def test_parts_of_several_types_say_theirs() -> None:
    reviewer = tasks.kind("ner").reviewer
    assert reviewer.question(TYPED) == "Which parts of the sentence name a problem or treatment?"
    given = reviewer.given(COLD, labels=TYPED)
    assert given == "cold (Problem) | cold pack (Treatment) | cold (Problem)"
    assert reviewer.read(given.lower(), text=COLD.text, labels=TYPED) == given
    assert reviewer.relabelled(Sentence(COLD.tokens), given, labels=TYPED) == COLD


@pytest.mark.parametrize(
    ("written", "read", "agrees"),
    [
        ("cold [1] (Problem) | cold pack (treatment)", "cold [1] (Problem) | cold pack (Treatment)", False),
        ("cold pack (Treatment) | cold (Problem) | cold (Problem)", None, True),
        ("cold (Treatment) | cold pack (Treatment) | cold (Problem)", None, False),
        ("none", "none", False),
    ],
)
def test_answers_of_several_types_are_compared_with_their_types(written: str, read: str | None, agrees: bool) -> None:
    reviewer = tasks.kind("ner").reviewer
    answer = reviewer.read(written, text=COLD.text, labels=TYPED)
    assert read is None or answer == read
    assert reviewer.agrees(answer, given=reviewer.given(COLD, labels=TYPED)) is agrees


@pytest.mark.parametrize("written", ["cold", "cold (Drug)", "cold (Problem) | cold pack"])
def test_a_part_without_its_type_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"each with one of Problem, Treatment behind it, as in 'cold.* has none"):
        tasks.kind("ner").reviewer.read(written, text=COLD.text, labels=TYPED)


def test_a_mended_part_of_several_types_has_its_own() -> None:
    reviewer = tasks.kind("ner").reviewer
    mended = reviewer.relabelled(COLD, "cold [3] (Treatment)", labels=TYPED)
    assert mended.spans == (Span(8, 9, "Treatment"),)
