"""The flavour by which MLflow loads and serves a registered model: its `loader_module`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinsynth.config import PredictionConfig
from clinsynth.errors import ConfigError
from clinsynth.models import Model, open_folder

if TYPE_CHECKING:  # takes a second
    import pandas as pd

TEXT = "text"
"""The column of the input."""

HOW = PredictionConfig(column=TEXT, html=False, html_documents=1, overlap=0.25, accelerator="auto", precision="32-true")
"""How texts are read; as `clinsynth predict` does it where nothing is said."""


class Reader:
    """A trained model that reads tables with a column `text`."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, table: pd.DataFrame, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return for each row `spans` (start, end, label, score, text), or the scores of all `labels`.

        Raises ConfigError for a table without texts; a text that cannot be read has an `error`.
        """
        if TEXT not in table:
            raise ConfigError(f"the input has no column {TEXT!r}; there are {', '.join(map(str, table))}.")
        return self.answers(table[TEXT])

    def answers(self, texts: Iterable[str]) -> list[dict[str, Any]]:
        """Return what the model says of texts, as `predict` does."""
        return list(map(answer, self.model.read(texts)))


def answer(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model says of a text, without where the text is from."""
    return {name: value for name, value in line.items() if name in ("spans", "labels", "answer", "error")}


def load(folder: Path) -> Reader:
    """Return the model of a folder."""
    return Reader(open_folder(folder, how=HOW))


def _load_pyfunc(path: str) -> Reader:
    """Return the model of a folder; MLflow calls it by this name."""
    return load(Path(path))
