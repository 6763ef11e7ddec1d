"""The review page: what is answered is saved, in the order in which it is shown, and nothing else happens."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinsynth.errors import ConfigError
from clinsynth.review import folder as folders
from clinsynth.review import forms, serving
from clinsynth.review.folder import Review, ReviewItem, Subject
from clinsynth.review.token import TOKEN

testing = pytest.importorskip("streamlit.testing.v1", reason="the extra `review` is not installed")

RELATION = Review(Subject.corpus, "toy", "0123456789ab", "relation", ("No", "Yes"), {}, blind=False, seed=0)
NOTES = replace(RELATION, task="multilabel", labels=("A1", "B2"), meanings={"A1": "hidden *meaning*"})
NER = replace(RELATION, task="ner", labels=("O", "B-Disease", "I-Disease"))

Open = Callable[..., Any]


def items(*texts: str, given: str = "Yes", entities: tuple[dict[str, Any], ...] = ()) -> list[ReviewItem]:
    return [ReviewItem(f"id{place}", text, given, given, list(entities), {}) for place, text in enumerate(texts)]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Writes a review and opens its page, as one tab of a browser does; without a review, the same one again."""

    def open_page(
        review: Review | None = None, drawn: list[ReviewItem] | None = None, *, annotator: str = "ann"
    ) -> Any:
        if review:
            folders.write_review(tmp_path, review, items=drawn or [])
        monkeypatch.setattr(sys, "argv", ["page.py", str(tmp_path), "ann", "bob"])
        tab = testing.AppTest.from_file(serving.PAGE, default_timeout=30)
        tab.query_params["annotator"] = annotator
        tab.run()
        assert not tab.exception
        return tab

    return open_page


def press(tab: Any, key: str) -> None:
    """Press a button, having looked at the page for long enough."""
    tab.session_state["since"] = 0
    tab.button(key=key).click().run()
    assert not tab.exception


def undo(tab: Any) -> None:
    press(tab, next(button.key for button in tab.button if "/undo/" in button.key))


def sent(tab: Any) -> str:
    """All that the browser gets."""
    return "".join(str(element.proto) for element in tab._tree if hasattr(element, "proto"))


def test_each_answer_is_saved_and_the_next_example_is_shown(page: Open, tmp_path: Path) -> None:
    tab = page(RELATION, items("first", "other", "more"))
    assert "first" in sent(tab)
    assert "other" not in sent(tab)
    press(tab, "answer/correct/id0")
    assert folders.read_answers(tmp_path, "ann") == {"id0": "correct"}
    assert "other" in sent(tab)
    assert "1 of 3 answered" in sent(tab)
    press(tab, "answer/wrong/id1")
    press(tab, "answer/correct/id2")
    assert folders.read_answers(tmp_path, "ann") == {"id0": "correct", "id1": "wrong", "id2": "correct"}
    assert "All 3 are answered" in sent(tab)
    assert "action=import" in sent(tab)


def test_a_page_that_is_opened_again_goes_on(page: Open) -> None:
    press(page(RELATION, items("first", "other")), "answer/correct/id0")
    assert "other" in sent(page())


def test_undo_takes_back_the_last_answer_and_shows_its_example(page: Open, tmp_path: Path) -> None:
    tab = page(RELATION, items("first", "other"))
    press(tab, "answer/correct/id0")
    press(tab, "answer/wrong/id1")
    undo(tab)
    assert "other" in sent(tab)
    undo(page())  # in a new tab, too
    assert folders.read_answers(tmp_path, "ann") == {}


def test_an_earlier_answer_can_be_changed(page: Open, tmp_path: Path) -> None:
    tab = page(RELATION, items("first", "other", "more"))
    press(tab, "answer/correct/id0")
    press(tab, "id1/Previous")
    assert "Your answer: correct" in sent(tab)
    press(tab, "answer/wrong/id0")
    assert folders.read_answers(tmp_path, "ann") == {"id0": "wrong"}
    assert "other" in sent(tab)


