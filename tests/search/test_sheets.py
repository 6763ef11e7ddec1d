"""Sheets on which a person scores: as they are left, and as spreadsheets give them back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.search.sheets import COLUMNS, Waiting, read_or_write_sheet
from clinsynth.search.tree import CandidatePrompt

CANDIDATES = [
    CandidatePrompt(
        "1.1", None, "Write $n; on $entity, “please”.", kept=("Mild, early ataxia; no pain.",), rejected=()
    ),
    CandidatePrompt("2.1", "1.1", "Give $n\non $entity.", kept=('He said "gout".', "Häufig: gout."), rejected=()),
    CandidatePrompt("2.2", "1.1", "$n = $entity", kept=(), rejected=(("Gout.", "too_short"),)),
]


def left(folder: Path, *, candidates: Sequence[CandidatePrompt] = CANDIDATES, number: int = 2) -> Path:
    """A new sheet."""
    with pytest.raises(Waiting) as caught:
        read_or_write_sheet(candidates, number=number, folder=folder)
    return caught.value.path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def codes(path: Path) -> dict[str, str]:
    """Names of the candidates to what stands for them on the sheet."""
    by_prompt = {row["prompt"]: row["candidate"] for row in rows(path)}
    return {candidate.name: by_prompt[candidate.text] for candidate in CANDIDATES}


def fill(path: Path, scores: Mapping[str, str], *, delimiter: str = ",", columns: Sequence[str] = COLUMNS) -> str:
    """The sheet with scores by the name of the candidate, as text; a candidate without one loses its row."""
    names = {code: name for name, code in codes(path).items()}
    kept = [row | {"score": scores[names[row["candidate"]]]} for row in rows(path) if names[row["candidate"]] in scores]
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(kept)
    return file.getvalue()


def scores(folder: Path) -> dict[str, float]:
    found = read_or_write_sheet(CANDIDATES, number=2, folder=folder)
    assert all(set(verdict) == {"score"} for verdict in found.values())
    return {name: verdict["score"] for name, verdict in found.items()}


GOOD = {"1.1": "3", "2.1": "-1.5", "2.2": " 10 "}
READ = {"1.1": 3.0, "2.1": -1.5, "2.2": 10.0}


def test_a_sheet_is_left_with_all_candidates_and_no_scores(tmp_path: Path) -> None:
    path = left(tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "round-2.csv"
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes().startswith(b"\xef\xbb\xbfcandidate,score,samples,prompt\r\n")
    found = {row["prompt"]: row for row in rows(path)}
    assert set(found) == {candidate.text for candidate in CANDIDATES}
    assert all(row["score"] == "" for row in found.values())
    assert found["Give $n\non $entity."]["samples"] == '1. He said "gout".\n2. Häufig: gout.'
    assert found["$n = $entity"]["samples"] == ""


def test_a_sheet_does_not_tell_which_prompt_is_the_best_so_far(tmp_path: Path) -> None:
    path = left(tmp_path)
    assert len(set(codes(path).values())) == 3
    assert not [code for name, code in codes(path).items() if name in code]
    many = [CandidatePrompt(f"2.{n}", None, f"prompt {n}", kept=(), rejected=()) for n in range(1, 8)]
    placed = {
        [row["prompt"] for row in rows(left(tmp_path / str(number), candidates=many, number=number))].index("prompt 1")
        for number in range(1, 8)
    }
    assert len(placed) > 2


def test_the_same_candidates_have_the_same_codes_and_other_samples_another(tmp_path: Path) -> None:
    first, second = (codes(left(tmp_path / name)) for name in "ab")
    assert first == second
    others = [CandidatePrompt(one.name, None, one.text, kept=("other",), rejected=()) for one in CANDIDATES]
    assert not set(first.values()) & {row["candidate"] for row in rows(left(tmp_path / "c", candidates=others))}


def test_an_empty_sheet_waits_and_is_not_written_again(tmp_path: Path) -> None:
    path = left(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"Mild", b"MILD"))
    before = path.read_bytes()
    assert left(tmp_path) == path
    assert path.read_bytes() == before


def test_scores_come_back_by_name(tmp_path: Path) -> None:
    path = left(tmp_path)
    path.write_bytes(fill(path, GOOD).encode())
    before = path.read_bytes()
    assert scores(tmp_path) == READ
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("delimiter", "ends", "encoding"),
    [
        (",", "\r\n", "utf-8-sig"),
        (",", "\n", "utf-8"),
        (";", "\r\n", "utf-8-sig"),
        (";", "\r\n", "utf-8"),
        ("\t", "\n", "utf-8"),
    ],
)
@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[::-1], ("score", "candidate"), ("prompt", "score", "candidate")])
def test_sheets_as_spreadsheets_save_them(
    tmp_path: Path, delimiter: str, ends: str, encoding: str, columns: tuple[str, ...]
) -> None:
    path = left(tmp_path)
    text = fill(path, GOOD, delimiter=delimiter, columns=columns)
    path.write_bytes(text.replace("\r\n", ends).encode(encoding))
    assert scores(tmp_path) == READ


def test_blank_rows_and_rows_of_others_are_passed_over(tmp_path: Path) -> None:
    path = left(tmp_path)
    path.write_text(fill(path, GOOD) + ",,,\n\nmean,4.2,,\nc-000000,five\n", encoding="utf-8")
    assert scores(tmp_path) == READ


@pytest.mark.parametrize(
    ("written", "score"),
    [("7", 7.0), ("7.25", 7.25), ("7,25", 7.25), ("-2", -2.0), ("+2", 2.0), ("1e2", 100.0), (" 0 ", 0.0)],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_as_people_write_them(tmp_path: Path, written: str, score: float, delimiter: str) -> None:
    path = left(tmp_path)
    path.write_text(fill(path, GOOD | {"2.1": written}, delimiter=delimiter), encoding="utf-8")
    assert scores(tmp_path)["2.1"] == score


@pytest.mark.parametrize("written", ["good", "7/10", "nan", "NaN", "inf", "-Infinity", "#N/A", "1.000,5", "7 8"])
def test_a_score_that_is_no_number_is_named(tmp_path: Path, written: str) -> None:
    path = left(tmp_path)
    code = codes(path)["2.1"]
    path.write_text(fill(path, GOOD | {"2.1": written}), encoding="utf-8")
    refused(path, code, repr(written))


def refused(path: Path, *said: str) -> None:
    """The sheet is refused with its path and these words, and stays as it is."""
    before = path.read_bytes()
    with pytest.raises(DataFormatError) as caught:
        read_or_write_sheet(CANDIDATES, number=2, folder=path.parent)
    assert not [word for word in (str(path), *said) if word not in str(caught.value)], str(caught.value)
    assert path.read_bytes() == before


def test_missing_rows_are_named(tmp_path: Path) -> None:
    path = left(tmp_path)
    found = codes(path)
    path.write_text(fill(path, {"2.2": "1"}), encoding="utf-8")
    refused(path, found["1.1"], found["2.1"], "2 of the 3 candidates of round 2")


def test_empty_scores_are_named(tmp_path: Path) -> None:
    path = left(tmp_path)
    code = codes(path)["2.2"]
    path.write_text(fill(path, GOOD | {"2.2": "  "}), encoding="utf-8")
    refused(path, f"no score for {code}:")


def test_a_row_that_ends_early_has_no_score(tmp_path: Path) -> None:
    path = left(tmp_path)
    code = codes(path)["1.1"]
    path.write_text(fill(path, {"2.1": "1", "2.2": "2"}) + code + "\n", encoding="utf-8")
    refused(path, code)


def test_a_sheet_of_other_candidates_is_refused(tmp_path: Path) -> None:
    others = [CandidatePrompt(one.name, None, f"{one.text}!", kept=one.kept, rejected=()) for one in CANDIDATES]
    mine = codes(left(tmp_path / "mine"))
    refused(left(tmp_path, candidates=others), *mine.values(), "delete the file")


def test_two_rows_of_one_candidate_are_refused(tmp_path: Path) -> None:
    path = left(tmp_path)
    code = codes(path)["1.1"]
    path.write_text(fill(path, GOOD) + f"{code},9,,\n", encoding="utf-8")
    refused(path, code)


@pytest.mark.parametrize(
    ("header", "lacking"),
    [("code,score", "candidate"), ("candidate,note", "score"), ("", "candidate, score")],
)
def test_columns_that_are_missing_are_named(tmp_path: Path, header: str, lacking: str) -> None:
    path = left(tmp_path)
    path.write_text(f"{header}\n1,2\n", encoding="utf-8")
    refused(path, f"no column {lacking}:")


def test_what_a_spreadsheet_adds_does_no_harm(tmp_path: Path) -> None:
    path = left(tmp_path)
    path.write_text("sep=,\n" + fill(path, GOOD).replace("score", "Score "), encoding="utf-8")
    found = read_or_write_sheet(CANDIDATES, number=2, folder=tmp_path)
    assert all(found[name]["score"] for name in found)


def test_an_empty_file_is_no_sheet(tmp_path: Path) -> None:
    path = left(tmp_path)
    path.write_bytes(b"")
    refused(path, "no column candidate, score")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_a_sheet_in_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    path = left(tmp_path)
    path.write_bytes(fill(path, GOOD).encode(encoding, errors="replace"))
    refused(path, "not UTF-8", "CSV UTF-8")
