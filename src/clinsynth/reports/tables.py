"""Short tables for the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from clinsynth.analysis import leakage
from clinsynth.corpora import Corpus
from clinsynth.llm.budget import Spend
from clinsynth.reports import analyses, reviews
from clinsynth.reports.arms import Arm, labels
from clinsynth.reports.documents import Document
from clinsynth.reports.documents import Table as DocumentTable
from clinsynth.reports.samples import Samples
from clinsynth.review.folder import Review, ReviewItem, Subject
from clinsynth.review.verdicts import Verdict
from clinsynth.search.tree import Tree
from clinsynth.task import Headline, Judge
from clinsynth.types import ADJUDICATED, STATUSES, Gold, Metrics, Summary

ABSENT = "–"
MOST_GROUPS = 12
"""Labels or units that are named one by one."""


def show_splits(dataset: str, counts: Mapping[str, Mapping[str, int]], *, overlap: int) -> None:
    console = Console()
    parts = [
        f"{split} " + ", ".join(f"{number} {what}" for what, number in found.items())
        for split, found in counts.items()
        if any(found.values())
    ]
    console.print(f"[bold]{dataset}[/bold]: {'; '.join(parts) or 'no gold'}", highlight=False, soft_wrap=True)
    if overlap:
        console.print(f"{overlap} text(s) stand in train and in test; they are left there.", highlight=False)


def show_result(name: str, summary: Summary, *, judge: Judge, where: Mapping[str, str | None]) -> None:
    """Print the scores that the task's judge shows, and `where` what was made is."""
    console, headline = Console(), judge.HEADLINE
    if headline.metric in summary.metrics:
        columns = {heading: metric for heading, metric in judge.COLUMNS.items() if metric in summary.metrics}
        table = plain("", *headline.scores, "95% interval", *columns, "examples")
        table.add_row(name, *_scores(summary, headline, columns))
        _print_whole(table)
        _show_labels(summary.metrics, headline)
    else:
        said = f"{name}: {summary.examples} examples; not scored, for there is no test set"
        console.print(said, highlight=False, soft_wrap=True)
    for what, place in where.items():
        if place is not None:
            console.print(f"  {what}: {place}", highlight=False, soft_wrap=True)


def _show_labels(metrics: Metrics, headline: Headline) -> None:
    """Scores of each label, of a task that has several."""
    found = labels(metrics, headline=headline)
    table = plain("label", *headline.scores, "AP")
    for label in found:
        names = [*(metric.removeprefix("test/") for metric in headline.scores.values()), "average_precision"]
        table.add_row(label, *(percent(metrics.get(f"test/{label}/{name}")) for name in names))
    if found:
        _print_whole(table)


def show_arms(title: str, arms: Sequence[Arm], *, columns: Mapping[str, str]) -> None:
    """Print means over seeds, of the interval's ends too, with the deviation where there are several.

    `columns` are metrics of the task beside those of its headline, by heading.
    """
    headline = arms[0].headline
    table = plain(title, *headline.scores, "95% interval", *columns, "examples", "runs", "train s")
    for arm in arms:
        cells = [_spread(arm, name) for name in headline.scores.values()]
        cells.append(f"{percent(arm.mean(headline.low))} – {percent(arm.mean(headline.high))}")
        cells += [_spread(arm, name) for name in columns.values()]
        trained = arm.mean("time/train_s")
        seconds = "–" if math.isnan(trained) else f"{trained:.0f}"
        table.add_row(arm.name, *cells, f"{arm.mean('examples'):.0f}", str(len(arm.runs)), seconds)
    _print_whole(table)


def show_arm_labels(arms: Sequence[Arm]) -> None:
    """Mean F1 of each label by arm, of a task that has several."""
    headline = arms[0].headline
    found = sorted({label for arm in arms for run in arm.runs for label in labels(run, headline=headline)})
    table = plain(f"{headline.name} by label", *found)
    for arm in arms:
        table.add_row(arm.name, *(_spread(arm, headline.of_label(label)) for label in found))
    if found:
        print()
        _print_whole(table)


def show_changes(arms: Sequence[Arm]) -> None:
    """Against gold alone, in points, and relative to it: what an arm buys, and what it pays for it."""
    original = next((arm for arm in arms if arm.plain), None)
    if original is None or len(arms) == 1:
        return
    scores = original.headline.scores
    table = plain(f"against {original.name}", *scores)
    for arm in arms:
        if arm is not original:
            table.add_row(arm.name, *(_change(arm, original, metric) for metric in scores.values()))
    print()
    _print_whole(table)


