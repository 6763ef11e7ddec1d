"""Quality of dialogues: what a corpus does without, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinsynth.tasks.chat.config import ChatDataset
from clinsynth.tasks.chat.examples import Dialogue, words
from clinsynth.tasks.chat.likeness import contained, jaccard, triples
from clinsynth.text.refusals import is_refusal
from clinsynth.text.words import tokenise
from clinsynth.types import Candidate, Gold

COPIED = 0.8
"""Share of a gold answer's word triples in one turn from which on the turn is a copy of it."""

SAME = 0.7
"""Jaccard similarity of word triples from which on a question is one of the test set."""

LOOP = 4
"""So often the same six words in one turn are a loop."""

Runs = frozenset[tuple[str, ...]]
Fault = tuple[str, str] | None


@dataclass(frozen=True)
class DialogueChecks:
    """What is looked at in a dialogue, beside what other texts are asked for, too."""

    min_words: int
    max_words: int
    answers: Mapping[str, Runs]
    """Word triples of the gold answer, by seed question."""
    asked: Sequence[tuple[str, Runs]]
    """The test questions with theirs."""

    def __call__(self, found: Candidate) -> Fault:
        checks = (self._length, _refused, looping, self._copied, self._leaked)
        return next((fault for check in checks if (fault := check(found))), None)

    def _length(self, found: Candidate) -> Fault:
        number = len(words(found.example))
        if number < self.min_words:
            return "too_short", f"{number} words"
        return ("too_long", f"{number} words") if number > self.max_words else None

    def _copied(self, found: Candidate) -> Fault:
        answer = self.answers.get(found.draft.unit)
        if answer and any(contained(answer, triples(turn)) >= COPIED for turn in found.example.answers):
            return "copy_of_the_answer", ""
        return None

    def _leaked(self, found: Candidate) -> Fault:
        for turn in found.example.turns[::2]:
            runs = triples(turn)
            for question, theirs in self.asked:
                if jaccard(runs, theirs) >= SAME:
                    return "test_question", question
        return None


def checks(gold: Gold, *, dataset: ChatDataset) -> DialogueChecks:
    """Return the checks of a corpus for these questions."""
    return DialogueChecks(
        dataset.min_words,
        dataset.max_words,
        answers={one.question: triples(one.answer) for one in gold.train if len(tokenise(one.answer)) >= 8},
        asked=[(one.question, triples(one.question)) for one in gold.held_out],
    )


def _refused(found: Candidate) -> Fault:
    turn = next(filter(is_refusal, found.example.answers), None)
    return ("refusal", turn[:80]) if turn else None


def looping(found: Candidate) -> Fault:
    """Reject a dialogue in which a turn comes again, or one that goes round in circles."""
    dialogue: Dialogue = found.example
    turns = Counter(turn.casefold() for turn in dialogue.turns)
    if turns.most_common(1)[0][1] > 1:
        return "loop", "a turn comes again"
    return ("loop", "a turn goes round in circles") if any(map(_circles, dialogue.turns)) else None


def _circles(turn: str) -> bool:
    said: Sequence[str] = turn.casefold().split()
    runs = Counter(tuple(said[at : at + 6]) for at in range(len(said) - 5))
    return bool(runs) and runs.most_common(1)[0][1] >= LOOP
