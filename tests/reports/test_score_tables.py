from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.reports.console import percent
from clinsynth.reports.scores import show_arm_labels, show_arms, show_changes, show_result
from clinsynth.task import Headline
from clinsynth.types import Summary

SCORES = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "f1_low": 0.3, "f1_high": 0.4, "f1_seen": 0.9}

NER, MULTILABEL = (tasks.kind(name).judge for name in ("ner", "multilabel"))


def metrics(shift: float = 0.0) -> dict[str, float]:
    scores = {f"test/{name}": value + shift for name, value in SCORES.items()}
    return scores | {"test/f1_unseen": 0.1, "examples": 20.0, "time/train_s": 12.4}


def arm(name: str, *runs: dict[str, float], headline: Headline | None = None) -> Arm:
    found = [ScoredRun(str(number), run) for number, run in enumerate(runs)]
    source = name if name == "original" else ""
    return Arm(name, source=source, runs=found, headline=headline or Headline())


@pytest.fixture(params=["40", "80", "200"])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Width of the terminal."""
    monkeypatch.setenv("COLUMNS", request.param)
    return int(request.param)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "–"), (float("nan"), "–"), (0.0, "0.0"), (1.0, "100.0"), (0.12345, "12.3")]
)
def test_scores_are_shown_in_percent(value: float | None, expected: str) -> None:
    assert percent(value) == expected


@pytest.mark.usefixtures("columns")
def test_a_result_is_a_row(capfd: pytest.CaptureFixture[str]) -> None:
    name = "original-20-a-backbone-with-a-rather-long-name-seed0"
    summary = Summary("run1", "key", None, None, 20, metrics())
    show_result(name, summary, judge=NER, where={"MLflow run": "run1", "model": None, "folder": "/a/" + "long/" * 30})
    header, row, *places = capfd.readouterr().out.splitlines()
    assert header.split() == ["P", "R", "F1", "95%", "interval", "seen", "unseen", "examples"]
    assert row.split() == [name, "50.0", "25.0", "33.3", "30.0", "–", "40.0", "90.0", "10.0", "20"]
    assert places == ["  MLflow run: run1", "  folder: /a/" + "long/" * 30]


def test_a_score_that_is_not_there_is_a_dash_and_a_column_without_one_is_left_out(
    capfd: pytest.CaptureFixture[str],
) -> None:
    show_result("mine", Summary("run1", "key", None, None, 20, {"test/f1": 0.5}), judge=NER, where={})
    assert capfd.readouterr().out.splitlines()[1].split() == ["mine", "–", "–", "50.0", *["–"] * 3, "20"]


RANK = Headline("MRR", metric="test/mrr", low="test/mrr_low", high="test/mrr_high", scores={"MRR": "test/mrr"})
RANKED: Any = SimpleNamespace(HEADLINE=RANK, COLUMNS={"hits": "test/hits"})


def test_a_task_with_another_headline_is_compared_by_it(capfd: pytest.CaptureFixture[str]) -> None:
    found = {"test/mrr": 0.5, "test/mrr_low": 0.4, "test/mrr_high": 0.6, "test/hits": 0.75, "test/A1/mrr": 0.25}
    show_result("mine", Summary("run1", "key", None, None, 20, found), judge=RANKED, where={})
    header, row, labels, label = capfd.readouterr().out.splitlines()
    assert (header.split(), labels.split()) == (["MRR", "95%", "interval", "hits", "examples"], ["label", "MRR"])
    assert (row.split(), label.split()) == (["mine", "50.0", "40.0", "–", "60.0", "75.0", "20"], ["A1", "25.0"])
    show_result("mine", Summary("run1", "key", None, None, 20, {"test/f1": 0.5}), judge=RANKED, where={})
    assert capfd.readouterr().out == "mine: 20 examples; not scored, for there is no test set\n"
    arms = [arm("original", found, headline=RANK), arm("augmented", {"test/mrr": 0.6}, headline=RANK)]
    show_arms("demo", arms, columns=RANKED.COLUMNS)
    assert capfd.readouterr().out.split()[:4] == ["demo", "MRR", "95%", "interval"]
    show_changes(arms)
    assert capfd.readouterr().out.split() == ["against", "original", "MRR", "augmented", "+10.0", "(+20%)"]


@pytest.mark.usefixtures("columns")
def test_arms_are_rows_with_their_deviation(capfd: pytest.CaptureFixture[str]) -> None:
    show_arms("demo", [arm("20", metrics()), arm("all biobert", metrics(-0.01), metrics(0.01))], columns=NER.COLUMNS)
    header, one, two = capfd.readouterr().out.splitlines()
    names = ["demo", "P", "R", "F1", "95%", "interval", "seen", "unseen", "examples", "runs", "train", "s"]
    assert header.split() == names
    assert one.split() == ["20", "50.0", "25.0", "33.3", "30.0", "–", "40.0", "90.0", "10.0", "20", "1", "12"]
    for cell in ("all biobert", "50.0 ± 1.4", "25.0 ± 1.4", "33.3 ± 1.4", "90.0 ± 1.4", "10.0 ± 0.0"):
        assert cell in two
    assert two.split()[-3:] == ["20", "2", "12"]


def scored(name: str, f1: float) -> Arm:
    return arm(name, {"test/precision": 0.8, "test/recall": f1 / 2, "test/f1": f1})


def test_changes_against_gold_alone_are_in_points_and_relative(capfd: pytest.CaptureFixture[str]) -> None:
    show_changes([scored("synthetic", 0.4), scored("original", 0.5), scored("augmented", 0.6)])
    header, one, two = capfd.readouterr().out.strip().splitlines()
    assert header.split() == ["against", "original", "P", "R", "F1"]
    assert one.split() == ["synthetic", "+0.0", "(+0%)", "-5.0", "(-20%)", "-10.0", "(-20%)"]
    assert two.split() == ["augmented", "+0.0", "(+0%)", "+5.0", "(+20%)", "+10.0", "(+20%)"]


@pytest.mark.parametrize("arms", [[scored("a", 0.5), scored("b", 0.6)], [scored("original", 0.5)]])
def test_without_something_to_compare_there_are_no_changes(arms: list[Arm], capfd: pytest.CaptureFixture[str]) -> None:
    show_changes(arms)
    assert capfd.readouterr().out == ""


def test_a_score_of_nothing_has_no_relative_change(capfd: pytest.CaptureFixture[str]) -> None:
    show_changes([scored("original", 0.0), scored("augmented", 0.5)])
    assert capfd.readouterr().out.split()[-1] == "+50.0"


def test_each_label_has_scores_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    found = {"test/f1": 0.5, "test/A1/f1": 0.25, "test/A1/precision": 0.2, "test/B2/f1": 1.0}
    found["test/B2/average_precision"] = 0.9
    show_result("mine", Summary("run1", "key", None, None, 20, found), judge=MULTILABEL, where={})
    *_, header, one, two = capfd.readouterr().out.splitlines()
    assert header.split() == ["label", "P", "R", "F1", "AP"]
    assert [one.split(), two.split()] == [["A1", "20.0", "–", "25.0", "–"], ["B2", "–", "–", "100.0", "90.0"]]
    show_arm_labels([arm("original", found, found | {"test/A1/f1": 0.75})])
    header, row = capfd.readouterr().out.strip().splitlines()
    assert header.split()[-2:] == ["A1", "B2"]
    assert "50.0 ± 35.4" in row


def test_a_task_without_several_labels_has_no_table_of_them(capfd: pytest.CaptureFixture[str]) -> None:
    show_arm_labels([arm("original", metrics())])
    assert capfd.readouterr().out == ""
