"""The review page in a real browser: twenty examples by keyboard, closed in the middle, opened again, nothing lost."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from browsers import chromium, needs_browser
from clinsynth.review import folder as folders
from clinsynth.review.folder import Review, ReviewItem, Subject
from support import environment

pytest.importorskip("streamlit", reason="the extra `review` is not installed")
pytestmark = needs_browser

REVIEW = Review(Subject.corpus, "toy", "0123456789ab", "ner", ("O", "B-Disease", "I-Disease"), {}, blind=False, seed=0)
LOOK = 0.5
"""Seconds that a reader looks at an example at least: the page takes no answer sooner."""


def drawn(count: int) -> list[ReviewItem]:
    texts = [f"Patient {place} has ataxia and gout." for place in range(count)]
    entity = {"label": "Disease", "text": "ataxia"}
    return [
        ReviewItem(
            f"id{place}",
            text,
            "ataxia",
            "ataxia",
            [entity | {"start": text.index("ataxia"), "end": text.index(" and")}],
            {},
        )
        for place, text in enumerate(texts)
    ]


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The page, served by a process of its own: its address and the process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = f"Path({str(folder)!r}), annotators=['ann', 'bob'], host='127.0.0.1', port={port}, browser=False"
    code = f"from pathlib import Path; from clinsynth.review.serving import serve; serve({words})"
    process = subprocess.Popen([sys.executable, "-c", code], env=environment())
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not _healthy(address):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield address, process
    finally:
        process.kill()
        process.wait()


def _healthy(address: str) -> bool:
    try:
        return requests.get(f"{address}/_stcore/health", timeout=5).ok
    except requests.ConnectionError:
        return False


class Reader:
    """Somebody in front of a browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get(address)

    def wait(self, condition: Any) -> Any:
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(self.driver, 30, 0.05, ignored_exceptions=[StaleElementReferenceException])
        return waiting.until(lambda _: condition())

    def texts(self, css: str) -> list[str]:
        return [element.text for element in self.driver.find_elements("css selector", css)]

    def see(self, words: str, css: str = ".stMain") -> None:
        """Wait until the page says it."""
        try:
            self.wait(lambda: any(words in text for text in self.texts(css)))
        except Exception as error:
            raise AssertionError(f"{words!r} never came: {self.texts('.stMain')}") from error

    def look(self, item: ReviewItem) -> None:
        """Wait until an example is shown with its buttons, and read it."""
        self.see(item.text, ".review-text")
        self.wait(lambda: self.button(f"answer-correct-{item.id}"))
        seen = time.monotonic()
        self.wait(lambda: time.monotonic() > seen + LOOK)

    def button(self, name: str) -> Any:
        return self.driver.find_elements("css selector", f".st-key-{name} button")

    def press(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def outside(self, address: str) -> set[str]:
        """Hosts other than the page's that the browser has asked for anything."""
        events = [json.loads(entry["message"])["message"]["params"] for entry in self.driver.get_log("performance")]
        asked = [event.get("request", event).get("url", "") for event in events]
        urls = [urlsplit(url) for url in asked if url.startswith(("http", "ws"))]
        assert urls
        return {url.netloc for url in urls} - {urlsplit(address).netloc}


@contextmanager
def reader() -> Iterator[Reader]:
    with chromium("performance", size="1200,900") as driver:
        yield Reader(driver)


def test_twenty_examples_by_keyboard_with_a_break_in_the_middle(tmp_path: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    items = drawn(20)
    folders.write_review(tmp_path, REVIEW, items=items)
    wanted = ["correct" if place % 3 else "wrong" for place in range(20)]
    wanted[12] = "ataxia | gout"

    with server(tmp_path) as (address, process), reader() as ann:
        ann.open(address)
        ann.see("Who is answering?")
        ann.wait(lambda: ann.button("annotator-ann"))
        ann.press("1")
        for item, answer in zip(items[:8], wanted, strict=False):
            ann.look(item)
            if item.id == "id4":  # a double click is one answer
                assert answer == "correct"
                ActionChains(ann.driver).click(ann.button("answer-correct-id4")[0]).pause(0.2).click().perform()
            else:
                ann.press("1" if answer == "correct" else "2")
        ann.look(items[8])
        ann.press(Keys.BACKSPACE)  # the 8th once more
        ann.look(items[7])
        assert len(folders.read_answers(tmp_path, "ann")) == 7
        ann.press("1")
        ann.see("8 of 20 answered")
        assert "annotator=ann" in ann.driver.current_url
        assert ann.outside(address) == set()
        process.send_signal(signal.SIGKILL)
    assert list(folders.read_answers(tmp_path, "ann")) == [item.id for item in items[:8]]

    with server(tmp_path) as (address, process), reader() as ann:
        ann.open(f"{address}?annotator=ann")
        for item, answer in zip(items[8:], wanted[8:], strict=True):
            ann.look(item)
            if answer in ("correct", "wrong"):
                ann.press("1" if answer == "correct" else "2")
                continue
            ann.press("3")
            ann.wait(lambda: ann.driver.switch_to.active_element.get_attribute("value") == "ataxia")
            ann.press(Keys.END, " | gout", Keys.ENTER)
        ann.see("All 20 are answered")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0

    assert folders.read_answers(tmp_path, "ann") == {
        item.id: answer for item, answer in zip(items, wanted, strict=True)
    }
    assert folders.annotators(tmp_path) == ["ann"]
