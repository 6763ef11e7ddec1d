"""The page of a corpus: what its rows say, that no text can do anything, and who may read it."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.reports.browsing import write_browser


def corpus(task: str, kept: list[dict[str, Any]], *rejected: dict[str, Any]) -> Any:
    manifest = SimpleNamespace(
        task=task, dataset="mine", models=["gpt"], counts={"kept": len(kept)}, rejected={"copy": len(rejected)}
    )
    return SimpleNamespace(digest="0123", manifest=manifest, rows=lambda: kept, rejected=lambda: rejected)


def shown(path: Path) -> list[dict[str, Any]]:
    found = path.read_text("utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', found, re.DOTALL)
    *rows, end = json.loads(data)
    assert end is None
    return rows


GOUT = {"text": "Gout </script><b>hurts</b>.", "tokens": ["Gout", "</script><b>hurts</b>."], "tags": ["B-Disease", "O"]}


def test_texts_are_marked_and_rejected_ones_have_their_reason(tmp_path: Path) -> None:
    page = tmp_path / "new" / "corpus.html"
    left = {"unit": "gout", "text": "As above.", "reason": "copy", "detail": "of #3"}
    wrong = {"unit": "gout", "reason": "label_error", "detail": "O"} | GOUT
    write_browser(page, corpus("ner", [{"unit": "gout", "doubt": "B-Disease"} | GOUT], left, wrong))
    doubted, text, marked = shown(page)
    parts = [[""], ["Gout", "Disease"], [" </script><b>hurts</b>."]]
    said = {"unit": "gout", "labels": ["Disease"]}
    assert doubted == said | {"parts": parts, "reason": "doubt", "detail": "B-Disease", "kept": True}
    assert text == {"unit": "gout", "labels": [], "parts": [["As above."]], "reason": "copy", "detail": "of #3"}
    assert marked == said | {"parts": parts, "reason": "label_error", "detail": "O"}


@pytest.mark.parametrize(
    ("task", "row", "labels", "whole"),
    [
        ("ner", {"tokens": ["None", "."], "tags": ["O", "O"]}, ["none"], False),
        ("relation", {"label": "Yes", "markers": ["@GENE$"]}, ["Yes"], True),
        ("classes", {"label": "effect", "markers": []}, ["effect"], True),
        ("multilabel", {"labels": ["A1", "B2"], "weight": 1.0}, ["A1", "B2"], True),
        ("multilabel", {"labels": [], "weight": 1.0}, ["none"], True),
        ("chat", {"turns": ["What is gout?", "A disease."]}, ["none"], False),
    ],
)
def test_each_task_has_its_labels(
    task: str, row: dict[str, Any], labels: list[str], whole: bool, tmp_path: Path
) -> None:
    page = tmp_path / "corpus.html"
    write_browser(page, corpus(task, [{"unit": "u", "text": "Any @GENE$."} | row]))
    (found,) = shown(page)
    assert found["labels"] == labels
    assert found.get("whole", False) is whole


def test_the_owner_alone_reads_the_page_which_opens_no_connection(tmp_path: Path) -> None:
    page = tmp_path / "corpus.html"
    (tmp_path / ".corpus.html.part").write_text("of a job that was killed", encoding="utf-8")
    write_browser(page, corpus("ner", []))
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text("utf-8")
    assert "default-src 'none'" in text
    assert "http:" not in text
    assert "https:" not in text
