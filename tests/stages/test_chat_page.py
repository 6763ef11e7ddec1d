"""The page of a chat model in a real browser: asked by keyboard, answered, broken off, begun anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from browsers import chromium, needs_browser
from clinsynth.learning.causal.serving import ChatServer

pytestmark = needs_browser


class Speech:
    ended, usage = "stop", {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[str]:
        for part in self.parts:
            if part == "Fail":
                raise ConnectionResetError("as a model that breaks off would")
            yield part


class Model:
    """What stands in for a model: it says what it was asked, in several parts."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def speech(self, messages: Any, *, pieces: int, temperature: float) -> Speech:
        self.asked.append(messages)
        return Speech(["You said: ", "<b>", messages[-1]["content"], "</b>"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("performance", size="1000,700") as driver:
        yield driver


@pytest.fixture
def page(browser: Any) -> Iterator[tuple[Any, Model]]:
    """The browser on the page, and the model behind it."""
    model: Any = Model()
    with ChatServer(model, name="tiny", port=0, pieces=8, temperature=0.0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        browser.get(server.url)
        yield browser, model
        server.shutdown()
        thread.join()


def lines(browser: Any) -> list[str]:
    return [line.text for line in browser.find_elements("css selector", "#said > div")]


def until(condition: Callable[[], bool], browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    try:
        WebDriverWait(browser, 30, 0.05).until(lambda _: condition())
    except Exception as error:
        raise AssertionError(lines(browser)) from error


def test_a_conversation_by_keyboard(page: tuple[Any, Model]) -> None:
    from selenium.webdriver import ActionChains, Keys

    browser, model = page

    def ask(text: str) -> None:
        ActionChains(browser).send_keys(text, Keys.ENTER).perform()

    ask("What is gout?")  # the box has the focus
    until(lambda: lines(browser) == ["What is gout?", "You said: <b>What is gout?</b>"], browser)
    ActionChains(browser).send_keys("One").key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    ask("Two")
    until(lambda: lines(browser)[2:] == ["One\nTwo", "You said: <b>One\nTwo</b>"], browser)
    assert [message["role"] for message in model.asked[-1]] == ["user", "assistant", "user"]

    ask("Fail")
    until(lambda: lines(browser)[-1] == "No answer: the server has broken off", browser)
    ask("Again")
    until(lambda: lines(browser)[-1] == "You said: <b>Again</b>", browser)
    ends = "return document.getElementById('said').lastChild.getBoundingClientRect().bottom"
    begins = "document.querySelector('form').getBoundingClientRect().top"
    assert browser.execute_script(f"{ends} <= {begins}")  # the box hides nothing of the answer
    assert "Fail" not in json.dumps(model.asked[-1])  # what had no answer is not said again

    browser.find_element("id", "anew").click()
    assert lines(browser) == []
    ask("New")
    until(lambda: len(lines(browser)) == 2, browser)
    assert model.asked[-1] == [{"role": "user", "content": "New"}]

    events = [json.loads(entry["message"])["message"]["params"] for entry in browser.get_log("performance")]
    urls = [urlsplit(event.get("request", event).get("url", "")) for event in events]
    assert {url.netloc for url in urls if url.scheme in ("http", "ws")} == {urlsplit(browser.current_url).netloc}
