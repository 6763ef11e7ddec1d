from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from clinsynth.reports.samples import Samples, samples_page


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
