"""Examples out of answers: annotate, check, cut to size, write down. Costs nothing to repeat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clinsynth.analysis.embeddings import embed
from clinsynth.analysis.variety import compare
from clinsynth.config import CorpusConfig, OnMissing
from clinsynth.corpora.generation import ALL_ROUNDS, Answer, Generation
from clinsynth.corpora.plans import Plan
from clinsynth.corpora.storage import EXAMPLES, REJECTED, write
from clinsynth.datasets import meanings
from clinsynth.errors import DataFormatError
from clinsynth.quality import control
from clinsynth.quality.filters import folded
from clinsynth.quality.weights import weigh
from clinsynth.tasks.base import SynthesisRoom, config_room, gold_room
from clinsynth.types import Candidate, Completion, Draft, Gold, Rejected


@dataclass(frozen=True)
class Recipe:
    """Everything that a corpus is made of."""

    settings: CorpusConfig
    plan: Plan
    generation: Generation
    """The answers, and the labels that an LLM gave their texts."""
    lexicon: Sequence[str]
    """Known entities, for an annotator that uses them."""
    gold: Gold
    room: SynthesisRoom

    @property
    def answers(self) -> list[Answer]:
        return self.generation.answers

    def labels(self, answer: Answer) -> Completion | None:
        """What the LLM answered to the second request about a completion."""
        return self.generation.labels.get(answer.label_request.id) if answer.label_request else None

    @property
    def test_texts(self) -> frozenset[tuple[str, ...]]:
        """Folded words of the gold test examples, of which there shall be no copies."""
        return frozenset(folded(self.room.words(example)) for example in self.gold.guarded)


def build(folder: Path, recipe: Recipe) -> dict[str, Any]:
    """Write the corpus into a folder; returns what its manifest says."""
    settings, room = recipe.settings, recipe.room
    candidates, rejected = _annotate(recipe)
    passed, refused = control(
        candidates,
        config=settings.quality,
        contains=room.contains,
        words=room.words,
        test_texts=recipe.test_texts,
    )
    rejected += refused
    if settings.quality.weighted:
        passed = weigh(passed, embed=embed)
    kept = _cut(passed, recipe.plan)
    write(folder / EXAMPLES, [_row(c.draft) | c.example.to_json() for c in kept])
    write(folder / REJECTED, [_row(r.draft) | {"reason": r.reason, "detail": r.detail} for r in rejected])
    counts = {"parsed": len(candidates), "kept": len(kept), "not needed": len(passed) - len(kept)}
    return _manifest(recipe, kept=kept, rejected=rejected, counts=counts)


def _annotate(recipe: Recipe) -> tuple[list[Candidate], list[Rejected]]:
    """All answers in the order of the plan: replicate, rank of the unit, place in the completion."""
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    for answer in tqdm(recipe.answers, desc="annotate", unit="completion", disable=None):
        rejected += answer.rejected
        labels = recipe.labels(answer)
        if answer.label_request and labels is None:
            rejected += [Rejected(draft, "labels_missing") for draft in answer.drafts]
            continue
        try:
            labelled, absent = recipe.room.annotate(
                answer.drafts, settings=recipe.settings, lexicon=recipe.lexicon, answer=labels
            )
        except DataFormatError as error:
            if recipe.settings.generation.on_missing is OnMissing.error:
                raise DataFormatError(f"{error} generation.on_missing=skip rejects these texts.") from error
            labelled, absent = [], [Rejected(draft, "labels_unreadable") for draft in answer.drafts]
        candidates += labelled
        rejected += absent
    return candidates, rejected


def _manifest(
    recipe: Recipe, *, kept: Sequence[Candidate], rejected: Sequence[Rejected], counts: dict[str, int]
) -> dict[str, Any]:
    settings, plan, gold = recipe.settings, recipe.plan, recipe.gold
    units = {"units": len(plan.units), "units available": plan.available, "units in all": plan.total}
    if plan.left_out:
        units["units left out"] = plan.left_out
    return {
        "task": settings.dataset.task,
        "labels": config_room(settings.dataset.task).labels(settings.dataset),
        "dataset": settings.dataset.name,
        "public": settings.dataset.public,
        "licence": settings.dataset.licence,
        "meanings": meanings(settings.dataset),
        "models": sorted({answer.completion.model for answer in recipe.answers}),
        "prompt": {"name": settings.prompt.name, "text": settings.prompt.text},
        "annotator": settings.annotator.name,
        "counts": units | {"completions": len(recipe.answers)} | counts,
        "rejected": dict(Counter(item.reason for item in rejected).most_common()),
        "short": _short(kept, plan),
        "described": gold_room(settings.dataset.task).describe([c.example for c in kept]),
        "statistics": compare([c.example for c in kept], gold=gold.train or gold.test, room=recipe.room),
    }


def refuse_barren(recipe: Recipe) -> None:
    """A unit that stands in none of its sentences is a mistake in the list or in the recording."""
    settings, units = recipe.settings, recipe.plan.units
    if not settings.quality.unit or settings.generation.on_missing is OnMissing.skip:
        return
    written: Counter[str] = Counter()
    fruitful: Counter[str] = Counter()
    for answer in recipe.answers:
        written[answer.unit] += len(answer.drafts)
        fruitful[answer.unit] += sum(map(recipe.room.contains, answer.drafts))
    barren = [unit for unit in units if not fruitful[unit]]
    if barren:
        names = ", ".join(repr(unit) for unit in barren[:5]) + (" ..." if len(barren) > 5 else "")
        raise DataFormatError(
            f"{len(barren)} of {len(units)} units stand in none of their own sentences: {names} (the first has "
            f"{written[barren[0]]}). Is the term spelt as in the completions? Acronyms have to agree in case. Mend or "
            "remove it, or go on without with generation.on_missing=skip."
        )


def _short(kept: Sequence[Candidate], plan: Plan) -> dict[str, int]:
    """Units with fewer examples than are wanted; of rounds all are wanted together."""
    if plan.per_unit is None:
        return {ALL_ROUNDS: len(kept)} if len(kept) < (plan.in_all or 0) else {}
    found = Counter(candidate.draft.unit for candidate in kept)
    wanted = plan.per_unit if plan.in_all is None else plan.in_all // len(plan.units)
    return {unit: found[unit] for unit in plan.units if found[unit] < wanted}


def _cut(passed: Sequence[Candidate], plan: Plan) -> list[Candidate]:
    """Rounds one after another; of other units the first `per_unit`, ordered by their place.

    Either way a larger size only appends.
    """
    if plan.per_unit is None:
        return list(passed[: plan.in_all])
    by_unit: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in passed:
        by_unit[candidate.draft.unit].append(candidate)
    ranked = [
        (place, rank, candidate)
        for rank, unit in enumerate(plan.units)
        for place, candidate in enumerate(by_unit[unit][: plan.per_unit])
    ]
    return [candidate for _, _, candidate in sorted(ranked, key=lambda item: item[:2])][: plan.in_all]


def _row(draft: Draft) -> dict[str, Any]:
    return {"unit": draft.unit, "replicate": draft.replicate, "index": draft.index, "text": draft.text}
