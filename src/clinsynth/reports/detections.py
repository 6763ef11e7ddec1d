"""Tests of what gives something away, as tables: each number beside what it would be by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clinsynth.analysis import canaries, membership, realism, watermarks
from clinsynth.reports.console import print_columns, print_places, say
from clinsynth.reports.markdown import markdown_table
from clinsynth.types import Metrics

HEADINGS = ("found", "by chance")

Line = tuple[str, str, str]
"""A name, what was found, and what it would be by chance."""


def lines(metrics: Metrics) -> list[Line]:
    """Return the table of a test, by its metrics."""
    return [line for prefix, of in _TABLES.items() if (found := _of(metrics, prefix)) for line in of(found)]


def verdict(metrics: Metrics) -> list[str]:
    """Return in sentences what was found, and what it does not say."""
    return [said for prefix, of in _VERDICTS.items() if (found := _of(metrics, prefix)) for said in of(found)]


def show_detection(title: str, metrics: Metrics, *, where: Mapping[str, str | None]) -> None:
    """Print the table, and what it says."""
    print_columns([title, *HEADINGS], lines(metrics))
    print()
    for sentence in verdict(metrics):
        say(sentence)
    print_places(where)


def detection_markdown(title: str, metrics: Metrics) -> str:
    """Return the same as Markdown; it holds no text of anybody."""
    table = markdown_table(["", *HEADINGS], lines(metrics), right=(1, 2))
    return "\n".join([f"# {title}", "", table, "", *(f"- {sentence}" for sentence in verdict(metrics)), ""])


def _of(metrics: Metrics, prefix: str) -> Metrics:
    return {name.removeprefix(prefix): value for name, value in metrics.items() if name.startswith(prefix)}


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def _watermark(found: Metrics) -> list[Line]:
    return [
        ("texts", f"{found['texts']:.0f}", ""),
        ("different pairs of tokens", f"{found['pairs']:.0f}", ""),
        ("of them green", _percent(found["green"]), _percent(found["expected"])),
        ("z", f"{found['z']:.2f}", "0"),
        ("p", f"{found['p']:.2g}", "0.5"),
    ]


def _watermark_verdict(found: Metrics) -> Sequence[str]:
    if found["p"] > watermarks.LEVEL:
        return ("No mark of this key is found: the texts are of somebody else, were edited much, or are too few.",)
    return (
        "Marked with this key: as many green tokens come by chance with the probability p.",
        "That they are of the model with this key follows only where nobody else knows the key.",
    )


def _membership(found: Metrics) -> list[Line]:
    rows = [
        ("members, and others", f"{found['members']:.0f}, {found['others']:.0f}", ""),
        ("mean loss of members, of others", f"{found['loss_members']:.3f}", f"{found['loss_others']:.3f}"),
    ]
    for attack in (membership.LOSS, membership.NEIGHBOURS):
        auc, low, high = (found[f"{attack}_{name}"] for name in ("auc", "auc_low", "auc_high"))
        true, false = (found[f"{attack}_{name}_positives"] for name in ("true", "false"))
        rows.append((f"AUC by {attack}", f"{auc:.3f} [{low:.3f}, {high:.3f}]", "0.500"))
        rows.append((f"members found by {attack} at so few false ones", _percent(true), _percent(false)))
    return rows


def _membership_verdict(found: Metrics) -> Sequence[str]:
    told = [name for name in (membership.LOSS, membership.NEIGHBOURS) if found[f"{name}_auc_low"] > 0.5]
    if not told:
        return (
            "These two attacks cannot tell members from others. Stronger ones (with models that were trained for "
            "comparison, or many looks at the same person) may.",
        )
    return (
        f"Members are told from others by {' and by '.join(told)}: who has the model can say of a text, better than by "
        "guessing, whether it was learnt from. That is also so where both sides differ in something else, such as how "
        "rare their names are.",
    )


def _detector(found: Metrics) -> list[Line]:
    return [
        line
        for before, name in (("", "this corpus"), ("against_", "the other corpus"))
        if f"{before}auc" in found
        for line in _judged(found, before, name=name)
    ]


def _judged(found: Metrics, before: str, *, name: str) -> list[Line]:
    right, low, high, auc, brier, ece = (
        found[before + what] for what in ("right", "right_low", "right_high", "auc", "brier", "ece")
    )
    return [
        (f"{name}: texts, and gold ones", f"{found[f'{before}synthetic']:.0f}, {found[f'{before}real']:.0f}", ""),
        ("  told apart", f"{_percent(right)} [{100 * low:.1f}, {100 * high:.1f}]", ""),
        ("  AUC", f"{auc:.3f}", "0.500"),
        ("  Brier score, 0 is best", f"{brier:.3f}", "0.250"),
        ("  calibration error", _percent(ece), ""),
    ]


def _detector_verdict(found: Metrics) -> Sequence[str]:
    said = ["Its words are in words.jsonl of the folder; those of gold are parts of gold."]
    if "against_auc" in found:
        said.append(
            "Of the other corpus the detector has seen nothing, and of gold it judges the test split: what it finds "
            "there is common to both."
        )
    return said


def _canaries(found: Metrics) -> list[Line]:
    rows = [
        (f"in {kind} ({found[f'{kind}_texts']:.0f} texts)", f"{found[kind]:.0f} of {found['planted']:.0f}", "0")
        for kind in _SEARCHED
        if kind in found
    ]
    if "exposure" in found:
        mean, most, possible, chance = (found[f"exposure{name}"] for name in ("", "_most", "_possible", "_chance"))
        rows += [
            (f"exposure in the model, mean (bits of {possible:.2f})", f"{mean:.2f}", f"{chance:.2f}"),
            ("  the most exposed", f"{most:.2f}", ""),
            ("  p", f"{found['p']:.2g}", "0.5"),
        ]
    return rows


def _canaries_verdict(found: Metrics) -> Sequence[str]:
    kinds = [kind for kind in _SEARCHED if found.get(kind)]
    said = ["No canary stands in any text."]
    if kinds:
        said = [f"Canaries stand in {', '.join(kinds)}; canaries.jsonl of the folder says where."]
    if "exposure" in found:
        better = "better" if found["p"] < canaries.LEVEL else "no better"
        said.append(f"The model knows canaries {better} than numbers that nobody has planted.")
    return [*said, "A canary that is not found shows nothing about other texts: it stood in few rows, and is no name."]


_SEARCHED = ("requests", "completions", "corpora", "input")
"""Where canaries are looked for, beside the model."""

_TABLES = {
    watermarks.PREFIX: _watermark,
    membership.PREFIX: _membership,
    realism.PREFIX: _detector,
    canaries.PREFIX: _canaries,
}
_VERDICTS = {
    watermarks.PREFIX: _watermark_verdict,
    membership.PREFIX: _membership_verdict,
    realism.PREFIX: _detector_verdict,
    canaries.PREFIX: _canaries_verdict,
}
