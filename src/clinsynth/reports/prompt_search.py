"""A search for a prompt: what is printed of its rounds, and its tree as Markdown and as a figure."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinsynth.reports.console import print_columns, say
from clinsynth.reports.figures import GREY, ORANGE, blank_figure
from clinsynth.search.tree import CandidatePrompt, Tree

if TYPE_CHECKING:  # takes a second
    from matplotlib.figure import Figure


def show_contest(tree: Tree) -> None:
    """Print the prompts of the round that was judged last, the best one first."""
    contest = tree.contests[-1]
    names = sorted(contest.verdicts, key=lambda name: (-contest.verdicts[name]["score"], name != contest.winner))
    parts = [part for part in contest.verdicts[contest.winner] if part != "score"]
    heads = [f"round {contest.number}", "score", *parts, "samples", "prompt"]
    rows = []
    for name in names:
        candidate, scores = tree.named(name), contest.verdicts[name]
        samples = f"{len(candidate.kept)} of {len(candidate.kept) + len(candidate.rejected)}"
        begins = " ".join(candidate.text.split())[:60]
        rows.append([name, f"{scores['score']:.3f}", *(f"{scores[part]:.2f}" for part in parts), samples, begins])
    print_columns(heads, rows, left=(0, len(heads) - 1))


def show_winner(tree: Tree, *, place: Path, command: str) -> None:
    """Print the best prompt, and how to use it."""
    best = tree.winner
    assert best is not None
    say(f" ({place}):", bold=f"\nThe best prompt is {best.name}")
    say(best.text)
    say(f"Use it: {command}")


def tree_markdown(tree: Tree) -> str:
    """Return the prompts of a search by round, with their scores and samples."""
    lines = [f"# Prompts that ask for {tree.task}", ""]
    for contest in tree.contests:
        lines += [f"Round {contest.number}: **{contest.winner}** is the best", ""]
    for candidate in tree.candidates:
        scores = ", ".join(f"{name} {value:.3f}" for name, value in tree.scores(candidate.name).items())
        lines += [f"## {candidate.name}{f', of {candidate.parent}' if candidate.parent else ''}", "", scores, ""]
        lines += ["```", candidate.text, "```", "", *(f"- {text}" for text in candidate.kept)]
        lines += [f"- ~~{text}~~ ({reason})" for text, reason in candidate.rejected] + [""]
    for contest in tree.contests:
        lines += [f"- no template, round {contest.number}: {text} ({reason})" for text, reason in contest.unusable]
    return "\n".join(lines) + "\n"


def tree_figure(tree: Tree) -> Figure:
    """Return a column for each round: the best prompt so far, where there is one, above those that vary it."""
    columns: dict[str, list[CandidatePrompt]] = {}
    for candidate in tree.candidates:
        column = columns.setdefault(candidate.name.partition(".")[0], [])
        if candidate.parent and not column:
            column.append(tree.named(candidate.parent))
        column.append(candidate)
    most, contests = max(map(len, columns.values())), {str(found.number): found for found in tree.contests}
    figure = blank_figure(4.0 * len(columns), 1.1 * most + 0.4)
    axes = figure.subplots()
    axes.set(xlim=(-0.48, len(columns) - 0.52), ylim=(most - 0.5, -0.7))
    axes.axis("off")
    before: tuple[float, float] | None = None
    for x, (number, column) in enumerate(columns.items()):
        axes.text(x, -0.62, f"round {number}", ha="center", fontsize=9)
        contest, (source, before) = contests.get(number), (before, None)
        for place, candidate in enumerate(column):
            y = place + (most - len(column)) / 2
            chosen = contest is not None and candidate.name == contest.winner
            if source:  # the boxes lie over the lines, which cross only between the columns
                xs = (source[0], source[0] + 0.34, x - 0.34, x)
                axes.plot(xs, (source[1], source[1], y, y), color=ORANGE if chosen else GREY, linewidth=1, zorder=1)
            found = contest.verdicts.get(candidate.name) if contest else None
            score = "not judged" if found is None else f"score {found['score']:.2f}"
            final = candidate is tree.winner
            _box(axes, candidate, score, place=(x, y), chosen=chosen, final=final)
            before = (x, y) if chosen else before
    return figure


def _box(
    axes: Any, candidate: CandidatePrompt, score: str, *, place: tuple[float, float], chosen: bool, final: bool
) -> None:
    """Draw a prompt; the best one of a round has a coloured frame, the best one of all is in bold too."""
    lines = "\n".join(textwrap.wrap(textwrap.shorten(candidate.text, 200, placeholder=" ..."), 52))
    edge = {"edgecolor": ORANGE, "linewidth": 2} if chosen else {"edgecolor": GREY, "linewidth": 0.8}
    axes.text(
        *place,
        f"{candidate.name}    {score}\n{lines}".replace("$", r"\$"),
        ha="center",
        va="center",
        fontsize=7,
        linespacing=1.3,
        fontweight="bold" if final else "normal",
        bbox={"boxstyle": "round,pad=0.5", "facecolor": "white"} | edge,
        zorder=2,
    )
