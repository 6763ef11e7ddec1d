"""What a review comes to: as numbers for the ledger, as JSON, as Markdown. No text of an example stands in them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from clinsynth.review.folder import Review, Subject
from clinsynth.review.verdicts import Share, Verdict
from clinsynth.types import Metrics

ABSENT = "–"


def metrics(verdict: Verdict) -> Metrics:
    """What is not defined, such as the kappa of one annotator, is not among them."""
    found: dict[str, float | None] = {
        "review/annotators": len(verdict.annotators),
        "review/items": len(verdict.judgements),
        "review/disputed": verdict.disputed,
        "review/unanswered": verdict.unanswered,
        "review/kappa": verdict.kappa,
        "review/agreement": verdict.agreement,
    }
    shares = {"review": verdict.correct} | {f"review/{label}": share for label, share in verdict.by_label.items()}
    for name, right in shares.items():
        if right is not None:
            ends = {f"{name}/correct_low": right.low, f"{name}/correct_high": right.high}
            found |= {f"{name}/correct": right.value} | ends
    return {name: float(value) for name, value in found.items() if value is not None}


def told(verdict: Verdict) -> dict[str, Any]:
    """For manifests, which may be published: annotators by their number alone."""
    return {
        "n": len(verdict.judgements),
        "annotators": len(verdict.annotators),
        "disputed": verdict.disputed,
        "unanswered": verdict.unanswered,
        "kappa": verdict.kappa,
        "rated by all": verdict.rated,
        "agreement": verdict.agreement,
        "correct": _share(verdict.correct),
        "by label": {label: _share(share) for label, share in verdict.by_label.items()},
    }


def whole(verdict: Verdict) -> dict[str, Any]:
    """The same for `result.json`, with each two annotators by their names."""
    return told(verdict) | {"pairs": [asdict(pair) for pair in verdict.pairs]}


def headline(review: Review, verdict: Verdict) -> list[str]:
    """What the numbers say, a sentence each."""
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
    if verdict.correct is not None:
        what = "The gold label stands" if review.subject is Subject.gold else "The label is right"
        found.append(f"{what} in {share(verdict.correct)}.")
    return found


def share(found: Share) -> str:
    interval = f"95% interval {100 * found.low:.1f} – {100 * found.high:.1f}"
    return f"{found.hits} of {found.of} ({100 * found.value:.1f}%, {interval})"


def markdown(verdict: Verdict, *, review: Review, result: str) -> str:
    whose = f"of the corpus `{review.digest}` for" if review.subject is Subject.corpus else "of gold rows of"
    label = "hidden" if review.blind else "shown"
    lines = [f"# Review {whose} {review.name}", "", f"Review `{result}`, label {label}."]
    lines += ["", *(f"- {line}" for line in headline(review, verdict)), ""]
    if verdict.by_label:
        lines += ["| label | right | of | share | 95% interval |", "|---|---|---|---|---|"]
        for label, found in verdict.by_label.items():
            interval = f"{100 * found.low:.1f} – {100 * found.high:.1f}"
            lines.append(f"| {label} | {found.hits} | {found.of} | {100 * found.value:.1f} | {interval} |")
        lines.append("")
    if verdict.pairs:
        lines += ["| annotators | examples | agreement | Cohen's kappa |", "|---|---|---|---|"]
        for pair in verdict.pairs:
            kappa = ABSENT if pair.kappa is None else f"{pair.kappa:.3f}"
            lines.append(f"| {' and '.join(pair.annotators)} | {pair.items} | {100 * pair.agreement:.1f} | {kappa} |")
        lines.append("")
    return "\n".join(lines)


def _share(found: Share | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found) | {"share": found.value}
