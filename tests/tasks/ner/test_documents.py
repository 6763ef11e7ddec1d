from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.tasks.ner.config import EntityType, NerDataset
from clinsynth.tasks.ner.documents import read_documents
from clinsynth.tasks.ner.gold import read_path
from clinsynth.text.entities import Sentence

PATH = Path("notes")
TEXT = "HISTORY: Seen by Dr. Lee for  gout.\nTakes aspirin b.i.d. with food; pre-diabetes."


def settings(**options: Any) -> NerDataset:
    types = {"Problem": EntityType(), "Drug": EntityType()}
    return NerDataset("mine", "ner", entity_types=types, **options)


def annotated(text: str, *covered: tuple[str, str], **options: Any) -> AnnotatedText:
    """A text in which the first place of each of these words is a mention of a type."""
    mentions = [Mention(start := text.index(words), start + len(words), kind) for words, kind in covered]
    return AnnotatedText(text, "note-1", tuple(mentions), place="notes/1.ann:1", **options)


def read(*texts: AnnotatedText, **options: Any) -> list[Sentence]:
    return read_documents(texts, path=PATH, dataset=settings(**options))


def places(sentences: list[Sentence]) -> list[tuple[int, int, str]]:
    """The spans of sentences as offsets into their document."""
    return [
        (sentence.origin.start + entity["start"], sentence.origin.start + entity["end"], entity["label"])
        for sentence in sentences
        if sentence.origin
        for entity in sentence.entities()
    ]


def test_a_document_is_cut_into_sentences_with_offsets() -> None:
    text = annotated(TEXT, ("gout", "Problem"), ("aspirin", "Drug"))
    found = read(text)
    assert [sentence.text for sentence in found] == TEXT.split("\n")
    assert [sentence.mentions for sentence in found] == [["gout"], ["aspirin"]]
    assert places(found) == [(mention.start, mention.end, mention.type) for mention in text.mentions]
    assert {sentence.origin.document for sentence in found if sentence.origin} == {"note-1"}
    assert found[0].tokens[:6] == ("HISTORY", ":", "Seen", "by", "Dr", ".")


def test_a_mention_parts_a_word() -> None:
    found = read(annotated("He has prediabetes.", ("diabetes", "Problem")))
    assert found[0].tokens == ("He", "has", "pre", "diabetes", ".")
    assert found[0].mentions == ["diabetes"]


def test_a_mention_is_never_cut() -> None:
    words = "St. John. Syndrome"
    found = read(annotated(f"He has {words}. Well.", (words, "Problem")))
    assert [sentence.mentions for sentence in found] == [[words], []]


def test_blanks_at_its_ends_are_none_of_a_mention() -> None:
    assert places(read(annotated("a gout , b", (" gout ", "Problem")))) == [(2, 6, "Problem")]


def test_a_document_may_stay_whole() -> None:
    (found,) = read(annotated(f" {TEXT}\n", ("aspirin", "Drug")), documents="windows")
    assert found.text == TEXT
    assert places([found]) == [(TEXT.index("aspirin") + 1, TEXT.index("aspirin") + 8, "Drug")]


def test_words_of_columns_stay_as_they_are() -> None:
    text = annotated("X-linked gout .", ("X-linked gout", "Problem"), words=((0, 8), (9, 13), (14, 15)))
    (found,) = read(text)
    assert (found.tokens, found.origin) == (("X-linked", "gout", "."), None)
    assert [(span.start, span.end) for span in found.spans] == [(0, 2)]


def test_nested_and_crossing_mentions_are_kept_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    text = annotated(
        "acute gout of the toe", ("acute gout", "Problem"), ("gout", "Drug"), ("gout of the toe", "Problem")
    )
    (found,) = read(text)
    assert found.mentions == ["acute gout", "gout", "gout of the toe"]
    assert found.tags == ["O", "B-Problem", *["I-Problem"] * 3]
    assert capsys.readouterr().out.startswith(
        "notes: 2 of 3 mentions lie in or across another one: backbone.head=token"
    )


