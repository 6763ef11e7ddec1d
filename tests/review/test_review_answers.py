"""Sheets, exports and the page: what annotators write comes back, and what is wrong with it is named."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files import sheets
from clinsynth.review import folder as folders
from clinsynth.review import forms, label_studio
from clinsynth.review.answers import Answers, Written, collect_answers, gather_answers, read_answer
from clinsynth.review.folder import Review, ReviewItem

Reviewed = Callable[..., tuple[Review, list[ReviewItem]]]


def fill(path: Path, answers: Mapping[str, str], *, delimiter: str = ",", encoding: str = "utf-8-sig") -> None:
    """As a spreadsheet saves it."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(row | {"answer": answers.get(row["id"], ""), "comment": "hm; no, “=”"} for row in rows)
    path.write_bytes(file.getvalue().encode(encoding))


def collected(
    folder: Path, review: Review, items: list[ReviewItem], *, named: tuple[str, ...] = (), skip: bool = False
) -> Answers:
    written = gather_answers(folder, review=review, named=named)
    return collect_answers(written, review=review, items=items, folder=folder, skip=skip)


@pytest.mark.parametrize("blind", [True, False])
@pytest.mark.parametrize("task", ["relation", "multilabel", "ner"])
@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_a_sheet_goes_round(
    reviewed: Reviewed, tmp_path: Path, task: str, blind: bool, delimiter: str, encoding: str
) -> None:
    review, items = reviewed(task, blind=blind)
    (path,) = forms.write_sheets(tmp_path, review, items=items, annotators=["ann"])
    assert path == tmp_path / "sheets" / "ann.csv"
    left = path.read_bytes()
    assert left.startswith(b"\xef\xbb\xbfid,text,")
    assert (b",label," in left) is not blind
    fill(path, {item.id: f" {item.given.upper()} " for item in items}, delimiter=delimiter, encoding=encoding)
    found = collected(tmp_path, review, items)
    assert found.given == {"ann": {item.id: item.given if blind else "correct" for item in items}}


def test_no_cell_runs_as_a_formula(reviewed: Reviewed, tmp_path: Path) -> None:
    review, items = reviewed("relation")
    (path,) = forms.write_sheets(tmp_path, review, items=items, annotators=[])
    cells = [cell for row in csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert not [cell for cell in cells if cell and cell.replace("e", "").isdigit()]
    assert sorted(row["text"] for row in sheets.read_sheet(path, columns=("text",))) == sorted(
        item.text for item in items
    )


def test_marked_parts_are_seen_where_the_label_is_shown(reviewed: Reviewed, tmp_path: Path) -> None:
    for blind, marked in ((False, 3), (True, 0)):
        review, items = reviewed("ner", blind=blind)
        (path,) = forms.write_sheets(tmp_path, review, items=items, annotators=[])
        assert path.read_text("utf-8-sig").count("**ataxia**") == marked
        assert "ataxia" in (tmp_path / forms.HOW).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("task", "given", "answer", "said"),
    [
        ("relation", "No", "wrong", "Yes"),
        ("relation", "No", "yes", "Yes"),
        ("relation", "No", "0", "correct"),
        ("multilabel", "A1", "WRONG", "wrong"),
        ("multilabel", "A1", "b4;a1", "A1;B4"),
        ("multilabel", "A1", "a1", "correct"),
        ("multilabel", "A1", "b4", "B4"),
        ("ner", "none", "ATAXIA", "ataxia"),
        ("ner", "ataxia", "None", "none"),
    ],
)
def test_answers_about_a_label_that_is_shown(reviewed: Reviewed, task: str, given: str, answer: str, said: str) -> None:
    review, items = reviewed(task)
    item = next(item for item in items if item.given == given)
    assert read_answer(answer, item=item, review=review) == said


def test_all_that_is_wrong_is_said_at_once(reviewed: Reviewed, tmp_path: Path) -> None:
    review, items = reviewed("relation")
    first, second, third, *others = (item.id for item in items)
    written = [Written("ann", "r-none", "correct"), Written("ann", first, "maybe"), Written("ann", second, "")]
    written += [Written("ann", third, "correct"), Written("ann", third, "wrong")]
    written += [Written(name, id, "correct") for name in ("ann", "bob") for id in others]
    written += [Written("cy", first, "")]
    with pytest.raises(DataFormatError) as caught:
        collect_answers(written, review=review, items=items, folder=tmp_path, skip=False)
    said = str(caught.value)
    assert "ann answers rows that this review does not have: r-none" in said
    assert f"ann answers twice, and differently: {third} ('Yes' and 'correct')" in said
    assert f"ann has answers that cannot be read: {first} 'maybe'; accepted is correct, wrong, or Yes or No" in said
    assert f"ann has no answer to {second} (review.on_missing=skip" in said
    assert f"bob has no answer to {first}, {second}, {third} (" in said
    assert "cy" not in said
    good = [one for one in written if one.annotator == "bob"]
    found = collect_answers([*good, written[-1]], review=review, items=items, folder=tmp_path, skip=True)
    assert list(found.given["bob"]) == others
    assert found.silent == ("cy",)
    with pytest.raises(ConfigError, match="nobody has answered"):
        collect_answers(written[-1:], review=review, items=items, folder=tmp_path, skip=True)


