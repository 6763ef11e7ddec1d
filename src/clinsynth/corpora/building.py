"""Examples out of answers: annotate, check, cut to size, write down. Costs nothing to repeat."""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

from tqdm import tqdm

from clinsynth import quality
from clinsynth.analysis.embeddings import embed
from clinsynth.config import QualityConfig
from clinsynth.corpora import in_order
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.labelling import Labeller, row_of
from clinsynth.corpora.manifest import BY_LLM, BY_VOTES, Manifest, summed_up
from clinsynth.corpora.recipe import Recipe
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.storage import write_examples
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.json_lines import json_line
from clinsynth.quality import Checks, Control, Findings, Refused
from clinsynth.quality.weights import weigh
from clinsynth.task import Beside, Chosen, Examples, Supply
from clinsynth.types import Candidate, Draft, Prompt, Rejected


def build_corpus(folder: Path, generation: Generation, *, lexicon: Sequence[str]) -> dict[str, Any]:
    """Write the corpus into a folder; returns the entries of its manifest.

    `lexicon` are known entities, for an annotator that uses them. Labelled texts lie in the folder until it is known
    which of them are kept.
    """
    recipe, chosen = generation.recipe, generation.plan.chosen
    task, kind = recipe.task, recipe.task.kind
    with SpilledLines(folder) as lines, Gate(recipe.quality, beside=chosen.beside, folder=folder) as gate:
        drafts, rejected, sure = _annotate(generation, lexicon, lines=lines, gate=gate)
        passed, refused = gate.decide()
        kept = _cut(passed, [drafts[place].unit for place in passed], chosen)
        rows = _weighed(passed, kept, drafts, lines, of=kind.examples) if recipe.quality.weighted else lines.at(kept)
        counted = write_examples(
            folder,
            kept=rows,
            rejected=(
                row_of(found.draft) | {"reason": found.reason, "detail": found.detail}
                for found in chain(rejected, (quality.rejected(one, drafts=drafts) for one in refused))
            ),
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
        models=_models(generation),
        prompt=recipe.writing.prompt,
        annotator=recipe.writing.annotator,
        shots=_shots(generation),
        counts=_asked(generation) | {"parsed": len(drafts), "kept": len(kept), "not needed": len(passed) - len(kept)},
        short=_short([drafts[place].unit for place in kept], task.writer.supply, chosen),
        confidence=summed_up(sure),
        confidence_of=[BY_VOTES] if recipe.writing.asking.passes > 1 else [BY_LLM] if sure else None,
        **counted,
    ).entries()


def _asked(generation: Generation) -> dict[str, int]:
    """Count the units that were asked about, and their answers."""
    plan = generation.plan
    units = {"units": len(plan.units), "units available": plan.available, "units in all": plan.total}
    left_out = {"units left out": plan.left_out} if plan.left_out else {}
    shots = _shots(generation)
    labels = {"labels": len(shots)} if shots else {}
    gold = generation.recipe.gold
    texts = {"real texts": len(gold.texts)} if gold.texts else {}
    texts |= {f"texts {reason}": number for reason, number in gold.left_out.items()}
    return units | left_out | {"completions": len(generation.answers)} | labels | texts


def _shots(generation: Generation) -> list[int] | None:
    """Return the rows of gold train that were shown with their labels; `None` where there are none."""
    return sorted({row for asked in generation.label_requests for row in asked.evidence.get("shots", ())}) or None


def _models(generation: Generation) -> list[str]:
    """Return the LLMs that have written the texts; of texts that were there already those that have labelled them."""
    written = {answer.completion.model for answer in generation.answers}
    labelled = {found.model for passes in generation.labels.values() for found in passes.values()}
    return sorted(written - {""} or labelled)


def _annotate(
    generation: Generation, lexicon: Sequence[str], *, lines: SpilledLines, gate: Gate
) -> tuple[list[Draft], list[Rejected], array[float]]:
    """Label all answers in the order of the plan: replicate, rank of the unit, place in the completion.

    Returns the texts that are labelled, in the order of `lines` and `gate`, which get them, those that are not, and
    the confidences of those that have one. Raises DataFormatError where the labels of none can be read; otherwise texts
    without readable labels are rejected.
    """
    recipe = generation.recipe
    own = recipe.task.checks(recipe.gold) if recipe.task.checks else None
    checks = Checks(recipe.quality, recipe.task.kind.examples.words, recipe.test_texts, own)
    labeller = Labeller(recipe.task.writer, recipe.writing.annotator, tuple(lexicon), checks, recipe.task.vote)
    answers = generation.answers
    wanted = [answer for answer in answers if not answer.label_request or generation.labels_of(answer)]
    labelled = in_order.mapped(
        labeller, [(answer.drafts, answer.off_topic, generation.labels_of(answer)) for answer in wanted]
    )
    drafts: list[Draft] = []
    rejected: list[Rejected] = []
    sure, unreadable = array("d"), ""
    for answer in tqdm(answers, desc="annotate", unit="completion", disable=None):
        rejected += answer.rejected
        if answer.label_request and not generation.labels_of(answer):
            rejected += [Rejected(draft, "labels_missing") for draft in answer.drafts]
            continue
        found = next(labelled)
        unreadable = unreadable or found.unreadable
        rejected += found.rejected
        for text in found.texts:
            drafts.append(answer.drafts[text.place])
            lines.append(text.line)
            gate.add(drafts[-1].unit, text.found)
            sure.extend([] if text.confidence is None else [text.confidence])
    if unreadable and not drafts and not recipe.skip_missing:
        prompt = recipe.writing.label_prompt or recipe.writing.prompt
        raise DataFormatError(f"No labels can be read: {unreadable} {_asked_anew(recipe, prompt=prompt)}")
    if recipe.quality.min_confidence is not None and drafts and not sure:
        raise ConfigError(
            f"quality.min_confidence={recipe.quality.min_confidence:g} rejects nothing, for no text has a confidence: "
            "labels that an LLM writes have one (annotator=llm, or the rows of task relation) where it was asked with "
            "llm.logprobs=true and its server says how likely its tokens were."
        )
    return drafts, rejected, sure


