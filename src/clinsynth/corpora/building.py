"""Examples out of answers: annotate, check, cut to size, write down. Costs nothing to repeat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clinsynth.analysis.embeddings import embed
from clinsynth.analysis.variety import compare
from clinsynth.corpora.generation import Answer, Generation
from clinsynth.corpora.plans import Plan
from clinsynth.corpora.recipe import Recipe
from clinsynth.corpora.storage import EXAMPLES, REJECTED
from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import write_json_lines
from clinsynth.quality import control
from clinsynth.quality.filters import folded
from clinsynth.quality.weights import weigh
from clinsynth.task import Chosen, Supply
from clinsynth.types import Candidate, Completion, Draft, Rejected


@dataclass(frozen=True)
class AnsweredRecipe:
    """A recipe with everything that it needs."""

    recipe: Recipe
    generation: Generation
    """The answers, and the labels that an LLM gave their texts."""
    lexicon: Sequence[str]
    """Known entities, for an annotator that uses them."""

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return self.generation.plan

    @property
    def answers(self) -> list[Answer]:
        """In the order in which quality control looks at them."""
        return self.generation.answers

    def labels(self, answer: Answer) -> Completion | None:
        """Return what the LLM answered to the second request about a completion."""
        return self.generation.labels.get(answer.label_request.id) if answer.label_request else None

    @property
    def test_texts(self) -> frozenset[tuple[str, ...]]:
        """Folded words of the gold test examples, of which there shall be no copies."""
        words = self.recipe.task.kind.examples.words
        return frozenset(folded(words(example)) for example in self.recipe.gold.held_out)


def build(folder: Path, answered: AnsweredRecipe) -> dict[str, Any]:
    """Write the corpus into a folder; returns what its manifest says."""
    task, quality = answered.recipe.task, answered.recipe.quality
    candidates, rejected = _annotate(answered)
    passed, refused = control(
        candidates,
        config=quality,
        contains=task.writer.contains,
        words=task.kind.examples.words,
        test_texts=answered.test_texts,
    )
    rejected += refused
    if quality.weighted:
        passed = weigh(passed, embed=embed)
    kept = _cut(passed, answered.plan.chosen)
    write_json_lines(folder / EXAMPLES, [_row(c.draft) | c.example.to_json() for c in kept])
    write_json_lines(folder / REJECTED, [_row(r.draft) | {"reason": r.reason, "detail": r.detail} for r in rejected])
    counts = {"parsed": len(candidates), "kept": len(kept), "not needed": len(passed) - len(kept)}
    return _manifest(answered, kept=kept, rejected=rejected, counts=counts)


def _annotate(answered: AnsweredRecipe) -> tuple[list[Candidate], list[Rejected]]:
    """All answers in the order of the plan: replicate, rank of the unit, place in the completion."""
    recipe = answered.recipe
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    for answer in tqdm(answered.answers, desc="annotate", unit="completion", disable=None):
        rejected += answer.rejected
        labels = answered.labels(answer)
        if answer.label_request and labels is None:
            rejected += [Rejected(draft, "labels_missing") for draft in answer.drafts]
            continue
        try:
            labelled, absent = recipe.task.writer.annotate(
                answer.drafts, annotator=recipe.writing.annotator, lexicon=answered.lexicon, answer=labels
            )
        except DataFormatError as error:
            if not recipe.skip_missing:
                raise DataFormatError(f"{error} generation.on_missing=skip rejects these texts.") from error
            labelled, absent = [], [Rejected(draft, "labels_unreadable") for draft in answer.drafts]
        candidates += labelled
        rejected += absent
    return candidates, rejected


def _manifest(
    answered: AnsweredRecipe, *, kept: Sequence[Candidate], rejected: Sequence[Rejected], counts: dict[str, int]
) -> dict[str, Any]:
    recipe, plan = answered.recipe, answered.plan
    task, gold, prompt = recipe.task, recipe.gold, recipe.writing.prompt
    examples = [candidate.example for candidate in kept]
    units = {"units": len(plan.units), "units available": plan.available, "units in all": plan.total}
    if plan.left_out:
        units["units left out"] = plan.left_out
    return {
        "task": task.name,
        "labels": task.labels,
        "dataset": task.dataset.name,
        "public": task.dataset.public,
        "licence": task.dataset.licence,
        "meanings": dict(task.meanings),
        "models": sorted({answer.completion.model for answer in answered.answers}),
        "prompt": {"name": prompt.name, "text": prompt.text},
        "annotator": recipe.writing.annotator,
        "counts": units | {"completions": len(answered.answers)} | counts,
        "rejected": dict(Counter(item.reason for item in rejected).most_common()),
        "short": _short(kept, task.writer.supply, plan.chosen),
        "described": task.kind.examples.describe(examples),
        "statistics": compare(examples, gold=gold.train or gold.test, of=task.kind.examples),
    }


def refuse_barren(answered: AnsweredRecipe) -> None:
    """A unit that stands in none of its sentences is a mistake in the list or in the recording."""
    recipe, units = answered.recipe, answered.plan.units
    if not recipe.quality.unit or recipe.skip_missing:
        return
    written: Counter[str] = Counter()
    fruitful: Counter[str] = Counter()
    for answer in answered.answers:
        written[answer.unit] += len(answer.drafts)
        fruitful[answer.unit] += sum(map(recipe.task.writer.contains, answer.drafts))
    barren = [unit for unit in units if not fruitful[unit]]
    if barren:
        names = ", ".join(repr(unit) for unit in barren[:5]) + (" ..." if len(barren) > 5 else "")
        raise DataFormatError(
            f"{len(barren)} of {len(units)} units stand in none of their own sentences: {names} (the first has "
            f"{written[barren[0]]}). Is the term spelt as in the completions? Acronyms have to agree in case. Mend or "
            "remove it, or go on without with generation.on_missing=skip."
        )


def _short(kept: Sequence[Candidate], supply: Supply, chosen: Chosen) -> dict[str, int]:
    """What has fewer examples than are wanted; of a wanted total each unit has its share."""
    if chosen.per_unit is not None and chosen.in_all is not None:
        chosen = replace(chosen, per_unit=chosen.in_all // len(chosen.units))
    return supply.lacking(Counter(candidate.draft.unit for candidate in kept), chosen=chosen)


def _cut(passed: Sequence[Candidate], chosen: Chosen) -> list[Candidate]:
    """Rounds one after another; of other units the first `per_unit`, ordered by their place.

    Either way a larger size only appends.
    """
    if chosen.per_unit is None:
        return list(passed[: chosen.in_all])
    by_unit: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in passed:
        by_unit[candidate.draft.unit].append(candidate)
    ranked = [
        (place, rank, candidate)
        for rank, unit in enumerate(chosen.units)
        for place, candidate in enumerate(by_unit[unit][: chosen.per_unit])
    ]
    return [candidate for _, _, candidate in sorted(ranked, key=lambda item: item[:2])][: chosen.in_all]


def _row(draft: Draft) -> dict[str, Any]:
    return {"unit": draft.unit, "replicate": draft.replicate, "index": draft.index, "text": draft.text}