def test_overlaps_may_be_refused() -> None:
    text = annotated("acute gout", ("acute gout", "Problem"), ("gout", "Drug"))
    with pytest.raises(DataFormatError, match=r"^notes/1\.ann:1: .*from 0 to 10 \(Problem\) and from 6 to 10 \(Drug\)"):
        read(text, overlapping="error")
    assert read(annotated("acute gout", ("acute", "Drug"), ("gout", "Drug")), overlapping="error")


def test_a_type_that_is_not_declared_is_refused_or_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = annotated(TEXT, ("gout", "Problem"), ("food", "Test"))
    with pytest.raises(
        DataFormatError, match=r"^notes/1\.ann:1: .*'Test' is not declared: mine declares Problem, Drug\."
    ):
        read(text)
    assert [sentence.mentions for sentence in read(text, other_types="ignore")] == [["gout"], []]
    assert capsys.readouterr().out.startswith("notes: 1 of 2 mentions are of other types, and are left out")


def test_a_mention_in_parts_is_read_from_its_first_word_to_its_last(capsys: pytest.CaptureFixture[str]) -> None:
    mention = Mention(0, 15, "Problem", parts=((0, 4), (9, 15)))
    assert read(AnnotatedText("left and right arm", "a", (mention,)))[0].mentions == ["left and right"]
    assert "1 of 1 mentions are in several parts" in capsys.readouterr().out


@pytest.mark.parametrize("covered", [" ", "\u00ad"])
def test_a_mention_without_a_word_is_refused(covered: str) -> None:
    text = AnnotatedText(f"a{covered}b", "a", (Mention(1, 2, "Drug"),), place="notes/1.ann:1")
    with pytest.raises(DataFormatError, match=r"^notes/1\.ann:1: the mention from 1 to 2 \(Drug\) covers no word"):
        read(text)


def test_documents_of_one_name_are_told_apart() -> None:
    found = read(AnnotatedText("gout", "a"), AnnotatedText("gout", "a"), AnnotatedText("gout"))
    assert [sentence.origin.document for sentence in found if sentence.origin] == ["a", "a#2", "#3"]


@pytest.mark.parametrize(("key", "value"), [("documents", "pages"), ("other_types", "drop"), ("overlapping", "inner")])
def test_settings_out_of_range_are_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"dataset\.{key}={value} is out of range: it has to be one of "):
        settings(**{key: value})


ALPHABET = st.sampled_from("abé.,: \n\u00ad痛a\u0301😀ไม้")


@given(st.text(ALPHABET, max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=4))
def test_offsets_are_those_of_the_file(text: str, drawn: list[tuple[int, int]]) -> None:
    """But for the blanks and invisible signs at a mention's ends."""
    visible = [
        (start, start + length) for start, length in drawn if any(map(str.isalpha, text[start : start + length]))
    ]
    mentions = tuple(Mention(start, min(end, len(text)), "Drug") for start, end in sorted(set(visible)))
    found = {(start, end) for start, end, _ in places(read(AnnotatedText(text, "a", mentions)))}
    bare = {mention for start, end in visible if (mention := text[start:end].strip("\u00ad\u0301 \n"))}
    assert {text[start:end].strip("\u00ad\u0301 \n") for start, end in found} == bare


def test_columns_of_several_types_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text("gout\tB-Problem\non\tO\naspirin\tB-Drug\nCT\tB-Test\n", encoding="utf-8")

    def found(**options: Any) -> list[Sentence]:
        return read_path(path, format=None, encoding=None, columns=None, dataset=settings(**options))

    with pytest.raises(DataFormatError, match=r"mine\.tsv:4: the entity type 'Test' is not declared.*Problem, Drug"):
        found()
    assert found(other_types="ignore")[0].tags == ["B-Problem", "O", "B-Drug", "O"]
