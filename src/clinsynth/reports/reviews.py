"""The results of a review: on a terminal, as numbers for the ledger, as JSON, as Markdown.

No text of an example stands in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from clinsynth.reports.console import ABSENT, percent, print_places, print_table, say
from clinsynth.reports.tables import ReportTable, plain_cells
from clinsynth.review.folder import Review, ReviewItem, Subject
from clinsynth.review.verdicts import Share, Verdict
from clinsynth.types import Metrics

MOST_GROUPS = 12
"""Labels or units that are named one by one."""


def show_drawn(review: Review, *, items: Sequence[ReviewItem], asked: int, where: Mapping[str, str]) -> None:
    """Print how many examples a review has, and where annotators find them."""
    whose = f"corpus {review.digest}" if review.subject is Subject.corpus else review.name
    label = "hidden" if review.blind else "shown"
    say(f"{_groups(items)}; their label is {label}", bold=f"{len(items)} examples of {whose}")
    if len(items) < asked:
        say(f"review.n={asked} asks for more than there are: these are all.")
    print_places(where)


def _groups(items: Sequence[ReviewItem]) -> str:
    """Return how many there are of each label or unit, of those that are few enough to be read."""
    found = Counter(item.group for item in items)
    if not any(found):  # sentences of gold have entities, and no label
        return ""
    if len(found) <= MOST_GROUPS:
        return ": " + ", ".join(f"{number} {group.replace(', ', '+')}" for group, number in sorted(found.items()))
    low, high = min(found.values()), max(found.values())
    return f": {low if low == high else f'{low} to {high}'} of each of {len(found)} units"


def show_reviewed(review: Review, verdict: Verdict, *, where: Mapping[str, str]) -> None:
    """Print what annotators say, each label by itself, and how far each two of them agree."""
    for line in review_sentences(review, verdict):
        say(line)
    for table in _tables(verdict):
        print_table(table)
    print_places(where)


def review_markdown(verdict: Verdict, *, review: Review, result: str) -> str:
    """Return the same as a page, with the digest of the answers."""
    whose = f"of the corpus `{review.digest}` for" if review.subject is Subject.corpus else "of gold rows of"
    label = "hidden" if review.blind else "shown"
    lines = [f"# Review {whose} {review.name}", "", f"Review `{result}`, label {label}.", ""]
    lines += [*(f"- {line}" for line in review_sentences(review, verdict)), ""]
    return "\n".join([*lines, *(table.markdown for table in _tables(verdict))])


def _tables(verdict: Verdict) -> list[ReportTable]:
    labels = [
        plain_cells(label, str(found.hits), str(found.of), percent(found.value), _interval(found))
        for label, found in verdict.by_label.items()
    ]
    pairs = [
        plain_cells(" and ".join(pair.annotators), str(pair.items), percent(pair.agreement), _kappa(pair.kappa))
        for pair in verdict.pairs
    ]
    tables = [
        ReportTable("", ["label", "right", "of", "share", "95% interval"], labels),
        ReportTable("", ["annotators", "examples", "agreement", "Cohen's kappa"], pairs),
    ]
    return [table for table in tables if table.lines]


def review_metrics(verdict: Verdict) -> Metrics:
    """Return the numbers that are defined: the kappa of one annotator is not among them."""
    found: dict[str, float | None] = {
        "review/annotators": len(verdict.annotators),
        "review/items": len(verdict.judgements),
        "review/disputed": verdict.disputed,
        "review/unanswered": verdict.unanswered,
        "review/extended": verdict.extended,
        "review/kappa": verdict.kappa,
        "review/agreement": verdict.agreement,
    }
    shares = {"review": verdict.correct} | {f"review/{label}": share for label, share in verdict.by_label.items()}
    for name, right in shares.items():
        if right is not None:
            ends = {f"{name}/correct_low": right.low, f"{name}/correct_high": right.high}
            found |= {f"{name}/correct": right.value} | ends
    return {name: float(value) for name, value in found.items() if value is not None}


def review_facts(verdict: Verdict) -> dict[str, Any]:
    """Return the facts for manifests, which may be published: annotators by their number alone."""
    return {
        "n": len(verdict.judgements),
        "annotators": len(verdict.annotators),
        "disputed": verdict.disputed,
        "unanswered": verdict.unanswered,
        "extended": verdict.extended,
        "kappa": verdict.kappa,
        "rated by all": verdict.rated,
        "agreement": verdict.agreement,
        "correct": _share_facts(verdict.correct),
        "by label": {label: _share_facts(share) for label, share in verdict.by_label.items()},
    }


def review_result(verdict: Verdict) -> dict[str, Any]:
    """Return the facts for `result.json`, with each two annotators by their names."""
    return review_facts(verdict) | {"pairs": [asdict(pair) for pair in verdict.pairs]}


def review_sentences(review: Review, verdict: Verdict) -> list[str]:
    """Return what the numbers say, a sentence each."""
    rated = "labels" if review.blind else "verdicts (correct or wrong)"
    who = "1 annotator" if len(verdict.annotators) == 1 else f"{len(verdict.annotators)} annotators"
    found = [f"{len(verdict.judgements)} examples, judged by {who}."]
    if verdict.unanswered:
        found.append(f"{verdict.unanswered} examples that were drawn have no answer and are left out.")
    if verdict.disputed:
        found.append(f"{verdict.disputed} have no majority: disputed, and not counted as right or wrong.")
    if len(verdict.annotators) > 1:
        kappa = "not defined: all said one and the same" if verdict.rated else "not defined: no example has all answers"
        value = kappa if verdict.kappa is None else f"{verdict.kappa:.3f}"
        found.append(f"Fleiss' kappa of {rated} on {verdict.rated} examples that all answered: {value}.")
    if (share := verdict.correct) is not None:
        what = "The gold label stands" if review.subject is Subject.gold else "The label is right"
        counted = f"{share.hits} of {share.of} ({percent(share.value)}%, 95% interval {_interval(share)})"
        found.append(f"{what} in {counted}.")
    if verdict.extended:
        how = "" if review.subject is Subject.gold else "; quality.reviewed=fix adds them"
        found.append(f"{verdict.extended} of these should have more labels{how}.")
    return found


def _interval(found: Share) -> str:
    return f"{percent(found.low)} – {percent(found.high)}"


def _kappa(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.3f}"


def _share_facts(found: Share | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found) | {"share": found.value}
