"""The cost of answers of an LLM, before and after they are asked for, and those that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from clinsynth.llm.bills import Bill
from clinsynth.llm.budget import Price, Spend
from clinsynth.llm.cached import named_in_vain
from clinsynth.llm.databases import Address, Place
from clinsynth.llm.forgetting import Found
from clinsynth.llm.prices import Listed
from clinsynth.llm.send_log import Sent
from clinsynth.reports.arms import Arm
from clinsynth.reports.console import ABSENT, print_columns, print_table, say
from clinsynth.reports.tables import ReportTable, plain_cells

UNKNOWN = "unknown"


def show_estimate(planned: Spend, *, model: str, dry_run: bool, at_most: bool = False) -> None:
    """Print what is about to be sent, or would be; tokens are estimated."""
    if not planned.requests and not dry_run:
        return
    cost = _dollars(planned.usd - planned.usd_before, known=not planned.unpriced, model=model)
    rows = [
        ("requests to send", str(planned.requests)),
        *([] if at_most else [("answers that are there", str(planned.hits))]),
        ("tokens in", str(planned.tokens_in)),
        ("tokens out", str(planned.tokens_out)),
        ("cost", cost),
        ("characters to send", f"{planned.sent_characters}, {planned.gold_characters} of them gold text"),
    ]
    print_columns(["", "an estimate, at most" if at_most else "an estimate"], rows)
    if dry_run:
        say("Nothing was sent (generation.dry_run=true).")


@dataclass(frozen=True)
class Sizing:
    """What the jobs of a sweep will take; `None` is what nothing tells."""

    jobs: int
    hours: float | None
    """Of one device, as fast as those of the earlier runs."""
    asked: Sequence[Spend] | None
    """Of each corpus or test set; `None` where the answers are those of a recording, which answers no more."""
    megabytes: float | None


def show_sizing(sizing: Sizing) -> None:
    """Print what the jobs of a sweep will take."""
    asked = sizing.asked
    counts = {"LLM requests": "requests", "tokens in": "tokens_in", "tokens out": "tokens_out"}
    sums = {what: sum(getattr(each, name) for each in asked or ()) for what, name in counts.items()}
    known = asked is not None and not any(each.unpriced for each in asked)
    usd = sum(each.usd - each.usd_before for each in asked or ())
    rows = [
        ("jobs", f"{sizing.jobs:,}"),
        ("device hours", UNKNOWN if sizing.hours is None else f"{sizing.hours:,.2f}"),
        *((what, UNKNOWN if asked is None else f"{number:,}") for what, number in sums.items()),
        ("cost", f"{usd:.4f} USD" if known else UNKNOWN),
        ("disk", UNKNOWN if sizing.megabytes is None else f"{sizing.megabytes:,.1f} MB"),
    ]
    print_columns(["", "what they will take"], rows)


def show_spend(spend: Spend) -> None:
    """Print what was sent, and what it has cost."""
    say(
        f"{spend.requests} requests ({spend.retries} retries), {spend.hits} answers were there already; "
        f"{spend.tokens_in} tokens in, {spend.tokens_out} out; cost {_dollars(spend.usd, known=not spend.unpriced)}"
        + (f", {spend.usd_before:.4f} of it before" if spend.usd_before else "")
        + f"; sent {spend.sent_characters} characters, {spend.gold_characters} of them gold text"
    )
    if spend.no_answers:
        reasons = ", ".join(f"{number} {reason}" for reason, number in spend.no_answers.most_common())
        say(f"{spend.no_answers.total()} of the requests came back without an answer, and were asked again: {reasons}")
    if spend.given_up:
        vain = {id: (lack.reason, lack.said) for id, lack in spend.given_up.items()}
        say(f"{len(vain)} have no answer: {named_in_vain(vain)}. The same command asks them again.")


def show_outcome(spend: Spend, *, cut: int, mended: int, kept: int, rejected: Mapping[str, int]) -> None:
    """Print what became of the requests and of the texts in their answers."""
    answered = [("asked", spend.requests), ("answered", spend.fresh), ("were there already", spend.hits)]
    lines = [("requests", name, number) for name, number in answered]
    lines += [("no answer", reason, number) for reason, number in spend.no_answers.most_common()]
    lines += [("answers", name, number) for name, number in (("cut", cut), ("mended JSON", mended)) if number]
    lines += [("texts", "kept", kept), *(("rejected", reason, number) for reason, number in rejected.items())]
    print_columns(["", "", "number"], [[what, name, str(number)] for what, name, number in lines], left=(0, 1))
    for reason, words in spend.said.items():
        for said in words:
            say(f"  • {reason}: {said}")


def show_bill(bill: Bill, *, kept: int, best: float | None, headline: str) -> None:
    """Print what a corpus has cost, by kept example and by point of the best headline of a model that has learnt it."""
    if not bill.answers:
        return
    if bill.usd is None or not kept:
        say(
            f"cost: {_dollars(0.0, known=False)}; {bill.tokens} tokens, {bill.tokens / max(kept, 1):.0f} a kept example"
        )
    else:
        point = f", {bill.usd / (100 * best):.6f} a point of the best {headline} ({100 * best:.1f})" if best else ""
        say(f"cost: {bill.usd:.4f} USD, {bill.usd / kept:.6f} a kept example{point}; {bill.tokens} tokens")
    if bill.no_answers:
        reasons = ", ".join(f"{number} {reason}" for reason, number in bill.no_answers.most_common())
        say(f"{bill.no_answers.total()} times no answer came: {reasons}")


@dataclass(frozen=True)
class ArmCost:
    """The cost of the answers of an LLM that an arm of a table hangs on."""

    arm: Arm
    bill: Bill
    kept: float | None
    """Examples of its corpus, the mean over several; `None` where there is no corpus."""


def cost_table(costs: Sequence[ArmCost]) -> ReportTable:
    """Return a line for each arm: US dollars in all, by kept example, and by point of its headline."""
    headline = costs[0].arm.headline.name
    heads = ["cost of the LLM's answers", "tokens", "USD", "USD a kept example", f"USD a point of {headline}"]
    lines = []
    for cost in costs:
        usd, score = cost.bill.usd, cost.arm.score
        is_share = score is not None and cost.arm.headline.metric not in cost.arm.headline.plain
        by_example, by_point = cost.kept, 100 * score if score and is_share else None
        figures = [_dollars_by(usd, 1.0, "{:.4f}"), *(_dollars_by(usd, by) for by in (by_example, by_point))]
        lines.append(plain_cells(cost.arm.title, str(cost.bill.tokens), *figures))
    return ReportTable("cost of the answers", heads, lines, costs[0].arm.dataset, kind="costs")


def _dollars_by(usd: float | None, by: float | None, form: str = "{:.6f}") -> str:
    if usd is None:
        return "not known"
    return form.format(usd / by) if by else ABSENT


def show_costs(table: ReportTable | None) -> None:
    """Print a table of costs, where there is one."""
    if table is not None:
        print()
        print_table(table)


def show_cache(
    rows: Sequence[Mapping[str, Any]], without: Sequence[Mapping[str, Any]], *, path: Place, spent: float
) -> None:
    """Print how many completions there are by model and prompt, and what came in the place of others."""
    lines = []
    for (model, prompt), found in _groups(rows, "prompt").items():
        counts = [str(sum(row[name] or 0 for row in found)) for name in ("prompt_tokens", "completion_tokens")]
        lines.append([model, prompt, str(len(found)), *counts, _sum(found)])
    print_columns(["model", "prompt", "completions", "tokens in", "tokens out", "USD"], lines)
    if without:
        lines = [[*group, str(len(found)), _sum(found)] for group, found in _groups(without, "reason").items()]
        print_columns(["model", "no answer", "times", "USD"], lines, left=(0, 1))
    size = "" if isinstance(path, Address) else f" {path.stat().st_size / 1e6:.1f} MB;"
    say(f"{path}:{size} {spent:.4f} USD spent in all, as far as prices are known")


def show_sent(entries: Iterable[Sent]) -> None:
    """Print how much was sent to each server, and when."""
    by_server: dict[tuple[str, str], list[Sent]] = {}
    for entry in entries:
        by_server.setdefault((entry.to, entry.model), []).append(entry)
    lines = []
    for (to, model), found in by_server.items():
        counts = (f"{sum(getattr(one, name) for one in found):,}" for name in ("characters", "gold"))
        times = [one.time[:19].replace("T", " ") for one in found]
        lines.append([to, model, f"{len(found):,}", *counts, min(times), max(times)])
    heads = ["sent to", "model", "requests", "characters", "of gold", "first (UTC)", "last"]
    print_columns(heads, lines, left=(0, 1, 5, 6))


def show_prices(found: Sequence[Listed], *, source: str) -> None:
    """Print the rows of a list of prices, and which list it is."""
    lines = [
        [row.provider, row.model, *("–" if price is None else f"{price:g}" for price in _four(row.price))]
        for row in found
    ]
    print_columns(["provider", "model", "input", "cached input", "kept input", "output"], lines, left=(0, 1))
    say(
        f"{source}; US dollars per million tokens. Batches cost half of it with openai, azure and anthropic. The "
        f"list of a later release: pip install -U genai-prices"
    )


def _four(price: Price) -> tuple[float | None, ...]:
    return price.input, price.cached, price.written, price.output


def show_forgotten(found: Sequence[Found], *, dry_run: bool) -> None:
    """Print what is forgotten, or would be."""
    groups: dict[tuple[str, ...], list[Found]] = {}
    for one in found:
        groups.setdefault((one.row["model"], one.dataset, one.prompt, one.reason), []).append(one)
    lines: list[list[str | Text]] = [
        [*group, str(len(several)), Text(", ".join(dict.fromkeys(one.unit for one in several[:4])))]
        for group, several in sorted(groups.items())
    ]
    print_columns(["model", "dataset", "prompt", "ended", "completions", "units"], lines, left=(0, 1, 2, 3, 5))
    cost = _sum([one.row for one in found])
    if dry_run:
        say(f"{len(found)} completions would be forgotten, which have cost {cost} USD. Nothing was (dry_run=true).")
    else:
        say(f"{len(found)} completions are forgotten, and asked for again where they are needed; they cost {cost} USD.")


def _groups(rows: Sequence[Mapping[str, Any]], by: str) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """Return rows by their model and their prompt or reason, sorted."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["id"].split("/")[1] if by == "prompt" else row[by]), []).append(row)
    return dict(sorted(groups.items()))


def _sum(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the dollars that rows have cost, where all of them have a price."""
    costs = [row["cost_usd"] for row in rows]
    return "not known" if None in costs else f"{sum(costs):.4f}"


def _dollars(usd: float, *, known: bool, model: str = "") -> str:
    if known:
        return f"{usd:.4f} USD"
    return f"not known: llm.price has none{f' for {model}' if model else ''}"
