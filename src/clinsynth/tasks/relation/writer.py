"""Asks for rounds of labelled sentences, and reads them out of completions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from clinsynth.config import check
from clinsynth.config.corpus import MODEL
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import Choices, Proposal, Supply, Writing
from clinsynth.tasks.relation.completions import LabelledRow, read_rows
from clinsynth.tasks.relation.confidence import label_confidence
from clinsynth.tasks.relation.config import PoolConfig, RelationDataset, check_markers, check_no_other_markers, own_pool
from clinsynth.tasks.relation.gold import NEGATIVE, POSITIVE, Relation
from clinsynth.tasks.supply import Rounds
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.leftovers import flaw
from clinsynth.text.remarks import without_notes
from clinsynth.text.words import plain
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

PER_REQUEST = 6
"""Examples that a round asks for, half of them positive (Tang et al. 2023, section 6)."""

SHOWN = 3
"""Rows of each label that a prompt shows."""

POOL = 50
"""Rows of each label in a proposed pool, as many as in the paper."""

LEAST_ROUNDS = 2000
"""So many rounds are looked for in recordings, whatever the size; the paper has 1073."""


ROUNDS = Rounds(multiple=2)


@dataclass(frozen=True)
class Round:
    """Rows that a prompt shows."""

    positive: tuple[int, ...]
    negative: tuple[int, ...]
    before: int
    """The number of earlier rounds that drew the same: the replicate, or the same message would have one answer."""


@dataclass(frozen=True)
class RelationWriter:
    """Shows labelled rows of a pool, and asks for as many more of each label."""

    dataset: RelationDataset
    version: str = "relation-1"
    supply: Supply = ROUNDS

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting that it does not have."""
        if choices.per_unit is not None:
            raise ConfigError(
                f"size.per_unit={choices.per_unit} is of tasks that count examples per unit; relation counts all: "
                "use size=t100 ... t6400, or size.total=500."
            )
        if choices.most_units is not None or choices.only:
            raise ConfigError(
                "units.max, units.only and source.target choose among units with names; relation has rounds, which are "
                "as many as size says."
            )
        per_request = choices.per_request or self.dataset.per_request or PER_REQUEST
        check(per_request % 2 == 0, "generation.per_request", per_request, "even: half of a round is positive")
        annotator = "none" if choices.annotator == "default" else choices.annotator
        check(annotator in ("none", MODEL), "annotator.name", annotator, "none: a row has its label; or model")
        check(not choices.weighted, "quality.weighted", True, "false; only multilabel weights examples")
        prompt = (
            usual_prompt("examples", language=choices.language) if choices.prompt.name == "default" else choices.prompt
        )
        return replace(choices, per_request=per_request, prompt=prompt, annotator=annotator)

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose a pool where the dataset has none: the first rows of each label that no test row equals.

        A pool of another dataset is of no use to a live LLM, for its rows are not at hand to be shown.
        """
        dataset = self.dataset
        if dataset.pool is not None and (recorded or own_pool(dataset) or dataset.fold is not None):
            return Proposal(dataset)
        test = {row.text for row in gold.held_out}
        free = [(number, row) for number, row in enumerate(gold.train) if row.text not in test]
        chosen = {
            positive: [(n, row) for n, row in free if row.positive is positive][:POOL] for positive in (True, False)
        }
        for positive, label in ((True, POSITIVE), (False, NEGATIVE)):
            if len(chosen[positive]) < SHOWN:
                raise ConfigError(
                    f"{dataset.name} has {len(chosen[positive])} training rows with the label {label} to show to an "
                    f"LLM, and a round shows {SHOWN} of each."
                )
        pool = PoolConfig(
            positive=[number for number, _ in chosen[True]], negative=[number for number, _ in chosen[False]]
        )
        lines = ["# Rows of the train file that prompts show; strike out what is no good example of its label."]
        lines += ["pool:", "  file: null", "  fold: null", "  left_out: null"]
        for name, rows in (("positive", chosen[True]), ("negative", chosen[False])):
            lines.append(f"  {name}:")
            for number, row in rows:
                printable = "".join(sign if sign.isprintable() else " " for sign in row.text)
                lines.append(f"    - {number}  # {printable}")
        return Proposal(replace(dataset, pool=pool), {"pool.yaml": "\n".join(lines) + "\n"})

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return names of rounds; raises ConfigError where the pool does not fit the data."""
        self._check_pool(writing, gold=gold)
        return [f"round-{place:04d}" for place in range(max(LEAST_ROUNDS, number))]

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return rounds that have drawn a row whose text stands in a test split."""
        pool = self._pool
        left_out = set(pool.left_out or ())
        if own_pool(self.dataset):
            test = {row.text for row in gold.held_out}
            left_out |= {row for row in (*pool.positive, *pool.negative) if gold.train[row].text in test}
        drawn = {unit: self._round(unit, writing) for unit in units}
        return {unit for unit, rows in drawn.items() if not left_out.isdisjoint((*rows.positive, *rows.negative))}

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Ask for as many positive as negative examples, and show rows of the pool, if they are at hand.

        Without rows (seed_ratio=r000) all messages are alike, and the number of the round is the replicate.
        """
        dataset, pool, prompt = self.dataset, self._pool, writing.prompt
        drawn = self._round(unit, writing)
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
        number = writing.per_request // 2
        check_no_other_markers(render(prompt, {"n": number, "examples": ""}), prompt=prompt, dataset=dataset)
        message = render(prompt, {"n": number, "examples": examples}).strip()
        check_markers(message, prompt=prompt, dataset=dataset)
        characters = sum(len(row.text) for row in shown)
        turn = {"role": "user", "content": message}
        return Request(id, (turn,), {"seed_rows": rows}, characters, language=dataset.language)

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the rows of a completion with their labels, and what is none."""
        drafts: list[Draft] = []
        rejected: list[Rejected] = []
        at = 0
        for found in read_rows(plain(completion.text), markers=self.dataset.markers):
            text, notes = without_notes(found.text) if isinstance(found, LabelledRow) else (found.text, [])
            rejected += [Rejected(Draft(unit, replicate, -1, note), "remark") for note in notes]
            wrong = flaw(text, pipes=True) if isinstance(found, LabelledRow) else (found.reason, "")
            if isinstance(found, LabelledRow) and wrong is None:
                sure, at = label_confidence(completion, text, label=found.label, at=at)
                drafts.append(Draft(unit, replicate, len(drafts), text, found.label, sure))
            elif wrong is not None:
                rejected.append(Rejected(Draft(unit, replicate, -1, text), *wrong))
        return drafts, rejected

    def contains(self, draft: Draft) -> bool:
        """Say yes: the parser refuses a row without its markers."""
        return True

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return none: a row has its label."""
        return None

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return each row with the label that it came with."""
        markers = tuple(self.dataset.markers)
        return [Candidate(draft, Relation(draft.text, draft.label, markers)) for draft in drafts], []

    def brief(self) -> Brief:
        """Say what a prompt has to ask for."""
        first, second = self.dataset.markers
        things = " and ".join(marker.strip("@$").lower() for marker in (first, second))
        task = (
            f"labelled sentences in the style of PubMed journal articles, each about a {things} which it calls {first} "
            f'and {second} (the prompt has to say so), with the label "Yes" where the sentence says that they are '
            'related and "No" where it does not, one a line in the form | sentence | label |, as training data for '
            "relation extraction"
        )
        shown = "labelled examples, put on lines below"
        return Brief(task, {"n": "the number of sentences of each label", "examples": shown})

    @property
    def _pool(self) -> PoolConfig:
        pool = self.dataset.pool
        assert pool is not None, "propose() comes first"
        return pool

    def _check_pool(self, writing: Writing, *, gold: Gold) -> None:
        """Raise ConfigError where the pool is of other rows than those that there are."""
        dataset, pool = self.dataset, self._pool
        if pool.fold is not None and dataset.fold not in (None, pool.fold):
            raise ConfigError(
                f"dataset.pool names rows of {pool.file}, and dataset.fold={dataset.fold} trains on another fold: take "
                f"dataset.fold={pool.fold}, or dataset.pool=null for a proposal out of fold {dataset.fold} (which "
                "needs a live LLM, for nothing is recorded for it)."
            )
        for name, rows, label in (("positive", pool.positive, POSITIVE), ("negative", pool.negative, NEGATIVE)):
            shown = round(writing.share * len(rows))
            if shown < SHOWN and writing.share > 0:
                raise ConfigError(
                    f"{shown} of the {len(rows)} {name} rows of dataset.pool are left with "
                    f"seed_ratio.value={writing.share}; a round shows {SHOWN}. seed_ratio=r000 shows none."
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

    def _round(self, unit: str, writing: Writing) -> Round:
        pool, share = self._pool, writing.share
        positive, negative = (tuple(rows[: round(share * len(rows))]) for rows in (pool.positive, pool.negative))
        first = self.dataset.round_offset + 1_000_000 * writing.seed
        number = int(unit.removeprefix("round-"))
        block = LEAST_ROUNDS
        while block <= number:
            block *= 2
        return _rounds(positive, negative, first, block)[number]


@lru_cache(maxsize=8)
def _rounds(positive: tuple[int, ...], negative: tuple[int, ...], first: int, number: int) -> tuple[Round, ...]:
    """Return the first rounds of a pool; an empty pool shows nothing."""
    found = []
    earlier: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    for place in range(number):
        draw = random.Random(first + place)
        rows = tuple(draw.sample(positive, SHOWN)) if positive else ()
        others = tuple(draw.sample(negative, SHOWN)) if negative else ()
        found.append(Round(rows, others, earlier[rows, others]))
        earlier[rows, others] += 1
    return tuple(found)
