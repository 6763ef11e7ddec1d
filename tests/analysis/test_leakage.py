from __future__ import annotations

import pytest

from clinsynth.analysis.leakage import verdict

GOOD = {
    "synthetic_texts": 400.0,
    "train_texts": 500.0,
    "test_texts": 100.0,
    "copies_test_exact": 0.0,
    "copies_test_near": 0.0,
    "copies_test_rejected": 0.0,
    "copies_train_exact": 0.0,
    "copies_train_near": 0.0,
    "copies_train_exact_gold": 1.0,
    "copies_train_near_gold": 2.0,
    "distance_train_median": 0.41,
    "distance_train_median_gold": 0.25,
    "closer_than_test": 0.2,
    "closer_than_test_low": 0.15,
    "closer_than_test_high": 0.25,
    "nearer_train": 0.5,
    "nearer_train_low": 0.45,
    "nearer_train_high": 0.55,
    "very_near_train": 0.01,
    "very_near_train_low": 0.0,
    "very_near_train_high": 0.02,
    "told_apart": 0.97,
    "told_apart_low": 0.96,
    "told_apart_high": 0.98,
    "told_apart_gold": 0.52,
    "told_apart_gold_low": 0.5,
    "told_apart_gold_high": 0.54,
}


def said(*left_out: str, **changed: float) -> str:
    found = {name: value for name, value in (GOOD | changed).items() if not name.startswith(left_out)}
    return " ".join(verdict({f"analysis/{name}": value for name, value in found.items()} | {"examples": 4.0}))


NEARER = {"closer_than_test": 0.8, "closer_than_test_low": 0.7, "closer_than_test_high": 0.9}
LEANING = {"nearer_train": 0.6, "nearer_train_low": 0.55, "nearer_train_high": 0.65}


def test_real_texts_are_not_said_to_be_memorised() -> None:
    found = said(real_texts=400.0, texts_in_test=3.0, texts_near_test=0.0, copies_train_exact=400.0)
    assert "Left out before they were labelled: 3 in test." in found
    assert "400 of 400 stand in gold train, whose labels were not used." in found
    assert "memorised" not in found
    assert "None had to be left out" in said(real_texts=400.0)
    assert "Warning: 1 of 400" in said(real_texts=400.0, copies_test_exact=1.0)


def test_what_is_good_is_said_without_a_warning() -> None:
    assert said() == (
        "No synthetic text is a copy of one in the gold test split, or one but for a few words. "
        "None is a copy of one in gold train. "
        "Synthetic texts lie farther from gold train than gold test does (median 0.41 against 0.25): nothing points to "
        "memorised text. "
        "They are told from gold train in 97% [96, 98] of cases (gold test from gold train: 52% [50, 54]): style or "
        "topics differ."
    )


@pytest.mark.parametrize(
    ("changed", "expected", "absent"),
    [
        ({"copies_test_exact": 1.0}, "Warning: 1 of 400 synthetic texts stands in the gold test split", "No synthetic"),
        ({"copies_test_exact": 3.0}, "3 of 400 synthetic texts stand in", "None is a copy of one in the gold test"),
        ({"copies_test_exact": 3.0}, "quality.test_copies=true rejects them", "few words"),
        ({"copies_test_near": 2.0}, "Warning: 2 of 400 synthetic texts are the same as one", "No synthetic"),
        ({"copies_test_near": 2.0}, "rejects exact copies alone: look at these", "No synthetic"),
        ({"copies_test_rejected": 2.0}, "Quality control has rejected 2 that were.", "Warning"),
        ({"copies_train_exact": 4.0}, "4 of 400 are a copy of one in gold train (4 exact, 0", "None is a copy"),
        ({"copies_train_near": 1.0}, "of the 100 gold test texts, 3 are)", "None is a copy"),
        (NEARER | LEANING, "may be memorised.", "nothing points"),
        (NEARER, "common phrases more than to memorised", "may be memorised"),
        (LEANING, "nothing points to memorised text. Yet 60% [55, 65] of them are nearer", "may be memorised"),
        (LEANING | {"nearer_train_gold": 0.58}, "nothing points to memorised text", "Yet"),
        (LEANING | {"nearer_train_gold": 0.52}, "(of gold devel 52%)", "may be memorised"),
        ({"very_near_train": 0.1, "very_near_train_low": 0.08}, "these may be memorised", "nothing points"),
        ({"closer_than_test": 0.49, "closer_than_test_high": 0.51}, "lie as near to gold train as", "farther"),
        ({"told_apart": 0.5, "told_apart_low": 0.48}, "hardly better than by guessing", "differ"),
        ({"told_apart": 0.55, "told_apart_low": 0.53}, "not clearly more than gold is told from gold", "differ"),
        (
            NEARER | LEANING | {"mentions_in_train": 0.9, "mentions_in_train_gold": 0.4},
            "or they are near because they name its entities: 90%",
            "nothing points",
        ),
    ],
)
def test_the_verdict_follows_the_numbers(changed: dict[str, float], expected: str, absent: str) -> None:
    found = said(**changed)
    assert expected in found
    assert absent not in found


def test_one_unit_without_an_interval_is_doubted() -> None:
    ends = tuple(f"{name}_{end}" for name in ("closer_than_test", "nearer_train") for end in ("low", "high"))
    assert "may be memorised" in said(*ends, closer_than_test=0.6, nearer_train=0.6)


def test_without_a_test_split_nothing_is_said_of_it() -> None:
    found = said(
        "copies_test", "distance_train_median_gold", "closer", "nearer", "very", "test_texts", "told_apart_gold"
    )
    assert "There is no test split" in found
    assert "no yardstick for memorised text" in found
    assert "nothing points" not in found


def test_without_gold_train_nothing_is_said_of_it() -> None:
    found = said("copies_train", "distance_train", "closer", "nearer", "very", "train_texts", "told_apart_gold")
    assert "There is no gold train to copy from." in found
    assert "told from gold test in 97%" in found
    assert "nothing points" not in found
