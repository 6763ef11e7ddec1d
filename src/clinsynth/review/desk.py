"""The desk of one annotator: the examples, their answers, and the way from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinsynth.review import folder as folders
from clinsynth.review.folder import Review, ReviewItem
from clinsynth.task import Reviewer


@dataclass(frozen=True)
class Desk:
    """A review, as its page puts it to an annotator."""

    folder: Path
    annotator: str
    review: Review
    items: dict[str, ReviewItem]
    reviewer: Reviewer

    @property
    def answers(self) -> dict[str, str]:
        """Return the answers given so far, by item, the last one last."""
        given = folders.read_answers(self.folder, self.annotator)
        return {item: answer for item, answer in given.items() if item in self.items}

    def unanswered(self, after: str | None = None) -> str | None:
        """Return the next item without an answer, from the beginning again behind the last one."""
        ids, answers = list(self.items), self.answers
        start = ids.index(after) + 1 if after else 0
        return next((item for item in ids[start:] + ids[:start] if item not in answers), None)

    def neighbour(self, item: str | None, *, step: int) -> str | None:
        """Return the item before (-1) or behind (1) one, itself where there is none; `None` is the page's end."""
        ids = [*self.items, None]
        place = ids.index(item) + step
        return ids[place] if 0 <= place < len(ids) else item


def is_safe(name: str) -> bool:
    """Say whether answers can lie in a file of this name."""
    ordinary = bool(name) and name == name.strip() and name.isprintable() and len(name.encode()) <= 100
    return ordinary and not name.startswith(".") and not set(name) & set("/\\:")
