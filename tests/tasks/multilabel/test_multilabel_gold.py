from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth import datasets, tasks
from clinsynth.errors import DataFormatError
from clinsynth.tasks.multilabel import examples, gold
from clinsynth.tasks.multilabel.config import MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from support import Composed

LABELS = ("B4", "A2", "A10")
ONE, TWO, THREE = "Covers his ears, and cries.", 'Says "no" to all food.', "Sleeps well."
NOTES = [Note(ONE, ("B4", "A2")), Note(TWO, ("A10",)), Note(THREE, ())]
ACCEPTED = 'it needs the columns text and labels: a CSV with a header and labels such as "A2;B4"'


def read(text: str, *, name: str = "mine.csv", labels: tuple[str, ...] = LABELS) -> list[Note]:
    meanings = {label: f"what {label} means" for label in labels}
    dataset = MultilabelDataset(name="mine", task="multilabel", labels=meanings, voice="kindly", criterion="are $label")
    return gold.read_notes(text, path=Path(name), dataset=dataset)


def complaint(text: str, *, name: str = "mine.csv", labels: tuple[str, ...] = LABELS) -> str:
    with pytest.raises(DataFormatError) as raised:
        read(text, name=name, labels=labels)
    return str(raised.value)


QUOTED = '"Says ""no"" to all food."'
TEXTS = (f'"{ONE}"', QUOTED, THREE)
LAYOUTS = {
    "as Excel has it where commas are decimal": (
        f'text;labels\r\n"{ONE}";"A2;B4"\r\n{QUOTED};A10\r\n{THREE};\r\n',
        "mine.csv",
    ),
    "semicolons": (f'text,labels\n"{ONE}",A2;B4\n{QUOTED},A10\n{THREE},\n', "mine.csv"),
    "bars": (f'text,labels\n"{ONE}",B4|A2\n{QUOTED},A10\n{THREE},none\n', "mine.csv"),
    "commas": (f'text,labels\n"{ONE}","A2, B4"\n{QUOTED},"A10"\n{THREE},""\n', "mine.csv"),
    "spaces": (f'text,labels\n" {ONE} ", A2 ; B4 \n{QUOTED},A10;\n{THREE}, \n', "mine.csv"),
    "twice the same": (f'text,labels\n"{ONE}",A2;B4;A2\n{QUOTED},A10;none\n{THREE},none\n', "mine.csv"),
    "CRLF": (f'text,labels\r\n"{ONE}",A2;B4\r\n{QUOTED},A10\r\n{THREE},\r\n', "mine.csv"),
    "no final newline": (f'text,labels\n"{ONE}",A2;B4\n{QUOTED},A10\n{THREE},none', "mine.csv"),
    "blank lines": (f'text,labels\n\n"{ONE}",A2;B4\n\n{QUOTED},A10\n{THREE},none\n\n', "mine.csv"),
    "labels first": (f'labels,text\nA2;B4,"{ONE}"\nA10,{QUOTED}\n,{THREE}\n', "mine.csv"),
    "more columns": (f'id,text,by,labels\n1,"{ONE}",x,A2;B4\n2,{QUOTED},y,A10\n3,{THREE},,\n', "mine.csv"),
    "a break in a cell": (
        f'text,labels\n"Covers his ears,\n and cries.",A2;B4\n{QUOTED},A10\n{THREE},none\n',
        "mine.csv",
    ),
    "TSV": (f"text\tlabels\n{ONE}\tA2;B4\n{QUOTED}\tA10\n{THREE}\t\n", "mine.tsv"),
    "TSV with commas": (f"labels\ttext\nA2, B4\t{ONE}\nA10\t{QUOTED}\nnone\t{THREE}\n", "mine.TSV"),
    "JSON lines": (
        "".join(json.dumps({"text": note.text, "labels": list(note.labels)}) + "\n" for note in NOTES),
        "mine.jsonl",
    ),
    "JSON lines, CRLF and blank ones": (
        "\n" + "\r\n\r\n".join(json.dumps({"id": 1, "labels": [*n.labels[::-1], ""], "text": n.text}) for n in NOTES),
        "mine.json",
    ),
    "JSON lines with none": (
        "".join(json.dumps({"text": note.text, "labels": [*note.labels] or ["none"]}) + "\n" for note in NOTES),
        "mine.txt",
    ),
}


