"""Counts on a terminal: the splits of gold, a corpus, what was kept of it and what was not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clinsynth.corpora import DOUBT, Corpus
from clinsynth.corpora.manifest import BY_LLM, BY_MODEL, BY_VOTES
from clinsynth.reports.adjudication import adjudication_text
from clinsynth.reports.console import print_columns, say, terminal
from clinsynth.text.printable import printable
from clinsynth.types import ADJUDICATED, Gold

_OF = {BY_LLM: "the LLM", BY_VOTES: "the LLM's passes, by their votes", BY_MODEL: "the model"}
"""Whose confidences they are."""


def show_splits(dataset: str, counts: Mapping[str, Mapping[str, int]], *, overlap: int) -> None:
    """Print how much each split of gold holds, and how many texts stand in train and in test."""
    parts = [f"{split} {_listed(found)}" for split, found in counts.items() if any(found.values())]
    say(f": {'; '.join(parts) or 'no gold'}", bold=dataset)
    if overlap:
        say(f"{overlap} text(s) stand in train and in test; they are left there.")


def show_withheld(gold: Gold) -> None:
    """Print what a test set comes to that people have labelled anew."""
    if not gold.withheld:
        return
    if gold.adjudication:
        say(adjudication_text(gold.adjudication))
    lost = len(gold.withheld) - len(gold.test)
    rows = len(gold.train) - len(gold.trainable)
    say(
        f"test: {len(gold.test)} rows that were labelled anew (review {gold.hashes[ADJUDICATED]})"
        + (f", without {lost} that no majority agrees on" if lost else "")
        + f"; {rows} rows of train have their texts and are not learnt from"
    )


def show_corpus_counts(corpus: Corpus) -> None:
    """Print how many examples a corpus has, and what became of the other texts."""
    manifest = corpus.manifest
    counts, rejected, short = manifest.counts, manifest.rejected, manifest.short
    reasons = ", ".join(f"{number} {reason}" for reason, number in rejected.items()) or "nothing"
    _, *others = manifest.described.items()  # the first one is all of them
    say(
        f": {counts['kept']} examples of {counts['units']} units "
        f"({counts['parsed']} texts parsed, {counts['not needed']} not needed at this size; rejected: {reasons})"
        + (f"; {_listed(dict(others))}" if others else "")
        + (f"; {_whose(short)} fewer examples than asked for" if short else ""),
        bold=f"corpus {corpus.digest}",
    )
    texts = {name: number for name, number in counts.items() if name.startswith("texts ")}
    if texts:
        said = ", ".join(f"{number} {name.removeprefix('texts ')}" for name, number in texts.items())
        say(f"texts that were left out before they were labelled: {said}.")
    if labels := counts.get("labels"):
        say(f"{labels} labelled rows of gold train were shown (labels spent).")
    if sure := manifest.confidence:
        told = ", ".join(f"{name} {sure[name]:.3f}" for name in ("mean", "median", "least"))
        say(f"confidence of {_OF.get(manifest.whose[0], 'others')} in the labels of {sure['texts']:.0f} texts: {told}")
    elif manifest.whose:
        say(f"confidences of labels are those of {', '.join(_OF.get(one, one) for one in manifest.whose)}")
    left_out = counts.get("units left out")
    if left_out:
        say(f"{left_out} rounds are left out: they show text of the test split.")


def show_short(short: Mapping[str, int], *, wanted: Callable[[str], int]) -> None:
    """Print the units with fewer usable texts than are wanted, if there are any."""
    if short:
        named = ", ".join(f"{unit} {number} of {wanted(unit)}" for unit, number in list(short.items())[:10])
        more = " ..." if len(short) > 10 else ""
        say(f"{_whose(short)} fewer usable texts than are wanted: {named}{more} (generation.max_attempts asks on)")


def show_statistics(found: Mapping[str, Mapping[str, float]]) -> None:
    """Print lengths and variety, synthetic beside gold."""
    rows = [[name, *(_number(column[name]) for column in found.values())] for name in next(iter(found.values()))]
    print_columns(["", *found], rows)


def show_rejected(reasons: Mapping[str, int], rows: Iterable[Mapping[str, Any]], *, each: int) -> None:
    """Print the number of texts that were rejected for each reason, and `each` so many of them."""
    console = terminal()
    shown: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if len(shown[row["reason"]]) < each:
            shown[row["reason"]].append(row)
    for reason, number in reasons.items():
        say(f": {number}", bold=reason)
        for row in shown[reason]:
            detail = f" ({row['detail']})" if row["detail"] else ""
            console.print(printable(f"  • {row['text']}{detail}"), soft_wrap=not console.is_terminal)


def show_doubted(rows: Iterable[Mapping[str, Any]], *, each: int) -> None:
    """Print how many kept texts have a label that is doubted, and `each` so many of them; nothing where none has."""
    doubted = [row for row in rows if DOUBT in row]
    if doubted:
        shown = [{**row, "detail": row[DOUBT], "reason": DOUBT} for row in doubted[:each]]
        show_rejected({DOUBT: len(doubted)}, shown, each=each)


def _listed(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in found.items())


def _whose(short: Mapping[str, Any]) -> str:
    return f"{len(short)} units have" if len(short) > 1 else f"{next(iter(short))} has"


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
