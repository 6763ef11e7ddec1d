"""All that decides a corpus, but for the completions that it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from clinsynth import keys
from clinsynth.config import AnnotatorConfig, QualityConfig, SizeConfig
from clinsynth.quality.filters import folded_texts
from clinsynth.task import DISTRACTORS, Task, Wanted, Writing
from clinsynth.types import Gold


@dataclass(frozen=True)
class Recipe:
    """All that decides a corpus, resolved; nobody writes to the settings in it."""

    task: Task
    gold: Gold
    writing: Writing
    wanted: Wanted
    size: SizeConfig
    annotator: AnnotatorConfig
    quality: QualityConfig
    attempts: int
    """How often a unit is asked, at most, that falls short."""
    skip_missing: bool
    """Go on without what has no completion."""

    @property
    def asked_by(self) -> str:
        """Return the name of the prompt that is asked first."""
        labels = self.writing.label_prompt
        return labels.name if self.gold.texts and labels else self.writing.prompt.name

    @property
    def version(self) -> str:
        """Return what names the way from completions to a corpus of this task."""
        return self.task.writer.version

    @property
    def checked(self) -> list[object] | None:
        """Return what the task's own checks hang on, beside the test texts; `None` where it has none."""
        if self.task.checks:
            return [self.gold.hashes.get("train"), keys.named(self.task.dataset)]
        return [self.gold.hashes[DISTRACTORS]] if DISTRACTORS in self.gold.hashes else None

    @cached_property
    def test_texts(self) -> frozenset[tuple[str, ...]]:
        """Return the folded words of the held-out gold examples, of which there shall be no copies."""
        return folded_texts(self.gold.held_out, words=self.task.kind.examples.words)
