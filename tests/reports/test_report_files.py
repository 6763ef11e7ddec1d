from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.reports.report import Report
from clinsynth.reports.scores import score_table
from clinsynth.reports.tables import ReportTable, csv_text, plain_cells
from clinsynth.types import Outcomes

COUNTS = np.array([[1, 1, 1], [1, 2, 1], [0, 0, 1]])


def row(arm: str, *f1: float, jobs: int = 1, theirs: float | None = None) -> Arm:
    metrics = [{"test/precision": value, "test/recall": value, "test/f1": value} for value in f1]
    limits = {"test/f1_low": 0.1, "test/f1_high": 0.9, "test/ap": 0.25}
    outcomes = Outcomes(np.arange(len(COUNTS)), COUNTS)
    runs = [ScoredRun(f"{arm}{place}", found | limits, outcomes) for place, found in enumerate(metrics)]
    value = None if theirs is None else {"f1": theirs}
    return Arm(arm, "d", "ner", arm, "mini_lm", runs=runs, jobs=jobs, published=value)


ROWS = [row("original", 0.5, 0.7, jobs=2, theirs=58.0), row("few & 100%", 0.4), row("synthetic", jobs=3, theirs=51.51)]
TABLE = score_table(ROWS, columns={"AP": "test/ap"}, caption="table7: my_data", published="paper F1 (biobert)")


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
    found = list(csv.DictReader(io.StringIO(csv_text(TABLE.rows))))
    assert [line["F1"] for line in found] == ["60.00", "40.00", "missing"]
    assert found[1]["arm"] == "few & 100%"


def test_tables_of_one_kind_are_one_csv_file_with_the_columns_of_both(tmp_path: Path) -> None:
    first = ReportTable("a", ["arm", "AP"], [plain_cells("x", "1")], dataset="gad")
    second = ReportTable("b", ["arm", "macro"], [plain_cells("y", "2")], dataset="sample_asd")
    claims = ReportTable("c", ["claim"], [plain_cells("z")], kind="claims")
    Report("table9", "T", body=[first, "Text.\n", second, claims]).write(tmp_path)
    lines = (tmp_path / "table9.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["dataset,arm,AP,macro", "gad,x,1,", "sample_asd,y,,2"]
    assert (tmp_path / "table9.claims.csv").read_text(encoding="utf-8") == "claim\nz\n"


def test_latex_compiles_as_far_as_signs_go() -> None:
    text = TABLE.latex
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    assert r"few \& 100\%" in text
    assert r"\textbf{60.0 $\pm$ 14.1}" in text
    assert r"\caption{table7: my\_data}" in text
    assert all(line.count(" & ") == len(TABLE.heads) - 1 for line in text.splitlines() if line.endswith(r"\\"))


def test_a_table_without_published_values_has_no_columns_for_them() -> None:
    heads = score_table([row("original", 0.5)], columns={}, caption="").heads
    assert "paper F1" not in heads
    assert heads[-1] == "against the best"


def test_a_report_is_written_in_every_form_that_it_has(tmp_path: Path) -> None:
    figure = Figure()
    report = Report("table7", "A title", body=["Text.\n", TABLE], figure=figure, sides={"runs.csv": "a\n"})
    names = [place.name for place in report.write(tmp_path / "new")]
    assert names == [f"table7.{ending}" for ending in ("md", "html", "csv", "tex", "runs.csv", "png", "svg")]
    text = (tmp_path / "new" / "table7.md").read_text(encoding="utf-8")
    assert text.startswith("# A title\n\n![A title](table7.png)\n\nText.\n")
    assert text.endswith(TABLE.markdown)
    assert (tmp_path / "new" / "table7.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "new" / "table7.html").read_text(encoding="utf-8")
    assert '<img src="data:image/png;base64,' in page
    assert '<th scope="row" data-value="few &amp; 100%">few &amp; 100%</th>' in page
    assert '<td class="n" data-value="60.00"><b>60.0 ± 14.1</b></td>' in page
    plain = Report("table1", "Prompts", body=["Text.\n"])
    assert [place.name for place in plain.write(tmp_path)] == ["table1.md", "table1.html"]
