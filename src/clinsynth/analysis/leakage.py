"""The numbers about leakage in plain sentences, which claim no more than they hold."""

from __future__ import annotations

from clinsynth.types import Metrics

PREFIX = "analysis/"

REAL, LEFT_OUT = "real_texts", "texts_"
"""Metrics of real texts: how many there are, and, by the reason, how many were left out."""

EVEN = 0.5
"""Share of texts that are nearer to train than to as many of test where nothing draws them to either."""

VERY_NEAR = 0.05
"""Share of the gold test texts that lie very near to train, by definition."""


def verdict(metrics: Metrics) -> tuple[str, ...]:
    """Say whether there are copies of test or train or memorised text, and whether the texts can be told from gold."""
    found = {name.removeprefix(PREFIX): value for name, value in metrics.items() if name.startswith(PREFIX)}
    if REAL in found:
        return (*_copies_of_test(found), *_real(found))
    said = [*_copies_of_test(found), *_copies_of_train(found), *_memorised(found), *_told_apart(found)]
    return tuple(said)


def _real(found: Metrics) -> list[str]:
    """Say which real texts were left out before they were labelled, and how many of the others stand in train."""
    reasons = ", ".join(
        f"{round(number)} {name.removeprefix(LEFT_OUT).replace('_', ' ')}"
        for name, number in found.items()
        if name.startswith(LEFT_OUT) and number
    )
    said = [
        "These are real texts, which an LLM or a lexicon has labelled: nobody has written them from memory, and that "
        "they look like gold is on purpose.",
        f"Left out before they were labelled: {reasons}." if reasons else "None had to be left out for the test split.",
    ]
    if own := round(found.get("copies_train_exact", 0.0)):
        said.append(f"{own} of {round(found['synthetic_texts'])} stand in gold train, whose labels were not used.")
    return said


def _copies_of_test(found: Metrics) -> list[str]:
    if "copies_test_exact" not in found:
        return ["There is no test split, so nobody can say whether texts of it were copied."]
    exact, near, rejected, texts = (
        round(found[name])
        for name in ("copies_test_exact", "copies_test_near", "copies_test_rejected", "synthetic_texts")
    )
    said = []
    if exact:
        said.append(
            f"Warning: {exact} of {texts} synthetic texts {_verb(exact, 'stands', 'stand')} in the gold test split, "
            "and scores on it will be too good: quality.test_copies=true rejects them."
        )
    if near:
        said.append(
            f"Warning: {near} of {texts} synthetic texts {_verb(near, 'is', 'are')} the same as one in the gold test "
            "split but for a few words. quality.test_copies=true rejects exact copies alone: look at these in "
            "copies.jsonl, and do not trust scores on the texts that they copy."
        )
    if not said:
        said.append("No synthetic text is a copy of one in the gold test split, or one but for a few words.")
    if rejected:
        said.append(f"Quality control has rejected {rejected} that {_verb(rejected, 'was', 'were')}.")
    return said


def _copies_of_train(found: Metrics) -> list[str]:
    if "copies_train_exact" not in found:
        return ["There is no gold train to copy from."]
    exact, near, texts = (round(found[name]) for name in ("copies_train_exact", "copies_train_near", "synthetic_texts"))
    if not exact + near:
        return ["None is a copy of one in gold train."]
    beside = ""
    if "copies_train_exact_gold" in found:
        theirs = round(found["copies_train_exact_gold"] + found["copies_train_near_gold"])
        beside = f"; of the {round(found['test_texts'])} gold test texts, {theirs} {_verb(theirs, 'is', 'are')}"
    return [
        f"{exact + near} of {texts} {_verb(exact + near, 'is', 'are')} a copy of one in gold train ({exact} exact, "
        f"{near} but for a few words{beside})."
    ]


def _memorised(found: Metrics) -> list[str]:
    """Say whether texts lie nearer than held-out ones and lean to train: both, for each alone has other reasons."""
    if "distance_train_median_gold" not in found:
        return ["Without both gold splits there is no yardstick for memorised text."]
    medians = f"median {found['distance_train_median']:.2f} against {found['distance_train_median_gold']:.2f}"
    held_out = found.get("nearer_train_gold", EVEN)
    share = f"{_percent(found, 'nearer_train')} of them are nearer to train than to as many texts of test"
    if "nearer_train_gold" in found:
        share += f" (of gold devel {100 * held_out:.0f}%)"
    nearer, leans = _low(found, "closer_than_test") > EVEN, _low(found, "nearer_train") > held_out
    if nearer and leans:
        return [
            f"Synthetic texts lie nearer to gold train than gold test does ({medians}), and {share}: text of gold "
            f"train may be memorised{_same_entities(found)}."
        ]
    if _low(found, "very_near_train") > VERY_NEAR:
        return [
            f"{_percent(found, 'very_near_train')} of the synthetic texts lie nearer to gold train than all but 5% of "
            f"gold test does ({medians} over all): these may be memorised."
        ]
    if nearer:
        return [
            f"Synthetic texts lie nearer to gold train than gold test does ({medians}), but they do not lean to it: "
            f"{share}. That points to common phrases more than to memorised text."
        ]
    alike = found.get("closer_than_test_high", found["closer_than_test"]) >= EVEN
    than = "as near to gold train as" if alike else "farther from gold train than"
    said = f"Synthetic texts lie {than} gold test does ({medians}): nothing points to memorised text."
    if not leans:
        return [said]
    return [said, f"Yet {share}. Texts about the topics of train would lean so."]


def _same_entities(found: Metrics) -> str:
    """The other reason to lie near gold train, where there is one."""
    own, theirs = found.get("mentions_in_train", 0.0), found.get("mentions_in_train_gold", 1.0)
    if own <= theirs:
        return ""
    return (
        f", or they are near because they name its entities: {100 * own:.0f}% of their different mentions stand in it, "
        f"{100 * theirs:.0f}% of those of gold test"
    )


def _told_apart(found: Metrics) -> list[str]:
    if "told_apart" not in found:
        return []
    gold = "gold train" if "train_texts" in found else "gold test"
    said = f"They are told from {gold} in {_percent(found, 'told_apart')} of cases"
    if "told_apart_gold" in found:
        said += f" (gold test from gold train: {_percent(found, 'told_apart_gold')})"
    if found["told_apart_low"] <= EVEN:
        return [f"{said}: hardly better than by guessing."]
    if found["told_apart_low"] <= found.get("told_apart_gold_high", EVEN):
        return [f"{said}: not clearly more than gold is told from gold."]
    return [f"{said}: style or topics differ."]


def _low(found: Metrics, name: str) -> float:
    """Return the lower end of the interval; the value itself where one unit allows none, so that doubt is said."""
    return found.get(f"{name}_low", found[name])


def _percent(found: Metrics, name: str) -> str:
    """A share with its interval, where it has one."""
    shown = f"{100 * found[name]:.0f}%"
    if f"{name}_low" not in found:
        return shown
    return f"{shown} [{100 * found[f'{name}_low']:.0f}, {100 * found[f'{name}_high']:.0f}]"


def _verb(number: int, one: str, several: str) -> str:
    return one if number == 1 else several
