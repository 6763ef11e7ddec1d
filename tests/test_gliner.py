"""What GLiNER says of a test split is scored as an answer of an LLM; the library and its weights are not needed."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from support import Command

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gliner_answers.py"
QUESTION = ("zero_shot", "dataset=sample_ner", "zero_shot.limit=40", "prompt.name=gliner", "prompt.text=$text")
KNOWN = ("beta - thalassemia", "familial Mediterranean fever", "cystic fibrosis")


class Standin:
    """A model that knows three diseases, and takes some words at a time as GLiNER does."""

    def predict_entities(self, text: str, labels: list[str], *, threshold: float) -> list[dict[str, Any]]:
        places = [(text.find(name), name) for name in KNOWN if name in text]
        return [{"start": at, "end": at + len(name), "label": labels[0], "score": 0.9} for at, name in places]


def test_answers_of_gliner_are_scored(
    clinsynth: Command, with_store: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = ModuleType("gliner")
    library.GLiNER = SimpleNamespace(from_pretrained=lambda name: Standin())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gliner", library)
    assert clinsynth(*QUESTION).status == 2  # there are no answers yet
    (requests,) = workspace.glob("outputs/zero_shot/*/requests.jsonl")
    runpy.run_path(str(SCRIPT))["main"]([str(requests), "gliner.jsonl", "--labels", "Disease", "--model", "made-up"])
    said = clinsynth(*QUESTION, "llm.recordings=[gliner.jsonl]")
    assert (said.status, said.err) == (0, "")
    assert "gliner-made-up-40  100.0  4.1" in said.out


def test_tags_are_those_of_words() -> None:
    tagged = runpy.run_path(str(SCRIPT))["tagged"]
    entities = [{"start": 2, "end": 13, "label": "Disease"}, {"start": 16, "end": 20, "label": "Disease"}]
    assert list(tagged("A lung cancer / gout.", entities)) == [
        *("A\tO", "lung\tB-Disease", "cancer\tI-Disease", "/\tO", "gout.\tB-Disease")
    ]
