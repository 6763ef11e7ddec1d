"""Small inputs that went wrong once, as they lie in a folder beside the project, with what is right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.config import FileConfig
from clinsynth.datasets import open_gold
from clinsynth.errors import DataFormatError
from clinsynth.llm.endings import lack
from clinsynth.llm.servers.base import ErrorKind, ServerError
from clinsynth.llm.servers.openai_replies import read_answer, read_error
from clinsynth.tasks.multilabel.answers import read_criteria
from clinsynth.tasks.multilabel.config import MultilabelDataset
from clinsynth.tasks.multilabel.gold import read_notes
from clinsynth.tasks.ner.answers import read_entities
from clinsynth.tasks.ner.scores import count
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.text.entities import Sentence, to_spans
from clinsynth.text.lists import read_drafts
from clinsynth.text.words import detokenise
from clinsynth.types import Completion, Draft
from support import dataset

CASES = Path(__file__).parents[2] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")


def contents(folder: str) -> list[Any]:
    files = sorted((CASES / folder).glob("*")) if CASES.is_dir() else []
    return [pytest.param(file, id=file.stem) for file in files if file.name != "expected.txt"]


def completion(path: Path) -> Completion:
    return Completion("d/sentences/u#0", "m", path.read_text(encoding="utf-8"), "stop")


@pytest.mark.parametrize("file", contents("answer_layouts"))
def test_three_sentences_and_nothing_else(file: Path) -> None:
    drafts, rejected = read_drafts(completion(file), unit="u", replicate=0)
    if file.stem in ("refusal3", "think_open"):
        assert not drafts
        assert rejected
        return
    first, second, third = (draft.text for draft in drafts)
    assert second.startswith("Severe ")
    assert third.startswith("We studied ")
    assert all(re.fullmatch(r"[\w &<.]+", text) for text in (first, second, third))


@pytest.mark.parametrize("file", contents("mentions_second_request"))
def test_mentions_are_placed_or_the_sentence_goes(file: Path) -> None:
    texts = ("He had gout and ataxia.", "He was well.", "She had lupus.")
    drafts = [Draft("gout", 0, place, text) for place, text in enumerate(texts)]
    kept, rejected = NerWriter(dataset()).annotate(drafts, annotator="llm", lexicon=(), answer=completion(file))
    assert len(kept) + len(rejected) == 3
    right = {texts[0]: ["gout", "ataxia"], texts[1]: [], texts[2]: ["lupus"]}
    assert {candidate.draft.text: candidate.example.mentions for candidate in kept}.items() <= right.items()
    assert len(kept) == 3


@pytest.mark.parametrize("file", contents("server_replies"))
def test_what_a_server_sends_is_an_answer_or_says_why_not(file: Path) -> None:
    content = file.read_bytes()
    if file.stem == "error_in_200":
        with pytest.raises(ServerError, match="Provider returned error"):
            read_answer(content, request_id=None, model="m")
        return
    answer = read_answer(content, request_id=None, model="m")
    none = {"content_null_stop", "reasoning_only_length", "finish_error_partial", "message_null"}
    assert bool(lack(answer.text, ended=answer.finish_reason)) is (file.stem in none)
    if file.stem not in none:
        read = Completion("d/sentences/gout#0", "m", answer.text, answer.finish_reason)
        assert len(read_drafts(read, unit="gout", replicate=0)[0]) == 2 + (file.stem != "finish_MAX_TOKENS")


def test_a_refused_prompt_is_declined() -> None:
    error = read_error((CASES / "filtered_unit/reply_400.json").read_bytes(), status=400)
    assert error.kind is ErrorKind.declined
    assert "content management policy" in error.said


@pytest.mark.parametrize("file", [file for file in contents("zero_shot_ner") if file.id != "sentence"])
def test_entities_in_json(file: Path) -> None:
    tokens = (CASES / "zero_shot_ner/sentence.txt").read_text(encoding="utf-8").split()
    read = read_entities(file.read_text(encoding="utf-8"), question="", tokens=tokens, entity_type="Disease")
    found = [detokenise(tokens[span.start : span.end]) for span in read.predicted]
    three = ["familial breast cancer", "Alzheimer's disease", "β-thalassaemia"]
    assert (found, read.hallucinated) == ([] if file.stem == "json_null" else three, ())


def test_the_asked_type_counts_and_marks_are_read() -> None:
    for case in json.loads((CASES / "zero_shot_ner_marks/cases.json").read_text(encoding="utf-8")):
        tokens = case["sentence"].split()
        question = "Mark the entities with <span>." if case["case"] == "F1" else ""
        read = read_entities(case["answer"], question=question, tokens=tokens, entity_type=case["entity_type"])
        assert [" ".join(tokens[span.start : span.end]) for span in read.predicted] == case["right"], case["what"]
        assert read.status != "unusable", case["what"]


@pytest.mark.parametrize("file", contents("zero_shot_criteria"))
def test_criteria_are_met_where_that_is_said(file: Path) -> None:
    labels = {"A1": "lack of reciprocity", "A2": "poor eye contact", "B1": "stereotyped movement"}
    read = read_criteria(file.read_text(encoding="utf-8"), question="", labels=labels, text_asked="He came in.")
    assert read.status == ("unusable" if file.stem == "refusal" else "repaired")
    assert [*read.predicted] == ([] if file.stem == "refusal" else ["A2", "B1"])


def test_scores_are_those_of_seqeval_in_strict_mode() -> None:
    lines = (CASES / "seqeval_orphan/gold_and_predicted.txt").read_text(encoding="utf-8").splitlines()
    gold, predicted = (Sentence(("a", "b", "c", "d"), to_spans(line.split()[1:])) for line in lines)
    assert count([gold], [predicted]).tolist() == [[1, 1, 2]]


def criteria(path: Path) -> list[Any]:
    labels = {"A1": "one", "B1": "two"}
    told = MultilabelDataset(name="mine", task="multilabel", labels=labels)
    return read_notes(path.read_text(encoding="utf-8"), path=path, dataset=told)


def test_a_long_note_is_read(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, CASES / "criteria_csv/long.py"], capture_output=True, check=True)
    (tmp_path / "long.csv").write_bytes(said.stdout)
    (note,) = criteria(tmp_path / "long.csv")
    assert (len(note.text.split()), note.labels) == (40_000, ("A1", "B1"))


@pytest.mark.parametrize(
    ("name", "said"), [("two_columns.csv", "labels"), ("array.json", "one object a line"), ("header.csv", "text")]
)
def test_a_file_of_criteria_that_is_none_says_what_mends_it(name: str, said: str) -> None:
    with pytest.raises(DataFormatError, match=said):
        criteria(CASES / "criteria_csv" / name)


@pytest.mark.parametrize("file", [*contents("conll_messages"), *contents("conll_docstart")])
def test_columns_are_read(file: Path) -> None:
    (sentence,) = opened(file)
    assert (sentence.tokens, sentence.mentions) == (("The", "gout"), ["gout"])


@pytest.mark.parametrize(("name", "said"), [("test.tsv", "cp1252"), ("x.tsv.gz", "gzip")])
def test_another_encoding_is_named(name: str, said: str) -> None:
    with pytest.raises(DataFormatError, match=said):
        opened(CASES / "cp1252" / name)


def opened(path: Path) -> Sequence[Sentence]:
    task = tasks.open(dataset(test=FileConfig(path=str(path))))
    found: Sequence[Sentence] = open_gold(task, data=path.parent, needed=("test",)).test
    return found
