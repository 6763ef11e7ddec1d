"""Two corpora of the sample, as two LLMs would have written them, and what they are together."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import clinsynth
from clinsynth import corpora, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CorpusConfig
from clinsynth.corpora import Corpus, building
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.stages.asking import completions_of
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.types import Gold
from support import Composed

RECORDING = Path(clinsynth.__file__).parent / "assets" / "recordings" / "asd.behaviours.jsonl"
ROWS = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
PROMPTS = {row["id"].split("/")[2].split("#")[0]: row["prompt"] for row in ROWS}
UNITS = ("A1", "A2", "none")
GOLD = Gold(train=[Note("He waits for his turn in most games.", ("A1",))], test=[], devel=[], hashes={})
WAYS = (
    "Turns {} when somebody calls.",
    "The report of {} was read aloud today.",
    "In the playground nobody had seen {} before.",
    "Grandmother says that {} began last winter.",
)

Written = Callable[..., Corpus]


def texts_of(model: str, unit: str) -> list[str]:
    """What a model writes about a unit, each unlike any other."""
    return [way.format(f"{model} {unit} {place}") for place, way in enumerate(WAYS)]


@pytest.fixture(scope="module")
def known() -> dict[str, CorpusConfig]:
    return {}


@pytest.fixture
def settings(known: dict[str, CorpusConfig], composed: Composed) -> CorpusConfig:
    if not known:
        known["sample"] = resolving.complete(
            composed("train", "dataset=sample_asd", "size=n4", "units.only=[A1,A2,none]")
        )
    return copy.deepcopy(known["sample"])


@pytest.fixture
def store(workspace: Path) -> ArtifactStore:
    return ArtifactStore(workspace / "artifacts")


@pytest.fixture
def written(settings: CorpusConfig, store: ArtifactStore, workspace: Path) -> Written:
    """A corpus of what a model wrote; `other` are texts of a unit in the place of its usual ones."""

    def corpus_of(model: str, **other: list[str]) -> Corpus:
        path = workspace / f"{model}.jsonl"
        rows = [
            {
                "id": f"asd/behaviours/{unit}#0",
                "model": model,
                "prompt": PROMPTS[unit],
                "completion": "\n".join(
                    f"{n}. {text}" for n, text in enumerate(other.get(unit, texts_of(model, unit)), 1)
                ),
            }
            for unit in UNITS
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        settings.llm.recordings = [str(path)]
        recipe = resolving.opened(settings, gold=GOLD).recipe
        return corpora.make_corpus(recipe, completions=completions_of(settings), store=store)

    return corpus_of


@pytest.fixture
def pinned(settings: CorpusConfig, store: ArtifactStore) -> Callable[..., Corpus]:
    def together(*starts: str, gold: Gold = GOLD) -> Corpus:
        how, task = settings.quality.reviewed, tasks.open(settings.dataset)
        return corpora.pinned_corpus(starts, how=how, task=task, gold=gold, store=store)

    return together


def texts(corpus: Corpus) -> list[str]:
    return [example.text for example in corpus.examples]


def test_two_corpora_take_turns(written: Written, pinned: Written) -> None:
    first, second = written("early"), written("late")
    found = pinned(first.digest, second.digest)
    assert len(found.examples) == 24
    assert found.examples[::2] == first.examples
    assert found.examples[1::2] == second.examples
    assert (found.units[::2], found.units[1::2]) == (first.units, second.units)
    assert {unit: found.units.count(unit) for unit in UNITS} == {"A1": 8, "A2": 8, "none": 8}
    assert corpora.load_corpus(found.folder) == found
    assert found.folder.name == f"corpus-1.multilabel-1-{found.digest}"


def test_what_is_left_of_the_longer_one_comes_last(written: Written, pinned: Written) -> None:
    short, long = written("early", A1=["Hums."]), written("late")  # one word is too short to be kept
    found = pinned(short.digest, long.digest)
    assert (len(short.examples), len(long.examples)) == (8, 12)
    assert found.examples[:16:2] == short.examples
    assert (*found.examples[1:16:2], *found.examples[16:]) == long.examples


def test_the_manifest_tells_of_both(written: Written, pinned: Written) -> None:
    first, second = written("late"), written("early")
    manifest = pinned(first.digest, second.digest).manifest
    assert manifest.models == ["early", "late"]
    assert manifest.corpora == [first.digest, second.digest]
    assert manifest.counts == {"units": 3, "parsed": 24, "kept": 24, "not needed": 0}
    assert (manifest.task, manifest.dataset, manifest.annotator) == ("multilabel", "sample_asd", "none")
    assert manifest.prompt == first.manifest.prompt
    assert (manifest.rejected, manifest.short) == ({}, {})
    assert manifest.described == {"texts": 24, "A1": 8, "A2": 8, "none": 8}
    assert set(manifest.statistics) == set(first.manifest.statistics)


def test_rows_that_both_have_shown_are_spent_once(written: Written, pinned: Written, store: ArtifactStore) -> None:
    found = [written("late"), written("early")]
    for corpus, rows in zip(found, ([3, 1], [1, 7]), strict=True):
        corpora.note_in_manifest(corpus.folder, store=store, shots=rows)
    manifest = pinned(*(corpus.digest for corpus in found)).manifest
    assert (manifest.shots, manifest.counts["labels"]) == ([1, 3, 7], 3)


def test_whose_confidences_there_are_outlives_merging(written: Written, pinned: Written, store: ArtifactStore) -> None:
    first, second, third = (written(name) for name in ("late", "early", "never"))
    summed = {"texts": 12, "mean": 0.5, "median": 0.5, "least": 0.5}
    corpora.note_in_manifest(first.folder, store=store, confidence_of=["model"], confidence=summed)
    corpora.note_in_manifest(second.folder, store=store, confidence=summed)  # as an early release has written it
    manifest = pinned(*(corpus.digest for corpus in (first, second, third))).manifest
    assert (manifest.confidence, manifest.confidence_of) == (None, ["model", "llm"])


def test_a_text_that_stands_in_a_corpus_before_is_rejected(written: Written, pinned: Written) -> None:
    first = written("early")
    shared = [first.examples[0].text.upper().capitalize(), *texts_of("late", "A2")[1:]]
    second = written("late", A2=shared)
    found = pinned(first.digest, second.digest)
    assert (len(second.examples), len(found.examples)) == (12, 23)
    (rejected,) = found.rejected()
    assert (rejected["reason"], rejected["detail"]) == ("duplicate", f"of one in {first.digest}")
    assert (rejected["text"], rejected["unit"]) == (shared[0], "A2")
    assert found.manifest.rejected == {"duplicate": 1}
    assert found.manifest.counts == {"units": 3, "parsed": 24, "kept": 23, "not needed": 0}
    assert found.examples[0] == first.examples[0]


def test_a_text_that_stands_in_gold_test_is_rejected(written: Written, pinned: Written) -> None:
    first, second = written("early"), written("late")
    copied = [Note(first.examples[3].text.upper(), ("A1",)), Note(second.examples[5].text, ())]
    found = pinned(first.digest, second.digest, gold=replace(GOLD, test=copied))
    rejected = found.rejected()
    assert [(row["text"], row["reason"]) for row in rejected] == [
        (first.examples[3].text, "test_copy"),
        (second.examples[5].text, "test_copy"),
    ]
    assert len(found.examples) == 22
    assert not {first.examples[3], second.examples[5]} & set(found.examples)


def test_another_test_split_makes_another_merged_corpus(written: Written, pinned: Written) -> None:
    first, second = written("early"), written("late")
    assert len(pinned(first.digest, second.digest).examples) == 24
    other = replace(GOLD, test=[first.examples[0]])
    assert first.examples[0] not in pinned(first.digest, second.digest, gold=other).examples


def test_the_order_in_which_corpora_are_named_makes_the_digest(written: Written, pinned: Written) -> None:
    """It says who comes first, and of two that are alike which one stays."""
    first, second = written("early"), written("late")
    found, turned = pinned(first.digest, second.digest), pinned(second.digest, first.digest)
    assert found.digest != turned.digest
    assert turned.examples[0] == second.examples[0]
    assert sorted(texts(found)) == sorted(texts(turned))
    assert pinned(first.digest[:8], second.digest[:8]).folder == found.folder


def test_three_corpora_and_one_that_is_merged_already(written: Written, pinned: Written) -> None:
    first, second, third = written("early"), written("late"), written("never")
    pair = pinned(first.digest, second.digest)
    found = pinned(first.digest, second.digest, third.digest)
    assert texts(found)[:3] == [corpus.examples[0].text for corpus in (first, second, third)]
    nested = pinned(pair.digest, third.digest)
    assert sorted(texts(nested)) == sorted(texts(found))
    assert nested.manifest.models == ["early", "late", "never"]
    assert nested.digest != found.digest


@pytest.mark.parametrize("times", [1, 2])
def test_one_corpus_is_returned_as_it_is(times: int, written: Written, pinned: Written) -> None:
    corpus = written("early")
    written("late")
    assert pinned(*[corpus.digest[:10]] * times) == corpus
    assert len(list(corpus.folder.parent.glob("corpus-*"))) == 2


def test_a_weight_outlives_merging(
    settings: CorpusConfig, written: Written, pinned: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "embed", lambda texts: np.ones((len(texts), 1), dtype=np.float32))
    settings.quality.weighted = True
    found = pinned(written("early").digest, written("late").digest)
    assert {example.weight for example in found.examples} <= {round(n / 11 / 12, 3) for n in range(1, 12)}


def test_a_corpus_of_another_task_is_refused(
    settings: CorpusConfig, written: Written, pinned: Written, composed: Composed
) -> None:
    corpus = written("early")
    settings.dataset = composed("train", "dataset=sample_relation").dataset
    with pytest.raises(ConfigError) as raised:
        pinned(corpus.digest)
    assert f"{corpus.digest} is a corpus for multilabel with the labels A1" in str(raised.value)


def test_a_corpus_of_another_instrument_is_refused(settings: CorpusConfig, written: Written, pinned: Written) -> None:
    corpus = written("early")
    settings.dataset.labels = {"C1": "another thing"}  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=corpus.digest):
        pinned(corpus.digest)


@pytest.mark.parametrize(("starts", "said"), [(["zz"], "corpus=zz is no corpus"), ([""], "is more than one corpus")])
def test_a_corpus_that_is_not_there_is_said(starts: list[str], said: str, written: Written, pinned: Written) -> None:
    first, second = written("early"), written("late")
    with pytest.raises(ConfigError) as raised:
        pinned(first.digest, *starts)
    assert said in str(raised.value)
    assert first.digest in str(raised.value)
    assert second.digest in str(raised.value)


def test_the_newest_corpus_has_a_name(written: Written, pinned: Written) -> None:
    first, second = written("early"), written("late")
    os.utime(first.folder, (0, 0))
    assert pinned("latest") == second
    assert texts(pinned(first.digest, "latest"))[:2] == [first.examples[0].text, second.examples[0].text]
