"""Where do canaries come out? In requests, completions, corpora, files, and in what a model finds likely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth import corpora, keys, tasks
from clinsynth.analysis import canaries
from clinsynth.analysis.canaries import PREFIX, Exposure
from clinsynth.analysis.losses import losses
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import AnalyseConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.databases import cache_place, is_there
from clinsynth.models import opened
from clinsynth.stages import Job, models, planting, resolving
from clinsynth.stages.detecting import material
from clinsynth.stages.detecting.question import Finding, Question
from clinsynth.stages.frame import Frame
from clinsynth.task import Task
from clinsynth.types import Gold

ROWS = "canaries.jsonl"

Passage = tuple[str, str, str]
"""The kind of a place, which one it is, and a text of it."""


def question(settings: AnalyseConfig, *, job: Job, frame: Frame) -> Question:
    """Return the search; raises ConfigError where no canaries were planted."""
    if not settings.privacy.canaries:
        raise ConfigError(
            "detect=canaries looks for what was planted: give privacy.canaries=20, as generate and train were given."
        )
    task = tasks.open(settings.dataset)
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    folder = _model(settings.model, task=task, frame=frame) if settings.model else None
    passages = _passages(settings, job=job, store=frame.store)
    return Question(
        keys.detection("canaries", {"searched": str(job.folder.resolve())}),  # what is there now: it is never skipped
        name=f"canaries-{settings.dataset.name}",
        title=f"{settings.privacy.canaries} canaries of {settings.dataset.name}",
        answer=_Answer(settings, task=task, gold=gold, passages=passages, folder=folder),
    )


def _model(name: str, *, task: Task, frame: Frame) -> Path:
    """Return the folder of a model; raises ConfigError for one of another task or other labels."""
    folder = models.locate(name, ledger=frame.ledger)
    said = saved.describe_model(folder)
    if said.task not in (None, task.name) or (said.labels and said.labels != task.labels):
        raise ConfigError(
            f"model={name} has learnt {said.task} with the labels {', '.join(said.labels)}, and {task.dataset.name} is "
            f"{task.name} with {', '.join(task.labels)}: name the dataset that it has learnt as dataset=..."
        )
    return folder


def _passages(settings: AnalyseConfig, *, job: Job, store: ArtifactStore) -> Iterator[Passage]:
    """Yield all texts in which they are looked for."""
    place = cache_place(Path(settings.paths.artifacts), settings.llm.cache)
    if is_there(place):
        with closing(CompletionCache(place)) as cache:
            for row in cache.rows():
                yield "requests", row["id"], " ".join(turn["content"] for turn in row["messages"])
                yield "completions", row["id"], row["completion"]
    for folder in sorted(store.root.glob("corpus-*")):
        corpus = corpora.load_corpus(folder)
        yield from (("corpora", corpus.digest, example.text) for example in corpus.examples)
        yield from (("corpora", corpus.digest, row["text"]) for row in corpus.rejected())
    if settings.input is not None:
        given = material.texts(settings, job=job, store=store)
        yield from (("input", given.name, text) for text in given.texts)


@dataclass(frozen=True)
class _Answer:
    settings: AnalyseConfig
    task: Task
    gold: Gold
    passages: Iterable[Passage]
    folder: Path | None

    def __call__(self) -> Finding:
        privacy = self.settings.privacy
        codes = canaries.codes(privacy.canaries, seed=privacy.seed)
        found: dict[tuple[str, str, str], int] = {}
        looked = dict.fromkeys(("requests", "completions", "corpora"), 0)
        for kind, place, text in self.passages:
            looked[kind] = looked.get(kind, 0) + 1
            for code in canaries.stand_in(codes, text):
                found[kind, place, code] = found.get((kind, place, code), 0) + 1
        metrics = {f"{PREFIX}planted": float(len(codes))}
        for kind, number in looked.items():
            metrics[f"{PREFIX}{kind}"] = float(len({code for where, _, code in found if where == kind}))
            metrics[f"{PREFIX}{kind}_texts"] = float(number)
        rows = [
            {"canary": f"{canaries.NAME} {code}", "in": kind, "which": place, "texts": number}
            for (kind, place, code), number in found.items()
        ]
        if self.folder is not None:
            metrics |= self._exposure(self.folder).metrics
        return Finding(metrics, len(codes), rows={ROWS: rows})

    def _exposure(self, folder: Path) -> Exposure:
        """Return how the model knows the rows that carry canaries beside the same rows with other numbers."""
        privacy, of = self.settings.privacy, self.task.kind.examples
        own = planting.planted(self.gold, privacy=privacy, of=of)
        rows: list[Any] = []
        for row, code, planted in own:
            rows += [planted, *(canaries.carrying(row, other, of=of) for other in canaries.alternatives(code))]
        kind = self.task.kind.with_head(saved.describe_model(folder).head)
        with closing(opened(folder)) as model:
            found = losses(model, rows, kind=kind, labels=self.task.labels)
        return Exposure(found.reshape(len(own), -1))
