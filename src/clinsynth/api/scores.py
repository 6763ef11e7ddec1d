"""The scores of a job, for Python and for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinsynth.review.marking import escaped
from clinsynth.task import Headline


@dataclass(frozen=True, repr=False)
class Trained:
    """The outcome of a training, made now or by an earlier run of the same job."""

    run_id: str
    """Of MLflow."""
    scores: Mapping[str, float]
    """By metric as MLflow shows it, such as `test/f1`; shares are 0 to 1."""
    model: Path | None
    """Folder of the model; `None` where `trainer.save_model=false`."""
    corpus: str | None
    """Digest of the synthetic corpus; `None` where gold alone was learnt from."""
    examples: int
    """That were learnt from."""
    headline: Headline = field(default_factory=Headline)

    @property
    def score(self) -> float | None:
        """Return the one number by which models of its task are compared; `None` without a test set."""
        return self.scores.get(self.headline.metric)

    def __repr__(self) -> str:
        return f"<run {self.run_id[:8]}: {', '.join(f'{name} {value}' for name, value in self._shown().items())}>"

    def _repr_html_(self) -> str:
        """Return a table of the scores that its task is judged by, for a notebook."""
        return table_of(self._shown() | {"run": self.run_id, "model": str(self.model or "none")})

    def _shown(self) -> dict[str, str]:
        head, scores = self.headline, self.scores
        shown = {
            name: f"{head.scale(metric) * scores[metric]:.1f}"
            for name, metric in head.scores.items()
            if metric in scores
        }
        if head.low in scores and head.high in scores:
            scale = head.scale(head.metric)
            shown["95% interval"] = f"{scale * scores[head.low]:.1f} – {scale * scores[head.high]:.1f}"
        return shown | {"examples": f"{self.examples:,}"}


@dataclass(frozen=True, repr=False)
class Analysed:
    """A corpus beside gold, in numbers."""

    run_id: str
    metrics: Mapping[str, float]
    corpus: str | None
    """Its digest."""
    folder: Path
    """Holds the report (`analysis.md`) and the map (`map.png`) where the analysis was made now."""

    def __repr__(self) -> str:
        return f"<analysis of corpus {self.corpus}: {len(self.metrics)} metrics, run {self.run_id[:8]}>"

    def _repr_html_(self) -> str:
        """Return a table of all metrics, for a notebook."""
        return table_of({name: f"{value:.4g}" for name, value in sorted(self.metrics.items())})


def table_of(values: Mapping[str, Any]) -> str:
    """Return two columns of HTML."""
    rows = (f"<tr><th>{escaped(name)}</th><td>{escaped(str(value))}</td></tr>" for name, value in values.items())
    return f"<table>{''.join(rows)}</table>"
