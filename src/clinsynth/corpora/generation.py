"""Follow-ups to the answers of a plan: labels of their texts, and more requests where they fall short.

`generate` asks for it, `train` replays it out of what there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from clinsynth.corpora.exchanges import Exchanges, Place
from clinsynth.corpora.label_steps import LabelStep, first_steps, next_step, number_after
from clinsynth.corpora.labelling import ReadAnswer, Reader
from clinsynth.corpora.plans import RequestPlan
from clinsynth.corpora.recipe import Recipe
from clinsynth.llm.account import NO_FURTHER, FurtherRequests
from clinsynth.text.schemas import is_json
from clinsynth.types import Completion, Draft, Rejected, Request


@dataclass(frozen=True)
class ParsedAnswer:
    """One request with what came back and what it was read as."""

    unit: str
    replicate: int
    completion: Completion
    drafts: tuple[Draft, ...]
    rejected: tuple[Rejected, ...]
    label_request: Request | None
    """The second request, about these texts; of several passes and steps the one that they begin with."""
    off_topic: frozenset[int] = frozenset()
    """The places of texts that do not contain their unit."""


class Generation:
    """Follows the answers up: called with each one, it returns the requests that the answer gives rise to.

    Whether a unit falls short is decided by the parser and by whether a text contains its unit,
    never by annotator or filters, so that these can change without a call. The answers themselves are
    kept only where they are made use of: a live generation would hold all its texts in memory.
    """

    def __init__(self, recipe: Recipe, plan: RequestPlan, *, keep: bool = False, tops_up: bool = True) -> None:
        """`tops_up`: whether more is asked for where units fall short."""
        self.recipe, self.plan, self.keep, self.tops_up = recipe, plan, keep, tops_up
        self.writer = recipe.task.writer
        self.read = Reader(self.writer)
        self.usable: Counter[str] = Counter()
        """Texts that contain their unit, by unit."""
        self.refused = 0
        """Texts that do not, and lines that are no text."""
        self.cut = 0
        """Answers that are cut; their last text is rejected."""
        self.mended = 0
        """Answers that should be JSON, and are only as far as they could be mended."""
        self.labels: dict[str, dict[int, Completion]] = {}
        """Answers with labels, by the id of the second request and the number of the pass."""
        self.label_requests: list[Request] = []
        """All that was asked for labels."""
        self.labelled: set[str] = set()
        """The ids of those of them that are answered."""
        self._steps: dict[str, LabelStep] = {}
        self._answers: dict[tuple[str, int], ParsedAnswer] = {}
        self.exchanges = Exchanges(recipe.task.exchange, writing=recipe.writing)
        self._places = {request.id: (unit, replicate) for unit, replicate, request in plan.requests}
        self.asked: Counter[str] = Counter(unit for unit, _, _ in plan.requests)
        """Requests, by unit."""
        self.waiting = Counter(self.asked)
        """Those of them without an answer."""
        self.waves = 1
        """How often more was asked for, and once."""
        self._spare = list(plan.chosen.spare)
        self._in_vain: set[str] = set()
        self._own = [step for _, _, request in plan.requests if request.own for step in self(request, _own(request))]

    @property
    def requests(self) -> list[Request]:
        """Return what is asked first: for texts, or for labels of texts that are there already."""
        return [request for _, _, request in self.plan.requests if not request.own] + self._own

    @property
    def foreseen(self) -> list[Request]:
        """Return what the requests may be like that follow these, where several write a text."""
        exchange, writing = self.recipe.task.exchange, self.recipe.writing
        if exchange is None:
            return []
        planned = self.plan.requests
        return [
            request
            for unit, replicate, _ in planned
            for request in exchange.foreseen(unit, replicate=replicate, writing=writing)
        ]

    @property
    def answers(self) -> list[ParsedAnswer]:
        """Return the answers by replicate, then by the rank of the unit: the order of quality control."""
        rank = {unit: number for number, unit in enumerate((*self.plan.units, *self.plan.chosen.spare))}
        return sorted(self._answers.values(), key=lambda answer: (answer.replicate, rank[answer.unit]))

    def anew(self) -> Generation:
        """Return the same generation before any answer has come."""
        return Generation(self.recipe, self.plan, keep=self.keep, tops_up=self.tops_up)

    def further(self, request: Request) -> FurtherRequests:
        """Return how many requests about labels the answer to a request gives rise to, for estimates."""
        writing = self.recipe.writing
        if writing.annotator != "llm":
            return NO_FURTHER
        asking, shown = writing.asking, (writing.shots, writing.rules)
        step = self._steps.get(request.id)
        if step is not None:
            return FurtherRequests(number_after(step, asking=asking), shorter=False)
        each = asking.steps + asking.verify
        return FurtherRequests(asking.passes * each, sum(found.characters for found in shown if found))

    def labels_of(self, answer: ParsedAnswer) -> tuple[Completion, ...]:
        """Return what the LLM answered to the second request about a completion, pass by pass; empty without."""
        found = self.labels.get(answer.label_request.id, {}) if answer.label_request else {}
        return tuple(found[number] for number in sorted(found))

    @property
    def short(self) -> dict[str, int]:
        """Return how many usable texts the units have that have fewer than are wanted."""
        return self.writer.supply.lacking(self.usable, chosen=self.plan.chosen)

    def counts(self) -> dict[str, int]:
        """Return what the live view counts."""
        return {"accepted": self.usable.total(), "rejected": self.refused}

    def __call__(self, request: Request, completion: Completion) -> Sequence[Request]:
        asked = self.about(request, completion)
        return self.take(request, completion, self.read(asked) if asked else None)

    def about(self, request: Request, completion: Completion) -> tuple[Completion, str, int] | None:
        """Return an answer with its unit and replicate, as `read` wants it; `None` for labels and parts of a text."""
        place = self._places.get(request.id)
        if place is None or self.exchanges.following(place, completion):
            return None
        return self.exchanges.whole(place, completion), *place

    def take(self, request: Request, completion: Completion, read: ReadAnswer | None) -> Sequence[Request]:
        """Take an answer, `read` if it holds texts; returns the requests that it gives rise to."""
        self.cut += completion.finish_reason == "length"
        self.mended += request.answer_schema is not None and not is_json(completion.text)
        place = self._places.get(request.id)
        if place is None:
            return self._take_labels(self._steps.pop(request.id), completion)
        if read is None:
            return self._next_part(place, completion)
        (unit, replicate), completion = place, self.exchanges.whole(place, completion)
        self.exchanges.end(place)
        drafts = read.drafts
        labels = self.writer.label_request(drafts, completion=completion, writing=self.recipe.writing)
        if self.keep:
            found = ParsedAnswer(unit, replicate, completion, drafts, read.rejected, labels, read.off_topic)
            self._answers[unit, replicate] = found
        self.usable[unit] += len(drafts) - len(read.off_topic)
        self.refused += len(read.off_topic) + len(read.rejected)
        self.waiting[unit] -= 1
        steps = first_steps(labels, asking=self.recipe.writing.asking) if labels else []
        return [*map(self._ask_labels, steps), *self._further(unit)]

    def _take_labels(self, step: LabelStep, completion: Completion) -> list[Request]:
        """Take an answer about labels; returns the next step, if there is one."""
        following = next_step(step, completion, asking=self.recipe.writing.asking)
        if self.keep:
            self.labelled.add(step.request.id)
        if following is None and self.keep:
            self.labels.setdefault(step.base.id, {})[step.number] = completion
        return [self._ask_labels(following)] if following else []

    def _ask_labels(self, step: LabelStep) -> Request:
        self._steps[step.request.id] = step
        if self.keep:
            self.label_requests.append(step.request)
        return step.request

    def _next_part(self, place: Place, completion: Completion) -> Sequence[Request]:
        following = self.exchanges.following(place, completion)
        assert following is not None, "or it would have been read"
        self.exchanges.go_on(place, completion, following)
        self._places[following.id] = place
        return [following]

    def without(self, request: Request) -> Sequence[Request]:
        """Return the requests in the place of one that stays without an answer; its unit is not asked again."""
        if request.id not in self._places:
            return ()
        unit, _ = place = self._places[request.id]
        self.exchanges.end(place)
        self.waiting[unit] -= 1
        self._in_vain.add(unit)
        return self._further(unit)

    def _further(self, unit: str) -> list[Request]:
        """Return requests for the texts that are lacking; counts them as asked."""
        if not self.tops_up:
            return []
        chosen, wanted, attempts = self.plan.chosen, self.recipe.wanted, self.recipe.attempts
        units = self.writer.supply.further(
            unit, tally=self, chosen=chosen, spare=self._spare, wanted=wanted, attempts=attempts
        )
        units = [further for further in units if further not in self._in_vain]
        if units:
            self.waves += 1
            self._spare = [spare for spare in self._spare if spare not in units]
        return [self._ask(further) for further in units]

    def _ask(self, unit: str) -> Request:
        replicate, recipe = self.asked[unit], self.recipe
        request = self.writer.request(unit, replicate=replicate, writing=recipe.writing, gold=recipe.gold)
        self._places[request.id] = (unit, replicate)
        self.asked[unit] += 1
        self.waiting[unit] += 1
        return request


def _own(request: Request) -> Completion:
    """Return the answer to a request for texts that are there already: the texts."""
    return Completion(request.id, "", request.own or "", "stop")
