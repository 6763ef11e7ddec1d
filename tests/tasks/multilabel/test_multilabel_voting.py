from __future__ import annotations

import pytest

from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.voting import voted

LABELS = ("A1", "A2", "B4")


@pytest.mark.parametrize(
    ("answers", "kept", "share"),
    [
        ([("A2",), ("A2", "A1"), ("B4", "A2")], ("A2",), 2 / 3),
        ([("B4", "A1"), ("A1", "B4"), ("A1",)], ("A1", "B4"), 2 / 3),
        ([("A1",), ()], (), 1 / 2),
        ([(), ()], (), 1.0),
    ],
)
def test_each_criterion_is_voted_on(answers: list[tuple[str, ...]], kept: tuple[str, ...], share: float) -> None:
    found, least = voted([Note("A text.", labels) for labels in answers], labels=LABELS)
    assert found == Note("A text.", kept)
    assert least == pytest.approx(share)
