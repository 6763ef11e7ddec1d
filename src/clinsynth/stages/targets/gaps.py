"""The jobs that have no run, why, and the commands that fill the gaps."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from clinsynth import corpora, datasets
from clinsynth.artifacts import digest
from clinsynth.config import CorpusConfig, SourceName, TrainConfig
from clinsynth.errors import ClinsynthError, MissingCompletions
from clinsynth.llm import RECORDED
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import Asked, quietly

OF_CORPUS = ("dataset", "size", "seed_ratio", "units", "generation", "prompt", "annotator", "quality")
"""Overrides of a job that `generate` needs, too."""


def section(missing: Sequence[Planned], *, asked: Asked) -> str:
    """Markdown; empty where nothing is missing."""
    if not missing:
        return ""
    lacking = _lacking(missing)
    unrun = [job for job in missing if job not in [other for found in lacking.values() for other in found]]
    lines = [f"## {len(missing)} of the jobs have no run\n"]
    if unrun:
        lines += [f"{len(unrun)} can run: `clinsynth sweep {asked.words}` does it.\n"]
        lines += [*_commands(unrun), ""]
    for command, jobs in lacking.items():
        asking = "asks for them; `sweep` and `report` use its answers with `-- llm=openai` behind them."
        asking = asking if "generate" in command else "asks it."
        lines += [
            f"{len(jobs)} lack{'s' * (len(jobs) == 1)} answers of an LLM. `{command}` {asking}\n",
            *_commands(jobs),
            "",
        ]
    return "\n".join(lines)


def _commands(jobs: Sequence[Planned]) -> list[str]:
    return [f"    {shlex.join(job.command)}" for job in jobs]


def _lacking(missing: Sequence[Planned]) -> dict[str, list[Planned]]:
    """Jobs whose completions are not there, by the command that asks for them."""
    known: dict[str, bool] = {}
    found: dict[str, list[Planned]] = {}
    for job in missing:
        key = _key(job)
        if key not in known:
            with quietly():
                known[key] = _answered(job)
        if not known[key]:
            found.setdefault(_command(job), []).append(job)
    return found


def _key(job: Planned) -> str:
    """Jobs that need the same answers have the same."""
    if job.stage == "zero_shot":
        return job.run_key
    return digest([job.settings.source.name.value if job.stage == "train" else "", corpora.settings_key(job.settings)])


def _answered(job: Planned) -> bool:
    settings = job.settings
    try:
        if job.stage == "zero_shot":
            return bool(import_module("clinsynth.stages.zero_shot").answers(settings))
        if not isinstance(settings, TrainConfig) or _needs_corpus(settings):
            corpora.answered(settings, gold=datasets.load(settings.dataset, data=Path(settings.paths.data)))
    except MissingCompletions:
        return False
    except ClinsynthError:  # the job itself says what is wrong
        return True
    return True


def _needs_corpus(settings: TrainConfig) -> bool:
    return settings.source.name is not SourceName.original and not settings.source.corpora


def _command(job: Planned) -> str:
    """Without what makes a grid: seed, backbone, source."""
    settings = job.settings
    llm = "llm=openai" if settings.llm.name == RECORDED else f"llm={settings.llm.name}"
    if job.stage == "zero_shot":
        return shlex.join(["clinsynth", "zero_shot", *job.overrides, llm])
    assert isinstance(settings, CorpusConfig)
    words = [word for word in job.overrides if word.partition("=")[0].partition(".")[0] in OF_CORPUS]
    if not any(word.startswith("dataset=") for word in words):
        words.insert(0, f"dataset={settings.dataset.name}")
    return shlex.join(["clinsynth", "generate", *words, llm])
