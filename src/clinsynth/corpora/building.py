"""Examples out of answers: annotate, check, cut to size, write down. Costs nothing to repeat."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clinsynth.analysis.embeddings import embed
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.manifest import Manifest
from clinsynth.corpora.storage import write_examples
from clinsynth.errors import DataFormatError
from clinsynth.quality import control
from clinsynth.quality.weights import weigh
from clinsynth.task import Chosen, Supply
from clinsynth.types import Candidate, Draft, Rejected


def build_corpus(folder: Path, generation: Generation, *, lexicon: Sequence[str]) -> dict[str, Any]:
    """Write the corpus into a folder; returns the entries of its manifest.

    `lexicon` are known entities, for an annotator that uses them.
    """
    recipe, chosen = generation.recipe, generation.plan.chosen
    task, kind = recipe.task, recipe.task.kind
    candidates, rejected = _annotate(generation, lexicon)
    passed, refused = _check(candidates, generation)
    if recipe.quality.weighted:
        passed = weigh(passed, embed=embed)
    kept = _cut(passed, chosen)
    counted = write_examples(
        folder,
        kept=[_row(found.draft) | found.example.to_json() for found in kept],
        rejected=[
            _row(found.draft) | {"reason": found.reason, "detail": found.detail} for found in [*rejected, *refused]
        ],
        gold=recipe.gold,
        of=kind.examples,
    )
    return Manifest(
        task=task.name,
        labels=task.labels,
        dataset=task.dataset.name,
        public=task.dataset.public,
        licence=task.dataset.licence,
        language=task.dataset.language,
        meanings=dict(task.meanings),
        models=sorted({answer.completion.model for answer in generation.answers}),
        prompt=recipe.writing.prompt,
        annotator=recipe.writing.annotator,
        counts=_asked(generation)
        | {"parsed": len(candidates), "kept": len(kept), "not needed": len(passed) - len(kept)},
        short=_short(kept, task.writer.supply, chosen),
        **counted,
    ).entries()


def _asked(generation: Generation) -> dict[str, int]:
    """Count the units that were asked about, and their answers."""
    plan = generation.plan
    units = {"units": len(plan.units), "units available": plan.available, "units in all": plan.total}
    left_out = {"units left out": plan.left_out} if plan.left_out else {}
    return units | left_out | {"completions": len(generation.answers)}


def _annotate(generation: Generation, lexicon: Sequence[str]) -> tuple[list[Candidate], list[Rejected]]:
    """Label all answers in the order of the plan: replicate, rank of the unit, place in the completion.

    Raises DataFormatError where the labels of none can be read; otherwise texts without readable labels are rejected.
    """
    recipe = generation.recipe
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    unreadable: DataFormatError | None = None
    for answer in tqdm(generation.answers, desc="annotate", unit="completion", disable=None):
        rejected += answer.rejected
        labels = generation.labels_of(answer)
        if answer.label_request and labels is None:
            rejected += [Rejected(draft, "labels_missing") for draft in answer.drafts]
            continue
        try:
            labelled, absent = recipe.task.writer.annotate(
                answer.drafts, annotator=recipe.writing.annotator, lexicon=lexicon, answer=labels
            )
        except DataFormatError as error:
            unreadable = unreadable or error
            labelled, absent = [], [Rejected(draft, "labels_unreadable") for draft in answer.drafts]
        candidates += labelled
        rejected += absent
    if unreadable and not candidates and not recipe.skip_missing:
        raise DataFormatError(f"No labels can be read: {unreadable}") from unreadable
    return candidates, rejected


def _check(candidates: Sequence[Candidate], generation: Generation) -> tuple[list[Candidate], list[Rejected]]:
    """Apply quality control; a unit beside the others is compared with itself alone, so that it costs them no text."""
    recipe, beside = generation.recipe, generation.plan.chosen.beside
    check = partial(
        control,
        config=recipe.quality,
        contains=recipe.task.writer.contains,
        words=recipe.task.kind.examples.words,
        test_texts=recipe.test_texts,
    )
    if beside is None:
        return check(candidates)
    kept, rejected = check([found for found in candidates if found.draft.unit != beside.unit])
    more, others = check([found for found in candidates if found.draft.unit == beside.unit])
    return [*kept, *more], [*rejected, *others]


def check_units_are_written_about(generation: Generation) -> None:
    """Raise DataFormatError for a unit that stands in none of its sentences: the list or the recording is wrong."""
    recipe, units = generation.recipe, generation.plan.units
    if not recipe.quality.unit or recipe.skip_missing:
        return
    written: Counter[str] = Counter()
    for answer in generation.answers:
        written[answer.unit] += len(answer.drafts)
    absent = [unit for unit in units if not generation.usable[unit]]
    if absent:
        names = ", ".join(repr(unit) for unit in absent[:5]) + (" ..." if len(absent) > 5 else "")
        raise DataFormatError(
            f"{len(absent)} of {len(units)} units stand in none of their own sentences: {names} (the first has "
            f"{written[absent[0]]}). Is the term spelt as in the completions? Acronyms have to agree in case. "
            "Mend or remove it, or go on without with generation.on_missing=skip."
        )


def _short(kept: Sequence[Candidate], supply: Supply, chosen: Chosen) -> dict[str, int]:
    """Return what has fewer examples than are wanted; of a wanted total each unit has its share."""
    if chosen.per_unit is not None and chosen.in_all is not None:
        chosen = replace(chosen, per_unit=chosen.in_all // len(chosen.units))
    return supply.lacking(Counter(candidate.draft.unit for candidate in kept), chosen=chosen)


def _cut(passed: Sequence[Candidate], chosen: Chosen) -> list[Candidate]:
    """Take rounds one after another; of other units the first ones, ordered by their place.

    Either way a larger size only appends; a unit beside the others is spread among them.
    """
    if not chosen.in_turn:
        return list(passed[: chosen.in_all])
    by_unit: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in passed:
        by_unit[candidate.draft.unit].append(candidate)
    ranked = [
        (chosen.turn_of(unit, place), rank, candidate)
        for rank, unit in enumerate(chosen.units)
        for place, candidate in enumerate(by_unit[unit][: chosen.wanted_of(unit)])
    ]
    return [candidate for _, _, candidate in sorted(ranked, key=lambda item: item[:2])][: chosen.in_all]


def _row(draft: Draft) -> dict[str, Any]:
    return {"unit": draft.unit, "replicate": draft.replicate, "index": draft.index, "text": draft.text}