class Gate:
    """Quality control; a unit beside the others is compared with itself alone, so that it costs them no text."""

    def __init__(self, config: QualityConfig, *, beside: Beside | None, folder: Path) -> None:
        self._beside = beside.unit if beside else None
        self._parts = [(Control(config, folder=folder), array("q")) for _ in range(2)]
        self._number = 0

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for part, _places in self._parts:
            part.close()

    def add(self, unit: str, found: Findings) -> None:
        """Take the next text."""
        part, places = self._parts[unit == self._beside]
        part.add(found)
        places.append(self._number)
        self._number += 1

    def decide(self) -> tuple[list[int], list[Refused]]:
        """Return the places of the texts that are kept, and the others; those beside come last."""
        kept: list[int] = []
        refused: list[Refused] = []
        for part, places in self._parts:
            passed, others = part.decide()
            kept += [places[place] for place in passed]
            refused += [one.at(places) for one in others]
        return kept, refused


def _weighed(
    passed: Sequence[int], kept: Sequence[int], drafts: Sequence[Draft], lines: SpilledLines, *, of: Examples
) -> Iterator[str]:
    """Yield the rows of the kept texts, with weights that hang on all that have passed."""
    examples = (of.from_json(json.loads(line)) for line in lines.at(passed))
    candidates = [Candidate(drafts[place], example) for place, example in zip(passed, examples, strict=True)]
    found = dict(zip(passed, weigh(candidates, embed=embed), strict=True))
    for place in kept:
        yield json_line(row_of(found[place].draft) | found[place].example.to_json())


def check_units_are_written_about(generation: Generation) -> None:
    """Raise DataFormatError for a unit that stands in none of its sentences: the list or the recording is wrong."""
    recipe, units = generation.recipe, generation.plan.units
    if not recipe.quality.unit or recipe.skip_missing or recipe.task.checks:
        return
    written: Counter[str] = Counter()
    for answer in generation.answers:
        written[answer.unit] += len(answer.drafts)
    absent = [unit for unit in units if not generation.usable[unit]]
    if not absent:
        return
    names = ", ".join(repr(unit) for unit in absent[:5]) + (" ..." if len(absent) > 5 else "")
    if not written[absent[0]]:
        said = next((answer.completion.text for answer in generation.answers if answer.unit == absent[0]), "")
        raise DataFormatError(
            f"no text could be read out of the answers about {len(absent)} of {len(units)} units: {names}. About the "
            f"first the LLM says {said[:200]!r}. Try another LLM or a prompt of your own (prompt.text, prompt.name). "
            f"{_asked_anew(recipe, prompt=recipe.writing.prompt)} Or go on without with generation.on_missing=skip."
        )
    raise DataFormatError(
        f"{len(absent)} of {len(units)} units stand in none of their own sentences: {names} (the first has "
        f"{written[absent[0]]}). Is the term spelt as in the completions? Acronyms have to agree in case. "
        "Mend or remove it, or go on without with generation.on_missing=skip."
    )


def _asked_anew(recipe: Recipe, *, prompt: Prompt) -> str:
    """Return after which command answers that the cache keeps are asked for anew."""
    return (
        f"A live LLM is asked anew after `clinsynth cache action=forget forget.dataset={recipe.task.dataset.name} "
        f"forget.prompt={prompt.name}`."
    )


def _short(units: Sequence[str], supply: Supply, chosen: Chosen) -> dict[str, int]:
    """Return what has fewer examples than are wanted; of a wanted total each unit has its share."""
    if chosen.per_unit is not None and chosen.in_all is not None:
        chosen = replace(chosen, per_unit=chosen.in_all // len(chosen.units))
    return supply.lacking(Counter(units), chosen=chosen)


def _cut(passed: Sequence[int], units: Sequence[str], chosen: Chosen) -> list[int]:
    """Take rounds one after another; of other units the first texts, ordered by their place.

    Either way a larger size only appends; a unit beside the others is spread among them.
    """
    if not chosen.in_turn:
        return list(passed[: chosen.in_all])
    by_unit: dict[str, list[int]] = defaultdict(list)
    for text, unit in zip(passed, units, strict=True):
        by_unit[unit].append(text)
    ranked = [
        (chosen.turn_of(unit, place), rank, text)
        for rank, unit in enumerate(chosen.units)
        for place, text in enumerate(by_unit[unit][: chosen.wanted_of(unit)])
    ]
    return [text for _, _, text in sorted(ranked, key=lambda item: item[:2])][: chosen.in_all]
