from __future__ import annotations

import pytest

from clinsynth.reports.counts import show_splits


@pytest.fixture(params=["40", "80", "200"])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Width of the terminal."""
    monkeypatch.setenv("COLUMNS", request.param)
    return int(request.param)


@pytest.mark.usefixtures("columns")
@pytest.mark.parametrize(("overlap", "said"), [(0, False), (3, True)])
def test_splits_are_counted(overlap: int, said: bool, capfd: pytest.CaptureFixture[str]) -> None:
    counts = {
        "train": {"sentences": 130, "mentions": 165},
        "devel": {"sentences": 0, "mentions": 0},
        "test": {"sentences": 9, "mentions": 0},
    }
    show_splits("a_rather_long_dataset_name", counts, overlap=overlap)
    first, *rest = capfd.readouterr().out.splitlines()
    expected = "train 130 sentences, 165 mentions; test 9 sentences, 0 mentions"
    assert first == f"a_rather_long_dataset_name: {expected}"
    assert bool(rest) is said
    assert not said or rest[0].startswith("3 text(s) stand in train and in test")
