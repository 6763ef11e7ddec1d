"""An analysis as tables: each number beside its yardstick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text

from clinsynth.analysis.comparison import RUNS
from clinsynth.analysis.leakage import EVEN, PREFIX, VERY_NEAR, verdict
from clinsynth.reports.console import ABSENT, bold_text, print_columns, print_places, say
from clinsynth.reports.markdown import markdown_table
from clinsynth.types import Metrics

HEADINGS = ("synthetic", "yardstick", "which is")


@dataclass(frozen=True)
class Measure:
    """A number of an analysis, as it is shown."""

    name: str
    synthetic: str
    yardstick: str = ABSENT
    of: str = ""
    """The texts that the yardstick was measured on."""

    @property
    def cells(self) -> list[str]:
        """Return them in the order of `HEADINGS`, behind the name."""
        return [self.name, self.synthetic, self.yardstick, self.of]


def measures(metrics: Metrics) -> dict[str, list[Measure]]:
    """Return them by heading; what was not measured has none."""
    found = {name.removeprefix(PREFIX): value for name, value in metrics.items() if name.startswith(PREFIX)}
    gold = "gold train" if "train_texts" in found else "gold test"
    other = "gold test beside gold train" if {"train_texts", "test_texts"} <= found.keys() else ""
    divergence = _decimal(found, "divergence", 3), _decimal(found, "divergence_gold", 3)
    made = {
        "Distance to the nearest text (1 − cosine)": _distances(found) + _neighbours(found),
        "Copies": _copies(found),
        "Different mentions": _mentions(found),
        f"Variety (of {found['variety_tokens']:.0f} words, {found['variety_texts']:.0f} texts)": [
            *(
                _shares(found, f"distinct_{n}", f"distinct-{n}" + (" (types by tokens)" if n == 1 else ""), gold)
                for n in RUNS
            ),
            _shares(found, "self_bleu", "self-BLEU", gold),
        ],
        f"Detection (of {found['divergence_tokens']:.0f} words, {found['told_apart_texts']:.0f} texts)": [
            Measure(f"divergence of word frequencies from {gold}, 0 to 1", *divergence, other),
            _shares(found, "told_apart", f"told from {gold}, 50% is guessing", other),
        ],
    }
    return {heading: rows for heading, rows in made.items() if rows}


def _distances(found: Metrics) -> list[Measure]:
    rows = []
    for split, opposite in (("train", "test"), ("test", "train")):
        if f"distance_{split}_mean" not in found:
            continue
        of = f"gold {opposite} to gold {split}" if f"distance_{split}_mean_gold" in found else ""
        for name in ("median", "mean"):
            key = f"distance_{split}_{name}"
            number = f"{found[f'{split}_texts']:.0f}"
            shown = _decimal(found, key, 3), _decimal(found, f"{key}_gold", 3)
            rows.append(Measure(f"to gold {split} ({number} texts), {name}", *shown, of))
    return rows


def _neighbours(found: Metrics) -> list[Measure]:
    if "nearer_train" not in found:
        return []
    leaning = _percent(found.get("nearer_train_gold", EVEN))
    who = "gold devel" if "nearer_train_gold" in found else "no preference"
    told = (
        ("closer_than_test", "than a gold test text is", _percent(EVEN), "gold test"),
        ("very_near_train", "than 95% of gold test is", _percent(VERY_NEAR), "gold test"),
        ("nearer_train", "than to as many texts of test", leaning, who),
    )
    return [Measure(f"nearer to train {name}", _share(found, key), *yardstick) for key, name, *yardstick in told]


def _copies(found: Metrics) -> list[Measure]:
    rows = []
    for split in ("train", "test"):
        for kind, name in (("exact", "the same words"), ("near", "but for a few words")):
            key = f"copies_{split}_{kind}"
            if key not in found:
                continue
            shown = [f"{found[key]:.0f} of {found['synthetic_texts']:.0f}"]
            if f"{key}_gold" in found:
                shown += [f"{found[f'{key}_gold']:.0f} of {found['test_texts']:.0f}", "gold test"]
            rows.append(Measure(f"of gold {split}, {name}", *shown))
    if "copies_test_rejected" in found:
        rows.append(Measure("of gold test, rejected by quality control", f"{found['copies_test_rejected']:.0f}"))
    return rows


def _mentions(found: Metrics) -> list[Measure]:
    number = f"{found.get('mentions', 0):.0f} synthetic ones"
    told = (
        ("mentions_in_train", f"{number} that stand in gold train", "gold test's that stand there"),
        ("mentions_in_test", f"{number} that stand in gold test", "gold train's that stand there"),
        ("mentions_covered", "gold test's that the corpus has", "that gold train has"),
    )
    return [_shares(found, key, name, of) for key, name, of in told if "mentions" in found and key in found]


def _shares(found: Metrics, key: str, name: str, of: str) -> Measure:
    yardstick = _share(found, f"{key}_gold")
    return Measure(name, _share(found, key), yardstick, of if yardstick != ABSENT else "")


def _share(found: Metrics, key: str) -> str:
    """Return it in percent, with its interval where it has one."""
    if key not in found:
        return ABSENT
    shown = _percent(found[key])
    if f"{key}_low" in found:
        shown += f" [{100 * found[f'{key}_low']:.1f}, {100 * found[f'{key}_high']:.1f}]"
    return shown


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def _decimal(found: Metrics, key: str, places: int) -> str:
    return f"{found[key]:.{places}f}" if key in found else ABSENT


def show_analysis(title: str, metrics: Metrics, *, where: Mapping[str, str | None]) -> None:
    """Print each number beside its yardstick, and what they say."""
    rows: list[list[str | Text]] = []
    for heading, found in measures(metrics).items():
        rows.append([bold_text(heading)])
        rows += [[f"  {name}", *cells] for name, *cells in (measure.cells for measure in found)]
    print_columns([title, *HEADINGS], rows, left=(0, 3))
    print()
    for sentence in verdict(metrics):
        say(sentence, style="bold red" if sentence.startswith("Warning") else "")
    print_places(where)


def analysis_markdown(metrics: Metrics, *, title: str, about: Mapping[str, str]) -> str:
    """Return the tables, how to read them, and the verdict; no text of any corpus."""
    lines = [f"# {title}", "", *(f"- {name}: {value}" for name, value in about.items()), ""]
    for heading, found in measures(metrics).items():
        lines += [f"## {heading}", "", markdown_table(["", *HEADINGS], [one.cells for one in found], right=(1, 2)), ""]
    lines += ["## Verdict", "", *(f"- {sentence}" for sentence in verdict(metrics)), "", *_READING, ""]
    return "\n".join(lines)


_READING = (
    "Intervals are of 95%: over units, whose texts are alike, for shares of neighbours (bootstrap), which leaves out",
    "that another gold test would give other ones; over texts for detection (Wilson), where several texts of one",
    "document of gold may stand on both sides, which raises the yardstick. A nearest neighbour is the nearer the more",
    "texts there are to choose from, so a distance is compared with the yardstick beside it, which has the same ones.",
    "Texts about the entities of gold train are expected to lie nearer to it than to gold test. Distances and",
    "detection are of all-MiniLM-L6-v2 embeddings.",
)
