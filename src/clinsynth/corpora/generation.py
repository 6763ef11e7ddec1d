"""What is asked of a live LLM: the plan, the labels of its answers, and more where an answer falls short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clinsynth.config import CorpusConfig
from clinsynth.corpora.plans import Plan, most_requests, request_of
from clinsynth.errors import ConfigError
from clinsynth.tasks.base import SynthesisRoom
from clinsynth.types import Completion, Request


class Generation:
    """Follows the answers up: called with each one, it returns the requests that the answer gives rise to.

    Whether a unit falls short is decided by the parser and by whether a text contains its unit,
    never by annotator or filters, so that these can change without a call.
    """

    def __init__(self, settings: CorpusConfig, plan: Plan, *, room: SynthesisRoom) -> None:
        self.settings, self.plan, self.room = settings, plan, room
        self.usable: Counter[str] = Counter()
        """Texts that contain their unit, by unit."""
        self.refused = 0
        """Texts that do not, and lines that are no text."""
        self._places = {request.id: (unit, replicate) for unit, replicate, request in plan.requests}
        self._asked: Counter[str] = Counter(unit for unit, _, _ in plan.requests)
        self._open = Counter(self._asked)

    @property
    def requests(self) -> list[Request]:
        return [request for _, _, request in self.plan.requests]

    @property
    def short(self) -> dict[str, int]:
        """Units that have fewer usable texts than are wanted, and how many they have."""
        wanted = self.settings.size.per_unit or 0
        return {unit: self.usable[unit] for unit in self.plan.units if self.usable[unit] < wanted}

    def counts(self) -> dict[str, int]:
        return {"accepted": self.usable.total(), "rejected": self.refused}

    def __call__(self, request: Request, completion: Completion) -> Sequence[Request]:
        if request.id not in self._places:  # labels
            return ()
        unit, replicate = self._places[request.id]
        drafts, rejected = self.room.parse(completion, unit=unit, replicate=replicate)
        usable = sum(self.room.contains(draft) for draft in drafts)
        self.usable[unit] += usable
        self.refused += len(drafts) - usable + len(rejected)
        self._open[unit] -= 1
        labels = self.room.label_request(
            drafts, completion=completion, dataset=self.settings.dataset, annotator=self.settings.annotator
        )
        return [*([labels] if labels else []), *self._top_up(unit)]

    def _top_up(self, unit: str) -> list[Request]:
        """One more request, once all of the unit's are answered and it is still short."""
        if self._open[unit] or unit not in self.short or self._asked[unit] >= most_requests(self.settings):
            return []
        replicate = self._asked[unit]
        request = request_of(self.settings, unit, replicate, room=self.room)
        self._places[request.id] = (unit, replicate)
        self._asked[unit] += 1
        self._open[unit] += 1
        return [request]


def check_consent(settings: CorpusConfig) -> None:
    """Raises ConfigError where text of a dataset that is not public would leave the house unasked."""
    if settings.dataset.public or settings.generation.send_gold_text or settings.llm.trusted:
        return
    raise ConfigError(
        f"{settings.dataset.name} is not public (dataset.public=false), and its units would be sent to "
        f"{settings.llm.base_url or 'OpenAI'}. Say that they may with generation.send_gold_text=true, or that the "
        "server is inside the house with llm.trusted=true."
    )