@pytest.mark.parametrize(("text", "name"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts_that_are_read_alike(text: str, name: str) -> None:
    assert read(text, name=name) == NOTES


ROWS = "a,A2;B4\nb,A10\n"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "mine.csv", f"its columns are none; {ACCEPTED}"),
        ("note,label\na,A2\n", "mine.csv", f"its columns are note, label; {ACCEPTED}"),
        ("Text,Labels\na,A2\n", "mine.csv", "its columns are Text, Labels; "),
        ("a,A2;B4\nb,A10\n", "mine.csv", "its columns are a, A2;B4; "),
        (f"text,labels\n{ROWS}c,A3\n", "mine.csv:4", "'A3' is no label of mine: dataset.labels has B4, A2, A10."),
        (f"text,labels\n{ROWS}c,A20\n", "mine.csv:4", "Did you mean A2?"),
        (f"text,labels\n{ROWS}c,A2;A20;Z\n", "mine.csv:4", "'A20' is no label of mine"),
        (f"text,labels\n{ROWS}c,a2\n", "mine.csv:4", "'a2' is no label of mine"),
        (f"text,labels\r\n\r\na,A2;B4\r\n{ROWS}c,A3\r\n", "mine.csv:6", "'A3' is no label of mine"),
        (f'text,labels\n{ROWS}"two\nlines",A3\n', "mine.csv:5", "'A3' is no label of mine"),
        (f"text,labels\n{ROWS},A2\n", "mine.csv:4", "the text is empty."),
        (f'text,labels\n{ROWS}"  ",A2\n', "mine.csv:4", "the text is empty."),
        (f"text,labels\n{ROWS}c\n", "mine.csv:4", f"the row ends before its labels; {ACCEPTED}"),
        (f"text,labels\n{ROWS}   \n", "mine.csv:4", "the row ends before its labels"),
        (f"text,labels\n{ROWS}c, d,A2\n", "mine.csv:4", "more cells than columns; a text or labels with the delimiter"),
        (f"text,labels\n{ROWS}c,A2, B4\n", "mine.csv:4", "more cells than columns"),
        ("text,labels\na,A2\n", "mine.csv", "no example of B4, A10. Every label of dataset.labels needs one in each"),
        ("text,labels\na,none\n", "mine.csv", "no example of B4, A2, A10."),
        ("text,labels,labels\na,A2,B4\n", "mine.csv:1", "there are several columns 'labels'. Leave one"),
        ("text,text,labels\na,b,B4\n", "mine.csv:1", "there are several columns 'text'"),
        (" Text , LABELS\na,A2\n", "mine.csv", "Write the names in lower case, without blanks around them."),
        ("text;labels\na;A2;B4\n", "mine.csv:2", "more cells than columns"),
        (f'text,labels\n{ROWS}"c,A2\nd,B4\n', "mine.csv:4", "is a quote left open in the row that begins here?"),
        (f'text,labels\n{ROWS}"no" he said,A2\n', "mine.csv:4", "and the quote is doubled"),
    ],
)
def test_a_bad_table_is_named(text: str, place: str, said: str) -> None:
    found = complaint(text)
    assert found.startswith(f"{place}: ")
    assert said in found


def test_a_tab_separated_row_is_named() -> None:
    assert complaint("text\tlabels\na\tA2\tB4\n", name="mine.tsv").startswith("mine.tsv:2: more cells than columns")
    assert complaint("text,labels\na,A2\n", name="mine.tsv").startswith("mine.tsv: its columns are text,labels; ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{'text': 'a'}", f"no JSON (Expecting property name enclosed in double quotes at column 2); {ACCEPTED}"),
        ("text,labels", "no JSON (Expecting value at column 1)"),
        ('{"text": "a", "labels": ["A2"]', "no JSON (Expecting ',' delimiter at column 31)"),
        ('["a", ["A2"]]', "has no text or no list of labels"),
        ("3", "'3' has no text or no list of labels"),
        ('{"text": "a", "labels": "A2"}', "has no text or no list of labels"),
        ('{"text": "a", "labels": {"A2": true}}', "has no text or no list of labels"),
        ('{"text": "a", "labels": null}', "has no text or no list of labels"),
        ('{"text": "a"}', '\'{"text": "a"}\' has no text or no list of labels'),
        ('{"text": ["a"], "labels": []}', "has no text or no list of labels"),
        ('{"labels": ["A2"]}', "has no text or no list of labels"),
        ('{"text": " ", "labels": ["A2"]}', "the text is empty."),
        ('{"text": "a", "labels": ["A2;B4"]}', "'A2;B4' is no label of mine"),
        ('{"text": "a", "labels": ["A1"]}', "Did you mean A10?"),
        ('{"text": "a", "labels": [2]}', "'2' is no label of mine: dataset.labels has B4, A2, A10."),
    ],
)
def test_a_bad_json_line_is_named(line: str, said: str) -> None:
    good = json.dumps({"text": "a", "labels": list(LABELS)})
    found = complaint(f"{good}\n\n{line}\n{good}\n", name="mine.jsonl")
    assert found.startswith("mine.jsonl:3: ")
    assert said in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"text": "a", "labels": ["A2"]}]', "one object a line is wanted, and this is an array of all"),
        ('\n[\n {"text": "a", "labels": ["A2"]}\n]', "jq -c '.[]' my.json > converted-my.jsonl"),
        ('{\n "text": "a", "labels": ["A2"]\n}', "jq -c '.' my.json > converted-my.jsonl"),
        ('{"text": "a", "labels": ["A2"], "labels": ["B4"]}', "the key 'labels' stands twice"),
    ],
)
def test_json_that_is_no_lines_is_said_to_be_so(text: str, said: str) -> None:
    assert said in complaint(text, name="my.json")


