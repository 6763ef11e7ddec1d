"""How units share a corpus: in given proportions."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from clinsynth.task import Chosen, Wanted
from clinsynth.tasks.supply import InProportion

WEIGHTS = st.lists(st.integers(1, 500), min_size=1, max_size=6)


def chosen(weights: list[int], total: int, **parts: object) -> Chosen:
    units = [f"u{number}" for number in range(len(weights))]
    supply = InProportion(weights=dict(zip(units, weights, strict=True)))
    wanted = Wanted(None, total, per_request=10, share=1.0, seed=0, **parts)  # type: ignore[arg-type]
    return supply.choose(units, others=units, wanted=wanted, limited=True)


@given(WEIGHTS, st.integers(1, 300))
def test_units_have_their_part_of_the_total(weights: list[int], total: int) -> None:
    found = chosen(weights, total)
    numbers = [found.wanted_of(unit) for unit in found.units]
    assert sum(numbers) == total
    if total >= len(weights):
        assert min(numbers) >= 1
        for number, weight in zip(numbers, weights, strict=True):
            assert number <= -(-total * weight // sum(weights)) + 1  # and never much more than its part
    assert all(found.replicates_of(unit) == -(-found.wanted_of(unit) // 10) for unit in found.units)
    assert len(found.requests) == sum(map(found.replicates_of, found.units))


@given(WEIGHTS, st.integers(1, 100), st.integers(0, 100))
def test_a_smaller_total_stands_within_a_larger(weights: list[int], small: int, more: int) -> None:
    first, second = chosen(weights, small), chosen(weights, small + more)
    assert all(first.wanted_of(unit) <= second.wanted_of(unit) for unit in first.units)
    turns = sorted(
        (second.turn_of(unit, place), rank)
        for rank, unit in enumerate(second.units)
        for place in range(second.wanted_of(unit))
    )
    begun = Counter(second.units[rank] for _, rank in turns[:small])
    assert all(begun[unit] == first.wanted_of(unit) for unit in first.units)


def test_named_units_alone_share_it() -> None:
    found = chosen([6, 3, 1], 30, only=("u0", "u2"))
    assert {unit: found.wanted_of(unit) for unit in found.units} == {"u0": 25, "u2": 5}
