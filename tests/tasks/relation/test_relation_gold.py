from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth import datasets, tasks
from clinsynth.config import FilesConfig
from clinsynth.errors import DataFormatError
from clinsynth.tasks.relation import gold
from clinsynth.tasks.relation.config import RelationDataset
from clinsynth.tasks.relation.gold import Relation
from support import CORPORA, Composed, needs_corpora

PATH = Path("mine.tsv")
ONE = "Variants of @GENE$ raise the risk of @DISEASE$."
TWO = "No link between @DISEASE$ and @GENE$-positive cells was found."
BOTH = [Relation(ONE, "Yes"), Relation(TWO, "No")]
COUNTS = {"gad": (5330, 2801), "euadr": (355, 262)}


def read(text: str, **keys: object) -> list[Relation]:
    dataset = RelationDataset(name="mine", task="relation", **keys)  # type: ignore[arg-type]
    return gold.read_relations(text, path=PATH, dataset=dataset)


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}\t1\n{TWO}\t0\n",
        f"{ONE}\t1\n{TWO}\t0",
        f"0\t{ONE}\t1\n1\t{TWO}\t0\n",
        f"\t{ONE}\t1\n\t{TWO}\t0\n",
        f"sentence\tlabel\n{ONE}\t1\n{TWO}\t0\n",
        f"index\tsentence\tlabel\n0\t{ONE}\t1\n1\t{TWO}\t0\n",
        f"Index\tText\tLABEL\n0\t{ONE}\t1\n1\t{TWO}\t0\n",
        f"label\tsentence\n1\t{ONE}\n0\t{TWO}\n",
        f"text\tlabel\tpmid\n{ONE}\t1\t77\n{TWO}\t0\t78\n",
        f"{ONE}\tYes\n{TWO}\tNo\n",
        f"{ONE}\tyes\n{TWO}\tNO\n",
        f"{ONE}\t1\r\n{TWO}\t0\r\n",
        f"index\tsentence\tlabel\r\n0\t{ONE}\t1\r\n1\t{TWO}\t0\r\n",
        f"\n\nindex\tsentence\tlabel\n\n0\t{ONE}\t1\n \n\r\n1\t{TWO}\t0\n\n",
        f" {ONE} \t 1 \n{TWO}\t0 \n",
    ],
    ids=[
        "two columns",
        "no final newline",
        "three columns",
        "no index",
        "header",
        "header, three columns",
        "other names",
        "label first",
        "a column behind the label",
        "Yes and No",
        "other case",
        "CRLF",
        "header, CRLF",
        "blank lines",
        "spaces",
    ],
)
def test_layouts_that_are_read_alike(text: str) -> None:
    assert read(text) == BOTH


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("A @GENE$ variant.\t1\n", 1, "@DISEASE$ stands 0 times in 'A @GENE$ variant.'"),
        (f"{ONE}\t1\n\nThe @DISEASE$ was seen.\t0\n", 3, "@GENE$ stands 0 times"),
        (f"{ONE}\t1\r\n\r\nThe @DISEASE$ was seen.\t0\r\n", 3, "@GENE$ stands 0 times"),
        ("@GENE$ binds @GENE$ in @DISEASE$.\t1\n", 1, "@GENE$ stands 2 times"),
        (f"sentence\tlabel\n{ONE} @DISEASE$\t1\n", 2, "@DISEASE$ stands 2 times"),
        ("@gene$ raises @DISEASE$.\t1\n", 1, "@GENE$ stands 0 times"),
        (f"{ONE}\t2\n", 1, "the label '2' is none of 1, 0, Yes, No"),
        (f"{ONE}\t1\n{TWO}\tmaybe\n", 2, "the label 'maybe' is none of"),
        (f"{ONE}\t\n", 1, "the label '' is none of"),
        (f"sentence\tlabel\nsentence\tlabel\n{ONE}\t1\n", 2, "the label 'label' is none of"),
        (f"{ONE}\n", 1, "1 column(s)"),
        (f"0\t{ONE}\t1\textra\n", 1, "4 column(s)"),
        (f"0\t{ONE}\t1\n{TWO}\t0\n", 2, "2 column(s)"),
        (f"index\tsentence\tlabel\n{ONE}\t1\n", 2, "2 column(s)"),
        (f"sentence\tlabel\n{ONE}\n", 2, "1 column(s)"),
        (f"{ONE}\t1\n0\t{TWO}\t0\n", 2, "3 column(s)"),
        (f"{ONE}\t1\n{TWO}\t0\t1\n", 2, "3 column(s)"),
    ],
)
def test_a_bad_line_is_named(text: str, line: int, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        read(text)
    assert str(raised.value).startswith(f"{PATH}:{line}: ")
    assert said in str(raised.value)
    assert "a row is sentence<TAB>label or index<TAB>sentence<TAB>label" in str(raised.value)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (f"{ONE}\tmaybe", "the label 'maybe'"),
        (f"0\t{ONE}\tlabel", "the label 'label'"),
        ("sentence\trelation", "the label 'relation'"),
        (f"sentence\t{ONE}\tlabel", "the label 'label'"),
        ("sentence\t1", "@GENE$ stands 0 times"),
        ("@GENE$ @DISEASE$ sentence\tlabel", "the label 'label'"),
    ],
)
def test_a_wrong_first_line_is_not_taken_for_a_header(first: str, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        read(f"{first}\n{TWO}\t0\n")
    assert str(raised.value).startswith(f"{PATH}:1: ")
    assert said in str(raised.value)


def test_a_header_alone_has_no_rows() -> None:
    assert read("index\tsentence\tlabel\n") == read("") == read("\n\n") == []


def test_other_things_than_genes_and_diseases_can_be_marked() -> None:
    text = "@DRUG$ interacts with @FOOD$."
    (found,) = read(f"{text}\t1\n", markers=["@DRUG$", "@FOOD$"])
    assert found == Relation(text, "Yes", ("@DRUG$", "@FOOD$"))
    with pytest.raises(DataFormatError, match=r"with @DRUG\$ and @FOOD\$ once each"):
        read(f"{ONE}\t1\n", markers=["@DRUG$", "@FOOD$"])


def test_what_is_marked_is_found() -> None:
    assert BOTH[1].entities() == [
        {"start": 16, "end": 25, "label": "DISEASE", "text": "@DISEASE$"},
        {"start": 30, "end": 36, "label": "GENE", "text": "@GENE$"},
    ]
    assert [row.positive for row in BOTH] == [True, False]


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\x0c", "\r"])
def test_only_a_newline_ends_a_line(inside: str) -> None:
    assert [row.text for row in read(f"@GENE${inside}@DISEASE$\t1\n")] == [f"@GENE${inside}@DISEASE$"]


ROWS = st.lists(
    st.tuples(st.text("abc@$. |", max_size=5), st.text("abc@$. |", max_size=5), st.booleans()), min_size=1, max_size=6
)


@given(ROWS, st.booleans(), st.booleans())
def test_written_rows_are_read_back(drawn: list[tuple[str, str, bool]], header: bool, numbered: bool) -> None:
    expected = [
        Relation(f"{a} @GENE$ {b} @DISEASE$ .".strip(), "Yes" if positive else "No") for a, b, positive in drawn
    ]
    lines = [
        ([str(number)] if numbered else []) + [row.text, str(int(row.positive))] for number, row in enumerate(expected)
    ]
    if header:
        lines.insert(0, ["index", "sentence", "label"] if numbered else ["sentence", "label"])
    assert read("".join("\t".join(cells) + "\n" for cells in lines)) == expected


@needs_corpora
@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_the_gold_corpora(name: str, composed: Composed) -> None:
    """Whatever the fold, train and test are all rows; the files have the sha256 of the fold."""
    settings = composed("train", f"dataset={name}")
    for fold in range(1, 11):
        dataset = replace(settings.dataset, fold=fold, files=FilesConfig())
        for split, file in (("train", dataset.files.train), ("test", dataset.files.test)):
            file.path, file.url = f"{name}/{fold}/{split}.tsv", "https://example.org"
        files = dataset.split_files()
        assert files["train"].sha256
        assert files["test"].sha256
        found = datasets.open_gold(tasks.open(dataset), data=CORPORA)
        rows = [*found.train, *found.test]
        assert (len(rows), sum(row.positive for row in rows)) == COUNTS[name]
        assert len(found.test) == pytest.approx(len(rows) / 10, abs=4)
