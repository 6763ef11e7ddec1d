"""Scores of arms and of single runs, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from clinsynth.reports.arms import Arm, Difference, ScoredRun, best_arm, difference
from clinsynth.reports.console import ABSENT, percent, print_places, print_table, say
from clinsynth.reports.tables import Cell, ReportTable, plain_cells
from clinsynth.task import Headline, Judge
from clinsynth.types import STATUSES, UNUSABLE, Metrics, Outcomes, Summary

INTERVAL = "95% interval"
MANY_UNUSABLE = 0.5
"""Share of the answers from which on a score says more of them than of the LLM."""


def score_table(
    arms: Sequence[Arm], *, columns: Mapping[str, str], caption: str, dataset: str = "", published: str = ""
) -> ReportTable:
    """Return a line for each arm of a paper's table, with scores in percent.

    `columns` are further metrics by heading, `published` is the heading of the paper's score where it has one.
    """
    headline = arms[0].headline if arms else Headline()
    heads = ["arm", "backbone", "runs", *headline.scores, INTERVAL, *columns, "against the best"]
    heads += [published, "difference"] if published else []
    best = best_arm(arms)
    lines = [_line(arm, best, columns=list(columns.values()), published=bool(published)) for arm in arms]
    return ReportTable(caption, heads, lines, dataset)


def _line(arm: Arm, best: Arm | None, *, columns: Sequence[str], published: bool) -> list[Cell]:
    runs = f"{len(arm.runs)} of {arm.jobs}" if arm.missing else str(arm.jobs)
    headline = arm.headline
    cells = plain_cells(arm.title, arm.backbone, runs)
    cells += [
        _score(arm, metric, bold=arm is best and metric == headline.metric) for metric in headline.scores.values()
    ]
    ends = headline.low, headline.high
    cells += plain_cells(_absent(arm) if None in map(arm.mean, ends) else _interval(arm))
    cells += [_score(arm, metric) for metric in columns]
    cells += plain_cells(ABSENT if best is None or arm is best else difference_text(difference(arm, best), arm, best))
    if published:
        theirs, ours = (arm.published or {}).get("f1"), arm.score
        beside = ABSENT if theirs is None or ours is None else f"{100 * ours - theirs:+.1f}"
        cells += plain_cells(ABSENT if theirs is None else f"{theirs:.1f}", beside)
    return cells


def _score(arm: Arm, metric: str, *, bold: bool = False) -> Cell:
    mean, deviation = arm.mean(metric), arm.deviation(metric)
    if mean is None:
        return Cell(_absent(arm), plain=_absent(arm))
    scale = arm.headline.scale(metric)
    spread = "" if deviation is None else f" ± {scale * deviation:.1f}"
    return Cell(f"{scale * mean:.1f}{spread}", plain=f"{scale * mean:.2f}", bold=bold)


def _interval(arm: Arm) -> str:
    return f"{percent(arm.mean(arm.headline.low))} – {percent(arm.mean(arm.headline.high))}"


def _absent(arm: Arm) -> str:
    return ABSENT if arm.runs else "missing"


def difference_text(found: Difference | None, *arms: Arm) -> str:
    """Return a difference, with the number of examples where that is not the whole test set."""
    if found is None:
        return ABSENT
    return f"{found}, on {found.examples} examples" if any(arm.partial for arm in arms) else str(found)


def change_table(arms: Sequence[Arm], *, head: str, caption: str = "") -> ReportTable:
    """Return what each arm changes against gold alone, in points and relative to it; of arms of the same backbone."""
    gold = {arm.backbone: arm for arm in reversed(arms) if arm.source == "original"}
    lines = [
        plain_cells(
            arm.title if len(gold) < 2 else f"{arm.title}, {arm.backbone}",
            *(_change(arm, gold[arm.backbone], metric) for metric in arm.headline.scores.values()),
        )
        for arm in arms
        if arm.backbone in gold and arm is not gold[arm.backbone]
    ]
    return ReportTable(caption, [head, *arms[0].headline.scores], lines, arms[0].dataset, kind="changes")


def _change(arm: Arm, original: Arm, metric: str) -> str:
    before, after = original.mean(metric), arm.mean(metric)
    if before is None or after is None:
        return "missing"
    return f"{100 * (after - before):+.1f}" + (f" ({100 * (after / before - 1):+.0f}%)" if before else "")


def show_arms(title: str, arms: Sequence[Arm], *, columns: Mapping[str, str]) -> None:
    """Print means over seeds, what the arms change against gold alone, and the scores of several labels.

    `columns` are metrics of the task beside those of its headline, by heading.
    """
    headline = arms[0].headline
    heads = [title, *headline.scores, INTERVAL, *columns, "examples", "runs", "train s"]
    lines = []
    for arm in arms:
        sizes = (arm.mean(metric) for metric in ("examples", "time/train_s"))
        examples, seconds = (ABSENT if size is None else f"{size:.0f}" for size in sizes)
        lines.append([*_score_cells(arm, columns), *plain_cells(examples, str(len(arm.runs)), seconds)])
    print_table(ReportTable("", heads, lines))
    show_changes(arms)
    show_arm_labels(arms)


def show_changes(arms: Sequence[Arm]) -> None:
    """Print what an arm buys against gold alone, and what it pays for it."""
    original = next((arm for arm in arms if arm.source == "original"), None)
    if original and len(arms) > 1:
        print()
        print_table(change_table(arms, head=f"against {original.title}"))


def show_differences(arms: Sequence[Arm], base: Arm, *, outcomes: Callable[[str], Outcomes | None]) -> None:
    """Print how the scores of arms differ from those of one of them, by a paired bootstrap over test examples.

    `outcomes` returns those of a run, by its id.
    """
    base, *others = (
        replace(arm, runs=[replace(run, outcomes=outcomes(run.id)) for run in arm.runs])
        for arm in (base, *(arm for arm in arms if arm is not base))
    )
    lines = [plain_cells(arm.title, difference_text(difference(arm, base), arm, base)) for arm in others]
    print()
    print_table(ReportTable("", [f"against {base.title}", f"{base.headline.name} [{INTERVAL}]"], lines))


def show_arm_labels(arms: Sequence[Arm]) -> None:
    """Print the mean score of each label by arm, of a task that has several."""
    headline = arms[0].headline
    labels = sorted({label for arm in arms for label in arm.labels})
    if labels:
        print()
        lines = [
            [*plain_cells(arm.title), *(_score(arm, headline.of_label(label)) for label in labels)] for arm in arms
        ]
        print_table(ReportTable("", [f"{headline.name} by label", *labels], lines))


def _score_cells(arm: Arm, columns: Mapping[str, str]) -> list[Cell]:
    scores = [_score(arm, metric) for metric in arm.headline.scores.values()]
    return [*plain_cells(arm.title), *scores, *plain_cells(_interval(arm)), *(_score(arm, m) for m in columns.values())]


def show_result(name: str, summary: Summary, *, judge: Judge, where: Mapping[str, str | None]) -> None:
    """Print the scores that the task's judge shows, and `where` what was made is."""
    headline = judge.HEADLINE
    arm = Arm(name, runs=[ScoredRun(summary.run_id, summary.metrics)], headline=headline)
    if arm.score is None:
        say(f"{name}: {summary.examples} examples; not scored, for there is no test set")
    else:
        columns = {heading: metric for heading, metric in judge.COLUMNS.items() if metric in summary.metrics}
        heads = ["", *headline.scores, INTERVAL, *columns, "examples"]
        cells = [*_score_cells(arm, columns), *plain_cells(str(summary.examples))]
        print_table(ReportTable("", heads, [cells]))
        _show_labels(arm)
    print_places(where)


