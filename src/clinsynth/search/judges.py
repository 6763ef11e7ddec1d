"""Compare the samples of prompts: by numbers, by an LLM, or by a person. Higher scores are better."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clinsynth.analysis.embeddings import embed
from clinsynth.analysis.variety import distinct
from clinsynth.config import JudgeName, SearchConfig
from clinsynth.errors import DataFormatError
from clinsynth.prompts import render
from clinsynth.search import sheets
from clinsynth.search.sampling import Ask
from clinsynth.search.tree import CandidatePrompt
from clinsynth.text.confidence import probability
from clinsynth.text.peeling import peeled
from clinsynth.text.schemas import VERDICT, read_object
from clinsynth.text.words import tokenise
from clinsynth.types import Completion, Gold, Metrics, Prompt, Request

Verdicts = dict[str, Metrics]
"""By the name of the candidate: `score`, and what it is made of."""

GOLD_TEXTS = 300
"""So many texts of gold train, at most, tell what gold is like; they stay on this machine."""


TIE = "tie"
_OTHER = {"A": "B", "B": "A"}
_SIGNS = r"[\s\"'*_(\[]*"
_NAME = r"(?:the\s+)?(?:(?:set|list|samples?|option)\s+)?"
_LETTER = r"(?-i:[AB])"  # "a" is an article
_WORD = rf"{_SIGNS}{_NAME}((?:a\s+)?(?:tie|draw)|equal|neither|both|{_LETTER})\b"
_OPTIONS = re.compile(rf"{_NAME}[AB]\b[\"']?(?:\s*/\s*|,?\s+or\s+){_NAME}[\"']?[AB]\b", re.IGNORECASE)
_ALONE = re.compile(rf"{_SIGNS}{_NAME}((?:a\s+)?(?:tie|draw)|equal|neither|both|[AB])[\s\"'*_)\].!]*", re.IGNORECASE)
_KEYED = re.compile(
    r"\b(?:verdict|winner|answer|decision|choice|better|best|preferred|choose|prefer|pick|go\s+with)\b[\"'*]*"
    rf"(?:\s+(?:set|one|list))?(?:\s+is)?\s*[:=]?{_WORD}(?!\s+(?:is|are)\s+(?:not|worse))",
    re.IGNORECASE,
)
_DEGREE = r"(?:is|are|seems|looks)\s+(?:\w+ly\s+|much\s+|the\s+)*"
_COMPARED = re.compile(
    r"\b(?:(?P<better>[AB])\b[\"'*]*(?:\s*>|\s+wins\b|\s+"
    rf"{_DEGREE}(?:better|superior|stronger|best|preferable|winner)\b)"
    rf"|(?P<worse>[AB])\b[\"'*]*(?:\s*<|\s+loses\b|\s+{_DEGREE}(?:worse|inferior|weaker|worst)\b))",
)
_EQUAL = re.compile(
    r"\b(?:equally|equal|tied?|draw|comparable|neither\s+(?:set\s+)?is\s+better|no\s+(?:clear\s+)?(?:winner|difference))\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(rf"(?:[.!?:\n]|\bso\b){_SIGNS}{_NAME}([AB])[\"'*).!]*\s*\Z")
_OPENING = re.compile(rf"{_SIGNS}{_NAME}([AB])\b[\"'*)\]]*(?:[.,:;!\n]|\s+[-–—]|\s+because\b)")
_LABELLED = re.compile(r"\b([AB])\b[\"'*)\]]*:")


NOTHING = "(nothing usable)"


class RoundJudge(Protocol):
    def __call__(self, candidates: Sequence[CandidatePrompt], *, number: int) -> Verdicts:
        """Return the scores of the candidates of a round, by their names."""


def judge_of(settings: SearchConfig, *, gold: Gold, ask: Ask, folder: Path) -> RoundJudge:
    name = settings.judge.name
    if name is JudgeName.llm:
        return PairwiseJudge(settings, ask=ask)
    if name is JudgeName.file:
        return lambda candidates, number: sheets.read_or_write_sheet(candidates, number=number, folder=folder)
    return MeasuringJudge(settings, gold=gold)


class MeasuringJudge:
    """Share of samples that pass quality control, variety of their words, likeness to gold train."""

    def __init__(self, settings: SearchConfig, *, gold: Gold) -> None:
        self.settings = settings
        texts = sorted({example.text for example in gold.train})
        number = min(len(texts), GOLD_TEXTS)
        self._gold = [texts[place * len(texts) // number] for place in range(number)]

    def __call__(self, candidates: Sequence[CandidatePrompt], *, number: int) -> Verdicts:
        weights = dict(self.settings.judge.weights)
        if not self._gold:
            weights.pop("style", None)
        found = {}
        for candidate in candidates:
            parts = self._parts(candidate)
            score = sum(weight * parts[name] for name, weight in weights.items()) / sum(weights.values())
            found[candidate.name] = {"score": score} | parts
        return found

    def _parts(self, candidate: CandidatePrompt) -> Metrics:
        """Return the parts of the score, each in 0..1."""
        kept = candidate.kept
        parts = {
            "acceptance": min(1.0, len(kept) / self.settings.samples),
            "diversity": distinct([tokenise(text) for text in kept], n=2),
        }
        if self._gold:
            parts["style"] = self._likeness(kept) if kept else 0.0
        return parts

    def _likeness(self, texts: Sequence[str]) -> float:
        """Return the cosine of the mean embeddings: how near the samples lie to what gold is about and sounds like."""
        mean = embed(texts).mean(axis=0)
        cosine = float(mean @ self._centre / (np.linalg.norm(mean) * np.linalg.norm(self._centre)))
        return max(0.0, cosine)

    @cached_property
    def _centre(self) -> NDArray[np.float32]:
        found: NDArray[np.float32] = embed(self._gold).mean(axis=0)
        return found


class PairwiseJudge:
    """An LLM compares every two, both ways round, for it prefers a place; what it says both ways counts."""

    def __init__(self, settings: SearchConfig, *, ask: Ask) -> None:
        self.settings, self.ask = settings, ask

    def __call__(self, candidates: Sequence[CandidatePrompt], *, number: int) -> Verdicts:
        pairs = list(itertools.permutations(candidates, 2))
        requests = {(first.name, second.name): self.request(first, second, number=number) for first, second in pairs}
        found = self.ask(list(requests.values()), f"round {number}: verdicts")
        said = {pair: verdict(found[request.id]) for pair, request in requests.items()}
        unread = [requests[pair] for pair, word in said.items() if word is None]
        if unread and len(unread) == len(said):
            first = " ".join(found[unread[0].id].text.split())[:120]
            raise DataFormatError(
                f"round {number}: none of the {len(said)} verdicts of {self.settings.llm.model or 'the LLM'} can be "
                f"read as A, B or tie; the first says {first!r}. Another llm, another judge.rubric, or judge=metrics."
            )
        if unread:
            print(f"Round {number}: {len(unread)} of {len(said)} verdicts cannot be read; they count as ties.")
        sure = {pair: verdict_confidence(found[request.id], said[pair]) for pair, request in requests.items()}
        means = {candidate.name: _mean(candidate.name, sure) for candidate in candidates}
        told = means if all(means.values()) else {}
        return {one.name: _points(one.name, said) | told.get(one.name, {}) for one in candidates}

    def request(self, first: CandidatePrompt, second: CandidatePrompt, *, number: int) -> Request:
        values = {"rubric": self.settings.judge.rubric, "a": first.numbered or NOTHING, "b": second.numbered or NOTHING}
        message = render(Prompt(**vars(self.settings.judge.prompt)), values, optional=("rubric",))
        id = f"{self.settings.dataset.name}/judge/round-{number}-{first.name}-{second.name}#0"
        gold = first.gold_characters + second.gold_characters
        asked = Request(id, ({"role": "user", "content": message},), {"prompt": message}, gold)
        return VERDICT.asked(asked) if self.settings.llm.asks_for_json else asked


def verdict(completion: Completion) -> str | None:
    """Return `A`, `B` or `tie`; `None` where nothing is said, or one thing and another.

    Strongest first: nothing but the word, a word behind its key (the last one), a comparison, a word that closes or
    opens the answer.
    """
    text = _OPTIONS.sub(" ", peeled(completion.text))
    found = read_object(text) if text.startswith("{") else None
    if found and isinstance(word := found.get("verdict"), str) and _ALONE.fullmatch(word):
        return _read(word)
    if alone := _ALONE.fullmatch(text):
        return _read(alone[1])
    if keyed := list(map(_read, _KEYED.findall(text))):
        return next((word for word in reversed(keyed) if word != TIE), TIE)
    compared = {_read(found["better"] or _OTHER[found["worse"].upper()]) for found in _COMPARED.finditer(text)}
    if compared:
        return next(iter(compared)) if len(compared) == 1 else None
    if closing := _CLOSING.search(text):
        return _read(closing[1])
    if _EQUAL.search(text):
        return TIE
    opening = _OPENING.match(text)
    both = len(set(_LABELLED.findall(text))) > 1  # A: fluent. B: repetitive.
    return _read(opening[1]) if opening and not both else None


def verdict_confidence(answer: Completion, word: str | None) -> float | None:
    """Return how likely the LLM found its verdict: the last place of its answer that says it."""
    if word is None or not answer.logprobs:
        return None
    spelt = r"\b(?:tie|draw|equal(?:ly)?|neither|both)\b" if word == TIE else rf"\b{word}\b"
    places = [found.span() for found in re.finditer(spelt, answer.text)]
    return probability(answer, *places[-1]) if places else None


def _mean(name: str, sure: dict[tuple[str, str], float | None]) -> Metrics:
    """Return the mean confidence of the verdicts on a candidate, where the LLM says how sure it was."""
    known = [one for pair, one in sure.items() if name in pair and one is not None]
    return {"confidence": statistics.fmean(known)} if known else {}


def _read(word: str) -> str:
    return word.upper() if word.upper() in _OTHER else TIE


def _points(name: str, said: dict[tuple[str, str], str | None]) -> Metrics:
    """Return the mean over the others: 1 for a win both ways round, 0 for a loss, a half for anything else."""
    won = []
    agreed = 0
    for (first, second), word in said.items():
        if first != name:
            continue
        back = said[second, first]
        consistent = (word, back) in (("A", "B"), ("B", "A"), (TIE, TIE))
        agreed += consistent
        won.append({"A": 1.0, "B": 0.0}.get(word or "", 0.5) if consistent else 0.5)
    return {"score": statistics.fmean(won) if won else 0.5, "consistent": agreed / len(won) if won else 1.0}
