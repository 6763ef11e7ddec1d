"""How likely an LLM found its labels, from its answers into corpora."""

from __future__ import annotations

import math
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import standins
from clinsynth.artifacts import ArtifactStore
from clinsynth.corpora import Corpus, find_corpus, load_corpus
from clinsynth.corpora.labelling import SURE as FIELDS
from clinsynth.corpora.labelling import with_labels
from clinsynth.files.json_lines import read_json_lines
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.exchange import export_recordings, import_recordings
from standins import Asked, Reply, StandIn
from support import Command, sentence, summary

SURE, UNSURE = 0.5, 0.125


def sure(asked: Asked, text: str) -> Reply:
    """A server that says how likely its tokens were where it is asked: of words one half, of the word one an eighth."""
    status, reply = standins.chat(asked, text)
    pieces = re.findall(r"\w+|\W+", text)
    shares = [SURE if any(map(str.isalpha, piece)) else 1.0 for piece in pieces]
    shares = [UNSURE if piece == "No" else share for piece, share in zip(pieces, shares, strict=True)]
    content = [
        {"token": piece, "logprob": math.log(share), "bytes": list(piece.encode())}
        for piece, share in zip(pieces, shares, strict=True)
    ]
    reply["choices"][0]["logprobs"] = {"content": content} if asked.body.get("logprobs") else None
    return status, reply


def made(store: Path) -> Corpus:
    found = ArtifactStore(store / "artifacts")
    return load_corpus(find_corpus(summary(store)["corpus"], store=found))


def confidences(corpus: Corpus) -> set[float | None]:
    return {row.get("confidence") for row in corpus.rows()}


NER = ["generation.per_request=5", "units.max=3", "annotator=llm", "size=n5", "llm=local", "llm.model=m"]
ROWS = ["dataset=sample_relation", "size=t20", "llm=local", "llm.model=m"]


def test_labels_of_an_llm_have_a_confidence(with_store: Path, clinsynth: Command) -> None:
    with StandIn(sure) as server:
        words = [*NER, f"llm.base_url={server.url}"]
        said = clinsynth("generate", *words, "llm.logprobs=true")
        assert said.status == 0, said.err
        corpus = made(with_store)
        for row in corpus.rows():
            assert row["confidence"] == pytest.approx(SURE ** len(re.findall(r"\w+", row["unit"])), abs=1e-4)
            assert row["confidences"] == [row["confidence"]]
        assert "confidence of the LLM in the labels of 15 texts: mean" in said.out
        assert corpus.manifest.confidence is not None
        assert corpus.manifest.confidence["texts"] == 15
        asked = len(server.asked)
        again = clinsynth("generate", *words)  # which does not hang on the setting, but on the answers
        assert summary(with_store)["corpus"] == corpus.digest
        assert len(server.asked) == asked == 6
        assert again.status == 0
        other = clinsynth("generate", *words, "llm.temperature=0.5")
        assert other.status == 0
        assert confidences(made(with_store)) == {None}
        assert not any("logprobs" in request.body for request in server.asked[asked:])


def test_rows_have_that_of_their_label_and_unsure_ones_can_be_rejected(with_store: Path, clinsynth: Command) -> None:
    with StandIn(sure) as server:
        words = [*ROWS, f"llm.base_url={server.url}", "llm.logprobs=true"]
        assert clinsynth("generate", *words).status == 0
        assert {(row["label"], row["confidence"]) for row in made(with_store).rows()} == {("Yes", SURE), ("No", UNSURE)}
        assert clinsynth("generate", *words, "quality.min_confidence=0.2").status == 0
    corpus = made(with_store)
    assert confidences(corpus) == {SURE}
    assert {row["reason"] for row in corpus.rejected()} == {"unsure"}
    with closing(CompletionCache(with_store / "artifacts/completions.db")) as cache:
        export_recordings(cache, with_store / "rows.jsonl", model=None, prompts=True)
        stored = [row["logprobs"] for row in cache.rows()]
    assert all(stored)
    with closing(CompletionCache(with_store / "other.db")) as other:
        assert import_recordings(other, with_store / "rows.jsonl", model=None) == (len(stored), 0, 0)
        assert [row["logprobs"] for row in other.rows()] == stored


def test_a_floor_without_confidences_is_an_error(with_store: Path, clinsynth: Command) -> None:
    with StandIn(standins.chat) as server:
        words = [*ROWS, f"llm.base_url={server.url}"]
        assert "No label has a confidence" in clinsynth("generate", *words, "llm.logprobs=true").out
        said = clinsynth("generate", *words, "quality.min_confidence=0.2")
    assert said.status == 2
    assert "quality.min_confidence=0.2 rejects nothing" in " ".join(said.err.split())
    assert "llm.logprobs=true" in said.err


def test_zero_shot_answers_have_one_too(with_store: Path, clinsynth: Command) -> None:
    with StandIn(sure) as server:
        words = ["dataset=sample_relation", "llm=local", "llm.model=m", f"llm.base_url={server.url}"]
        said = clinsynth("zero_shot", *words, "llm.logprobs=true", "zero_shot.limit=6")
    assert said.status == 0, said.err
    place, *_ = with_store.rglob("answers.jsonl")
    assert {row["confidence"] for row in read_json_lines(place)} <= {SURE, UNSURE}


def test_a_cache_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "completions.db"
    CompletionCache(path).close()
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE completions DROP COLUMN logprobs")
        database.execute("DROP TABLE dialects")
        values: tuple[Any, ...] = ("k", "d/p/u#0", "m", "m", "[]", "{}", "{}", "1. Gout.", "stop", 1, 1, 0, 0.5)
        row = (*values, None, 0.0, 0.0, "x")
        database.execute(f"INSERT INTO completions VALUES ({','.join('?' * len(row))})", row)
        database.execute("PRAGMA user_version = 1")
    cache = CompletionCache(path)
    ((completion, _, usd),) = cache.get(["k"]).values()
    assert (completion.text, completion.logprobs, usd) == ("1. Gout.", (), 0.5)
    assert cache.learnt("s", "m", since=0.0) == {}


def test_other_labels_take_what_hung_on_those_before_with_them() -> None:
    row = {"unit": "gout", "text": "Gout.", "labels": ["Disease"], "confidence": 0.5, "confidences": [0.5]}
    row |= {"scores": [0.5], "word_confidences": [0.5, 1.0], "tokens": ["Gout", "."]}
    found = with_labels(row, sentence("Gout .", label="Disease"))
    assert found.keys() & set(FIELDS) == set()
    assert (found["unit"], found["tokens"]) == ("gout", ["Gout", "."])
