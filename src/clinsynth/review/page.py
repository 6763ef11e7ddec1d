"""The review page: one example at a time, answered with a key, and saved before the next one is shown.

Streamlit runs this file anew at every press of a button, as `page.py FOLDER [NAME ...]`. Answers live in the folder
alone; a session knows who answers, which example is shown and what is half written. Where the review is blind, nothing
but the text of an example goes to the browser.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from hmac import compare_digest
from math import inf
from pathlib import Path
from typing import Any

import streamlit as st

from clinsynth import tasks
from clinsynth.review import folder as folders
from clinsynth.review.desk import Desk, is_safe
from clinsynth.review.folder import CORRECT, WRONG, ReviewItem
from clinsynth.review.marking import colours, escaped, legend, marked, styles
from clinsynth.review.token import TOKEN

# Comments, not docstrings: Streamlit shows what stands alone in its script.
# Seconds: nobody reads an example in less, so what is pressed sooner was meant for the one before it.
DWELL = 0.4

# Of choices, in their order; Streamlit lets no button have C or R, and U goes on to the unanswered ones.
KEYS = "123456789ABDEFGHIJKLMOPQSTVWXYZ"

# A key that is held down answers once, and Esc leaves a field for the keys of the buttons.
SCRIPT = """<script>
if (!window.clinsynthReview) {
  window.clinsynthReview = true;
  window.addEventListener("keydown", event => {
    const field = event.target.matches?.("input, textarea");
    if (event.repeat && !field) { event.preventDefault(); event.stopImmediatePropagation(); }
    if (event.key === "Escape" && field) event.target.blur();
  }, true);
}
</script>"""

FOCUS = """<script>
/* %s */
(function focus(tries) {
  const field = document.querySelector(".stForm input");
  if (field) field.focus(); else if (tries) setTimeout(focus, 50, tries - 1);
})(20);
</script>"""


# Whether an address has the token that the page wants where others reach it; a session remembers that it had.
def is_let_in(given: str) -> bool:
    wanted = os.environ.get(TOKEN)
    if wanted and compare_digest(given.encode(), wanted.encode()):
        st.session_state["let_in"] = True
    return not wanted or bool(st.session_state.get("let_in"))


def main() -> None:
    if not is_let_in(st.query_params.get("token", "")):
        st.error("Open the whole address that `clinsynth review action=serve` prints: it ends with a token.")
        return
    folder, *names = sys.argv[1:]
    review, items = folders.read_review(Path(folder))
    st.set_page_config(page_title=f"Review of {review.name}", layout="centered")
    st.html(Path(__file__).with_name("page.css"))
    st.html(f"<style>{styles()}</style>")
    st.html(SCRIPT, unsafe_allow_javascript=True)
    expected = folders.named(Path(folder))
    names = list(dict.fromkeys([*expected, *names, *folders.annotators(Path(folder))]))
    annotator = st.query_params.get("annotator", "")
    if annotator not in names and (expected or not is_safe(annotator)):
        choose_annotator(names, others=not expected)
        return
    desk = Desk(Path(folder), annotator, review, {item.id: item for item in items}, tasks.kind(review.task).reviewer)
    state = st.session_state
    if state.get("annotator") != annotator or state["shown"] not in desk.items:
        state["annotator"] = annotator
        _show(desk.unanswered())
    answers = desk.answers
    show_progress(desk, done=len(answers))
    shown = state["shown"]
    if shown is None:
        show_end(desk)
    else:
        ask(desk, desk.items[shown], answered=answers.get(shown))
    show_ways(desk, shown, answers=answers)
    if state["since"] == inf:
        state["since"] = time.monotonic()


def choose_annotator(names: Sequence[str], *, others: bool) -> None:
    """Ask who answers. Where the export named annotators, a name that is mistyped would be one more of them."""
    st.header("Who is answering?", anchor=False)
    for name, key in _with_keys(names):
        st.button(_plain(name), key=f"annotator/{name}", shortcut=key, width="stretch", on_click=_enter, args=(name,))
    if not others:
        _say("Somebody else? The page was exported for these; review.annotators=[name] of serve adds a name.", "note")
        return
    with st.form("new", border=False):
        typed = st.text_input("Another name" if names else "Your name", max_chars=50).strip()
        begin = st.form_submit_button("Begin", type="primary")
    if begin and is_safe(typed):
        known = {name.casefold(): name for name in names}  # Ann and ann are one file on some machines
        _enter(known.get(typed.casefold(), typed))
        st.rerun()
    if begin:
        _say(r"A name is part of a file's name: it has no / \ or : and does not begin with a dot.", "refused")


def show_progress(desk: Desk, *, done: int) -> None:
    kind = "synthetic corpus for" if desk.review.subject == folders.Subject.corpus else "gold of"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        _say(f"Review of {kind} {desk.review.name}", "note")
        st.button(f"Not {_plain(desk.annotator)}?", key="leave", type="tertiary", on_click=_enter, args=("",))
    st.progress(done / max(len(desk.items), 1), text=f"{done} of {len(desk.items)} answered")


def ask(desk: Desk, item: ReviewItem, *, answered: str | None) -> None:
    """Show the text, what is asked about it, and the ways to answer."""
    review, reviewer = desk.review, desk.reviewer
    kinds = colours(reviewer.marks(review.labels))
    st.html(f'<div class="review-text">{marked(item.text, [] if review.blind else item.entities, kinds)}</div>')
    if len(kinds) > 1:
        st.html(f'<p class="review-legend">{legend(kinds)}</p>')
    _say(reviewer.question(review.labels), "question")
    if review.blind:
        ask_label(desk, item, given=answered or "")
    else:
        for label in item.given.split(reviewer.BETWEEN) if reviewer.SEVERAL else [item.given]:
            _say(_explained(desk, label), "label")
        if reviewer.SEVERAL:
            _say("Correct where the text describes it, whatever else it describes.", "note")
        if st.session_state["giving"]:
            ask_label(desk, item, given=item.given if answered in (None, CORRECT, WRONG) else answered or "")
            _button("Back", item, "back", shortcut="Esc", type="tertiary", on_click=_give, args=(False,))
        else:
            with st.container(horizontal=True):
                for answer, key in ((CORRECT, "1"), (WRONG, "2")):
                    _answer_button(desk, item, answer, title=answer.capitalize(), key=key, on=answered == answer)
                _button("Put it right", item, "put-right", shortcut="3", on_click=_give, args=(True,))
    if st.session_state["refused"]:
        _say(st.session_state["refused"], "refused")
    if answered is not None:
        _say(f"Your answer: {answered}", "note")


def ask_label(desk: Desk, item: ReviewItem, *, given: str) -> None:
    """Ask for the label itself, beginning with one that is given."""
    choices, labels = desk.reviewer.choices(desk.review.labels), desk.review.labels
    if not choices:
        ask_words(desk, item, given=given)
    elif not desk.reviewer.SEVERAL:
        with st.container(horizontal=True):
            for choice, key in _with_keys(choices):
                _answer_button(desk, item, choice, title=_explained(desk, choice), key=key, on=choice == given)
    else:
        alone = [choice for choice in choices if choice not in labels]
        chosen = st.session_state["chosen"]
        if chosen is None:
            chosen = st.session_state["chosen"] = set(given.split(desk.reviewer.BETWEEN)) & set(labels)
        for label, key in _with_keys(labels):
            box = "check_box" if label in chosen else "check_box_outline_blank"
            options = {"icon": f":material/{box}:", "width": "stretch", "shortcut": key}
            _button(_explained(desk, label), item, f"toggle/{label}", on_click=_toggle, args=(item, label), **options)
        with st.container(horizontal=True):
            together = desk.reviewer.BETWEEN.join(label for label in labels if label in chosen)
            _answer_button(
                desk, item, together, title="Save", key="Enter", on=True, name="answers", disabled=not chosen
            )
            for choice in alone:
                _answer_button(desk, item, choice, title=choice.capitalize(), key="0", on=choice == given)


def ask_words(desk: Desk, item: ReviewItem, *, given: str) -> None:
    """Ask for an answer that is written freely."""
    field = f"{item.id}/written"

    def save() -> None:  # at once: what was written takes longer than DWELL
        if st.session_state["shown"] == item.id:
            _save(desk, item, st.session_state[field])

    with st.form(f"{item.id}/form", border=False):
        st.text_input(_plain(_accepted(desk, item)), value=given, key=field, autocomplete="off")
        st.form_submit_button("Save", type="primary", shortcut="Enter", on_click=save)
    st.html(FOCUS % item.id, unsafe_allow_javascript=True)


def show_end(desk: Desk) -> None:
    st.header(f"All {len(desk.items)} are answered", anchor=False)
    st.markdown("Thank you. Every answer is saved, and you can close this page.")
    st.markdown("When everybody is done, `clinsynth review action=import` reads the answers.")


def show_ways(desk: Desk, shown: str | None, *, answers: dict[str, str]) -> None:
    """Show undo, and the ways to other examples."""
    last = next(reversed(answers), None)
    ways = {"Previous": ("Left", desk.neighbour(shown, step=-1)), "Next": ("Right", desk.neighbour(shown, step=1))}
    if shown in answers:
        ways["Continue"] = ("U", desk.unanswered(shown))
    st.divider()
    with st.container(horizontal=True):
        for title, (key, item) in ways.items():
            options = {"shortcut": key, "disabled": item == shown, "type": "tertiary"}
            st.button(title, key=f"{shown}/{title}", on_click=_show, args=(item,), **options)
        options = {"shortcut": "Backspace", "disabled": last is None, "type": "tertiary"}
        st.button("Undo", key=f"{shown}/undo/{last}", on_click=_undo, args=(desk, shown, last), **options)


def _answer(desk: Desk, item: ReviewItem, answer: str) -> None:
    if not _hasty(item.id):
        _save(desk, item, answer)


def _save(desk: Desk, item: ReviewItem, answer: str) -> None:
    """Save an answer about the example that is shown, and go on to the next one."""
    if desk.review.blind or answer not in (CORRECT, WRONG):
        try:
            answer = desk.reviewer.read(answer, text=item.text, labels=desk.review.labels)
        except ValueError as error:
            st.session_state["refused"] = f"Not saved. What is accepted: {error}."
            return
    folders.save_answer(desk.folder, desk.annotator, item=item.id, answer=answer)
    _show(desk.unanswered(item.id))


def _undo(desk: Desk, shown: str | None, last: str) -> None:
    if not _hasty(shown):
        folders.save_answer(desk.folder, desk.annotator, item=last, answer=None)
        _show(last)


def _hasty(item: str | None) -> bool:
    """Say whether a press was meant for another example: that one is gone, or this one has only just come."""
    state = st.session_state
    if state["shown"] != item:
        return True
    early = time.monotonic() - state["since"] < DWELL
    if early:
        state["since"] = inf  # until the page has been drawn again: a string of presses answers once
    return bool(early)


def _show(item: str | None) -> None:
    st.session_state.update(shown=item, since=inf, giving=False, chosen=None, refused="")


def _give(giving: bool) -> None:
    st.session_state.update(since=inf, giving=giving, chosen=None, refused="")


def _toggle(item: ReviewItem, label: str) -> None:
    if not _hasty(item.id) and st.session_state["chosen"] is not None:
        st.session_state["chosen"] ^= {label}


def _enter(annotator: str) -> None:
    """Remember in the page's address who answers, so that it can be opened again."""
    st.session_state.pop("annotator", None)
    if annotator:
        st.query_params["annotator"] = annotator
    else:
        st.query_params.pop("annotator", None)


