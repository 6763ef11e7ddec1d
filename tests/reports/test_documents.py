from __future__ import annotations

import csv
import io

import numpy as np

from clinsynth.reports import documents
from clinsynth.reports.cells import Row, Scored
from clinsynth.reports.paper import published

COUNTS = np.array([[1, 1, 1], [1, 2, 1], [0, 0, 1]])


def row(arm: str, *f1: float, jobs: int = 1, theirs: float | None = None) -> Row:
    metrics = [{"test/precision": value, "test/recall": value, "test/f1": value} for value in f1]
    limits = {"test/f1_low": 0.1, "test/f1_high": 0.9, "test/ap": 0.25}
    runs = [Scored(f"{arm}{place}", found | limits, COUNTS) for place, found in enumerate(metrics)]
    return Row("d", "ner", arm, arm, "mini_lm", runs, jobs=jobs, published=None if theirs is None else {"f1": theirs})


ROWS = [row("original", 0.5, 0.7, jobs=2, theirs=58.0), row("few & 100%", 0.4), row("synthetic", jobs=3, theirs=51.51)]
HEADS = documents.headings(columns=["AP"], published=True)
LINES = documents.grid(ROWS, columns=[("AP", "test/ap")], published=True)


def test_markdown_has_the_best_in_bold_and_says_what_is_missing() -> None:
    head, rule, original, few, synthetic = documents.markdown(HEADS, LINES).splitlines()
    assert head.startswith("| arm | backbone | runs | P | R | F1 | 95% interval | AP | against the best | paper F1 |")
    assert rule.count("---") == len(HEADS)
    cells = [cell.strip() for cell in original.strip("|").split("|")]
    assert cells[2:6] == ["2", "60.0 ± 14.1", "60.0 ± 14.1", "**60.0 ± 14.1**"]
    assert cells[-2:] == ["58.0", "+2.0"]
    assert "**" not in few
    assert "| 1 | 40.0 | 40.0 | 40.0 | 10.0 – 90.0 | 25.0 | +0.0 [+0.0, +0.0] | – | – |" in few
    assert "| 0 of 3 | missing | missing | missing | missing | missing | – | 51.5 | – |" in synthetic


def test_csv_is_for_programs() -> None:
    found = list(csv.DictReader(io.StringIO(documents.comma_separated(HEADS, LINES))))
    assert [line["F1"] for line in found] == ["60.00", "40.00", "missing"]
    assert found[1]["arm"] == "few & 100%"


def test_latex_compiles_as_far_as_signs_go() -> None:
    text = documents.latex(HEADS, LINES, caption="table7: my_data")
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    assert r"few \& 100\%" in text
    assert r"\textbf{60.0 $\pm$ 14.1}" in text
    assert r"\caption{table7: my\_data}" in text
    assert all(line.count(" & ") == len(HEADS) - 1 for line in text.splitlines() if line.endswith(r"\\"))


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
