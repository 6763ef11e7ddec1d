"""Real texts of tasks that label a whole text: an LLM is asked about one text after another, as zero-shot asks.

Or a trained model labels them: then they are kept as they are, and its labels come after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clinsynth.config import check
from clinsynth.config.corpus import MODEL
from clinsynth.errors import DataFormatError
from clinsynth.files.real_texts import read_plain_texts
from clinsynth.task import Asker, Choices, Writing
from clinsynth.tasks.batches import TextBatches, check_choices, evidence_of
from clinsynth.text.confidence import whole
from clinsynth.types import UNUSABLE, Candidate, Completion, Draft, Prompt, Rejected, Request

WRITTEN = Prompt("texts")
"""The name of the prompt for texts, which nobody is asked for."""


@dataclass(frozen=True)
class AskedTexts:
    """Reads texts, and makes a writer of them."""

    dataset: Any
    asker: Asker
    version: str
    blank: Callable[[str], Any]
    """Returns a text as an example without a label."""
    markers: tuple[str, ...] = ()
    """Words that every text has once."""

    def read(self, path: Path, *, column: str) -> list[Any]:
        """Return the texts of a file or folder; raises DataFormatError for one without a marker."""
        found = []
        for text in read_plain_texts(path, column=column):
            said = " ".join(text.text.split())
            for marker in self.markers:
                if said.count(marker) != 1:
                    raise DataFormatError(
                        f"{text.place or path}: {marker} stands {said.count(marker)} times in {said[:80]!r}; each of "
                        f"{', '.join(self.markers)} stands once in a text, in the place of what the label is about."
                    )
            found.append(self.blank(said))
        return found

    def bare(self, example: Any) -> Any:
        return self.blank(example.text)

    def document(self, example: Any) -> str | None:
        """Return `None`: rows do not say which document they are of."""
        return None

    def writer(self, texts: Sequence[Any], *, per_request: int) -> AskedTextsWriter:
        return AskedTextsWriter(self.dataset, tuple(texts), per_request, self.version, asker=self.asker)


@dataclass(frozen=True, kw_only=True)
class AskedTextsWriter(TextBatches):
    """Asks for the label of each text by itself."""

    asker: Asker

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting of written texts."""
        check_choices(choices, named="annotator=llm or model")
        annotator = "llm" if choices.annotator in ("default", "none") else choices.annotator
        check(annotator in ("llm", MODEL), "annotator.name", annotator, "llm or model with material=texts")
        per_request = choices.per_request or 1
        check(per_request == 1, "generation.per_request", per_request, "1: each text is asked about by itself")
        prompt = choices.label_prompt
        if prompt is None or prompt.name == "default":
            prompt = self.asker.prompt
        return replace(choices, per_request=1, annotator=annotator, prompt=WRITTEN, label_prompt=prompt)

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return the question about a text; `None` where no LLM labels."""
        prompt = writing.label_prompt
        if writing.annotator != "llm" or not drafts or prompt is None:
            return None
        (draft,) = drafts
        shots = writing.shots.shown([draft.text]) if writing.shots else ()
        rules = writing.rules.shown([draft.text]) if writing.rules else ""
        turns = []
        for shot in shots:
            turns.append({"role": "user", "content": self.asker.question(shot.example, prompt=prompt)})
            turns.append({"role": "assistant", "content": self.asker.answer(shot.example)})
        question = self.asker.question(self.example(draft), prompt=prompt)
        content = f"{rules}\n\n{question}" if rules else question
        return Request(
            f"{self.dataset.name}/{prompt.name}/{draft.unit}#{draft.replicate}",
            (*turns, {"role": "user", "content": content}),
            {"prompt": content} | evidence_of(drafts) | ({"shots": [shot.row for shot in shots]} if shots else {}),
            gold_characters=len(draft.text) + sum(len(shot.example.text) for shot in shots),
        )

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return the text with what the answer says of it; one that cannot be read is rejected.

        The text alone where a model labels it later.
        """
        (draft,) = drafts
        example = self.example(draft)
        if annotator == MODEL:
            return [Candidate(draft, example)], []
        assert answer is not None
        question = self.asker.question(example, prompt=self.asker.prompt)
        found = self.asker.read(answer.text, question=question, example=example)
        if found.status == UNUSABLE:
            return [], [Rejected(draft, "labels_unreadable")]
        return [Candidate(replace(draft, confidence=whole(answer)), found.predicted)], []


def voted_label(labelled: Sequence[Any]) -> tuple[Any, float]:
    """Return the first of the examples whose label most of them have, and its share of the votes."""
    labels = [example.label for example in labelled]
    most = max(labels, key=labels.count)
    return labelled[labels.index(most)], labels.count(most) / len(labels)