def _answer_button(
    desk: Desk, item: ReviewItem, answer: str, *, title: str, key: str | None, on: bool, name: str = "", **options: Any
) -> None:
    options |= {"shortcut": key, "type": "primary" if on else "secondary"}
    _button(title, item, name or f"answer/{answer}", on_click=_answer, args=(desk, item, answer), **options)


def _button(title: str, item: ReviewItem, name: str, *, on_click: Callable[..., None], **options: Any) -> None:
    """Show a button of this example alone: its key says of which."""
    st.button(_plain(title), key=f"{name}/{item.id}", on_click=on_click, **options)


def _with_keys(choices: Sequence[str]) -> list[tuple[str, str | None]]:
    keys = dict(zip(choices, KEYS, strict=False))
    return [(choice, keys.get(choice)) for choice in choices]


def _explained(desk: Desk, label: str) -> str:
    meaning = desk.review.meanings.get(label)
    return f"{label}: {meaning}" if meaning else label


def _accepted(desk: Desk, item: ReviewItem) -> str:
    """Return what may be written, as the task says it to those who write nothing."""
    try:
        return desk.reviewer.read("", text=item.text, labels=desk.review.labels)
    except ValueError as error:
        return str(error)[:1].upper() + str(error)[1:]


def _say(words: str, kind: str) -> None:
    st.html(f'<p class="review-{kind}">{escaped(words)}</p>')


def _plain(words: str) -> str:
    """Return words as they are, where Streamlit would read Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", words)


if __name__ == "__main__":
    main()
