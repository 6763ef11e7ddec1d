"""A trained model that reads texts: for each its spans with offsets, or its labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from clinsynth import tasks
from clinsynth.config import PredictionConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.input_texts import InputText
from clinsynth.learning import hardware, open_learner, reading, saved
from clinsynth.learning.learner import Opened, Opening

PLAIN = Opening()
"""On the CPU in full precision, with windows as a model has learnt them."""

CERTAIN = 0.5
"""Probability from which on a label counts, where a text may have several."""


@dataclass(frozen=True)
class Span:
    """A part of a text, `text[start:end]`; also read as a mapping, `span["start"]`, as rows of tables are."""

    start: int
    end: int
    """The character behind the last one."""
    label: str
    score: float
    """How sure the model is, 0 to 1."""
    text: str

    def keys(self) -> Iterable[str]:
        """Return the names of its fields, so that `dict(span)` is a row."""
        return vars(self).keys()

    def __getitem__(self, name: str) -> Any:
        return vars(self)[name]


@dataclass(frozen=True)
class Label:
    """A label that a text has; also read as a mapping, as rows of tables are."""

    label: str
    score: float
    """How sure the model is, 0 to 1."""

    def keys(self) -> Iterable[str]:
        """Return the names of its fields, so that `dict(label)` is a row."""
        return vars(self).keys()

    def __getitem__(self, name: str) -> Any:
        return vars(self)[name]


Found = list[Span] | list[Label]


@dataclass(frozen=True, repr=False)
class Model:
    """A saved model that is open. Used in a `with`, it ends its threads behind it; else with `close`."""

    folder: Path
    opened: Opened

    def __repr__(self) -> str:
        return f"<model for {self.opened.task}: {self.folder}>"

    def __call__(self, texts: str | Iterable[str]) -> Any:
        """Return what `predict` does; of one text that is no list its own list."""
        return next(self.stream([texts])) if isinstance(texts, str) else self.predict(texts)

    def predict(self, texts: Iterable[str]) -> list[Found]:
        """Return for each text a list of its spans (`Span`), or of the labels that it has (`Label`).

        Raises DataFormatError for a text that the model cannot read, such as one without its markers.
        """
        return list(self.stream(texts))

    def stream(self, texts: Iterable[str]) -> Iterator[Found]:
        """Yield what `predict` returns, text by text, however many there are: a thousand of them are in memory."""
        for line in self.read(texts):
            if "error" in line:
                raise DataFormatError(f"text {line['row']}: {line['error']}")
            if "answer" in line:
                raise ConfigError(
                    f"{self.folder} is a chat model, which writes: `read` gives its answers, `clinsynth chat` and "
                    "`clinsynth serve` talk."
                )
            yield self._found(line)

    def read(self, texts: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the lines of `clinsynth predict`: `spans`, the scores of all `labels`, an `answer`, or an `error`."""
        if isinstance(texts, str):  # which would be read letter by letter
            raise ConfigError("`predict`, `stream` and `read` take a list of texts; one text is read by model(text).")
        documents = (InputText(text, "texts", row) for row, text in enumerate(texts))
        for lines in reading.read_texts(documents, model=self.opened):
            yield from lines

    def _found(self, line: Mapping[str, Any]) -> Found:
        if "spans" in line:
            return [Span(**{name: span[name] for name in Span.__annotations__}) for span in line["spans"]]
        scores: Mapping[str, float] = line["labels"]
        return [Label(label, scores[label]) for label in assigned(scores, single=self.single)]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of its spans or texts."""
        return saved.describe_model(self.folder).labels

    @property
    def task(self) -> str:
        """Return the name of the task that it has learnt."""
        return self.opened.task

    @cached_property
    def single(self) -> bool:
        """Say whether it has learnt a task whose texts have one label each, as far as it says so."""
        return single(self.folder)

    def close(self) -> None:
        """End its threads."""
        self.opened.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def single(folder: Path) -> bool:
    """Say whether the model of a folder has learnt a task whose texts have one label each, as far as it says so."""
    kind = tasks.kinds().get(saved.describe_model(folder).task or "")
    return kind is not None and not kind.reviewer.SEVERAL


def assigned(scores: Mapping[str, float], *, single: bool) -> list[str]:
    """Return the labels that a text has: those from `CERTAIN` on, or the one that is the most probable."""
    if single:
        return [max(scores, key=lambda label: scores[label])] if scores else []
    return [label for label, score in scores.items() if score >= CERTAIN]


def open_folder(folder: Path, *, how: PredictionConfig, side_by_side: int = 1) -> Model:
    """Open a saved model beside others that share the machine.

    Raises ConfigError for a folder that holds none, and for a device that it cannot be read on.
    """
    device, said = hardware.device(how.accelerator), saved.describe_model(folder)
    if said.runtime and how.accelerator in ("gpu", "mps"):
        raise ConfigError(
            f"predict.accelerator={how.accelerator}: model={folder} was exported for {said.runtime}, which reads on "
            "the CPU. On a GPU the model reads that it was exported from."
        )
    workers = hardware.readers(how.workers, device="cpu" if said.runtime else device)
    hardware.share_cores(side_by_side * workers)
    opening = Opening(
        window=how.window,
        overlap=how.overlap,
        batch_tokens=how.batch_tokens,
        workers=workers,
        device="cpu" if said.runtime else device,
        precision=hardware.precision(how),
    )
    return Model(folder, opened(folder, how=opening))


def opened(folder: Path, *, how: Opening = PLAIN) -> Opened:
    """Open a saved model as its learner does; raises ConfigError for a folder that holds none."""
    return open_learner(saved.describe_model(folder).learner).open_model(folder, kinds=tasks.kinds(), how=how)
