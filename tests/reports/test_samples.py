from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from clinsynth.reports.samples import Samples, pieces, samples_page


def example(text: str, *words: str, label: str = "") -> Any:
    entities = [
        {"start": text.index(word), "end": text.index(word) + len(word), "label": "Disease", "text": word}
        for word in words
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
    assert "http" not in page


def test_of_spans_in_each_other_a_piece_is_of_the_shortest() -> None:
    text = "no breast cancer, gout"
    places = [(3, 16, "X"), (3, 9, "Y"), (18, 22, "X")]
    spans = [{"start": start, "end": end, "label": label} for start, end, label in places]
    found = [(piece, span and span["label"]) for piece, span in pieces(text, spans)]
    assert found == [("no ", None), ("breast", "Y"), (" cancer", "X"), (", ", None), ("gout", "X"), ("", None)]
