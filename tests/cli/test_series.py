from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinsynth.cli import demo, series, sweeps
from clinsynth.cli import main as cli


def test_each_command_runs_and_a_bug_in_one_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, seen = tmp_path / "commands.json", []
    listed.write_text(json.dumps([["first"], ["second"], ["third"]]), encoding="utf-8")

    def main(words: list[str]) -> int:
        assert sweeps.Failures.sweep is None
        sweeps.Failures.sweep = tmp_path
        seen.append((words, json.loads(listed.read_text(encoding="utf-8"))))
        if words == ["first"]:
            raise KeyError("a bug")
        return 2

    monkeypatch.setattr(sweeps.Failures, "sweep", None)
    monkeypatch.setattr(series, "main", main)
    assert series.run(listed) == 0
    assert seen == [(["first"], [["second"], ["third"]]), (["second"], [["third"]]), (["third"], [])]
    assert "KeyError: 'a bug'" in capsys.readouterr().err


def test_after_ctrl_c_no_other_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "commands.json"
    listed.write_text(json.dumps([["first"], ["second"]]), encoding="utf-8")
    monkeypatch.setattr(series, "main", lambda words: series.INTERRUPTED)
    assert series.run(listed) == series.INTERRUPTED
    assert json.loads(listed.read_text(encoding="utf-8")) == [["second"]]


def test_the_demo_tells_of_no_sweep_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def main(words: list[str]) -> int:
        seen.append((words[0], sweeps.Failures.sweep))
        sweeps.Failures.sweep = tmp_path
        return 0

    monkeypatch.setattr(sweeps.Failures, "sweep", None)
    monkeypatch.setattr(series, "main", main)
    assert cli.main(["demo"]) == 0
    assert seen == [(words.split()[0], None) for words in demo.COMMANDS]
