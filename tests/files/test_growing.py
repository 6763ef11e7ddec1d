"""The output: whole or not there, and continued where it stopped."""

from __future__ import annotations

from pathlib import Path

from clinsynth.files.growing import Growing
from clinsynth.files.json_lines import read_json_lines


def test_a_stopped_job_goes_on_behind_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.jsonl"
    with Growing(path, job="a" * 64) as growing:
        growing.add([{"n": 0}, {"n": 1}])
    part = next(path.parent.glob(".out.jsonl.*.part"))
    part.write_bytes(part.read_bytes() + b'{"n": 2')
    assert not path.exists()
    again = Growing(path, job="a" * 64)
    assert again.done == 2
    assert Growing(path, job="b" * 64).done == 0
    with again:
        again.add([{"n": "\u2028\u00e9"}])
    again.finish()
    assert read_json_lines(path) == [{"n": 0}, {"n": 1}, {"n": "\u2028\u00e9"}]
    assert list(path.parent.iterdir()) == [path]


def test_a_job_can_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with Growing(path, job="a" * 64) as growing:
        growing.add([{"n": 0}])
    assert Growing(path, job="a" * 64, anew=True).done == 0
