"""The cost of answers of an LLM, before and after they are asked for, and those that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.llm.budget import Spend
from clinsynth.reports.console import print_columns, say


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


def show_spend(spend: Spend) -> None:
    """Print what was sent, and what it has cost."""
    say(
        f"{spend.requests} requests ({spend.retries} retries), {spend.hits} answers were there already; "
        f"{spend.tokens_in} tokens in, {spend.tokens_out} out; cost {_dollars(spend.usd, known=not spend.unpriced)}"
        + (f", {spend.usd_before:.4f} of it before" if spend.usd_before else "")
        + f"; sent {spend.sent_characters} characters, {spend.gold_characters} of them gold text"
    )


def show_cache(rows: Sequence[Mapping[str, Any]], *, path: Path) -> None:
    """Print how many completions there are by model and prompt."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["id"].split("/")[1]), []).append(row)
    lines = []
    for (model, prompt), found in sorted(groups.items()):
        counts = [str(sum(row[name] or 0 for row in found)) for name in ("prompt_tokens", "completion_tokens")]
        known = all(row["cost_usd"] is not None for row in found)
        dollars = f"{sum(row['cost_usd'] for row in found):.4f}" if known else "not known"
        lines.append([model, prompt, str(len(found)), *counts, dollars])
    print_columns(["model", "prompt", "completions", "tokens in", "tokens out", "USD"], lines)
    say(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _dollars(usd: float, *, known: bool, model: str = "") -> str:
    if known:
        return f"{usd:.4f} USD"
    return f"not known: llm.price has none{f' for {model}' if model else ''}"
