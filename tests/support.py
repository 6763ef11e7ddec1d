"""What several test modules need and no fixture is."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

import clinsynth
from clinsynth.config import FileConfig, FilesConfig
from clinsynth.task import Writing
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.text.entities import Sentence, to_spans
from clinsynth.types import Gold, Prompt

CORPORA = Path(os.environ.get("CLINSYNTH_DATA", "") or Path(__file__).parents[1].parent / "shared" / "data").resolve()

needs_corpora = pytest.mark.skipif(
    not (CORPORA / "ncbi_disease" / "train.tsv").is_file(),
    reason=f"no gold corpora at {CORPORA}: point CLINSYNTH_DATA at a folder that has ncbi_disease/train.tsv",
)

TINY = (
    "backbone.max_length=64",
    "trainer.min_steps=0",
    "trainer.epochs=1",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    "trainer.precision=32-true",
    "source.examples=20",
)
"""Overrides of the smallest training that goes all the way."""

BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
"""The tiny backbones: their special pieces and their sizes."""


class Said(NamedTuple):
    """What a command has left: its exit status and its two streams."""

    status: int
    out: str
    err: str


Command = Callable[..., Said]
Composed = Callable[..., Any]


def dataset(**files: FileConfig) -> NerDataset:
    return NerDataset(name="mine", task="ner", entity_type="Disease", files=FilesConfig(**files))


def writing(*, prompt: Prompt | None = None, per_request: int = 5, annotator: str = "seed", **parts: Any) -> Writing:
    """What a writer of the dataset above needs of the settings."""
    return Writing(prompt or Prompt("sentences", "$n $entity"), per_request=per_request, annotator=annotator, **parts)


def gold(*train: Any, **parts: Any) -> Gold:
    return Gold(**({"train": train, "test": (), "devel": (), "hashes": {}} | parts))


def sentence(tagged: str, *, label: str = "Disease") -> Sentence:
    """`"mild/O ataxia/B"` as a sentence; a word without a tag is outside."""
    tokens, tags = [], []
    for word in tagged.split():
        token, _, tag = word.partition("/")
        tokens.append(token)
        tags.append("O" if tag in ("", "O") else f"{tag}-{label}")
    return Sentence(tuple(tokens), to_spans(tags))


def environment(**variables: str) -> dict[str, str]:
    """For a process of its own: this one's, with the package from where this one has it."""
    return {**os.environ, "PYTHONPATH": str(Path(clinsynth.__file__).parents[1]), **variables}


def python(*words: object, **variables: str) -> Said:
    """Run Python in a process of its own, with these words and environment variables."""
    command = [sys.executable, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment(**variables))
    return Said(done.returncode, done.stdout, done.stderr)


def killed(*words: object, when: Callable[[], bool], folder: Path) -> None:
    """Run the command in a process of its own in this folder, and kill -9 it as soon as `when()`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clinsynth", *map(str, words)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not when():
        assert process.poll() is None, "it has ended before it could be killed"
        time.sleep(0.02)
    process.kill()
    process.wait(120)


def copy_store(migrated: Path, folder: Path) -> None:
    """Put the store of the fixture `migrated` into a new folder."""
    folder.mkdir()
    for file in migrated.parent.glob(f"{migrated.name}*"):  # the write-ahead log too
        shutil.copy(file, folder / file.name)


class MockServer:
    """`tests/mock_openai.py` in a process of its own."""

    def __init__(self) -> None:
        script = Path(__file__).parent / "mock_openai.py"
        self._process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.root = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self._resets = 0
        self.reset()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def reset(self) -> None:
        """Begin anew at another address, so that a process which has outlived its test is shut out."""
        self._resets += 1
        requests.post(f"{self.root}/reset", json=f"/{self._resets}", timeout=10)
        self.url = f"{self.root}/{self._resets}/v1"

    def behave(self, **told: Any) -> None:
        requests.post(f"{self.root}/behave", json=told, timeout=10)

    def asked(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.root}/asked", timeout=10).json()
        return found

    def bodies(self) -> list[str]:
        """All requests that were answered, as they came."""
        found: list[str] = requests.get(f"{self.root}/bodies", timeout=10).json()
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


Rows = list[dict[str, Any]]


def summary(folder: Path) -> dict[str, Any]:
    """Of the job that ran last."""
    path = max(folder.glob("outputs/*/*/summary.json"))
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def rows(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def digest(said: Said) -> str:
    """Of the corpus that a command says it has made."""
    assert said.status == 0, said.err
    (found,) = re.findall(r"^corpus (\w+):", said.out, re.MULTILINE)
    return str(found)


def examples(said: Said, folder: Path) -> Rows:
    """Of the corpus that a command says it has made."""
    (corpus,) = folder.glob(f"artifacts/corpus-*{digest(said)}*")
    return rows(corpus / "examples.jsonl")


def slowdown(read: Callable[[str], object], *, piece: str, length: int = 40_000) -> float:
    """Return how many times longer it takes to read twice as many equal pieces; a moment counts as none."""
    took = []
    for size in (length, 2 * length):
        times = []
        for _ in range(2):
            began = time.process_time()
            read((piece * size)[:size])
            times.append(time.process_time() - began)
        took.append(min(times))
    return took[1] / max(took[0], 0.05)
