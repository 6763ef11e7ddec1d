"""Asks for texts that meet criteria, and reads them out of completions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.config import check
from clinsynth.config.corpus import MODEL
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import Choices, Proposal, Supply, Writing
from clinsynth.tasks.multilabel.config import NONE, MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.supply import EACH_UNIT
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.lists import read_drafts
from clinsynth.text.schemas import TEXTS, is_own
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Prompt, Rejected, Request

PER_UNIT = 30
"""Texts per criterion, in a request and in a corpus."""


@dataclass(frozen=True)
class MultilabelWriter:
    """Asks for texts that meet a criterion, or none, so that a model without gold sees negatives."""

    dataset: MultilabelDataset
    version: str = "multilabel-1"
    supply: Supply = EACH_UNIT

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting that it does not have."""
        if choices.total is not None:
            raise ConfigError(
                f"size.total={choices.total} is of tasks that count all examples; multilabel counts texts per "
                "criterion: use size=n1 ... n30, or size.per_unit=40; source.ratio=0.5 adds half as many as there are "
                "gold ones."
            )
        if choices.share != 1:
            raise ConfigError(
                f"seed_ratio.value={choices.share}: every criterion is asked for, or the model would not learn it; "
                "units.only=[A1,A2] names some of them, source.target=A2 adds examples of one."
            )
        if choices.most_units is not None:
            raise ConfigError(f"units.max={choices.most_units}: criteria have no order; units.only=[A1,A2] names some.")
        annotator = "none" if choices.annotator == "default" else choices.annotator
        check(
            annotator in ("none", MODEL),
            "annotator.name",
            annotator,
            "none: a text has the label that it was asked for; or model",
        )
        if annotator == MODEL and choices.weighted:
            raise ConfigError(
                "quality.weighted=true weighs texts by the labels that they were asked for, and annotator=model gives "
                "them others: leave out one of them."
            )
        return replace(
            choices,
            per_unit=choices.per_unit or PER_UNIT,
            per_request=choices.per_request or self.dataset.per_request or PER_UNIT,
            prompt=usual_prompt("behaviours", language=choices.language)
            if choices.prompt.name == "default"
            else choices.prompt,
            annotator=annotator,
        )

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose nothing."""
        return Proposal(self.dataset)

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return the criteria, and `none` where texts that meet none are asked for."""
        return self.dataset.units()

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return none: a prompt shows no gold text."""
        return set()

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Ask for texts that meet the criterion, or none."""
        dataset, prompt = self.dataset, writing.prompt
        if unit == NONE:
            content = render(Prompt("none", dataset.none), {})
        else:
            values = {"label": unit, "meaning": dataset.labels[unit]}
            content = render(Prompt("criterion", dataset.criterion), values, optional=("label", "meaning"))
        values = {"n": str(writing.per_request), "voice": dataset.voice, "content": content}
        message = render(prompt, values, optional=("voice",))
        id = f"{dataset.name}/{prompt.name}/{unit}#{replicate}"
        asked = Request(id, ({"role": "user", "content": message},), {"prompt": message}, language=dataset.language)
        return TEXTS.asked(asked) if writing.structured and is_own(prompt) else asked

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the texts of a completion as they are numbered, and lines that are none."""
        return read_drafts(completion, unit=unit, replicate=replicate)

    def contains(self, draft: Draft) -> bool:
        """Say yes: no rule tells whether a text meets a criterion."""
        return True

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return none: a text has the label that it was asked for."""
        return None

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return each text with the criterion that it was asked for."""
        labelled = (Note(draft.text, () if draft.unit == NONE else (draft.unit,)) for draft in drafts)
        return [Candidate(draft, note) for draft, note in zip(drafts, labelled, strict=True)], []

    def brief(self) -> Brief:
        """Say what a prompt has to ask for."""
        task = (
            f"examples of sentences, {self.dataset.voice}, one a line as a numbered list, without names or "
            "identifying details and each about something else, as training data for a classifier"
        )
        return Brief(task, {"n": "the number of sentences", "content": 'what they do, such as "describe ..."'})
