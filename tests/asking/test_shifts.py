from __future__ import annotations

from collections.abc import Sequence

import pytest

from clinsynth.asking.questions import Question
from clinsynth.asking.shifts import misplaced
from clinsynth.types import Completion, Request

TEXTS = [
    "mild gout",
    "severe asthma",
    "early ataxia",
    "chronic eczema",
    "acute anaemia",
    "rare leukaemia",
    "late onset",
]


def hint(answers: Sequence[str], *, about: Sequence[str] = ()) -> str | None:
    asked = [Question(None, place, Request(str(place), ())) for place in range(len(answers))]
    found = {
        str(place): Completion(str(place), "m", answer, "stop", about=about[place] if about else "")
        for place, answer in enumerate(answers)
    }
    return misplaced(asked, found=found, texts=TEXTS)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (TEXTS, None),
        ([*TEXTS[1:], TEXTS[0]], "after"),
        ([TEXTS[-1], *TEXTS[:-1]], "before"),
        ([*TEXTS[:3], *TEXTS[4:], ""], None),
        (["Yes"] * 7, None),
        ([*TEXTS[1:4], *TEXTS[3:]], None),
    ],
)
def test_answers_that_fit_a_neighbour_better(answers: list[str], expected: str | None) -> None:
    found = hint(answers)
    assert found is None if expected is None else f"the row {expected} their own" in (found or "")


def test_the_text_in_a_recording_says_what_an_answer_is_about() -> None:
    answers = ["Yes"] * 7
    assert hint(answers, about=[text.replace(" ", "  ") for text in TEXTS]) is None
    assert "the row after their own" in (hint(answers, about=[*TEXTS[1:], "x"]) or "")
    assert "7 of 7 recordings hold another text" in (hint(answers, about=["x"] * 7) or "")
