"""One table of hostile strings for all that writes texts of others: pages, Markdown, LaTeX, CSV and terminals."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.api.scores import table_of
from clinsynth.files import sheets
from clinsynth.reports.markdown import code, escaped, fenced
from clinsynth.reports.page import report_page
from clinsynth.reports.samples import Samples, show_samples
from clinsynth.reports.tables import ReportTable, csv_text, latex_escaped, plain_cells
from clinsynth.review import marking
from clinsynth.review.forms import instructions

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "![x](http://evil.example/x.png) [a](javascript:alert(1))",
    "line\n\n# heading\n<b>",
    "```\n<script>",
    "`` ` ``",
    "a | b || c",
    '=HYPERLINK("http://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1+1",
    "\\write18{touch x} \\input{/etc/passwd} $x^2$ % & # _ {} ~ ^",
    "\x1b[2J\x1b]0;title\x07\x9b31m",
    "gout \u202egnirts\u2066 a\u200e",
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def example(text: str) -> Any:
    entity = {"start": 0, "end": 2, "label": text, "text": text[:2]}
    return SimpleNamespace(text=text, label=text, entities=lambda: [entity])


class Tags(HTMLParser):
    """All tags of a page that are not the program's own, and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attrs)]


PAGES: dict[str, Callable[[str], str]] = {
    "samples": lambda text: report_page(text, [Samples([example(text)])], figure=None, panels=(), samples=()),
    "review": lambda text: marking.marked(text, example(text).entities(), {text: 0, "other": 1}),
    "legend": lambda text: marking.legend({text: 0}),
    "notebook": lambda text: table_of({text: text}),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_shows_it_and_runs_nothing(page: str, text: str) -> None:
    tags, plain = Tags(), Tags()
    found = PAGES[page](text)
    tags.feed(found)
    plain.feed(PAGES[page]("xx yy"))
    assert tags.found == plain.found
    assert not CONTROLS.search(found)


def review_page(text: str) -> str:
    asked = {"task": "classes", "labels": ("A", "B"), "blind": True, "meanings": {"A": text}}
    return instructions(SimpleNamespace(**asked))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("written", [escaped, lambda text: Samples([example(text)]).markdown.rstrip("\n")])
def test_markdown_shows_it_as_it_stands(written: Callable[[str], str], text: str) -> None:
    found = written(text)
    assert "\n" not in found
    assert not CONTROLS.search(found)
    assert not re.search(r"(?<!\\)(?:\\\\)*<(?!/?b>)|(?<!\\)(?:\\\\)*!?\[|(?<![\\`])`", found), found


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_shown_as_code_does_not_get_out(text: str) -> None:
    line, block = code(text), fenced(text)
    fence = re.match("`+", line)
    assert fence is not None
    assert "\n" not in line
    assert not re.search(rf"(?<!`){fence[0]}(?!`)", line[len(fence[0]) : -len(fence[0])])
    first, *_, last = block.split("\n")
    assert block.split("\n").count(last) == (2 if first == last else 1)
    assert not CONTROLS.search(line + block)
    assert "<" not in review_page(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_runs_nothing(text: str) -> None:
    found = latex_escaped(text)
    known = r"\\([&%$#_{}]|textasciitilde\{\}|textasciicircum\{\})|\$\\pm\$"
    assert not re.search(r"[\\&%$#_{}~^\n]", re.sub(known, "", found)), found
    assert not CONTROLS.search(ReportTable(text, [text, "n"], [plain_cells(text, "1")]).latex)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sheet_runs_no_formula(text: str, tmp_path: Path) -> None:
    sheets.write_sheet(tmp_path / "a.csv", [{"a": text}], columns=["a"])
    for content in ((tmp_path / "a.csv").read_text(encoding="utf-8-sig"), csv_text([{"a": text}])):
        cell = list(csv.reader(io.StringIO(content, newline="")))[1][0]
        assert cell[0] not in "=+-@\t\r"


@pytest.mark.parametrize("text", ["-0.5", "+2.0", "+0.0 [+0.0, +0.0]", "10.0 – 90.0", "60.0 ± 14.1", "-", "1e-5"])
def test_numbers_stay_what_programs_read(text: str) -> None:
    assert csv_text([{"a": text}]) == f"a\n{text}\n" or f'"{text}"' in csv_text([{"a": text}])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_obeys_nothing_in_it(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    show_samples([example(text)])
    assert not CONTROLS.search(capfd.readouterr().out)
