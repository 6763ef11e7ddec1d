"""Gold, corpora and predictions in, another format out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinsynth.files.annotated.reading import read_annotated
from support import TINY, Command, Said

SAMPLE = "from=assets:sample_ner/test.tsv"
PREDICTED = {
    "text": "mild gout, no ataxia",
    "spans": [
        {"start": 5, "end": 9, "label": "Disease", "score": 0.9, "text": "gout"},
        {"start": 14, "end": 20, "label": "Disease", "score": 0.8, "text": "ataxia"},
    ],
    "source": "notes.csv",
    "row": 3,
}


def gold() -> str:
    import clinsynth

    path = Path(clinsynth.__file__).parent / "assets" / "sample_ner" / "test.tsv"
    return path.read_text(encoding="utf-8")


def test_gold_goes_to_brat_and_comes_back(clinsynth: Command) -> None:
    there = clinsynth("convert", SAMPLE, "to=notes", "format=brat")
    assert (there.status, there.err) == (0, "")
    assert "130 texts, 176 mentions (Disease 176): notes (brat), read again and compared." in there.out
    assert len(list(Path("notes").glob("*.ann"))) == 130
    assert clinsynth("convert", "from=notes", "to=back.tsv", "format=conll").status == 0
    assert Path("back.tsv").read_text(encoding="utf-8").split() == gold().split()


def test_predictions_become_documents(clinsynth: Command) -> None:
    Path("predictions.jsonl").write_text(json.dumps(PREDICTED) + "\n", encoding="utf-8")
    said = clinsynth("convert", "from=predictions.jsonl", "to=out.xml", "format=bioc")
    assert said.status == 0
    assert "not held by bioc: 1 other columns" in said.out
    (text,) = read_annotated(Path("out.xml"))
    assert [(found.start, found.attributes) for found in text.mentions] == [
        (5, {"score": "0.9"}),
        (14, {"score": "0.8"}),
    ]


def test_predicted_labels_are_those_that_are_likely(clinsynth: Command) -> None:
    rows = [
        {"text": "a", "labels": {"pain": 0.75, "sleep": 0.25}},
        {"text": "b", "labels": {"pain": 0.5, "sleep": 0.5}},
    ]
    Path("predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert clinsynth("convert", "from=predictions.jsonl", "to=out.csv", "format=csv").status == 0
    assert [text.labels for text in read_annotated(Path("out.csv"))] == [("pain",), ("pain", "sleep")]


def test_a_corpus_is_named_by_its_digest(clinsynth: Command, with_store: Path) -> None:
    made = clinsynth("generate", "dataset=sample_ner", "size=n2", "units.max=2")
    assert made.status == 0
    (folder,) = Path("artifacts").glob("corpus-*")
    for given in ("latest", folder, folder.name.rpartition("-")[2]):
        said = clinsynth("convert", f"from={given}", f"to=out-{len(str(given))}.jsonl", "format=jsonl")
        assert (said.status, said.err) == (0, "")
    texts = read_annotated(Path("out-6.jsonl"))
    assert [text.further["index"] for text in texts] == [0, 0, 1, 1]
    assert all(text.mentions for text in texts)


def refused(said: Said) -> str:
    assert said.status == 2
    assert "Traceback" not in said.err
    assert len(said.err.strip().split("\n\n")) == 1
    return " ".join(said.err.split())


@pytest.mark.parametrize(
    ("files", "words", "said"),
    [
        ({}, ["from=nothing", "to=x", "format=brat"], "no file at nothing"),
        ({}, [SAMPLE, "to=x", "format=odd"], "format=odd is none that is known. Formats: brat, i2b2"),
        ({"x": "there"}, [SAMPLE, "to=x", "format=jsonl"], "to=x is there already"),
        ({}, ["to=x", "format=brat"], "no value for from"),
        (
            {"a.bin": "words of no format"},
            ["from=a.bin", "to=x", "format=brat"],
            "which format this is: it begins with 'words of no format'. Name it with format=..., one of brat, i2b2",
        ),
        (
            {"a/b.ann": "T1\tD 0 1\tx"},
            ["from=a", "to=x", "format=jsonl"],
            "a/b.ann has no text beside it: b.txt is missing",
        ),
        (
            {"a.tsv": "a\tI-D\nb\tO\nc\tB-D\n"},
            ["from=a.tsv", "to=x", "format=jsonl"],
            "a.tsv:1: 'I-D' follows no entity",
        ),
        (
            {"a.tsv": "a\tO\n"},
            ["from=a.tsv", "to=x", "format=jsonl", "columns={tags: 2}"],
            "Could not override 'columns'. Key 'tags'",
        ),
        (
            {"a.tsv": "a\tO\n"},
            ["from=a.tsv", "to=x", "format=jsonl", "encoding=utf-99"],
            "encoding=utf-99 is not known",
        ),
        (
            {"a.tsv": "", "b/c.csv": ""},
            ["from=a.tsv", "to=x", "format=jsonl", "from_format=conll"],
            "from=a.tsv holds no texts",
        ),
        (
            {"a/b.tsv": "a\tO\n", "a/c.jsonl": "{}"},
            ["from=a", "to=x", "format=jsonl"],
            "its files are of conll (1), jsonl (1)",
        ),
    ],
)
def test_what_is_wrong_is_one_paragraph(files: dict[str, str], words: list[str], said: str, clinsynth: Command) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, encoding="utf-8")
    assert said in refused(clinsynth("convert", *words))


def test_columns_are_named_on_the_command_line(clinsynth: Command) -> None:
    Path("a.tsv").write_text("B-D\tgout\tO\n", encoding="utf-8")
    said = clinsynth("convert", "from=a.tsv", "to=a.jsonl", "format=jsonl", "columns={word: 2, tag: 1}")
    assert (said.status, said.err) == (0, "")
    (text,) = read_annotated(Path("a.jsonl"))
    assert [(text.covered(found), found.type) for found in text.mentions] == [("gout", "D")]


YAML = """defaults: [/schema/dataset/ner@_here_]
name: mine
task: ner
entity_types: {Disease: {noun: disease}}
files: {train: {path: notes}, test: {path: notes}}
"""


def test_notes_are_learnt_from_read_and_marked_in_brat(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    assert clinsynth("convert", SAMPLE, "to=notes", "format=brat").status == 0
    Path("mine.yaml").write_text(YAML, encoding="utf-8")
    own = ("dataset=mine.yaml", "source=original", f"backbone.name_or_path={tiny_bert}")
    trained = clinsynth("train", *own, *TINY)
    assert trained.status == 0, trained.err
    assert "notes is read as brat (format=brat)" in trained.out
    assert clinsynth("predict", "model=latest", "input=notes", "output=read.jsonl").status == 0
    assert clinsynth("convert", "from=read.jsonl", "to=marked", "format=brat").status == 0
    texts = {path.name: path.read_bytes() for path in Path("notes").glob("*.txt")}
    assert {path.name: path.read_bytes() for path in Path("marked").glob("*.txt")} == texts
    assert len(read_annotated(Path("marked"))) == 130


def test_two_annotations_of_one_text_become_one(clinsynth: Command) -> None:
    Path("diseases.tsv").write_text("Gout\tB-Disease\nafter\tO\naspirin\tO\n\nNo\tO\n", encoding="utf-8")
    Path("drugs.tsv").write_text("Gout\tO\nafter\tO\naspirin\tB-Drug\n", encoding="utf-8")
    said = clinsynth("convert", "from=diseases.tsv", "also=[drugs.tsv]", "to=both.tsv", "format=conll")
    assert (said.status, said.err) == (0, "")
    assert "1 of 2 texts are in drugs.tsv, too, which has 1; others are left out." in said.out
    words = ["Gout", "B-Disease", "after", "O", "aspirin", "B-Drug"]
    assert Path("both.tsv").read_text(encoding="utf-8").split() == words


def test_annotations_of_other_texts_are_refused(clinsynth: Command) -> None:
    Path("drugs.tsv").write_text("Never\tO\nheard\tO\n", encoding="utf-8")
    said = clinsynth("convert", SAMPLE, "also=[drugs.tsv]", "to=both.tsv", "format=conll")
    assert said.status == 2
    assert "also=drugs.tsv has none of the texts of from=assets:sample_ner/test.tsv" in said.err
    assert not Path("both.tsv").exists()
