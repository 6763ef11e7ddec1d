"""Figure 1: the tree of the newest search for a prompt."""

from __future__ import annotations

import json
from pathlib import Path

from clinsynth.reports.prompt_search import tree_figure, tree_markdown
from clinsynth.reports.report import Report, lowered
from clinsynth.search.tree import Tree
from clinsynth.stages.targets.asked import Asked

RUNS = False
STAGE = "search_prompts"
LOCAL = "prompts/*/tree.json"
"""Place of the trees that `search_prompts` leaves; those of datasets that are not public are nowhere else."""


def make_report(asked: Asked) -> Report:
    """Return the tree."""
    made = Report(asked.target, asked.title)
    found = _tree(asked)
    if found is None:
        made.body.append(
            "There is no search in this store yet. This makes one, and says first what it would cost:\n\n"
            "    clinsynth search_prompts dataset=ncbi_disease llm=openai generation.dry_run=true\n"
            "    clinsynth search_prompts dataset=ncbi_disease llm=openai judge=llm\n"
        )
        return made
    whence, tree, made.public = found
    made.figure = tree_figure(tree)
    made.body += [f"The search of {whence}.\n", lowered(tree_markdown(tree))]
    return made


def _tree(asked: Asked) -> tuple[str, Tree, bool] | None:
    """Return where the newest one is from, the tree, and whether it may be shown to others."""
    found: list[tuple[float, str, str, bool]] = []
    for run in asked.ledger.tagged("stage", STAGE)[-1:]:
        text = asked.ledger.artifact(run.info.run_id, "tree.json")
        if text:
            found.append((run.info.start_time / 1000, f"MLflow run {run.info.run_id}", text, True))
    for path in Path().glob(LOCAL):
        found.append((path.stat().st_mtime, str(path), path.read_text(encoding="utf-8"), False))
    shared = {text for _, _, text, public in found if public}
    found = [(when, where, text, public or text in shared) for when, where, text, public in found]
    if not found:
        return None
    _, where, text, public = max(found)
    return where, Tree.from_json(json.loads(text)), public
