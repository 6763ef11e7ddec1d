"""From seeds to gold: what each way to get labels is worth, and what it takes of gold and of an LLM."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth import corpora
from clinsynth.config import SourceName, TrainConfig
from clinsynth.corpora import Generation
from clinsynth.errors import ClinsynthError
from clinsynth.llm.budget import CHARACTERS_PER_TOKEN
from clinsynth.reports.markdown import code, markdown_table
from clinsynth.reports.report import Report
from clinsynth.reports.tables import csv_text
from clinsynth.stages import asking, grid, resolving
from clinsynth.stages.grid import Planned
from clinsynth.stages.resolving import Resolved
from clinsynth.stages.targets import answers, gaps, runs
from clinsynth.stages.targets.asked import Asked, quietly
from clinsynth.stages.targets.chains import WRITTEN, chains
from clinsynth.types import Gold

RUNS = True

HEADS = ("dataset", "arm", "runs", "f1", "f1_sd", "names", "labels", "tokens")

NOTES = (
    "`f1` is strict F1 on the gold test set in percent, the mean over `runs` seeds, `f1_sd` their deviation. `names` "
    "is how many names of gold train were used (as units, or as a lexicon), `labels` how many gold sentences' labels, "
    "`tokens` how many tokens an LLM has read and written for the arm, estimated as characters / 4 (`~`). One family "
    "of LLMs has written and labelled the texts. BC5CDR has one seed.\n\n"
    "Arms that learn from others: `llm-real` is `llm` and `real`; `together` is `llm`, `all-units` and `real`; "
    "`original-units` and `original-together` are all of gold beside them. A model of `together` labels the texts of "
    "gold train, whose own labels are not looked at, for `taught`; three of them together label those and the texts of "
    "BC5CDR's train for `distilled`, as three of `llm-real` do for `llm-real-distilled`, which knows no list of names "
    "(and those of BC5CDR's devel, too, for `llm-real-more`), and three of `original-units` BC5CDR's train alone for "
    "`everything`. For `listed` the names of gold train are labelled in its texts, where they stand: no list fits "
    "texts so well that was not made of them. `-alike` is the same model, which reads all test sentences together "
    "(`trainer.alike=corpus trainer.abbreviations=true`, as devel said that it helps): where it is unsure, words are "
    "labelled as they are elsewhere.\n"
)


@dataclass(frozen=True)
class Row:
    """An arm on a dataset."""

    dataset: str
    arm: str
    scores: tuple[float, ...]
    """F1 of each run, 0 to 1."""
    names: int | None
    labels: int
    tokens: int | None
    """`None`, as `names`, where no answers are recorded."""
    command: str
    why: str = ""
    """The reason why there is no run; empty where there are some."""

    def cells(self) -> dict[str, str]:
        """Return the row of the CSV."""
        percent = [100 * score for score in self.scores]
        spread = f"{statistics.stdev(percent):.2f}" if len(percent) > 1 else ""
        mean = f"{statistics.fmean(percent):.2f}" if percent else ""
        tokens = "" if self.tokens is None else f"~{self.tokens}" if self.tokens else "0"
        names = "" if self.names is None else str(self.names)
        values = (self.dataset, self.arm, str(len(percent)), mean, spread, names, str(self.labels), tokens)
        return dict(zip(HEADS, values, strict=True))


def make_report(asked: Asked) -> Report:
    """Return the table."""
    made = Report(asked.target, asked.title)
    jobs = list(asked.jobs())
    scored = runs.finished(asked.ledger, jobs)
    rows = [_row(own, scored=scored) for own in _arms(jobs)]
    if asked.scale == "mini":
        rows += _chained(asked, jobs, rows)
    heads = [*HEADS, "made again by, or why there is none"]
    lines = [[*row.cells().values(), code(row.command) + (f": {row.why}" if row.why else "")] for row in rows]
    made.body += [NOTES, markdown_table(heads, lines, right=range(2, 8)) + "\n"]
    made.body.append(f"Made by `clinsynth report {asked.words}`.\n")
    made.sides["csv"] = csv_text([row.cells() for row in rows], heads=HEADS)
    return made


def _arms(jobs: Iterable[Planned]) -> list[list[Planned]]:
    """Return the jobs of each arm on each dataset, in the order of the grids."""
    found: dict[tuple[str, str], list[Planned]] = {}
    for job in jobs:
        found.setdefault((job.experiment, job.settings.dataset.name), []).append(job)
    return list(found.values())


def _row(jobs: Sequence[Planned], *, scored: dict[tuple[str, ...], Any]) -> Row:
    first = jobs[0]
    settings, arm = first.settings, _arm(first)
    made = [scored[each] for job in jobs if (each := answers.identity(job)) in scored]
    with quietly():
        gold = _gold(first)
        lacks = bool(gaps.lacking([first]))
        names, tokens = (None, None) if lacks else _spent(settings, gold=gold)
    why = "no answers of an LLM are recorded for it" if lacks else "" if made else "not run"
    return Row(
        settings.dataset.name,
        arm,
        tuple(run.data.metrics["test/f1"] for run in made),
        names,
        _labels(settings, gold=gold),
        tokens,
        shlex.join(grid.command(first.experiment, overrides=())),
        why,
    )


def _arm(job: Planned) -> str:
    """Return the name of an arm, which is that of its experiment without the dataset's."""
    name = job.experiment.partition("_")[2]
    return name.removeprefix(f"{job.settings.dataset.name.rpartition('_')[2]}-")