def _show_labels(arm: Arm) -> None:
    """Print the scores of each label, of a task that has several."""
    names = {heading: metric.removeprefix("test/") for heading, metric in arm.headline.scores.items()}
    if any(arm.values(f"test/{label}/average_precision") for label in arm.labels):
        names["AP"] = "average_precision"
    lines = [
        [*plain_cells(label), *(_score(arm, f"test/{label}/{name}") for name in names.values())] for label in arm.labels
    ]
    if lines:
        print_table(ReportTable("", ["label", *names], lines))


def show_answers(metrics: Metrics) -> None:
    """Print how the LLM has kept to what was asked for."""
    found, missing, hallucinated = (round(metrics[f"answers/{name}"]) for name in ("found", "missing", "hallucinated"))
    shares = [f"{percent(metrics[f'answers/{status}'])}% {status}" for status in STATUSES]
    say(
        f"{found} of {found + missing} questions are answered: {', '.join(shares)}"
        + (f"; {hallucinated} times something is named that is not there" if hallucinated else "")
    )
    if found and metrics[f"answers/{UNUSABLE}"] >= MANY_UNUSABLE:
        unusable = round(found * metrics[f"answers/{UNUSABLE}"])
        show_warning(
            f"{unusable} of {found} answers say nothing about what was asked, as refusals do, and count as if they "
            "found nothing: the scores are not what the LLM can do. answers.jsonl in the folder below has them."
        )


def show_warning(text: str) -> None:
    """Print what makes a result worth less than it seems."""
    say(f"Warning: {text}", style="yellow")
