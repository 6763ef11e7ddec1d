"""The `manifest.json` of a corpus's folder: all that is written down beside its examples."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from clinsynth.config.options import is_name
from clinsynth.types import Prompt

OF_THE_STORE = ("kind", "version", "digest", "content", "files")
"""Fields that the artifact store adds; nobody else writes them."""

BY_LLM, BY_VOTES, BY_MODEL = "llm", "votes", "model"
"""Whose confidences there are: the LLM's, by its tokens; those of its several answers; those of trained models."""

OF_THIS_STORE = ("files", "taken_in")
"""Fields that say nothing to those who have the corpus from elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of `manifest.json`, in the order of the file, in which a field that is `None` does not stand."""

    kind: str | None = None
    version: str | None = None
    digest: str = ""
    """64 hex digits; empty for a corpus that is not in the store yet."""
    content: Mapping[str, Any] = field(default_factory=dict)
    """All that decides the digest."""
    files: Mapping[str, str] | None = None
    """The sha256 of each file; `None` in a manifest of an early release."""
    task: str
    labels: Sequence[str]
    dataset: str
    public: bool | None = None
    """Whether the dataset's texts may be shown; `None`, like the next two, in a manifest of an early release."""
    licence: str | None = None
    language: str | None = None
    """The language of the texts; `None` where the dataset does not say it, too."""
    meanings: Mapping[str, str] | None = None
    """The meanings of labels, where the dataset says so."""
    models: Sequence[str]
    """Which LLMs have written the texts."""
    prompt: Prompt
    annotator: str
    shots: Sequence[int] | None = None
    """Rows of gold train that requests for labels have shown: labels that were spent; `None` where there are none."""
    corpora: Sequence[str] | None = None
    """Digests of the corpora that this one is made of."""
    counts: Mapping[str, int]
    rejected: Mapping[str, int]
    """How many texts were rejected, by the reason."""
    short: Mapping[str, int]
    """How many usable texts there are of each unit that has fewer than are wanted."""
    described: Mapping[str, int]
    """How many examples, and of which label; the first entry is all of them."""
    statistics: Mapping[str, Mapping[str, float]]
    """Lengths and variety of the texts, `synthetic` and `gold`."""
    confidence: Mapping[str, float] | None = None
    """How sure of its labels their annotator is, over the texts of which it is known; `None` where it is of none."""
    confidence_of: Sequence[str] | None = None
    """Whose confidences its rows have; several in a corpus that is made of others, of whose rows a model's say so."""
    reviewed: Mapping[str, str] | None = None
    """Which corpus this one is after a review (`base`), after which review, and how its judgements were used."""
    review: Mapping[str, Any] | None = None
    """The result of the latest review of this corpus."""
    taken_in: bool | None = None
    """Whether an export has brought it, so that nothing but the export says that its examples are those of its content;
    or what it is made of."""
    unknown: Mapping[str, Any] = field(default_factory=dict)
    """Entries of another release, which are carried along."""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Manifest:
        """Return the manifest of a file's content; raises TypeError or KeyError where that is none of a corpus."""
        names = {item.name for item in fields(cls)} - {"unknown"}
        known = {name: value for name, value in content.items() if name in names}
        unknown = {name: value for name, value in content.items() if name not in names}
        found = cls(**known | {"prompt": Prompt(**content["prompt"])}, unknown=unknown)
        wrong = [name for name, holds in _HOLDS.items() if not holds(getattr(found, name))]
        if wrong:
            raise TypeError(f"{wrong[0]} is {str(getattr(found, wrong[0]))[:60]!r}")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        found = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "unknown"}
        found |= {"prompt": asdict(self.prompt)}
        return {name: value for name, value in found.items() if value is not None} | dict(self.unknown)

    def shared(self) -> dict[str, Any]:
        """Return the content of the file as it is exported."""
        return {name: value for name, value in self.to_json().items() if name not in OF_THIS_STORE}

    @property
    def whose(self) -> Sequence[str]:
        """Return whose confidences there are; an early release had only the LLM's."""
        return self.confidence_of or ([BY_LLM] if self.confidence else [])

    def entries(self) -> dict[str, Any]:
        """Return the content of the file without what the artifact store adds."""
        return {name: value for name, value in self.to_json().items() if name not in OF_THE_STORE}


def summed_up(sure: Sequence[float]) -> dict[str, float] | None:
    """Return how many texts have a confidence, and which ones; `None` where none has."""
    if not sure:
        return None
    rounded = {"mean": statistics.fmean(sure), "median": statistics.median(sure), "least": min(sure)}
    return {"texts": len(sure)} | {name: round(value, 4) for name, value in rounded.items()}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _are_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(number, int | float) for number in value.values())


_HOLDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("digest", "task", "annotator"), _is_text),
    "dataset": lambda value: _is_text(value) and is_name(value),
    **dict.fromkeys(("labels", "models"), _are_texts),
    **dict.fromkeys(("counts", "rejected", "short", "described"), _are_counts),
    "content": lambda value: isinstance(value, dict),
    "files": lambda value: value is None or (isinstance(value, dict) and _are_texts([*value.values()])),
    "statistics": lambda value: isinstance(value, dict) and all(map(_are_counts, value.values())),
    "meanings": lambda value: value is None or (isinstance(value, dict) and _are_texts([*value.values()])),
    "licence": lambda value: value is None or _is_text(value),
    "shots": lambda value: value is None or isinstance(value, list | tuple),
    "corpora": lambda value: value is None or _are_texts(value),
    "confidence": lambda value: value is None or _are_counts(value),
    "confidence_of": lambda value: value is None or _are_texts(value),
    "reviewed": lambda value: value is None or isinstance(value, dict),
    "review": lambda value: value is None or isinstance(value, dict),
    "prompt": lambda value: _is_text(value.name) and (value.text is None or _is_text(value.text)),
}
"""What the fields have to be: a manifest may come from others, or from a full disk."""
