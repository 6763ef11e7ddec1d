from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from clinsynth.papers.published import changes, published
from clinsynth.reports import report as documents
from clinsynth.reports import score_tables
from clinsynth.reports.arms import Row, Scored
from clinsynth.reports.report import Document, Table
from clinsynth.types import Outcomes

COUNTS = np.array([[1, 1, 1], [1, 2, 1], [0, 0, 1]])


def row(arm: str, *f1: float, jobs: int = 1, theirs: float | None = None) -> Row:
    metrics = [{"test/precision": value, "test/recall": value, "test/f1": value} for value in f1]
    limits = {"test/f1_low": 0.1, "test/f1_high": 0.9, "test/ap": 0.25}
    outcomes = Outcomes(np.arange(len(COUNTS)), COUNTS)
    runs = [Scored(f"{arm}{place}", found | limits, outcomes) for place, found in enumerate(metrics)]
    value = None if theirs is None else {"f1": theirs}
    return Row("d", "ner", arm, arm, "mini_lm", runs=runs, jobs=jobs, published=value)


ROWS = [row("original", 0.5, 0.7, jobs=2, theirs=58.0), row("few & 100%", 0.4), row("synthetic", jobs=3, theirs=51.51)]
TABLE = score_tables.scores(ROWS, columns=[("AP", "test/ap")], caption="table7: my_data")


def test_markdown_has_the_best_in_bold_and_says_what_is_missing() -> None:
    head, rule, original, few, synthetic = TABLE.markdown.splitlines()
    assert head.startswith(
        "| arm | backbone | runs | P | R | F1 | 95% interval | AP | against the best | paper F1 (biobert) |"
    )
    assert rule.count("---") == len(TABLE.heads)
    cells = [cell.strip() for cell in original.strip("|").split("|")]
    assert cells[2:6] == ["2", "60.0 ± 14.1", "60.0 ± 14.1", "**60.0 ± 14.1**"]
    assert cells[-2:] == ["58.0", "+2.0"]
    assert "**" not in few
    assert "| 1 | 40.0 | 40.0 | 40.0 | 10.0 – 90.0 | 25.0 | +0.0 [+0.0, +0.0] | – | – |" in few
    assert "| 0 of 3 | missing | missing | missing | missing | missing | – | 51.5 | – |" in synthetic


def test_csv_is_for_programs() -> None:
    found = list(csv.DictReader(io.StringIO(documents.comma_separated([TABLE]))))
    assert [line["F1"] for line in found] == ["60.00", "40.00", "missing"]
    assert found[1]["arm"] == "few & 100%"


def test_tables_of_one_kind_are_one_csv_file_with_the_columns_of_both(tmp_path: Path) -> None:
    first = Table("a", ["arm", "AP"], [[documents.same("x"), documents.same("1")]], dataset="gad")
    second = Table("b", ["arm", "macro"], [[documents.same("y"), documents.same("2")]], dataset="sample_asd")
    claims = Table("c", ["claim"], [[documents.same("z")]], kind="claims")
    Document("table9", "T", body=[first, "Text.\n", second, claims]).write(tmp_path)
    lines = (tmp_path / "table9.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["dataset,arm,AP,macro", "gad,x,1,", "sample_asd,y,,2"]
    assert (tmp_path / "table9.claims.csv").read_text(encoding="utf-8") == "claim\nz\n"


def test_latex_compiles_as_far_as_signs_go() -> None:
    text = documents.latex(TABLE)
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    assert r"few \& 100\%" in text
    assert r"\textbf{60.0 $\pm$ 14.1}" in text
    assert r"\caption{table7: my\_data}" in text
    assert all(line.count(" & ") == len(TABLE.heads) - 1 for line in text.splitlines() if line.endswith(r"\\"))


def test_what_the_paper_reports_is_found_by_backbone() -> None:
    assert published("table7", dataset="ncbi_disease", source="synthetic", backbone="bert") == {
        "p": 39.41,
        "r": 59.15,
        "f1": 47.30,
    }
    beside = published("table7", dataset="ncbi_disease", source="synthetic", backbone="minilm")
    assert beside == published("table7", dataset="ncbi_disease", source="synthetic", backbone="biobert")
    zero = published("table8", dataset="gad", source="zero_shot", backbone="recorded")
    assert zero is not None
    assert zero["f1"] == 78.03
    assert published("table7", dataset="ncbi_disease", source="augmented", backbone="bert") is None
    assert published("figure2", dataset="ncbi_disease", source="synthetic", backbone="bert") is None
    assert published("table-asd", dataset="sample_asd", source="original", backbone="bert") is None


def test_a_table_without_published_values_has_no_columns_for_them() -> None:
    heads = score_tables.scores([row("original", 0.5)], columns=[], caption="").heads
    assert "paper F1" not in heads
    assert heads[-1] == "against the best"


def test_changes_are_in_points_and_relative_beside_the_papers() -> None:
    rows = [row("original", 0.5), row("augmented", 0.6)]
    table = score_tables.changes(rows, theirs=changes("table-asd"), caption="")
    ours, theirs = ([cell.text for cell in line] for line in table.lines)
    assert ours == ["augmented", "+10.0 (+20%)", "+10.0 (+20%)", "+10.0 (+20%)"]
    assert theirs[1:] == ["-16%", "+13%", "–"]
    assert changes("table7") == {}


def test_a_document_is_written_in_every_form_that_it_has(tmp_path: Path) -> None:
    figure = Figure()
    document = Document("table7", "A title", body=["Text.\n", TABLE], figure=figure, sides={"runs.csv": "a\n"})
    names = [place.name for place in document.write(tmp_path / "new")]
    assert names == [f"table7.{ending}" for ending in ("md", "csv", "tex", "runs.csv", "png", "svg")]
    text = (tmp_path / "new" / "table7.md").read_text(encoding="utf-8")
    assert text.startswith("# A title\n\n![A title](table7.png)\n\nText.\n")
    assert text.endswith(TABLE.markdown)
    assert (tmp_path / "new" / "table7.png").read_bytes().startswith(b"\x89PNG")
    plain = Document("table1", "Prompts", body=["Text.\n"])
    assert [place.name for place in plain.write(tmp_path)] == ["table1.md"]
