from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.reports.samples import Samples, samples_page, show_samples
from clinsynth.review.marking import pieces


def example(text: str, *words: str, label: str = "", kinds: str = "Disease") -> Any:
    entities = [
        {"start": text.index(word), "end": text.index(word) + len(word), "label": kind, "text": word}
        for word, kind in zip(words, cycle(kinds.split()), strict=False)
    ]
    return SimpleNamespace(text=text, label=label, entities=lambda: entities)


def test_entities_are_bold_in_markdown() -> None:
    found = Samples([example("Gout and <ataxia>.", "Gout", "ataxia"), example("C3* Q0.")])
    assert found.markdown == "- **Gout** and \\<**ataxia**>.\n- C3\\* Q0.\n"


def test_a_page_escapes_what_it_shows() -> None:
    page = samples_page("a < b", [("x & y", Samples([example("p < q: gout", "gout", label="A<1>")]))])
    assert "<title>a &lt; b</title>" in page
    assert "<h2>x &amp; y</h2>" in page
    assert "<b>A&lt;1&gt;</b>: p &lt; q: <mark>gout<small>Disease</small></mark>" in page
    assert "://" not in page


TYPED = example("ECG for gout.", "ECG", "gout", kinds="Test Problem")


def test_several_types_are_named_and_have_their_colours(capsys: pytest.CaptureFixture[str]) -> None:
    assert Samples([TYPED]).markdown == "- **ECG** (Test) for **gout** (Problem).\n"
    page = samples_page("a", [("b", Samples([TYPED]))])
    assert "<p><mark class=l0>Problem</mark> <mark class=l1>Test</mark> </p>" in page
    assert "<mark class=l1>ECG<small>Test</small></mark> for <mark class=l0>gout<small>" in page
    show_samples([TYPED])
    assert "[ECG](Test) for [gout](Problem)." in capsys.readouterr().out


def test_of_spans_in_each_other_a_piece_is_of_the_shortest() -> None:
    text = "no breast cancer, gout"
    places = [(3, 16, "X"), (3, 9, "Y"), (18, 22, "X")]
    spans = [{"start": start, "end": end, "label": label} for start, end, label in places]
    found = [(piece, span and span["label"]) for piece, span in pieces(text, spans)]
    assert found == [("no ", None), ("breast", "Y"), (" cancer", "X"), (", ", None), ("gout", "X"), ("", None)]
