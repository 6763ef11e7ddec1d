"""The folder of a review: what is written is read back, and no answer is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.review import folder
from clinsynth.review.folder import Review, ReviewItem, Subject

REVIEW = Review(Subject.corpus, "toy", "0123456789ab", "relation", ("No", "Yes"), {}, blind=False, seed=0)
ITEM = ReviewItem("ab12", "@GENE$ causes @DISEASE$.", "Yes", "Yes", [], {"text": "…"}, place=3)


def test_a_review_is_read_back(tmp_path: Path) -> None:
    folder.write_review(tmp_path / "new", REVIEW, items=[ITEM, ITEM])
    assert folder.read_review(tmp_path / "new") == (REVIEW, [ITEM, ITEM])


def test_the_latest_answer_counts_and_one_can_be_taken_back(tmp_path: Path) -> None:
    for item, answer in [("a", "correct"), ("b", "wrong"), ("a", "No"), ("c", "correct"), ("c", None)]:
        folder.save_answer(tmp_path, "ann", item=item, answer=answer)
    assert folder.read_answers(tmp_path, "ann") == {"b": "wrong", "a": "No"}
    folder.save_answer(tmp_path, "ann", item="a", answer=None)
    assert list(folder.read_answers(tmp_path, "ann").items()) == [("a", "correct"), ("b", "wrong")]
    assert folder.annotators(tmp_path) == ["ann"]
    assert folder.read_answers(tmp_path, "bob") == {}


def test_a_line_that_was_cut_off_costs_no_other_answer(tmp_path: Path) -> None:
    folder.save_answer(tmp_path, "ann", item="a", answer="correct")
    path = tmp_path / folder.ANSWERS / "ann.jsonl"
    path.write_bytes(path.read_bytes() + b'{"item": "b", "answer": "Sj\xc3')
    folder.save_answer(tmp_path, "ann", item="c", answer="wrong")
    assert folder.read_answers(tmp_path, "ann") == {"a": "correct", "c": "wrong"}


def test_what_is_no_review_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="action=export"):
        folder.read_review(tmp_path)
    folder.write_review(tmp_path, REVIEW, items=[ITEM])
    (tmp_path / folder.ITEMS).write_text("{}\n")
    with pytest.raises(DataFormatError, match="force=true"):
        folder.read_review(tmp_path)