def test_skipped_examples_come_again_at_the_end(page: Open) -> None:
    tab = page(RELATION, items("first", "other", "more"))
    press(tab, "id0/Next")
    press(tab, "answer/correct/id1")
    press(tab, "id2/Previous")
    press(tab, "id1/Continue")
    press(tab, "answer/correct/id2")
    assert "first" in sent(tab)


def test_what_is_pressed_too_soon_or_too_late_answers_nothing(page: Open, tmp_path: Path) -> None:
    tab = page(RELATION, items("first", "other"))
    tab.session_state["since"] = time.monotonic()
    tab.button(key="answer/correct/id0").click().run()
    assert folders.read_answers(tmp_path, "ann") == {}
    tab.session_state["shown"] = "id1"  # as after another press that the browser has not seen the end of
    press(tab, "answer/wrong/id0")
    assert folders.read_answers(tmp_path, "ann") == {}
    press(tab, "answer/correct/id1")
    assert folders.read_answers(tmp_path, "ann") == {"id1": "correct"}


def test_annotators_and_their_tabs_do_not_mix(page: Open, tmp_path: Path) -> None:
    ann, bob = page(RELATION, items("first", "other")), page(annotator="bob")
    press(ann, "answer/correct/id0")
    press(bob, "answer/wrong/id0")
    press(ann, "answer/correct/id1")
    assert folders.read_answers(tmp_path, "ann") == {"id0": "correct", "id1": "correct"}
    assert folders.read_answers(tmp_path, "bob") == {"id0": "wrong"}


def test_an_annotator_is_chosen_or_typed(page: Open, tmp_path: Path) -> None:
    tab = page(RELATION, items("first"), annotator="../bob")
    assert "first" not in sent(tab)
    tab.button(key="annotator/bob").click().run()
    assert tab.query_params["annotator"] == "bob"
    tab.button(key="leave").click().run()
    for typed in ("../eve", ".eve", "a:b"):
        tab.text_input[0].set_value(typed)
        tab.button[-1].click().run()
        assert "part of a file" in sent(tab)
    tab.text_input[0].set_value("Bob")  # a name that is there
    tab.button[-1].click().run()
    assert tab.query_params["annotator"] == "bob"
    press(tab, "answer/correct/id0")
    assert folders.annotators(tmp_path) == ["bob"]


def test_the_annotators_of_the_export_are_the_ones_to_choose_from(page: Open, tmp_path: Path) -> None:
    forms.write_sheets(tmp_path, RELATION, items=items("first"), annotators=["zoe", "ann"])
    tab = page(RELATION, items("first"), annotator="zeo")  # a name that is mistyped
    assert [button.label for button in tab.button] == ["ann", "zoe", "bob"]
    assert not tab.text_input
    press(tab, "annotator/zoe")
    press(tab, "answer/correct/id0")
    assert folders.annotators(tmp_path) == ["zoe"]


@pytest.mark.parametrize(
    ("review", "drawn"),
    [
        (NOTES, items("a note", given="secret")),
        (NER, items("a note", given="secret", entities=({"start": 2, "end": 6, "label": "secret", "text": "note"},))),
        (RELATION, items("a note", given="secret")),
    ],
)
def test_a_blind_review_sends_no_label(page: Open, review: Review, drawn: list[ReviewItem]) -> None:
    assert "secret" in sent(page(review, drawn))
    tab = page(replace(review, blind=True), drawn)
    assert "a note" in sent(tab)
    assert "secret" not in sent(tab)
    assert "<mark" not in sent(tab)


def test_several_labels_are_chosen_and_saved_together(page: Open, tmp_path: Path) -> None:
    tab = page(replace(NOTES, blind=True), items("first", "other", given="A1"))
    for toggle in ("B2", "A1", "B2", "B2"):
        press(tab, f"toggle/{toggle}/id0")
    press(tab, "answers/id0")
    assert tab.button(key="answers/id1").disabled
    press(tab, "answer/none/id1")
    assert folders.read_answers(tmp_path, "ann") == {"id0": "A1;B2", "id1": "none"}


