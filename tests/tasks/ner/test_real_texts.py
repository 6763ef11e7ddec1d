from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.task import Choices, Shot
from clinsynth.tasks.ner.real_texts import NerTexts, NerTextsWriter
from clinsynth.tasks.ner.voting import voted
from clinsynth.text.entities import Sentence, Span
from clinsynth.types import Completion, Prompt
from support import dataset, gold, sentence, writing

TEXTS = [sentence(said) for said in ("He has gout .", "Nothing was found .", "HNPCC-related cancer runs in families .")]
LABELS = Prompt("mentions", "List every $noun. $guidelines\n$sentences")


class Shown:
    """Shots that stand in a list."""

    def __init__(self, *rows: Shot) -> None:
        self.rows = rows
        self.characters = 0

    def shown(self, texts: object) -> tuple[Shot, ...]:
        return self.rows


def writer(*texts: Sentence, per_request: int = 2) -> NerTextsWriter:
    return NerTexts(dataset()).writer(texts or TEXTS, per_request=per_request)


def test_batches_are_units_and_show_their_texts() -> None:
    found, asked = writer(), writing(annotator="llm", label_prompt=LABELS)
    assert found.units(gold(), writing=asked) == ["texts-0000", "texts-0001"]
    drafts, _ = found.parse(Completion("", "", "", "stop"), unit="texts-0000", replicate=0)
    request = found.label_request(drafts, completion=Completion("", "", "", "stop"), writing=asked)
    assert request is not None
    shown = "1. He has gout.\n2. Nothing was found."
    assert request.id == "mine/mentions/texts-0000#0"
    assert request.messages == ({"role": "user", "content": f"List every disease. \n{shown}"},)
    assert request.evidence == {
        "prompt": "List every disease. \n{the 2 numbered sentences}",
        "texts_sha256": hashlib.sha256(shown.encode()).hexdigest(),
    }
    assert request.gold_characters == sum(len(text.text) for text in TEXTS[:2])


@pytest.mark.parametrize(
    ("words", "tokens", "span"),
    [
        ("Gout ( mild ) is not rare .", "Gout ( mild ) is not rare .", (0, 1)),
        ("HNPCC-related cancer runs in families .", "HNPCC - related cancer runs in families .", (0, 4)),
    ],
)
def test_labels_stand_on_the_words_of_the_file(words: str, tokens: str, span: tuple[int, int]) -> None:
    found = writer(sentence(words))
    (draft,), _ = found.parse(Completion("", "", "", "stop"), unit="texts-0000", replicate=0)
    name = draft.text.partition(" (")[0].partition(" runs")[0]
    (one,), _ = found.annotate([draft], annotator="llm", lexicon=(), answer=Completion("", "m", f"1. {name}", "stop"))
    assert " ".join(one.example.tokens) == tokens
    assert one.example.spans == (Span(*span, "Disease"),)


def test_a_lexicon_labels_without_an_answer() -> None:
    drafts, _ = writer().parse(Completion("", "", "", "stop"), unit="texts-0000", replicate=0)
    found, _ = writer().annotate(drafts, annotator="gazetteer", lexicon=("gout",), answer=None)
    assert [one.example.mentions for one in found] == [["gout"], []]
    asked = writing(annotator="gazetteer", label_prompt=None)
    assert writer().label_request(drafts, completion=Completion("", "", "", "stop"), writing=asked) is None


@pytest.mark.parametrize("structured", [False, True])
def test_shots_are_a_question_that_has_been_answered(structured: bool) -> None:
    rows = (Shot(7, sentence("Mild/B ataxia/I and gout/B .")), Shot(3, sentence("No one came .")))
    asked = writing(annotator="llm", label_prompt=LABELS, shots=Shown(*rows), structured=structured)
    drafts, _ = writer().parse(Completion("", "", "", "stop"), unit="texts-0000", replicate=0)
    request = writer().label_request(drafts, completion=Completion("", "", "", "stop"), writing=asked)
    assert request is not None
    question, answer, last = request.messages
    assert "1. Mild ataxia and gout.\n2. No one came." in question["content"]
    assert answer["role"] == "assistant"
    if structured:
        first, second = json.loads(answer["content"])["sentences"]
        assert (first["mentions"], second["mentions"]) == (["Mild ataxia", "gout"], [])
        assert question["content"].endswith(last["content"].rpartition("\n")[2])
    else:
        assert answer["content"] == "1. Mild ataxia | gout\n2. none"
    assert request.evidence["shots"] == [7, 3]
    assert request.gold_characters > sum(len(text.text) for text in TEXTS[:2])


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (Choices(Prompt("default"), per_unit=10), "size is of texts that an LLM writes"),
        (Choices(Prompt("default"), annotator="seed"), "annotator=seed is of texts that an LLM writes"),
    ],
)
def test_settings_of_written_texts_are_refused(choices: Choices, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        writer().complete(choices)


def test_texts_of_any_format_are_read_without_their_labels(tmp_path: Path) -> None:
    (tmp_path / "abstract.txt").write_text("He has gout. It came late.\n", encoding="utf-8")
    (tmp_path / "gold.tsv").write_text("He\tO\nhas\tO\ngout\tB-Disease\n\nShe\tO\nslept\tO\n", encoding="utf-8")
    (tmp_path / "12345678.pubtator").write_text(
        "12345678|t|Gout in Rome.\n12345678|a|It was mild.\n12345678\t0\t4\tGout\tOther\tD1\n\n", encoding="utf-8"
    )
    read = NerTexts(dataset())
    plain, columns, abstract = (
        read.read(tmp_path / name, column="text") for name in ("abstract.txt", "gold.tsv", "12345678.pubtator")
    )
    assert [found.text for found in plain] == ["He has gout.", "It came late."]
    assert [found.tokens for found in columns] == [("He", "has", "gout"), ("She", "slept")]
    assert not any(found.spans for found in (*plain, *columns, *abstract))
    assert [read.document(found) for found in (plain[0], columns[0], abstract[0])] == [None, None, "12345678"]


def test_a_folder_of_texts_names_the_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("He has gout.\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("Two notes of one man.\n", encoding="utf-8")
    assert [found.text for found in NerTexts(dataset()).read(tmp_path, column="text")] == ["He has gout."]
    (tmp_path / "other.md").write_text("He slept.\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"other\.md: it cannot be told how to read it"):
        NerTexts(dataset()).read(tmp_path, column="text")


def test_most_votes_win_and_say_how_many_they_were() -> None:
    words = TEXTS[0]
    gout, longer = Span(2, 3, "Disease"), Span(1, 3, "Disease")
    found, share = voted([words.marked([gout]), words.marked([gout]), words.marked([longer])])
    assert (found.spans, found.scores) == ((gout,), (2 / 3,))
    assert share is None
    assert voted([words.marked([gout]), words])[0].spans == ()
    assert replace(found, scores=()) == found