def test_a_sheet_and_the_page_may_say_the_same(reviewed: Reviewed, tmp_path: Path) -> None:
    review, items = reviewed("relation", blind=True)
    (path,) = forms.write_sheets(tmp_path, review, items=items, annotators=["ann"])
    fill(path, {item.id: "No" for item in items})
    folders.save_answer(tmp_path, "ann", item=items[0].id, answer="no")
    folders.save_answer(tmp_path, "bob", item=items[0].id, answer="Yes")
    found = collected(tmp_path, review, items, skip=True)
    assert {name: len(said) for name, said in found.given.items()} == {"ann": 6, "bob": 1}
    assert list(collected(tmp_path, review, items, named=(str(path),)).given) == ["ann"]
    folders.save_answer(tmp_path, "ann", item=items[0].id, answer="Yes")
    with pytest.raises(DataFormatError, match=r"ann answers twice, and differently: r-\w+ \('No' and 'Yes'\)"):
        collected(tmp_path, review, items, skip=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,text\nr-1,x\n", "no column answer"),
        ("id,answer\nr-1,Häufig\n".encode("latin-1"), "CSV UTF-8"),
        (b"", "no column id, answer"),
    ],
)
def test_what_is_no_sheet(reviewed: Reviewed, tmp_path: Path, content: bytes, said: str) -> None:
    review, items = reviewed("relation")
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(DataFormatError, match=said):
        collected(tmp_path, review, items, named=(str(tmp_path / "mine.csv"),))
    with pytest.raises(ConfigError, match="no file at"):
        collected(tmp_path, review, items, named=(str(tmp_path / "other.csv"),))


