"""Rounds, requests, and labelled sentences out of completions. Pure functions."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clinsynth.config import CorpusConfig
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.tasks.relation.completions import Row, read_rows
from clinsynth.tasks.relation.config import PoolConfig, RelationDataset, check_markers, own_pool
from clinsynth.tasks.relation.gold import NEGATIVE, POSITIVE, Relation
from clinsynth.tasks.words import plain, tokenise
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

VERSION = "relation-1"
"""Bumped when the same completions and settings would give another corpus."""

ROUNDS = True
SHOWN = 3
"""Rows of each label that a prompt shows."""

POOL = 50
"""Rows of each label in a proposed pool, as many as in the paper."""

LEAST_ROUNDS = 2000
"""So many rounds are looked for in recordings, whatever the size; the paper has 1073."""


@dataclass(frozen=True)
class Round:
    """Rows that a prompt shows."""

    positive: tuple[int, ...]
    negative: tuple[int, ...]
    before: int
    """How many earlier rounds have drawn the same: the replicate, or the same message would have one answer."""


def units(settings: CorpusConfig, *, gold: Gold) -> list[str]:
    """Names of rounds, more than `size` asks for; raises ConfigError where the pool does not fit the data."""
    _check_pool(settings, gold=gold)
    wanted = math.ceil((settings.size.total or 0) / (settings.generation.per_request or 1))
    return [f"round-{number:04d}" for number in range(max(LEAST_ROUNDS, 3 * wanted))]


def leaking(units: Sequence[str], *, settings: CorpusConfig, gold: Gold) -> set[str]:
    """Rounds that have drawn a row whose text stands in a test split."""
    dataset, pool = _dataset(settings), _pool(settings)
    left_out = set(pool.left_out or ())
    if own_pool(dataset):
        test = {row.text for row in gold.guarded}
        left_out |= {row for row in (*pool.positive, *pool.negative) if gold.train[row].text in test}
    drawn = {unit: _round(unit, settings) for unit in units}
    return {unit for unit, rows in drawn.items() if not left_out.isdisjoint((*rows.positive, *rows.negative))}


def request(unit: str, *, replicate: int, settings: CorpusConfig, gold: Gold) -> Request:
    """Ask for as many positive as negative examples, and show rows of the pool, if they are at hand.

    Without rows (seed_ratio=r000) all messages are alike, and the number of the round is the replicate.
    """
    dataset, pool, prompt = _dataset(settings), _pool(settings), settings.prompt
    drawn = _round(unit, settings)
    rows = {
        "file": pool.file or dataset.files.train.path,
        "positive": list(drawn.positive),
        "negative": list(drawn.negative),
    }
    id = f"{dataset.name}/{prompt.name}/{unit}#{replicate + drawn.before}"
    if not own_pool(dataset):
        return Request(id, (), {"seed_rows": rows})
    shown = [gold.train[number] for number in (*drawn.positive, *drawn.negative)]
    examples = "\n".join(f"| {row.text} | {row.label} |" for row in shown)
    asked = (settings.generation.per_request or 0) // 2
    message = render(prompt, {"n": asked, "examples": examples}).strip()
    check_markers(message, prompt=prompt, dataset=dataset)
    characters = sum(len(row.text) for row in shown)
    return Request(id, ({"role": "user", "content": message},), {"seed_rows": rows}, characters)


def parse(
    completion: Completion, *, unit: str, replicate: int, settings: CorpusConfig
) -> tuple[list[Draft], list[Rejected]]:
    """Rows of a completion with their labels, and what is none."""
    drafts: list[Draft] = []
    rejected: list[Rejected] = []
    for found in read_rows(plain(completion.text), markers=_dataset(settings).markers):
        if isinstance(found, Row):
            drafts.append(Draft(unit, replicate, len(drafts), found.text, found.label))
        else:
            rejected.append(Rejected(Draft(unit, replicate, -1, found.text), found.reason))
    return drafts, rejected


def contains(draft: Draft) -> bool:
    return True  # the parser refuses a row without its markers


def label_request(drafts: Sequence[Draft], *, completion: Completion, settings: CorpusConfig) -> Request | None:
    return None


def annotate(
    drafts: Sequence[Draft], *, settings: CorpusConfig, lexicon: Sequence[str], answer: Completion | None
) -> tuple[list[Candidate], list[Rejected]]:
    """Each row with the label that it came with."""
    markers = tuple(_dataset(settings).markers)
    return [Candidate(draft, Relation(draft.text, draft.label, markers)) for draft in drafts], []


def brief(settings: CorpusConfig) -> Brief:
    first, second = _dataset(settings).markers
    things = " and ".join(marker.strip("@$").lower() for marker in (first, second))
    task = (
        f"labelled sentences in the style of PubMed journal articles, each about a {things} which it calls {first} and "
        f'{second} (the prompt has to say so), with the label "Yes" where the sentence says that they are related and '
        '"No" where it does not, one a line in the form | sentence | label |, as training data for relation extraction'
    )
    placeholders = {"n": "the number of sentences of each label", "examples": "labelled examples, put on lines below"}
    return Brief(task, placeholders)


def propose(settings: CorpusConfig, *, gold: Gold) -> dict[str, str]:
    """A pool out of gold train where the config has none: the first rows of each label that no test row equals."""
    dataset = _dataset(settings)
    if dataset.pool is not None:
        return {}
    test = {row.text for row in gold.guarded}
    free = [(number, row) for number, row in enumerate(gold.train) if row.text not in test]
    chosen = {positive: [(n, row) for n, row in free if row.positive is positive][:POOL] for positive in (True, False)}
    for positive, label in ((True, POSITIVE), (False, NEGATIVE)):
        if len(chosen[positive]) < SHOWN:
            raise ConfigError(
                f"{dataset.name} has {len(chosen[positive])} training rows with the label {label} to show to an LLM, "
                f"and a round shows {SHOWN} of each."
            )
    dataset.pool = PoolConfig(
        positive=[number for number, _ in chosen[True]], negative=[number for number, _ in chosen[False]]
    )
    lines = ["# Rows of the train file that prompts show; strike out what is no good example of its label."]
    lines += ["pool:", "  file: null", "  fold: null", "  left_out: null"]
    for name, rows in (("positive", chosen[True]), ("negative", chosen[False])):
        lines += [f"  {name}:", *(f"    - {number}  # {_printable(row.text)}" for number, row in rows)]
    return {"pool.yaml": "\n".join(lines) + "\n"}


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def from_json(row: Mapping[str, Any]) -> Relation:
    return Relation(row["text"], row["label"], tuple(row["markers"]))


def statistics(examples: Sequence[Relation]) -> dict[str, float]:
    """Class balance."""
    positive = sum(example.positive for example in examples)
    return {"positive": positive, "negative": len(examples) - positive}


def words(example: Relation) -> Sequence[str]:
    return tokenise(example.text)


def _dataset(settings: CorpusConfig) -> RelationDataset:
    assert isinstance(settings.dataset, RelationDataset)
    return settings.dataset


def _pool(settings: CorpusConfig) -> PoolConfig:
    pool = _dataset(settings).pool
    assert pool is not None, "propose() comes first"
    return pool


def _check_pool(settings: CorpusConfig, *, gold: Gold) -> None:
    """Raises ConfigError where the pool is of other rows than those that there are."""
    dataset, pool = _dataset(settings), _pool(settings)
    if pool.fold is not None and dataset.fold not in (None, pool.fold):
        raise ConfigError(
            f"dataset.pool names rows of {pool.file}, and dataset.fold={dataset.fold} trains on another fold: take "
            f"dataset.fold={pool.fold}, or dataset.pool=null for a proposal out of fold {dataset.fold} (which needs a "
            "live LLM, for nothing is recorded for it)."
        )
    for name, rows, label in (("positive", pool.positive, POSITIVE), ("negative", pool.negative, NEGATIVE)):
        shown = round(settings.seed_ratio.value * len(rows))
        if shown < SHOWN and settings.seed_ratio.value > 0:
            raise ConfigError(
                f"{shown} of the {len(rows)} {name} rows of dataset.pool are left with "
                f"seed_ratio.value={settings.seed_ratio.value}; a round shows {SHOWN}. seed_ratio=r000 shows none."
            )
        for row in rows if own_pool(dataset) else ():
            if not 0 <= row < len(gold.train):
                raise ConfigError(
                    f"dataset.pool.{name} names the row {row}; {dataset.name} has rows 0 to {len(gold.train) - 1}."
                )
            if gold.train[row].label != label:
                raise ConfigError(
                    f"dataset.pool.{name} names the row {row}, whose label is {gold.train[row].label}: "
                    f"{gold.train[row].text[:80]!r}."
                )


def _round(unit: str, settings: CorpusConfig) -> Round:
    pool, share = _pool(settings), settings.seed_ratio.value
    positive, negative = (tuple(rows[: round(share * len(rows))]) for rows in (pool.positive, pool.negative))
    first = _dataset(settings).round_offset + 1_000_000 * settings.generation.seed
    number = int(unit.removeprefix("round-"))
    block = LEAST_ROUNDS
    while block <= number:
        block *= 2
    return _rounds(positive, negative, first, block)[number]


@lru_cache(maxsize=8)
def _rounds(positive: tuple[int, ...], negative: tuple[int, ...], first: int, number: int) -> tuple[Round, ...]:
    """The first rounds of a pool; an empty pool shows nothing."""
    found = []
    earlier: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    for place in range(number):
        draw = random.Random(first + place)
        rows = tuple(draw.sample(positive, SHOWN)) if positive else ()
        others = tuple(draw.sample(negative, SHOWN)) if negative else ()
        found.append(Round(rows, others, earlier[rows, others]))
        earlier[rows, others] += 1
    return tuple(found)