def _change(arm: Arm, original: Arm, metric: str) -> str:
    before, after = original.mean(metric), arm.mean(metric)
    relative = f" ({100 * (after / before - 1):+.0f}%)" if before else ""
    return f"{100 * (after - before):+.1f}{relative}"


def _print_whole(table: Table) -> None:
    """Rows that are wider than the terminal are wrapped by it, where Rich would cut numbers off."""
    console = Console()
    needed = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    console.width = max(needed, console.width)
    console.print(table)


def _spread(arm: Arm, metric: str) -> str:
    mean = percent(arm.mean(metric))
    return mean if len(arm.runs) == 1 or mean == ABSENT else f"{mean} ± {100 * arm.deviation(metric):.1f}"


def _scores(summary: Summary, headline: Headline, columns: Mapping[str, str]) -> list[str]:
    def shown(name: str) -> str:
        return percent(summary.metrics.get(name))

    interval = f"{shown(headline.low)} – {shown(headline.high)}"
    return [*map(shown, headline.scores.values()), interval, *map(shown, columns.values()), str(summary.examples)]


def percent(value: float | None) -> str:
    return ABSENT if value is None or math.isnan(value) else f"{100 * value:.1f}"


def plain(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def show_corpus_counts(corpus: Corpus) -> None:
    manifest = corpus.manifest
    counts, rejected, short = manifest.counts, manifest.rejected, manifest.short
    reasons = ", ".join(f"{number} {reason}" for reason, number in rejected.items()) or "nothing"
    _, *others = manifest.described.items()  # the first one is all of them
    described = "; " + ", ".join(f"{number} {what}" for what, number in others) if others else ""
    whose = f"{len(short)} units have" if len(short) > 1 else f"{next(iter(short), '')} has"
    Console().print(
        f"[bold]corpus {corpus.digest}[/bold]: {counts['kept']} examples of {counts['units']} units "
        f"({counts['parsed']} texts parsed, {counts['not needed']} not needed at this size; rejected: {reasons})"
        f"{described}" + (f"; {whose} fewer examples than asked for" if short else ""),
        highlight=False,
        soft_wrap=True,
    )
    left_out = counts.get("units left out")
    if left_out:
        Console().print(f"{left_out} rounds are left out: they show text of the test split.", highlight=False)


def show_statistics(found: Mapping[str, Mapping[str, float]]) -> None:
    """Lengths and variety, synthetic beside gold."""
    table = plain("", *found)
    for name in next(iter(found.values())):
        table.add_row(name, *(_number(column[name]) for column in found.values()))
    _print_whole(table)


def show_analysis(title: str, metrics: Metrics, *, where: Mapping[str, str | None]) -> None:
    """Each number of an analysis beside its yardstick, and what they say."""
    console = Console()
    table = plain(title, *analyses.HEADINGS)
    table.columns[-1].justify = "left"
    for heading, rows in analyses.sections(metrics).items():
        table.add_row(f"[bold]{heading}[/bold]")
        for row in rows:
            table.add_row(f"  {row.name}", row.synthetic.replace("[", r"\["), row.yardstick.replace("[", r"\["), row.of)
    _print_whole(table)
    console.print()
    for sentence in leakage.verdict(metrics):
        warns = sentence.startswith("Warning")
        console.print(sentence, highlight=False, markup=False, soft_wrap=True, style="bold red" if warns else None)
    for what, place in where.items():
        if place is not None:
            console.print(f"  {what}: {place}", highlight=False, soft_wrap=True)


def show_answers(metrics: Metrics) -> None:
    """How the LLM has kept to what was asked for."""
    found, missing, hallucinated = (round(metrics[f"answers/{name}"]) for name in ("found", "missing", "hallucinated"))
    shares = [f"{percent(metrics[f'answers/{status}'])}% {status}" for status in STATUSES]
    Console().print(
        f"{found} of {found + missing} questions are answered: {', '.join(shares)}"
        + (f"; {hallucinated} times something is named that is not there" if hallucinated else ""),
        highlight=False,
        soft_wrap=True,
    )


def show_contest(tree: Tree) -> None:
    """The prompts of the round that was judged last, the best one first."""
    contest = tree.contests[-1]
    names = sorted(contest.verdicts, key=lambda name: (-contest.verdicts[name]["score"], name != contest.winner))
    parts = [part for part in contest.verdicts[contest.winner] if part != "score"]
    table = plain(f"round {contest.number}", "score", *parts, "samples", "prompt")
    table.columns[-1].justify = "left"
    for name in names:
        candidate, scores = tree.named(name), contest.verdicts[name]
        samples = f"{len(candidate.kept)} of {len(candidate.kept) + len(candidate.rejected)}"
        begins = " ".join(candidate.text.split())[:60]
        table.add_row(name, f"{scores['score']:.3f}", *(f"{scores[part]:.2f}" for part in parts), samples, begins)
    _print_whole(table)


def show_winner(tree: Tree, *, place: Path, command: str) -> None:
    best = tree.winner
    assert best is not None
    console = Console()
    console.print(f"\n[bold]The best prompt is {best.name}[/bold] ({place}):", highlight=False, soft_wrap=True)
    console.print(best.text, highlight=False, markup=False)
    console.print(f"Use it: {command}", highlight=False, markup=False, soft_wrap=True)


def show_samples(examples: Sequence[Any]) -> None:
    """Texts with their labels, and their entities in colour, or in brackets where there is no colour."""
    console = Console()
    for example in examples:
        text, done = Text(), 0
        for entity in example.entities():
            text.append(example.text[done : entity["start"]])
            text.append(entity["text"] if console.is_terminal else f"[{entity['text']}]", style="bold black on yellow")
            done = entity["end"]
        text.append(example.text[done:])
        label = f"{example.label}: " if example.label else ""
        console.print(Text("  • ").append(label, style="bold").append(text), soft_wrap=not console.is_terminal)


def show_document(document: Document) -> None:
    """On a terminal with entities and headings in colour and tables in columns; else as it was written."""
    console = Console()
    if not console.is_terminal:
        print(document.markdown)
        return
    console.print(f"[bold]{document.title}[/bold]\n", highlight=False)
    for part in document.body:
        if isinstance(part, Samples):
            show_samples(part.examples)
            print()
        elif isinstance(part, DocumentTable):
            table = plain(*part.heads)
            for line in part.lines:
                table.add_row(*(Text(cell.text, style="bold" if cell.bold else "") for cell in line))
            _print_whole(table)
            print()
        elif isinstance(part, str):
            _show_text(part, console=console)


def _show_text(text: str, *, console: Console) -> None:
    """Markdown, but for commands, which are left whole to be copied."""
    for indented, lines in groupby(text.splitlines(), key=lambda line: line.startswith("    ")):
        block = "\n".join(lines)
        if indented:
            console.print(block, soft_wrap=True, highlight=False, markup=False)
        else:
            console.print(Markdown(block))


def show_rejected(reasons: Mapping[str, int], rows: Sequence[Mapping[str, Any]], *, each: int) -> None:
    console = Console()
    for reason, number in reasons.items():
        console.print(f"[bold]{reason}[/bold]: {number}", highlight=False)
        for row in [row for row in rows if row["reason"] == reason][:each]:
            detail = f" ({row['detail']})" if row["detail"] else ""
            console.print(Text(f"  • {row['text']}{detail}"), soft_wrap=not console.is_terminal)


def show_withheld(gold: Gold) -> None:
    """Of a test set that people have labelled anew."""
    if not gold.withheld:
        return
    lost = len(gold.withheld) - len(gold.test)
    rows = len(gold.train) - len(gold.trainable)
    Console().print(
        f"test: {len(gold.test)} rows that were labelled anew (review {gold.hashes[ADJUDICATED]})"
        + (f", without {lost} that no majority agrees on" if lost else "")
        + f"; {rows} rows of train have their texts and are not learnt from",
        highlight=False,
        soft_wrap=True,
    )


def show_drawn(review: Review, *, items: Sequence[ReviewItem], asked: int, where: Mapping[str, str]) -> None:
    """How many examples a review has, and where annotators find them."""
    console = Console()
    whose = f"corpus {review.digest}" if review.subject is Subject.corpus else review.name
    label = "hidden" if review.blind else "shown"
    console.print(
        f"[bold]{len(items)} examples of {whose}[/bold]{_groups(items)}; their label is {label}",
        highlight=False,
        soft_wrap=True,
    )
    if len(items) < asked:
        console.print(f"review.n={asked} asks for more than there are: these are all.", highlight=False)
    _show_where(console, where)


def _groups(items: Sequence[ReviewItem]) -> str:
    """How many there are of each label or unit, of those that are few enough to be read."""
    found = Counter(item.group for item in items)
    if not any(found):  # sentences of gold have entities, and no label
        return ""
    if len(found) <= MOST_GROUPS:
        return ": " + ", ".join(f"{number} {group.replace(', ', '+')}" for group, number in sorted(found.items()))
    low, high = min(found.values()), max(found.values())
    return f": {low if low == high else f'{low} to {high}'} of each of {len(found)} units"


def show_reviewed(review: Review, verdict: Verdict, *, where: Mapping[str, str]) -> None:
    """What annotators say, each label by itself, and how far each two of them agree."""
    console = Console()
    for line in reviews.headline(review, verdict):
        console.print(line, highlight=False, soft_wrap=True)
    if verdict.by_label:
        table = plain("label", "right", "of", "share", "95% interval")
        for label, found in verdict.by_label.items():
            interval = f"{percent(found.low)} – {percent(found.high)}"
            table.add_row(label, str(found.hits), str(found.of), percent(found.value), interval)
        _print_whole(table)
    if verdict.pairs:
        table = plain("annotators", "examples", "agreement", "Cohen's kappa")
        for pair in verdict.pairs:
            kappa = ABSENT if pair.kappa is None else f"{pair.kappa:.3f}"
            table.add_row(" and ".join(pair.annotators), str(pair.items), percent(pair.agreement), kappa)
        _print_whole(table)
    _show_where(console, where)


def _show_where(console: Console, where: Mapping[str, str]) -> None:
    for what, place in where.items():
        console.print(f"  {what}: {place}", highlight=False, markup=False, soft_wrap=True)


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def show_estimate(planned: Spend, *, model: str, dry_run: bool, at_most: bool = False) -> None:
    """What is about to be sent, or would be; tokens are estimated."""
    if not planned.requests and not dry_run:
        return
    table = plain("", "an estimate, at most" if at_most else "an estimate")
    table.add_row("requests to send", str(planned.requests))
    if not at_most:
        table.add_row("answers that are there", str(planned.hits))
    table.add_row("tokens in", str(planned.tokens_in))
    table.add_row("tokens out", str(planned.tokens_out))
    table.add_row("cost", _dollars(planned.usd - planned.usd_before, known=not planned.unpriced, model=model))
    table.add_row("characters to send", f"{planned.sent_characters}, {planned.gold_characters} of them gold text")
    _print_whole(table)
    if dry_run:
        Console().print("Nothing was sent (generation.dry_run=true).", highlight=False)


def show_spend(spend: Spend) -> None:
    known = not spend.unpriced
    Console().print(
        f"{spend.requests} requests ({spend.retries} retries), {spend.hits} answers were there already; "
        f"{spend.tokens_in} tokens in, {spend.tokens_out} out; cost {_dollars(spend.usd, known=known)}"
        + (f", {spend.usd_before:.4f} of it before" if spend.usd_before else "")
        + f"; sent {spend.sent_characters} characters, {spend.gold_characters} of them gold text",
        highlight=False,
        soft_wrap=True,
    )


def show_short(short: Mapping[str, int], *, wanted: int) -> None:
    """Units with fewer usable texts than are wanted."""
    if not short:
        return
    whose = f"{len(short)} units have" if len(short) > 1 else f"{next(iter(short))} has"
    named = ", ".join(f"{unit} {number}" for unit, number in list(short.items())[:10])
    more = " ..." if len(short) > 10 else ""
    Console().print(
        f"{whose} fewer than {wanted} usable texts: {named}{more} (generation.max_attempts asks on)",
        highlight=False,
        soft_wrap=True,
    )


def _dollars(usd: float, *, known: bool, model: str = "") -> str:
    if known:
        return f"{usd:.4f} USD"
    return f"not known: llm.price has none{f' for {model}' if model else ''}"


def show_cache(rows: Sequence[Mapping[str, Any]], *, path: Path) -> None:
    """Completions by model and prompt."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["id"].split("/")[1]), []).append(row)
    table = plain("model", "prompt", "completions", "tokens in", "tokens out", "USD")
    for (model, prompt), found in sorted(groups.items()):
        counts = [str(sum(row[name] or 0 for row in found)) for name in ("prompt_tokens", "completion_tokens")]
        known = all(row["cost_usd"] is not None for row in found)
        dollars = f"{sum(row['cost_usd'] for row in found):.4f}" if known else "not known"
        table.add_row(model, prompt, str(len(found)), *counts, dollars)
    _print_whole(table)
    Console().print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", highlight=False, soft_wrap=True)
