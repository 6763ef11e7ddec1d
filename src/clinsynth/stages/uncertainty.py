"""How unsure a trained model is of texts, by which those are picked that it can learn most from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CorpusConfig
from clinsynth.learning import saved
from clinsynth.models import opened
from clinsynth.stages import models
from clinsynth.tracking import Ledger


@dataclass(frozen=True)
class Unsure:
    """A saved model that says how sure it is."""

    folder: Path

    @classmethod
    def of(cls, model: str, *, settings: CorpusConfig) -> Unsure:
        """Return the model of a folder or run; raises ConfigError where there is none."""
        ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
        return cls(models.locate(model, ledger=ledger))

    @property
    def digest(self) -> str:
        """Return the digest of the model's files."""
        return saved.folder_digest(self.folder)

    def __call__(self, examples: Sequence[Any]) -> list[float]:
        """Return how unsure the model is of each text, 0 to 1."""
        with closing(opened(self.folder)) as model:
            return [unsure(line) for line in model.start([example.text for example in examples])()]


def unsure(line: dict[str, Any]) -> float:
    """Return how unsure a line of predictions is: of its least sure mention, or of its labels (least confidence)."""
    spans, labels = line.get("spans"), line.get("labels")
    if spans is not None:
        return max((1.0 - float(span["score"]) for span in spans), default=0.0)
    shares = [float(score) for score in (labels or {}).values()]
    if not shares:
        return 0.0
    if abs(sum(shares) - 1) < 0.01 and len(shares) > 1:  # one label of several
        return 1.0 - max(shares)
    return max(1.0 - abs(2 * share - 1) for share in shares)
