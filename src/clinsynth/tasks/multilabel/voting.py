"""Several labellings of one text, made into one by their votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from clinsynth.tasks.multilabel.gold import Note


def voted(labelled: Sequence[Note], *, labels: Sequence[str]) -> tuple[Note, float]:
    """Return the text with the criteria that more than half of the labellings have.

    Beside it the share of the votes for what is said of the criterion that they agree on least.
    """
    votes, number = Counter(label for note in labelled for label in note.labels), len(labelled)
    kept = tuple(label for label in labels if 2 * votes[label] > number)
    least = min((max(votes[label], number - votes[label]) for label in labels), default=number)
    return replace(labelled[0], labels=kept), least / number
