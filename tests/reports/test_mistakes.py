from __future__ import annotations

from clinsynth.reports.mistakes import mistakes


def span(start: int, text: str, label: str = "Disease") -> dict[str, object]:
    return {"start": start, "end": start + len(text), "label": label, "text": text}


def test_what_was_missed_and_made_up_is_marked_where_it_stands() -> None:
    text = "A history of gout and cardiac failure."
    gold, predicted = [span(13, "gout"), span(22, "cardiac failure")], [span(22, "cardiac")]
    (row,) = mistakes([{"text": text, "gold": gold, "predicted": predicted}])
    assert row["text"] == "A history of [missed: gout] and [false: cardiac][missed: cardiac failure]."
    assert (row["missed"], row["false"]) == ("gout (Disease); cardiac failure (Disease)", "cardiac (Disease)")
    assert (row["gold"], row["predicted"]) == ("gout (Disease); cardiac failure (Disease)", "cardiac (Disease)")


def test_labels_of_texts_are_told_beside_them() -> None:
    rows = mistakes(
        [
            {"text": "He lines up toys.", "gold": ["A1", "B1"], "predicted": ["B1", "B2"]},
            {"text": "P53 causes it.", "gold": "yes", "predicted": "no", "score": 0.2},
        ]
    )
    assert [(row["missed"], row["false"], row["text"]) for row in rows] == [
        ("A1", "B2", "He lines up toys."),
        ("yes", "no", "P53 causes it."),
    ]


def test_what_is_right_is_left_out() -> None:
    assert mistakes([{"text": "gout", "gold": [span(0, "gout")], "predicted": [span(0, "gout")]}]) == []