def test_a_note_may_be_long() -> None:
    long = "word " * 40_000
    (note,) = read(f'text,labels\n"{long}",A2;B4;A10\n')
    assert note == Note(long.strip(), LABELS)


def test_a_label_that_is_like_no_other_is_not_guessed() -> None:
    assert "Did you mean" not in complaint(f"text,labels\n{ROWS}c,sleep\n")


def test_a_row_that_ends_before_its_text_is_named() -> None:
    assert complaint("labels,text\nA2;B4;A10,a\nA2\n").startswith("mine.csv:3: the row ends before its text")


def test_a_quote_that_is_never_closed_is_named() -> None:
    """In a file large enough; in a small one the row ends before its labels."""
    assert complaint('text,labels\n"a,A2\n' + "b,A10;B4\n" * 20_000).startswith("mine.csv:")


def test_half_a_character_is_named() -> None:
    line = r'{"text": "a\ud83d", "labels": ["A2", "B4", "A10"]}'
    assert complaint(line, name="mine.jsonl").startswith("mine.jsonl:1: ")


def test_nothing_is_read_as_no_notes() -> None:
    """`datasets` says that a split is empty."""
    assert read("text,labels\n") == read("", name="mine.jsonl") == read("\n\n", name="mine.jsonl") == []


def test_labels_are_in_the_order_of_the_dataset() -> None:
    text = "text,labels\na,A10;A2;B4\nb,B4;A10\n"
    assert [note.labels for note in read(text)] == [("B4", "A2", "A10"), ("B4", "A10")]
    other = ("A10", "B4", "A2")
    assert [note.labels for note in read(text, labels=other)] == [other, ("A10", "B4")]


NOTE = st.tuples(st.text("ab,;\"'|é -", min_size=1, max_size=8), st.lists(st.sampled_from(LABELS), max_size=4))


@given(st.lists(NOTE, max_size=5), st.sampled_from([("mine.csv", ","), ("mine.tsv", "\t")]), st.sampled_from(";|,"))
def test_written_rows_are_read_back(drawn: list[Any], layout: tuple[str, str], between: str) -> None:
    rows = [(f"x{text}", labels) for text, labels in [*drawn, ("all", list(LABELS))]]
    expected = [
        Note(" ".join(text.split()), tuple(label for label in LABELS if label in labels)) for text, labels in rows
    ]
    written = io.StringIO()
    table = csv.writer(written, delimiter=layout[1])
    table.writerows([("text", "labels"), *((text, between.join(labels)) for text, labels in rows)])
    assert read(written.getvalue(), name=layout[0]) == expected
    lines = "".join(json.dumps({"text": text, "labels": labels}) + "\n" for text, labels in rows)
    assert read(lines, name="mine.jsonl") == expected


def test_a_note_says_what_holds_for_it() -> None:
    assert [note.label for note in NOTES] == ["B4, A2", "A10", "none"]
    assert [note.entities() for note in NOTES] == [[], [], []]
    assert NOTES[0].to_json() == {"text": ONE, "labels": ["B4", "A2"], "weight": 1.0}


def test_the_sample_has_every_criterion_in_both_splits(composed: Composed) -> None:
    task = tasks.open(composed("train", "dataset=sample_asd").dataset)
    found = datasets.open_gold(task, data=Path("data"))
    for split, none in ((found.train, 63), (found.test, 57)):
        counts = examples.describe(split)
        assert (counts["texts"], counts["none"]) == (160, none)
        assert all(counts[label] >= 12 for label in task.labels)
        assert max(len(note.labels) for note in split) == 2
    assert found.devel == []
    assert not {note.text for note in found.train} & {note.text for note in found.test}
