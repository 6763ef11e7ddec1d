"""Ends of what may be spent: on a dataset, in all that the ledger has runs of, in tokens; and what a corpus has "
"cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.llm.budget import Price
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.prices import in_batch, kept_price, listed, source
from standins import StandIn, chat
from support import TINY, Command, summary

CORPUS = ["generation.per_request=10", "units.max=6", "annotator=seed", "size=n10", "llm=local", "llm.model=m"]
PRICED = ["llm.price.input=100", "llm.price.output=100", "llm.concurrency=1", "llm.max_tokens=300"]


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ("llm.max_dataset_cost_usd={usd}", "are spent on sample_ner"),
        ("llm.max_total_cost_usd={usd}", "are spent by the runs of"),
        ("llm.max_total_tokens={tokens}", "tokens are spent on all that"),
    ],
)
def test_a_cap_holds_over_sessions(cap: str, said: str, with_store: Path, clinsynth: Command) -> None:
    with StandIn(chat) as server:
        words = [*CORPUS, *PRICED, f"llm.base_url={server.url}"]
        assert clinsynth("generate", *words).status == 0
        rows = list(CompletionCache(with_store / "artifacts/completions.db").rows())
        usd = sum(row["cost_usd"] for row in rows)
        tokens = sum(row["prompt_tokens"] + row["completion_tokens"] for row in rows)
        capped = cap.format(usd=1.5 * usd, tokens=int(1.5 * tokens))
        found = clinsynth("generate", *words, "llm.temperature=0.5", capped)
        asked = len(server.asked)
    assert found.status == 2
    assert cap.partition("=")[0] in found.err
    assert said in " ".join(found.err.split())
    assert 6 < asked < 12


def test_a_cap_needs_a_price(with_store: Path, clinsynth: Command) -> None:
    found = clinsynth("generate", *CORPUS, "llm.max_total_cost_usd=1", "generation.dry_run=true")
    assert found.status == 2
    assert "llm.max_total_cost_usd=1.0 needs the prices of m" in " ".join(found.err.split())
    unknown = [*CORPUS, "llm.max_cost_usd=1", "llm.price_provider=openai", "generation.dry_run=true"]
    assert "llm.max_cost_usd=1.0 needs the prices of m" in " ".join(clinsynth("generate", *unknown).err.split())


def test_show_tells_the_cost_of_a_kept_example(with_store: Path, clinsynth: Command) -> None:
    with StandIn(chat) as server:
        made = clinsynth("generate", *CORPUS, *PRICED, f"llm.base_url={server.url}")
    assert made.status == 0, made.err
    rows = list(CompletionCache(with_store / "artifacts/completions.db").rows())
    usd = sum(row["cost_usd"] for row in rows)
    said = " ".join(clinsynth("show", f"corpus={summary(with_store)['corpus']}").out.split())
    assert f"cost: {usd:.4f} USD, {usd / 60:.6f} a kept example" in said
    table = [line.split() for line in made.out.splitlines()]
    assert ["requests", "asked", "6"] in table
    assert ["texts", "kept", "60"] in table


def test_a_table_tells_the_cost_of_an_arm(with_store: Path, clinsynth: Command, tiny_bert: Path) -> None:
    tiny = [*(word for word in TINY if not word.startswith("source.")), f"backbone.name_or_path={tiny_bert}"]
    with StandIn(chat) as server:
        words = [*CORPUS, *PRICED, f"llm.base_url={server.url}"]
        assert clinsynth("generate", *words).status == 0
        assert clinsynth("train", *words, *tiny, "tracking.table=costs").status == 0
    rows = list(CompletionCache(with_store / "artifacts/completions.db").rows())
    usd = sum(row["cost_usd"] for row in rows)
    tokens = sum(row["prompt_tokens"] + row["completion_tokens"] for row in rows)
    said = clinsynth("report", "table=costs")
    assert said.status == 0, said.err
    assert "USD a point of F1" in said.out
    (line,) = [line.split() for line in said.out.splitlines() if f"{usd:.4f}" in line]
    f1 = summary(with_store)["test/f1"]
    point = f"{usd / (100 * f1):.6f}" if f1 else "–"
    assert line[-4:] == [str(tokens), f"{usd:.4f}", f"{usd / 60:.6f}", point]


def test_the_kept_list_has_prices_of_today() -> None:
    found = kept_price("gpt-4o-mini", provider="openai")
    assert found == Price(0.15, 0.6, 0.075)
    assert in_batch(found, provider="openai") == Price(0.075, 0.3, 0.0375)
    assert in_batch(found, provider="mistral") == Price()
    assert kept_price("no-such-model", provider="openai") == Price()
    assert kept_price("gpt-4o-mini", provider="nobody") == Price()
    assert {row.provider for row in listed(provider="anthropic", model="haiku")} == {"anthropic"}


def test_the_list_can_be_printed(with_store: Path, clinsynth: Command) -> None:
    said = clinsynth("cache", "action=prices", "provider=openai", "model=gpt-4o-mini")
    assert said.status == 0, said.err
    assert "0.075" in said.out
    assert source() in " ".join(said.out.split())
    none = clinsynth("cache", "action=prices", "model=no-such-model")
    assert none.status == 2
    assert "has no such model" in none.err
