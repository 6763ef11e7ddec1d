"""The tables and figures of the papers: what each is made of, and what `report` writes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clinsynth.errors import ConfigError, MissingFile
from clinsynth.reports.report import Report
from clinsynth.stages import grid
from clinsynth.stages.targets.asked import Asked

TITLES = {
    "table1": "Table 1: what an LLM is asked that does the task itself",
    "table2": "Table 2: named entities, the LLM itself and models that were trained on gold",
    "table3": "Table 3: relations, the LLM itself and models that were trained on gold",
    "table4": "Table 4: samples of synthetic sentences with their entities",
    "table5": "Table 5: samples of synthetic sentences about relations",
    "table6": "Table 6: what an LLM is asked that writes training data",
    "table7": "Table 7: named entities",
    "table8": "Table 8: relations",
    "table-asd": "Criteria of autism spectrum disorder",
    "table-gold": "From seeds to gold: what each way to get labels is worth",
    "baize": "Self-chat: what a chat model learns from (Xu et al. 2023)",
    "figure1": "Figure 1: the search for a prompt",
    "figure2": "Figure 2: named entities, F1 against the amount of synthetic text",
    "figure3": "Figure 3: relations, F1 against the amount of synthetic text",
    "figure4": "Figure 4: gold and synthetic texts, and how near they are to each other",
}
"""Of Tang et al. 2023, and the one table of Woolsey et al. 2024; in the order of the papers."""


class TargetKind(Protocol):
    """A module that writes targets of one kind."""

    RUNS: bool
    """Whether its jobs leave runs, which `sweep` makes."""

    def make_report(self, asked: Asked) -> Report: ...


ALL = "all"
BY_NAME = ("table-gold",)
"""Targets that are no part of all: their scores are beside none of a paper."""


def named(target: str) -> list[str]:
    """Return one target, or all of them; raises ConfigError for one that there is not."""
    if target == ALL:
        return [name for name in TITLES if name not in BY_NAME]
    if target not in TITLES:
        raise ConfigError(
            f"target={target} is no table or figure of the papers: these are {', '.join(TITLES)}; or all."
        )
    return [target]


def kind(target: str) -> TargetKind:
    """Return the module that writes a target; it is imported now, which takes seconds."""
    from clinsynth.stages.targets import curves, gold, maps, prompts, samples, scores, search

    kinds: dict[str, TargetKind] = {
        **dict.fromkeys(("table1", "table6"), prompts),
        **dict.fromkeys(("table4", "table5"), samples),
        "table-gold": gold,
        "figure1": search,
        **dict.fromkeys(("figure2", "figure3"), curves),
        "figure4": maps,
    }
    return kinds.get(target, scores)


def jobs(target: str, *, scale: str, overrides: Sequence[str]) -> list[grid.Planned]:
    """Return the jobs of targets whose jobs leave runs; of all, those without the ones whose gold is not here."""
    found: list[grid.Planned] = []
    for name in named(target):
        if not kind(name).RUNS:
            continue
        try:
            found += grid.jobs(name, scale=scale, overrides=overrides)
        except MissingFile as error:
            if target != ALL:
                raise
            print(f"{name} is left out: {error}", flush=True)
    return found
