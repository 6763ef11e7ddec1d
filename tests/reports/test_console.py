from __future__ import annotations

import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import clinsynth
from clinsynth.reports import console, counts, report
from clinsynth.reports.report import Report
from clinsynth.reports.samples import show_samples
from clinsynth.text.printable import printable

ODD = "benzo[a]pyrene [/b] [bold]x [d-Ala2]"
HOSTILE = "\x1b[2J\x1b]0;title\x07 gone\r\u202eback"


def test_what_a_terminal_would_obey_is_spelt_out() -> None:
    assert printable("a\tb\nc é – [x]") == "a\tb\nc é – [x]"
    assert printable(HOSTILE) == r"\x1b[2J\x1b]0;title\x07 gone\r\u202eback"
    everything = "".join(map(chr, random.Random(0).sample(range(0x2500), 0x2500)))
    assert all(sign in "\t\n" or ord(sign) >= 0x20 for sign in printable(everything))


def corpus() -> Any:
    manifest = SimpleNamespace(
        counts={"kept": 1, "units": 1, "parsed": 1, "not needed": 0, "units left out": 0},
        rejected={ODD: 1},
        short={ODD: 2},
        described={"examples": 1, ODD: 1},
        confidence=None,
        whose=[],
    )
    return SimpleNamespace(digest="0123", manifest=manifest)


def shown_counts(text: str) -> None:
    counts.show_short({text: 1}, wanted=lambda unit: 2)


def shown_sample(text: str) -> None:
    show_samples([SimpleNamespace(text=text, label=text, entities=lambda: ())])


@pytest.mark.parametrize(
    "show",
    [
        console.say,
        lambda text: console.say("", bold=text),
        lambda text: console.print_columns([text], [[text]]),
        lambda text: console.print_places({text: text}),
        lambda text: counts.show_splits(text, {"train": {"sentences": 1}}, overlap=0),
        lambda text: counts.show_rejected({text: 1}, [{"reason": text, "text": text, "detail": text}], each=1),
        shown_counts,
        shown_sample,
        lambda text: report.show_report(Report("r", text, body=[text])),
    ],
)
def test_text_is_shown_as_it_stands(show: Any, capfd: pytest.CaptureFixture[str]) -> None:
    show(ODD)
    assert ODD in capfd.readouterr().out
    show(HOSTILE)
    shown = capfd.readouterr().out
    assert r"\x1b[2J" in shown
    assert not set("\x1b\x07\r\u202e") & set(shown)


def test_counts_of_a_corpus_are_shown_as_they_stand(capfd: pytest.CaptureFixture[str]) -> None:
    counts.show_corpus_counts(corpus())
    assert capfd.readouterr().out.count(ODD) == 3


def test_one_console_prints_what_others_wrote() -> None:
    """A `Console()` of its own reads markup, unless all that it prints is the program's."""
    reports = Path(clinsynth.__file__).parent / "reports"
    made = [path.name for path in reports.glob("*.py") if re.search(r"\bConsole\(", path.read_text(encoding="utf-8"))]
    assert made == ["console.py"]
