"""The jobs that have no run, why, and the commands that fill the gaps."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from clinsynth import tasks
from clinsynth.config import CorpusConfig
from clinsynth.llm import RECORDED
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import answers
from clinsynth.stages.targets.asked import Asked

LIVE = "llm=openai"
"""The LLM that is proposed where the experiment has none but recordings."""


def lacking(jobs: Sequence[Planned]) -> list[Planned]:
    """Return the jobs whose completions are not there."""
    return [job for job in jobs if answers.needed(job) and answers.current(job) is None]


def section(missing: Sequence[Planned], *, asked: Asked) -> str:
    """Return Markdown; empty where nothing is missing."""
    if not missing:
        return ""
    lack = lacking(missing)
    unrun = [job for job in missing if job not in lack]
    lines = [f"## {len(missing)} of the jobs have no run\n"]
    if unrun:
        lines += [f"{len(unrun)} can run: `clinsynth sweep {asked.words}` does it.\n", *_commands(unrun), ""]
    if lack:
        lines += [f"{len(lack)} lack{'s' * (len(lack) == 1)} answers of an LLM.\n", *_commands(lack), ""]
        lines += [_asking(lack, asked=asked)]
    return "\n".join(lines)


def _commands(jobs: Sequence[Planned]) -> list[str]:
    return [f"    {shlex.join(job.command)}" for job in jobs]


def _asking(jobs: Sequence[Planned], *, asked: Asked) -> str:
    """Return how to get the answers, once for all jobs that need the same."""
    commands = dict.fromkeys(shlex.join(_ask(job, llm=_llm(job, asked=asked))) for job in largest(jobs))
    lines = ["These ask for the answers (with `generation.dry_run=true` behind them: what it would cost):\n"]
    lines += [*(f"    {command}" for command in commands), ""]
    if any(job.settings.llm.name == RECORDED for job in jobs):
        words = " ".join(dict.fromkeys([*asked.overrides, LIVE]))
        lines.append(
            f"`sweep` and `report` with `-- {words}` behind them then make a whole table of that LLM, and leave out "
            "what was recorded of another one.\n"
        )
    return "\n".join(lines)


def _llm(job: Planned, *, asked: Asked) -> list[str]:
    """Return words that choose the LLM."""
    given = [word for word in asked.overrides if word.startswith("llm")]
    if given or job.settings.llm.name != RECORDED:
        return given or [f"llm={job.settings.llm.name}"]
    return [LIVE]


def largest(jobs: Sequence[Planned]) -> list[Planned]:
    """Return the largest of jobs whose requests are among each other's: a larger size asks for more of the same."""
    found: dict[tuple[object, ...], Planned] = {}
    for job in jobs:
        key: tuple[object, ...] = (job.run_key,)
        if job.stage != "zero_shot":
            settings = job.settings
            ranked = tasks.open(settings.dataset).writer.supply.ranked
            share = None if ranked else settings.seed_ratio.value
            units = (settings.units.max, settings.units.negatives, settings.negatives.terms, settings.negatives.below)
            key = (settings.dataset.name, settings.prompt.name, settings.llm.name, *units, share)
        if key not in found or _amount(job) > _amount(found[key]):
            found[key] = job
    return list(found.values())


def _amount(job: Planned) -> tuple[float, ...]:
    if job.stage == "zero_shot":
        return ()
    settings = job.settings
    size = settings.size.per_unit or settings.size.total or 0
    return (settings.seed_ratio.value, size, settings.annotator.name == "llm")


def _ask(job: Planned, *, llm: Sequence[str]) -> list[str]:
    settings = job.settings
    if job.stage == "zero_shot":
        own = [word for word in job.overrides if not word.startswith("llm")]
        return ["clinsynth", "zero_shot", *own, *llm]
    assert isinstance(settings, CorpusConfig)
    words = [f"dataset={settings.dataset.name}"]
    size = settings.size
    words.append(f"size.per_unit={size.per_unit}" if size.total is None else f"size.total={size.total}")
    if settings.seed_ratio.value != 1:
        words.append(f"seed_ratio.value={settings.seed_ratio.value:g}")
    if settings.units.max is not None:
        words.append(f"units.max={settings.units.max}")
    if settings.units.only:
        words.append(f"units.only=[{','.join(settings.units.only)}]")
    if settings.units.negatives:
        words.append(f"units.negatives={settings.units.negatives:g}")
    if settings.annotator.name == "llm":
        words.append("annotator=llm")
    kept = [word for word in job.overrides if word.startswith(("dataset.", "prompt", "generation", "negatives."))]
    return ["clinsynth", "generate", *words, *kept, *llm]
