"""Two runs on the same test set: what they differ in, and the examples that one gets right and the other wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from rich.text import Text

from clinsynth.reports.arms import Difference
from clinsynth.reports.console import ABSENT, print_columns, say, terminal
from clinsynth.reports.templates import write_page
from clinsynth.task import Headline
from clinsynth.text.printable import printable

Record = Mapping[str, Any]

MENDED, BROKEN, OTHERWISE = "mended", "broken", "wrong otherwise"
"""Of an example: b alone is right, a alone is, both are wrong in different ways."""

MEANINGS = {MENDED: "wrong in a, right in b", BROKEN: "right in a, wrong in b", OTHERWISE: "wrong in both, not alike"}

MOST = 500
"""Examples of each kind on the page."""


@dataclass(frozen=True)
class Side:
    """A run, as far as it is compared."""

    id: str
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    records: Sequence[Record]
    """Test examples with gold and prediction; empty where MLflow holds no text of them."""


@dataclass(frozen=True)
class Compared:
    """Two runs beside each other."""

    a: Side
    b: Side
    headline: Headline
    """Says which metrics are shown."""
    difference: Difference | None
    """Of the headline, b minus a."""
    changes: Mapping[str, Sequence[tuple[Record, Record]]] = field(default_factory=dict)
    """By kind, what a and b say of the examples that they see otherwise."""

    @property
    def differing(self) -> Iterator[tuple[str, str, str]]:
        """Yield the params in which they differ."""
        for name in sorted({*self.a.params, *self.b.params}):
            one, other = (side.params.get(name, ABSENT) for side in (self.a, self.b))
            if one != other:
                yield name, one, other

    @property
    def score_rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield headings with both scores and their difference in points."""
        for heading, metric in self.headline.scores.items():
            one, other = (side.metrics.get(metric) for side in (self.a, self.b))
            if one is not None and other is not None:
                scale = self.headline.scale(metric)
                yield heading, f"{scale * one:.1f}", f"{scale * other:.1f}", f"{scale * (other - one):+.1f}"


def changed(a: Sequence[Record], b: Sequence[Record]) -> dict[str, list[tuple[Record, Record]]]:
    """Return the examples that two runs see otherwise, by kind; none where they were tested on other texts."""
    found: dict[str, list[tuple[Record, Record]]] = {kind: [] for kind in MEANINGS}
    if [(one["text"], one["gold"]) for one in a] != [(other["text"], other["gold"]) for other in b]:
        return found
    for one, other in zip(a, b, strict=True):
        if one["predicted"] != other["predicted"]:
            right = one["predicted"] == one["gold"], other["predicted"] == other["gold"]
            kind = {(False, True): MENDED, (True, False): BROKEN}.get(right, OTHERWISE)
            found[kind].append((one, other))
    return found


def show_compared(found: Compared, *, examples: int) -> None:
    """Print scores, what the runs differ in, and some of the examples that changed."""
    say(f"{found.a.id[:8]} {found.a.name}", bold="a  ")
    say(f"{found.b.id[:8]} {found.b.name}", bold="b  ")
    print_columns(["", "a", "b", "b - a"], found.score_rows)
    if found.difference is not None:
        say(f"paired bootstrap over {found.difference.examples:,} test examples: {found.difference} (95% interval)")
    if rows := list(found.differing):
        print()
        print_columns(["differs", "a", "b"], rows, left=(0, 1, 2))
    console = terminal()
    for kind, pairs in found.changes.items():
        print()
        say(f": {len(pairs):,} ({MEANINGS[kind]})", bold=kind)
        for one, other in islice(pairs, examples):
            console.print(Text(f"  • {printable(one['text'])}"), soft_wrap=True)
            for name, value in (("gold", one["gold"]), ("a", one["predicted"]), ("b", other["predicted"])):
                console.print(Text(f"      {name:<5}{printable(told(value))}"), soft_wrap=True)


def told(value: Any) -> str:
    """Return what gold or a model says of an example: its entities, or its labels."""
    items = value if isinstance(value, list) else [value]
    named = (f"{item['text']} ({item['label']})" if isinstance(item, Mapping) else str(item) for item in items)
    return "; ".join(named) or "nothing"


def write_compared(path: Path, found: Compared) -> None:
    """Write a page that needs nothing else, with the examples that changed and what each run marks in them."""
    write_page(path, "compare.html", found=found, meanings=MEANINGS, most=MOST, told=told, marks=_marks)


def _marks(value: Any) -> list[Mapping[str, Any]]:
    """Return the entities among what is said of an example, which have a place in its text."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
