"""Reviews of each task, drawn out of a few examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.review import drawing
from clinsynth.review.folder import Review, ReviewItem, Subject
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from clinsynth.text.entities import Sentence, Span

LABELS = {"ner": ("O", "B-Disease", "I-Disease"), "relation": ("No", "Yes"), "multilabel": ("A1", "A2", "B4")}
EXAMPLES: dict[str, list[Any]] = {
    "relation": [Relation(f"=@GENE$ {number}; causes\n@DISEASE$.", ("No", "Yes")[number % 2]) for number in range(6)],
    "multilabel": [Note(f"Note {number}, “quoted”; done.", (("A1",), ("A2",), ())[number % 3]) for number in range(6)],
    "ner": [
        Sentence(("No", "ataxia", "in", "case", str(number), "."), (Span(1, 2, "Disease"),) * (number % 2))
        for number in range(6)
    ],
}

Reviewed = Callable[..., tuple[Review, list[ReviewItem]]]


@pytest.fixture
def reviewed() -> Reviewed:
    """A review of a task's examples, in the order of these."""

    def make(task: str, *, blind: bool = False, subject: str = "corpus") -> tuple[Review, list[ReviewItem]]:
        review = Review(Subject(subject), "toy", "0" * 12, task, LABELS[task], {}, blind=blind, seed=0)
        examples = EXAMPLES[task]
        groups = [example.label or "ataxia" for example in examples]
        reviewer = tasks.kind(task).reviewer
        items = drawing.draw_from_corpus(
            examples, groups=groups, reviewer=reviewer, labels=LABELS[task], source="0" * 12, number=6, seed=0
        )
        return review, sorted(items, key=lambda item: item.place or 0)

    return make
