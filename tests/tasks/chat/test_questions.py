"""Seed questions are read from text, tables, JSON lines, Parquet and MedQuAD's XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.tasks.chat import gold
from clinsynth.tasks.chat.config import ChatDataset
from clinsynth.tasks.chat.examples import Dialogue

ASKED = [Dialogue(("What is gout?", "A disease of joints.")), Dialogue(("Why me?",))]
MEDQUAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="{id}" source="NIDDK" url="https://example.org/{id}">
<Focus>{focus}</Focus>
<FocusAnnotations><UMLS><CUIs><CUI>C0018099</CUI></CUIs></UMLS></FocusAnnotations>
<QAPairs>{pairs}</QAPairs>
</Document>
"""
PAIR = '<QAPair pid="1"><Question qid="1-1" qtype="information">{question}</Question>{answer}</QAPair>'


def read(path: Path, **told: object) -> list[Dialogue]:
    dataset = ChatDataset(name="mine", task="chat")
    how = {"format": None, "encoding": None, "columns": None} | told
    return gold.read_path(path, dataset=dataset, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.csv", 'question,answer\nWhat is gout?,"A disease  of joints."\nWhy me?,\n'),
        ("q.tsv", "answer\tquestion\nA disease of joints.\tWhat is gout?\n\tWhy me?\n"),
        ("q.jsonl", '{"question": "What is gout?", "answer": "A disease of joints."}\n{"question": "Why me?"}\n'),
    ],
)
def test_tables_have_questions_and_answers(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert read(path) == ASKED


def test_a_text_has_a_question_a_line(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text("What is gout?\n\n  Why me?\n")
    assert [dialogue.turns for dialogue in read(path)] == [("What is gout?",), ("Why me?",)]


def test_parquet_as_a_data_set_of_the_hub_is_kept(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "q.parquet"
    pq.write_table(pa.table({"ask": ["What is gout?", "Why me?"], "say": ["A disease of joints.", None]}), path)
    assert read(path, columns={"text": "ask", "label": "say"}) == ASKED
    with pytest.raises(DataFormatError, match="no column 'question' among ask, say"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.csv", "asked\nWhy?\n", "q.csv:1: no column 'question' among asked"),
        ("q.csv", "question,answer\n,A disease.\n", "q.csv:2: the question is empty"),
        ("q.jsonl", '{"question": 3}\n', "q.jsonl:1: int instead of a text"),
        ("q.xml", "<Notes/>", "the root is <Notes>"),
        ("q.xml", "<Document>", "broken XML"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataFormatError, match=said):
        read(path)


def test_questions_have_no_format(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name the format brat"):
        read(tmp_path, format="brat")


def test_medquad_is_read_from_a_folder_of_documents(tmp_path: Path) -> None:
    """Three documents: one with two pairs, one without answers, one that asks again what was asked."""
    question, twice = "What is (are) Gout ?", "What causes Gout ?"
    answered = "<Answer>\n  Gout is a disease\n\n  of joints.\n</Answer>"
    documents = {
        "0000001": [(question, answered), (twice, "<Answer>Crystals do.</Answer>")],
        "0000002": [("How to treat Gout ?", "<Answer/>"), ("Who gets Gout ?", "")],
        "0000003": [(question.upper(), "<Answer>Again.</Answer>")],
    }
    for name, pairs in documents.items():
        rows = "".join(PAIR.format(question=asked, answer=said) for asked, said in pairs)
        (tmp_path / "5_NIDDK_QA").mkdir(exist_ok=True)
        (tmp_path / f"5_NIDDK_QA/{name}.xml").write_text(MEDQUAD.format(id=name, focus="Gout", pairs=rows))
    assert [dialogue.turns for dialogue in read(tmp_path)] == [
        (question, "Gout is a disease of joints."),
        (twice, "Crystals do."),
        ("How to treat Gout ?",),
        ("Who gets Gout ?",),
    ]
    with pytest.raises(DataFormatError, match=r"has no \.xml file"):
        read(tmp_path.parent / "none") if (tmp_path.parent / "none").mkdir() is None else None