def exported(folder: Path, say: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What Label Studio exports of the tasks of a folder, when an annotator says this of their data."""
    tasks = json.loads((folder / label_studio.TASKS).read_text(encoding="utf-8"))
    return [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {
                    "id": number,
                    "completed_by": {"id": 1, "email": "ann@x"},
                    "was_cancelled": False,
                    "result": say(task["data"]),
                },
                {"id": number + 100, "completed_by": 7, "was_cancelled": True, "result": []},
            ],
            "predictions": [],
        }
        for number, task in enumerate(tasks)
    ]


def chosen(name: str, *choices: str) -> dict[str, Any]:
    value = {"choices": list(choices)}
    return {"id": "x", "from_name": name, "to_name": "text", "type": "choices", "value": value}


def marked(text: str, *parts: str) -> list[dict[str, Any]]:
    values = [{"start": text.index(part), "end": text.index(part) + len(part), "text": part} for part in parts]
    return [
        {
            "id": "x",
            "from_name": "mentions",
            "to_name": "text",
            "type": "labels",
            "value": value | {"labels": ["Disease"]},
        }
        for value in values
    ]


SAYS: dict[tuple[str, bool], tuple[Callable[[dict[str, Any]], list[dict[str, Any]]], list[str]]] = {
    ("relation", True): (lambda data: [chosen("answer", "Yes")], ["Yes"] * 6),
    ("relation", False): (lambda data: [chosen("verdict", "wrong")], ["Yes", "No"] * 3),
    ("multilabel", True): (lambda data: [chosen("answer", "B4", "A1")], ["A1;B4"] * 6),
    ("multilabel", False): (
        lambda data: [chosen("verdict", "wrong"), chosen("answer", "A2")],
        ["A2", "correct", "A2"] * 2,
    ),
    ("ner", True): (lambda data: [], ["none"] * 6),
    ("ner", False): (
        lambda data: [chosen("verdict", "wrong"), *marked(data["text"], "case", "ataxia")],
        ["ataxia | case"] * 6,
    ),
}


@pytest.mark.parametrize(("task", "blind"), list(SAYS))
def test_label_studio_goes_round(reviewed: Reviewed, tmp_path: Path, task: str, blind: bool) -> None:
    review, items = reviewed(task, blind=blind)
    label_studio.write_tasks(tmp_path, review, items=items)
    says, read_as = SAYS[task, blind]
    tasks = exported(tmp_path, says)
    assert all(("label" in row["data"]) is not blind for row in tasks)
    (tmp_path / "project.json").write_text(json.dumps(tasks), encoding="utf-8")
    found = collected(tmp_path, review, items, named=(str(tmp_path / "project.json"),))
    assert found.given == {"ann@x": dict(zip((item.id for item in items), read_as, strict=True))}
    config = ET.fromstring((tmp_path / label_studio.CONFIG).read_text(encoding="utf-8"))
    names = {tag.get("name") for tag in config.iter() if tag.get("toName") == "text"}
    used = {part["from_name"] for row in tasks for part in row["annotations"][0]["result"]}
    assert used <= names
    offered = {tag.get("value") for tag in config.iter("Choice")}
    assert {
        choice
        for row in tasks
        for part in row["annotations"][0]["result"]
        for choice in part["value"].get("choices", ())
    } <= offered


def test_nothing_marked_can_be_said_of_marked_parts(reviewed: Reviewed, tmp_path: Path) -> None:
    review, items = reviewed("ner")
    label_studio.write_tasks(tmp_path, review, items=items)
    (tmp_path / "p.json").write_text(json.dumps(exported(tmp_path, lambda data: [chosen("verdict", "none")])))
    found = collected(tmp_path, review, items, named=(str(tmp_path / "p.json"),))
    assert list(found.given["ann@x"].values()) == ["correct", "none"] * 3


TEXT = "Untreated gout 😀 or pregout, and gout again; gout."


def told(*marks: dict[str, Any], text: str = TEXT) -> list[dict[str, Any]]:
    """An export of one task, in which somebody marked this."""
    values = [{"labels": ["Disease"]} | mark for mark in marks]
    parts = [{"from_name": "mentions", "to_name": "text", "type": "labels", "value": value} for value in values]
    result = [chosen("verdict", "wrong"), *parts]
    return [{"data": {"id": "r-1", "text": text}, "annotations": [{"completed_by": 1, "result": result}]}]


def mark(start: int, end: int, **text: str) -> dict[str, Any]:
    return {"start": start, "end": end} | text


@pytest.mark.parametrize(
    ("marks", "answer", "said"),
    [
        ([mark(10, 14)], "gout [1]", ""),
        ([mark(10, 14, text="ut")], "gout [1]", ""),
        ([mark(12, 14, text="ut")], "gout [1]", "'ut' as 'gout'"),
        ([mark(0, 13)], "Untreated gout", "'Untreated gou' as 'Untreated gout'"),
        ([mark(9, 15, text=" gout ")], "gout [1]", ""),
        ([mark(10, 12), mark(12, 14)], "gout [1]", "'go' as 'gout', and 1 more"),
        ([mark(33, 37, text="gout")], "gout [2]", ""),  # counted in characters
        ([mark(34, 38, text="gout")], "gout [2]", ""),  # counted as a browser does
        ([mark(34, 38)], "gout [2]", ""),
        ([mark(46, 50), mark(10, 14)], "gout [1] | gout [3]", ""),
        ([mark(10, 14), mark(34, 38), mark(46, 50)], "gout | gout | gout", ""),
        ([mark(24, 28)], "pregout", "'gout' as 'pregout'"),
    ],
)
def test_start_and_end_say_what_was_marked(
    reviewed: Reviewed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    marks: list[dict[str, Any]],
    answer: str,
    said: str,
) -> None:
    review, items = reviewed("ner")
    path = tmp_path / "p.json"
    path.write_text(json.dumps(told(*marks)), encoding="utf-8")
    assert label_studio.read_export(path, review) == [Written("annotator 1", "r-1", answer)]
    out = capsys.readouterr().out
    assert (f"{path}: marks within words count as the whole words: {said}" in out) if said else not out
    item = replace(items[0], id="r-1", text=TEXT, given="none", entities=[])
    assert collected(tmp_path, review, [item], named=(str(path),)).given == {"annotator 1": {"r-1": answer}}


@pytest.mark.parametrize("place", [(14, 10), (9, 10), (10, 99), (-4, 2), (99, 100)])
def test_a_mark_that_is_no_part_of_its_text_is_named(
    reviewed: Reviewed, tmp_path: Path, place: tuple[int, int]
) -> None:
    review, _ = reviewed("ner")
    (tmp_path / "p.json").write_text(json.dumps(told(mark(*place))), encoding="utf-8")
    with pytest.raises(DataFormatError, match=f"a mark from {place[0]} to {place[1]} is no part of 'Untreated gout"):
        label_studio.read_export(tmp_path / "p.json", review)


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"id": 1, "text": "x", "answer": "Yes"}]', "[", "null"])
def test_what_is_no_export(reviewed: Reviewed, tmp_path: Path, content: str) -> None:
    review, items = reviewed("relation")
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(DataFormatError, match="not JSON-MIN"):
        collected(tmp_path, review, items, named=(str(tmp_path / "p.json"),))
