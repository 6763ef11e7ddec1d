"""Asks for texts of a class, and reads them out of completions."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from clinsynth.config import check
from clinsynth.config.corpus import MODEL
from clinsynth.errors import ConfigError
from clinsynth.prompts import filled
from clinsynth.task import Choices, Proposal, Supply, Writing
from clinsynth.tasks.classes.config import Balance, ClassesDataset
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.markers import Markers
from clinsynth.tasks.supply import InProportion
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.lists import read_drafts
from clinsynth.text.peeling import phrase
from clinsynth.text.schemas import TEXTS, is_own
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

PER_UNIT = 30
"""Texts of a class, on average, where the settings say nothing."""

PER_REQUEST = 10
"""Few, so that many rows of gold train are shown, and texts differ."""


@dataclass(frozen=True)
class ClassesWriter:
    """Asks for texts of each class, by its meaning and some rows of gold train, which differ by request."""

    dataset: ClassesDataset
    version: str = "classes-1"

    @property
    def supply(self) -> Supply:
        """Return how many texts each class gives: in the proportions of `dataset.mix`, which is proposed."""
        return InProportion(weights=self.dataset.mix or dict.fromkeys(self.dataset.classes, 1))

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting that it does not have.

        Texts are counted in all; so many per unit are so many of each class on average.
        """
        if choices.most_units is not None:
            raise ConfigError(
                f"units.max={choices.most_units}: classes have no order; units.only=[name] names some of them."
            )
        annotator = "none" if choices.annotator == "default" else choices.annotator
        check(
            annotator in ("none", MODEL),
            "annotator.name",
            annotator,
            "none: a text has the class that it was asked for; or model",
        )
        check(not choices.weighted, "quality.weighted", True, "false; only multilabel weights examples")
        number = len(choices.only or self.dataset.classes)
        return replace(
            choices,
            per_unit=None,
            total=choices.total or (choices.per_unit or PER_UNIT) * number,
            per_request=choices.per_request or self.dataset.per_request or PER_REQUEST,
            prompt=usual_prompt("classes", language=choices.language)
            if choices.prompt.name == "default"
            else choices.prompt,
            annotator=annotator,
        )

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose the proportions of the classes, where the dataset names none; a class without a row counts as one."""
        dataset = self.dataset
        if dataset.mix is not None:
            return Proposal(dataset)
        rows = Counter[str]() if dataset.balance is Balance.equal else Counter(row.label for row in gold.trainable)
        return Proposal(replace(dataset, mix={name: rows[name] or 1 for name in dataset.classes}))

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return the classes."""
        return [*self.dataset.classes]

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return none: rows whose text stands in a test split are not shown."""
        return set()

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Ask for texts of a class, and show rows of gold train that are of it, others in each request."""
        dataset, prompt = self.dataset, writing.prompt
        rows = self._drawn(unit, replicate=replicate, writing=writing, gold=gold)
        values = {
            "n": writing.per_request,
            "voice": dataset.voice,
            "label": unit,
            "meaning": dataset.classes[unit],
            "others": _listed(f"{name}: {meaning}" for name, meaning in dataset.classes.items() if name != unit),
            "markers": _asked_for(dataset.markers),
            "examples": "Texts of this class, of which yours are no copies:\n" + _listed(rows) if rows else "",
        }
        message = filled(prompt, values, optional=("voice", "others", "markers", "examples"))
        for marker in dataset.markers:
            if marker not in message:
                raise ConfigError(
                    f"the prompt {prompt.name!r} does not say {marker}, one of dataset.markers: put $markers into "
                    "prompt.text, on a line of its own."
                )
        id = f"{dataset.name}/{prompt.name}/{unit}#{replicate}"
        shown = sum(map(len, rows))
        asked = Request(
            id, ({"role": "user", "content": message},), {"prompt": message}, shown, language=dataset.language
        )
        return TEXTS.asked(asked) if writing.structured and is_own(prompt) else asked

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the texts of a completion as they are numbered, and what is none: lines, texts of other classes."""
        found, rejected = read_drafts(completion, unit=unit, replicate=replicate)
        drafts: list[Draft] = []
        markers = Markers(tuple(self.dataset.markers))
        for draft in found:
            text, label = _unlabelled(draft.text, classes=self.dataset.classes)
            text = markers.with_bare(markers.mended(text))
            read = replace(draft, text=text, index=len(drafts))
            if wrong := _wrong(label, unit=unit, counts=markers.counts(text)):
                rejected.append(Rejected(replace(read, index=-1), *wrong))
            else:
                drafts.append(read)
        return drafts, rejected

    def contains(self, draft: Draft) -> bool:
        """Say yes: no rule tells whether a text is of a class, and the parser refuses one without its markers."""
        return True

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return none: a text has the class that it was asked for."""
        return None

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return each text with the class that it was asked for."""
        markers, negative = tuple(self.dataset.markers), self.dataset.negative
        return [Candidate(draft, Classified(draft.text, draft.unit, markers, negative)) for draft in drafts], []

    def brief(self) -> Brief:
        """Say what a prompt has to ask for."""
        markers = self.dataset.markers
        once = f", each with {' and '.join(markers)} exactly once (the prompt has to say so)" if markers else ""
        task = (
            f"texts, {self.dataset.voice}, of one class of several{once}, one a line as a numbered list, as training "
            "data for a classifier"
        )
        return Brief(task, {"n": "the number of texts", "label": "the class", "meaning": "what it means"})

    def _drawn(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> list[str]:
        """Return rows to show: of the first part of those of the class (seed_ratio), each request's own draw."""
        if not self.dataset.shown:
            return []
        held_out = {row.text for row in gold.held_out}
        rows = [row.text for row in gold.trainable if row.label == unit and row.text not in held_out]
        rows = rows[: round(writing.share * len(rows))]
        draw = random.Random(f"{writing.seed}/{unit}/{replicate}")
        return draw.sample(rows, min(self.dataset.shown, len(rows)))


def _listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _asked_for(markers: Sequence[str]) -> str:
    """Return what a prompt says of the markers; nothing where there are none."""
    if not markers:
        return ""
    named = " and ".join(markers)
    return f"Each text has {named} exactly once, written like that: the class is that of what {named} stand for."


def _unlabelled(text: str, *, classes: Mapping[str, str]) -> tuple[str, str]:
    """Return a text without the class that an LLM has written before or behind it, and that class, if any."""
    names = "|".join(phrase(name.split()) for name in sorted(classes, key=len, reverse=True))
    before = re.match(rf"\W*(?:(?:class|label)\W+)?({names})\W*(?::|\||\s[-–—])\s+(?=\S+\s\S)", text, re.IGNORECASE)
    behind = re.search(rf"\s*(?:\||[(\[]|\s[-–—→]+)\s*(?:(?:class|label)\W+)?({names})\W*$", text, re.IGNORECASE)
    found = before or behind
    if not found:
        return text, ""
    folded = {name.casefold(): name for name in classes}
    return (text[: found.start()] + text[found.end() :]).strip(), folded.get(found[1].casefold(), "")


def _wrong(label: str, *, unit: str, counts: Sequence[int]) -> tuple[str, str] | None:
    """Return reason and detail where a text is none of its class or lacks a marker; `None` where nothing is wrong."""
    if label and label != unit:
        return "other_class", label
    if not all(counts):
        return "marker_missing", ""
    return ("marker_doubled", "") if any(count > 1 for count in counts) else None
