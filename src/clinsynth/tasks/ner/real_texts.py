"""Real texts of this task: cut into sentences, whose mentions an LLM lists or a lexicon finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clinsynth.files.real_texts import read_plain_texts
from clinsynth.task import Choices, Writing
from clinsynth.tasks.batches import PER_REQUEST, TextBatches, check_choices, evidence_of
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.documents import read_documents
from clinsynth.tasks.ner.label_requests import mentions_request
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.text.entities import Sentence
from clinsynth.text.words import tokenise
from clinsynth.types import Candidate, Completion, Draft, Rejected, Request

_PMID = re.compile(r"\d{5,9}")
"""Ids of documents that are those of PubMed; others may be but numbers of rows."""


@dataclass(frozen=True)
class NerTexts:
    """Reads texts, and makes a writer of them."""

    dataset: NerDataset

    def read(self, path: Path, *, column: str) -> list[Sentence]:
        """Return the sentences of texts, without what is said of them."""
        return read_documents(read_plain_texts(path, column=column), path=path, dataset=self.dataset)

    def bare(self, example: Sentence) -> Sentence:
        return replace(example, spans=(), scores=(), unlabelled=())

    def document(self, example: Sentence) -> str | None:
        """Return the PMID of the abstract that a sentence stands in."""
        found = example.origin.document if example.origin else ""
        return found if _PMID.fullmatch(found) else None

    def writer(self, texts: Sequence[Sentence], *, per_request: int) -> NerTextsWriter:
        return NerTextsWriter(self.dataset, tuple(texts), per_request, version=NerWriter(self.dataset).version)


@dataclass(frozen=True)
class NerTextsWriter(TextBatches):
    """Asks for the mentions of sentences that are there."""

    @property
    def _written(self) -> NerWriter:
        return NerWriter(self.dataset, own_words=self.words)

    def words(self, draft: Draft) -> Sequence[str]:
        """Return the words of a sentence as its file parts them; by our rules where those part it further.

        Mentions are placed on words, and what an LLM lists is parted by our rules.
        """
        found: Sentence = self.example(draft)
        whole = all(len(tokenise(token)) == 1 for token in found.tokens)
        return found.tokens if whole else tokenise(draft.text)

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting of written texts."""
        check_choices(choices, named="annotator=llm or gazetteer")
        found = self._written.complete(replace(choices, per_request=choices.per_request or PER_REQUEST))
        return replace(found, per_unit=None)

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return the request for the mentions of a batch; `None` where no LLM labels."""
        if writing.annotator != "llm" or not drafts or writing.label_prompt is None:
            return None
        return mentions_request(
            [draft.text for draft in drafts],
            dataset=self.dataset,
            unit=drafts[0].unit,
            replicate=drafts[0].replicate,
            prompt=writing.label_prompt,
            writing=writing,
            evidence=evidence_of(drafts),
            gold_characters=sum(len(draft.text) for draft in drafts),
        )

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return the labelled sentences of a batch, and those in which what `answer` lists has no place."""
        return self._written.annotate(drafts, annotator=annotator, lexicon=lexicon, answer=answer)