def _gold(job: Planned) -> Gold:
    return resolving.load_gold(job.settings.dataset, paths=job.settings.paths)


def _labels(settings: TrainConfig, *, gold: Gold) -> int:
    """Return how many gold sentences' labels an arm learns from; those that choose its checkpoint are not counted."""
    source = settings.source
    shots = settings.annotator.shots if source.generated else 0
    if source.name is SourceName.synthetic:
        return shots
    return min(shots + (source.examples or len(gold.trainable)), len(gold.trainable))


def _spent(settings: TrainConfig, *, gold: Gold) -> tuple[int, int]:
    """Return the names of gold train that an arm uses, and the tokens that an LLM has read and written for it."""
    if not settings.source.generated:
        return 0, 0
    resolved: Resolved[Any] = resolving.opened(settings, gold=gold)
    recipe = resolved.recipe
    try:
        found = corpora.replay_answers(recipe, completions=asking.completions_of(settings))
    except ClinsynthError:  # the job itself says what is wrong
        return 0, 0
    texts = any(request.own for _, _, request in found.plan.requests)
    own = 0 if gold.units or texts else len(found.plan.units)
    if settings.annotator.name == "gazetteer" and settings.annotator.lexicon == "train":
        own = len(recipe.task.terms(gold)) if recipe.task.terms else 0
    return own, round(_characters(found) / CHARACTERS_PER_TOKEN)


def _characters(found: Generation) -> int:
    """Return the characters of all messages and answers, but for reasons that are asked for on the way to labels."""
    own = {(unit, replicate) for unit, replicate, request in found.plan.requests if request.own}
    asked = [request for _, _, request in found.plan.requests if not request.own] + found.label_requests
    written = [answer.completion for answer in found.answers if (answer.unit, answer.replicate) not in own]
    labels = [completion for passes in found.labels.values() for completion in passes.values()]
    messages = sum(len(message["content"]) for request in asked for message in request.messages)
    return messages + sum(len(completion.text) for completion in (*written, *labels))


def _chained(asked: Asked, jobs: Sequence[Planned], rows: Sequence[Row]) -> list[Row]:
    """Return the arms that learn from what other arms have made, which no grid can name; their runs have a tag."""
    first = {job.experiment.partition("_")[2]: job for job in reversed(jobs)}
    spent = {row.arm: row for row in rows if row.dataset == "ncbi_disease"}
    with quietly():
        digests = {name: answers.current(first[name]) or name for name in WRITTEN}
        every = len(_gold(first["original"]).train)
    found = []
    for chain in chains(digests, texts=every):
        own = [spent[name] for name in chain.spent]
        if chain.arm not in spent:
            found.append(_tagged(asked, chain.arm, chain.command, spent=own))
        if chain.alike:
            found.append(_tagged(asked, f"{chain.arm}-alike", f"{chain.command} {chain.alike}", spent=own))
    return found


def _tagged(asked: Asked, arm: str, command: str, *, spent: Sequence[Row]) -> Row:
    tag = f"{asked.target}-{arm}"
    runs_of = asked.ledger.tagged(f"table.{tag}", "true")
    scores = tuple(run.data.metrics["test/f1"] for run in runs_of if "test/f1" in run.data.metrics)
    names = None if any(row.names is None for row in spent) else max(row.names or 0 for row in spent)
    tokens = None if any(row.tokens is None for row in spent) else sum(row.tokens or 0 for row in spent)
    labels = max(row.labels for row in spent)  # shots are rows of train, as all gold is
    why = "" if scores else "not run"
    return Row("ncbi_disease", arm, scores, names, labels, tokens, f"{command} tracking.table={tag}", why)