def test_a_label_that_is_wrong_can_be_put_right(page: Open, tmp_path: Path) -> None:
    tab = page(NOTES, items("first", given="A1"))
    press(tab, "put-right/id0")
    press(tab, "toggle/A1/id0")
    press(tab, "toggle/B2/id0")
    press(tab, "answers/id0")
    assert folders.read_answers(tmp_path, "ann") == {"id0": "B2"}


def test_mentions_are_mended_and_what_is_none_is_refused(page: Open, tmp_path: Path) -> None:
    entity = {"start": 5, "end": 11, "label": "Disease", "text": "ataxia"}
    tab = page(NER, items("Mild ataxia & <i>gout</i>.\n  Well.", given="ataxia", entities=(entity,)))
    assert "Mild <mark" in sent(tab)
    assert "&amp; &lt;i&gt;gout&lt;/i&gt;" in sent(tab)
    press(tab, "put-right/id0")
    assert tab.text_input[0].value == "ataxia"
    for written, saved in (("cancer", {}), ("gout | mild  ATAXIA", {"id0": "Mild ataxia | gout"})):
        tab.session_state["since"] = 0
        tab.text_input[0].set_value(written)
        next(button for button in tab.button if button.label == "Save").click().run()
        assert folders.read_answers(tmp_path, "ann") == saved
        assert ("cancer" in sent(tab) and "parts of the text" in sent(tab)) is not saved


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    folders.write_review(tmp_path, RELATION, items=items("first"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match=r"review\.port="):
        serving.serve(tmp_path, annotators=[], host="127.0.0.1", port=taken.getsockname()[1], browser=False)
    with pytest.raises(ConfigError, match=r"review\.host=.*127\.0\.0\.1"):
        serving.serve(tmp_path, annotators=[], host="no such host", port=8501, browser=False)
    with pytest.raises(ConfigError, match="action=export"):
        serving.serve(tmp_path / "none", annotators=[], host="127.0.0.1", port=8501, browser=False)


def test_without_streamlit_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders.write_review(tmp_path, RELATION, items=items("first"))
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"clinsynth\[review\]"):
        serving.serve(tmp_path, annotators=[], host="127.0.0.1", port=8501, browser=False)


@pytest.mark.parametrize(("host", "warns"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_who_can_open_the_page_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str, warns: bool
) -> None:
    folders.write_review(tmp_path, RELATION, items=items("first"))
    told: list[str] = []
    monkeypatch.setenv(TOKEN, "")
    monkeypatch.setattr(serving, "_run", told.extend)
    with socket.create_server((host, 0)) as probe:
        port = probe.getsockname()[1]
    serving.serve(tmp_path, annotators=["ann"], host=host, port=port, browser=False)
    said = capsys.readouterr().out
    assert ("lets others in" in said) is warns
    assert (f":{port}/?token={os.environ[TOKEN]} " in said) is warns
    assert bool(os.environ[TOKEN]) is warns
    assert f"--server.address={host}" in told
    assert "--browser.gatherUsageStats=false" in told
    assert told[-2:] == [str(tmp_path.resolve()), "ann"]


def test_a_page_that_others_reach_wants_its_token(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "drawn-anew")
    tab = page(RELATION, items("a secret text"))
    assert [box.value for box in tab.error] == [
        "Open the whole address that `clinsynth review action=serve` prints: it ends with a token."
    ]
    assert not tab.button
    tab.query_params["token"] = "drawn-ane"
    assert tab.run().error
    tab.query_params["token"] = "drawn-anew"
    assert not tab.run().error
    assert tab.button
    del tab.query_params["token"]
    assert not tab.run().error, "a session remembers"
