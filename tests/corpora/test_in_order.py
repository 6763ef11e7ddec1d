from __future__ import annotations

import multiprocessing
from dataclasses import dataclass

import pytest

from clinsynth.corpora import in_order


@dataclass(frozen=True)
class Divide:
    """A function that another process can be given."""

    by: int

    def __call__(self, number: int) -> tuple[float, bool]:
        return number / self.by, multiprocessing.parent_process() is not None


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_order, "_cores", lambda: 2)
    monkeypatch.setattr(in_order, "MANY", 50)


@pytest.mark.parametrize(("number", "elsewhere"), [(0, False), (49, False), (200, True)])
def test_results_come_in_order_whichever_process_has_them(number: int, elsewhere: bool) -> None:
    found = list(in_order.mapped(Divide(2), list(range(number))))
    assert [value for value, _ in found] == [one / 2 for one in range(number)]
    assert {there for _, there in found} <= {elsewhere}


def test_what_goes_wrong_in_another_process_goes_wrong_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order.mapped(Divide(0), list(range(100))))
