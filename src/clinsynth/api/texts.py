"""Labelled texts as tables: of pandas, of the library datasets, and coloured in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from clinsynth.errors import ConfigError
from clinsynth.files.parquet import with_entities
from clinsynth.reports.samples import Samples
from clinsynth.reports.templates import page_parts

if TYPE_CHECKING:  # both take a second
    import datasets
    import pandas as pd

SHOWN = 10
"""Texts that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Texts(Sequence[Any]):
    """Labelled texts, gold or synthetic: a sequence of examples, each with `text`, `label` and `entities()`."""

    title: str
    examples: Sequence[Any]
    rows_of: Callable[[], Iterable[dict[str, Any]]] | None = None
    """Their rows as they were written down, where there is more to them than the examples say."""

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, place: Any) -> Any:
        return self.examples[place]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a dictionary a text: `text`, the task's own columns, and `entities` (start, end, label, text)."""
        rows = (example.to_json() for example in self.examples) if self.rows_of is None else self.rows_of()
        for row, example in zip(rows, self.examples, strict=True):
            yield with_entities({"text": example.text} | row, example)

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row a text."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def to_datasets(self) -> datasets.Dataset:
        """Return a table of the library datasets, which has to be there; else raises ConfigError."""
        try:
            import datasets
        except ImportError as error:
            raise ConfigError("to_datasets needs the library datasets: pip install datasets") from error
        return datasets.Dataset.from_list(list(self.rows()))

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self):,} texts>"

    def _repr_html_(self) -> str:
        """Return the first texts with coloured entities, for a notebook."""
        samples = Samples(list(islice(self.examples, SHOWN)))
        return "".join(page_parts("texts.html", title=self.title, samples=samples, number=len(self)))
