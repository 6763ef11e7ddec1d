"""What the answers of a plan give rise to: labels of their texts, and more requests where they fall short.

`generate` asks for it, `train` replays it out of what there is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from clinsynth.config import CorpusConfig
from clinsynth.corpora.plans import Plan
from clinsynth.tasks.base import SynthesisRoom
from clinsynth.types import Completion, Draft, Gold, Rejected, Request

ALL_ROUNDS = "all of it"


@dataclass(frozen=True)
class Answer:
    """One request with what came back and what it was read as."""

    unit: str
    replicate: int
    completion: Completion
    drafts: tuple[Draft, ...]
    rejected: tuple[Rejected, ...]
    label_request: Request | None
    """The second request, about these texts."""


class Generation:
    """Follows the answers up: called with each one, it returns the requests that the answer gives rise to.

    Whether a unit falls short is decided by the parser and by whether a text contains its unit,
    never by annotator or filters, so that these can change without a call. The answers themselves are
    kept only where they are made use of: a live generation would hold all its texts in memory.
    """

    def __init__(
        self, settings: CorpusConfig, plan: Plan, *, gold: Gold, room: SynthesisRoom, keep: bool = False
    ) -> None:
        self.settings, self.plan, self.gold, self.room, self.keep = settings, plan, gold, room, keep
        self.usable: Counter[str] = Counter()
        """Texts that contain their unit, by unit."""
        self.refused = 0
        """Texts that do not, and lines that are no text."""
        self.labels: dict[str, Completion] = {}
        """Answers to second requests, by the id of the request."""
        self._answers: dict[tuple[str, int], Answer] = {}
        self._places = {request.id: (unit, replicate) for unit, replicate, request in plan.requests}
        self._asked: Counter[str] = Counter(unit for unit, _, _ in plan.requests)
        self._open = Counter(self._asked)
        self._spare = list(plan.spare)
        self._waves, self._answered = 1, 0

    @property
    def requests(self) -> list[Request]:
        return [request for _, _, request in self.plan.requests]

    @property
    def answers(self) -> list[Answer]:
        """By replicate, then by the rank of the unit: the order in which quality control looks at them."""
        rank = {unit: number for number, unit in enumerate((*self.plan.units, *self.plan.spare))}
        return sorted(self._answers.values(), key=lambda answer: (answer.replicate, rank[answer.unit]))

    @property
    def short(self) -> dict[str, int]:
        """Units that have fewer usable texts than are wanted, and how many they have."""
        if self.room.ROUNDS:
            usable = self.usable.total()
            return {ALL_ROUNDS: usable} if usable < (self.plan.in_all or 0) else {}
        wanted = self.plan.per_unit or 0
        return {unit: self.usable[unit] for unit in self.plan.units if self.usable[unit] < wanted}

    def counts(self) -> dict[str, int]:
        return {"accepted": self.usable.total(), "rejected": self.refused}

    def __call__(self, request: Request, completion: Completion) -> Sequence[Request]:
        if request.id not in self._places:
            if self.keep:
                self.labels[request.id] = completion
            return ()
        unit, replicate = self._places[request.id]
        drafts, rejected = self.room.parse(completion, unit=unit, replicate=replicate, settings=self.settings)
        labels = self.room.label_request(drafts, completion=completion, settings=self.settings)
        if self.keep:
            found = Answer(unit, replicate, completion, tuple(drafts), tuple(rejected), labels)
            self._answers[unit, replicate] = found
        usable = sum(map(self.room.contains, drafts))
        self.usable[unit] += usable
        self.refused += len(drafts) - usable + len(rejected)
        self._open[unit] -= 1
        self._answered += 1
        further = self._rounds() if self.room.ROUNDS else self._top_up(unit)
        return [*([labels] if labels else []), *further]

    def _top_up(self, unit: str) -> list[Request]:
        """One more request, once all of the unit's are answered and it is still short."""
        most = len(self.plan.requests) // len(self.plan.units) + self.settings.generation.max_attempts - 1
        if self._open[unit] or self.usable[unit] >= (self.plan.per_unit or 0) or self._asked[unit] >= most:
            return []
        return [self._ask(unit)]

    def _rounds(self) -> list[Request]:
        """Further rounds, once all are answered and their texts are still too few."""
        if self._answered < len(self._places) or self._waves >= self.settings.generation.max_attempts:
            return []
        missing = (self.plan.in_all or 0) - self.usable.total()
        if missing <= 0:
            return []
        self._waves += 1
        number = math.ceil(missing / (self.settings.generation.per_request or 1))
        chosen, self._spare = self._spare[:number], self._spare[number:]
        return [self._ask(unit) for unit in chosen]

    def _ask(self, unit: str) -> Request:
        replicate = self._asked[unit]
        request = self.room.request(unit, replicate=replicate, settings=self.settings, gold=self.gold)
        self._places[request.id] = (unit, replicate)
        self._asked[unit] += 1
        self._open[unit] += 1
        return request
