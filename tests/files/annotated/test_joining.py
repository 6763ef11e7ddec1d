"""Several annotations of the same texts: all that they say, once."""

from __future__ import annotations

from clinsynth.files.annotated.joining import joined
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention

TEXT = "Gout after aspirin."
GOUT, ASPIRIN = Mention(0, 4, "Disease", id="T1"), Mention(11, 18, "Drug", id="T1")


def test_mentions_of_both_stand_in_order() -> None:
    (found,) = joined([AnnotatedText(TEXT, mentions=(ASPIRIN,))], [AnnotatedText(TEXT, mentions=(GOUT,))])
    assert [(mention.start, mention.type, mention.id) for mention in found.mentions] == [
        (0, "Disease", "T2"),
        (11, "Drug", "T1"),
    ]


def test_what_both_say_is_said_once() -> None:
    text = AnnotatedText(TEXT, mentions=(GOUT,), labels=("toxic",))
    (found,) = joined(
        [text], [AnnotatedText(TEXT, mentions=(Mention(0, 4, "Disease", id="T7"),), labels=("toxic", "old"))]
    )
    assert (found.mentions, found.labels) == ((GOUT,), ("toxic", "old"))


def test_relations_go_with_their_mentions() -> None:
    first = AnnotatedText(TEXT, mentions=(GOUT,), links=(Link("is", "T1", "T1", id="R1"),))
    others = (Mention(0, 4, "Disease", id="T9"), ASPIRIN)
    second = AnnotatedText(TEXT, mentions=others, links=(Link("causes", "T1", "T9", id="R1"),))
    (found,) = joined([first], [second])
    (aspirin,) = [mention for mention in found.mentions if mention.type == "Drug"]
    assert found.links == (Link("is", "T1", "T1", id="R1"), Link("causes", aspirin.id, "T1", id="R2"))
    assert aspirin.id != "T1"


def test_texts_that_are_alike_go_in_turn_and_others_are_left_out() -> None:
    first = [AnnotatedText("a", id="1"), AnnotatedText("b", id="2"), AnnotatedText("a", id="3"), AnnotatedText("c")]
    second = [AnnotatedText("a", labels=("x",)), AnnotatedText("d"), AnnotatedText("a", labels=("y",))]
    assert [(text.id, text.labels) for text in joined(first, second)] == [("1", ("x",)), ("3", ("y",))]


def test_words_are_those_of_either() -> None:
    words = ((0, 4), (5, 10), (11, 18), (18, 19))
    (found,) = joined([AnnotatedText(TEXT)], [AnnotatedText(TEXT, words=words, further={"row": 1})])
    assert (found.words, found.further) == (words, {"row": 1})
