"""Prices of current models, as the list of the library genai-prices has them; nobody is asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from clinsynth.llm.budget import Price

BATCH_SHARE = {"openai": 0.5, "azure": 0.5, "anthropic": 0.5}
"""The share of its prices that a provider charges for batches, as their pages said in November 2026."""


@dataclass(frozen=True)
class Listed:
    """One row of the list."""

    provider: str
    model: str
    price: Price


def kept_price(model: str, *, provider: str) -> Price:
    """Return the price of a provider's model; unknown where the list has none. Where it hangs on length, the lowest."""
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(Usage(input_tokens=1), model_ref=model, provider_id=provider)
    except LookupError:
        return Price()
    return _price(found.model_price)


def in_batch(price: Price, *, provider: str) -> Price:
    """Return the price in a batch; unknown where the provider's share is."""
    share = BATCH_SHARE.get(provider)
    values = (price.input, price.output, price.cached, price.written)
    return Price(*(None if value is None or share is None else value * share for value in values))


def listed(*, provider: str | None, model: str | None) -> Iterator[Listed]:
    """Yield the rows of a provider, or of all, whose model's name holds `model`; models without a price are left "
    "out."""
    from genai_prices.data_snapshot import get_snapshot

    for found in get_snapshot().providers:
        if provider not in (None, found.id):
            continue
        for one in found.models:
            if model is None or model.casefold() in one.id.casefold():
                price = kept_price(one.id, provider=found.id)
                if price.input is not None:
                    yield Listed(found.id, one.id, price)


def source() -> str:
    """Return which list it is, and of when: the last day from which on it says that a price holds."""
    from genai_prices.data_snapshot import get_snapshot

    days = [
        day
        for found in get_snapshot().providers
        for model in found.models
        if isinstance(model.prices, list)
        for price in model.prices
        if (day := getattr(price.constraint, "start_date", None)) is not None
    ]
    dated = f", which knows changes of prices up to {max(days)}" if days else ""
    return f"genai-prices {version('genai-prices')}{dated}"


def _price(found: Any) -> Price:
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    return Price(*(_number(getattr(found, name, None)) for name in names))


def _number(value: Any) -> float | None:
    base = getattr(value, "base", value)  # of prices by length
    return None if base is None else float(base)
