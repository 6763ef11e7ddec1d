"""The pages of corpora and of reports in a real browser: filtered, searched, turned, sorted, read off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_browsing import GOUT, corpus

from browsers import chromium, needs_browser
from clinsynth.reports.browsing import write_browser
from clinsynth.reports.curves import Line, Panel, Point
from clinsynth.reports.page import report_page
from clinsynth.reports.tables import ReportTable, plain_cells

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("browser", size="1200,900") as driver:
        yield driver


def texts(browser: Any, css: str) -> list[str]:
    return [element.text for element in browser.find_elements("css selector", css)]


def press(browser: Any, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def choose(browser: Any, name: str, value: str) -> None:
    from selenium.webdriver.support.ui import Select

    Select(browser.find_element("id", name)).select_by_value(value)


def test_a_corpus_is_filtered_searched_and_turned(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver import Keys

    kept = [{"unit": f"unit {place}", "text": "", "tokens": ["Text"], "tags": ["O"]} for place in range(2990)]
    left = [{"unit": "gout", "text": f"Copy {place}.", "reason": "copy", "detail": "of #3"} for place in range(10)]
    write_browser(tmp_path / "corpus.html", corpus("ner", [{"unit": "gout"} | GOUT, *kept], *left))
    browser.get((tmp_path / "corpus.html").as_uri())

    assert texts(browser, "#count") == ["1–50 of 3,001"]
    assert texts(browser, "#rows mark") == ["Gout"]
    assert texts(browser, "#rows .text")[0] == "Gout </script><b>hurts</b>."
    press(browser, Keys.ARROW_RIGHT)
    assert texts(browser, "#count") == ["51–100 of 3,001"]
    press(browser, "/", "HURTS")
    assert texts(browser, "#count") == ["1–1 of 1"]
    press(browser, Keys.ESCAPE)  # which empties a field of this kind
    choose(browser, "state", "copy")
    assert texts(browser, "#count") == ["1–10 of 10"]
    assert texts(browser, "#rows .rejected")[0] == "copy: of #3"
    choose(browser, "state", "")
    browser.find_element("css selector", "#rows .about button").click()
    assert texts(browser, "#count") == ["1–11 of 11"]
    choose(browser, "label", "Disease")
    assert texts(browser, "#rows .about") == ["gout"]
    choose(browser, "state", "rejected")
    assert texts(browser, "#count") == ["none of the texts"]
    assert browser.get_log("browser") == []


def test_a_report_is_sorted_and_its_curves_are_read_off(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver import Keys

    scores = {"b": "7.5", "c": "missing", "a": "12.0 ± 1.0", "d": "-1.0"}
    table = ReportTable("scores", ["arm", "F1"], [plain_cells(*line) for line in scores.items()])
    curves = tuple(Line(name, (Point(5, 50.0 + place, 1.0, (45.0, 55.0)),)) for place, name in enumerate("xy"))
    page = report_page("T", [table], figure=None, panels=[Panel("size", (5,), curves)], samples=())
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    browser.get((tmp_path / "report.html").as_uri())

    arm, score = browser.find_elements("css selector", "thead button")
    for button, order in [(score, "abdc"), (score, "dbac"), (arm, "abcd"), (arm, "dcba")]:
        button.click()
        assert "".join(texts(browser, "tbody th")) == order
    assert browser.find_element("css selector", "thead th").get_attribute("aria-sort") == "descending"
    arm.send_keys(Keys.SHIFT, Keys.TAB)
    said = "y, size 5: 51.0 ± 1.0 over seeds; 95% interval over test examples 45.0 to 55.0"
    assert texts(browser, "output") == [said]
    browser.find_element("css selector", "button[data-curve=x]").click()
    shown = [dot.is_displayed() for dot in browser.find_elements("css selector", ".dot circle:not(.reach)")]
    assert shown == [False, True]
    assert browser.get_log("browser") == []
