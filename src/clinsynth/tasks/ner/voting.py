"""Several labellings of one sentence, made into one by their votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clinsynth.text.alignment import Taken
from clinsynth.text.entities import Sentence


def voted(labelled: Sequence[Sentence]) -> tuple[Sentence, None]:
    """Return the mentions that more than half of the labellings have; the score of each is its share of the votes.

    Nothing is said of the sentence as a whole.
    """
    votes = Counter(span for sentence in labelled for span in sentence.spans)
    taken, kept = Taken(len(labelled[0].tokens)), []
    for span, number in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        place = (span.start, span.end)
        if 2 * number > len(labelled) and taken.is_free(place):
            taken.take(place)
            kept.append(span)
    kept.sort()
    return labelled[0].marked(kept, scores=[votes[span] / len(labelled) for span in kept]), None
