from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinsynth.asking.clients import open_completions
from clinsynth.config import DatasetConfig, LLMConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.llm.recorded import RecordedCompletions, parse_id, write_requests
from clinsynth.types import Completion, Request

ROW = {
    "id": "ncbi/sentences/gout#0",
    "model": "m",
    "prompt": "Write.",
    "completion": "1. Gout.",
    "finish_reason": "stop",
}


def request(id: str = "mine/sentences/gout#0", **evidence: Any) -> Request:
    return Request(id, ({"role": "user", "content": "Write."},), evidence or {"prompt": "Write."})


def recorded(folder: Path, *rows: Any) -> RecordedCompletions:
    path = folder / "mine.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return RecordedCompletions([path])


@pytest.mark.parametrize(
    ("id", "parts"),
    [
        ("ncbi/sentences/gout#0", ("ncbi", "sentences", "gout", 0)),
        ("d/p/breast and/or ovarian cancer#12", ("d", "p", "breast and/or ovarian cancer", 12)),
        ("d/p/C#7 deficiency#1", ("d", "p", "C#7 deficiency", 1)),
    ],
)
def test_ids_are_split(id: str, parts: tuple[str, str, str, int]) -> None:
    assert parse_id(id) == parts


def test_a_recording_answers_whatever_its_dataset_is_called(tmp_path: Path) -> None:
    found = recorded(tmp_path, ROW).find([request(), request("mine/sentences/ataxia#0")])
    assert found == {"mine/sentences/gout#0": Completion("ncbi/sentences/gout#0", "m", "1. Gout.", "stop")}


@pytest.mark.parametrize(
    "asked",
    [
        request(prompt="Write more."),
        request("mine/sentences/gout#1"),
        request("mine/other/gout#0"),
        request("mine/sentences/Gout#0"),
        request(prompt="Write.", labels="ncbi/sentences/gout#0"),
    ],
    ids=["prompt", "replicate", "name of the prompt", "unit", "evidence that the row lacks"],
)
def test_another_request_is_a_miss(tmp_path: Path, asked: Request) -> None:
    assert recorded(tmp_path, ROW).find([asked]) == {}


def test_of_two_datasets_the_one_with_the_evidence_answers(tmp_path: Path) -> None:
    other = ROW | {"id": "bc5cdr/sentences/gout#0", "prompt": "Sing.", "completion": "La."}
    found = recorded(tmp_path, ROW, other).find([request(prompt="Sing.")])
    assert found["mine/sentences/gout#0"].text == "La."


def test_a_row_of_one_type_answers_for_its_term_among_several(tmp_path: Path) -> None:
    typed = "mine/sentences/Disease:gout#0"
    other = ROW | {"id": "mine/sentences/Disease:gout#0", "completion": "Its own."}
    assert recorded(tmp_path, ROW).find([request(typed)])[typed].id == ROW["id"]
    assert recorded(tmp_path, ROW, other).find([request(typed)])[typed].text == "Its own."
    assert recorded(tmp_path, ROW).find([request(typed, prompt="Write of a disease.")]) == {}


def test_an_id_stands_twice_where_something_else_was_asked(tmp_path: Path) -> None:
    short = ROW | {"prompt": "Write 2.", "completion": "1. Gout again."}
    labels = {"id": "ncbi/mentions/gout#0", "labels": ROW["id"], "completion": "1. Gout"}
    rows = [ROW, short, labels | {"prompt": "{the 30 numbered sentences}"}, labels | {"prompt": "{the 2 numbered}"}]
    llm = recorded(tmp_path, *rows)
    assert [llm.find([request(prompt=said)])["mine/sentences/gout#0"].text for said in ("Write.", "Write 2.")] == [
        "1. Gout.",
        "1. Gout again.",
    ]
    second = request("mine/mentions/gout#0", prompt="{the 2 numbered}", labels=ROW["id"])
    assert set(llm.find([second])) == {second.id}
    with pytest.raises(DataFormatError, match=r":5: the id 'ncbi/sentences/gout#0' stands at .*:2 already"):
        recorded(tmp_path, *rows, short | {"completion": "Another answer."}).find([request()])


def test_an_empty_completion_is_no_answer(tmp_path: Path) -> None:
    assert recorded(tmp_path, ROW | {"completion": " "}).find([request()]) == {}


def test_a_half_filled_file_goes_with_the_one_that_fills_the_rest(tmp_path: Path) -> None:
    assert request().id in recorded(tmp_path, ROW | {"completion": ""}, ROW).find([request()])


def test_model_and_finish_reason_may_be_left_out(tmp_path: Path) -> None:
    row = {name: ROW[name] for name in ("id", "prompt", "completion")}
    assert recorded(tmp_path, row).find([request()])["mine/sentences/gout#0"].finish_reason == "stop"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "d/p/u#0", ', "no JSON"),
        ("[1, 2]", "list instead of an object"),
        (ROW | {"id": "gout"}, "the id 'gout' is not of the form dataset/prompt/unit#replicate"),
        (ROW | {"id": "d/p/gout"}, "is not of the form"),
        (ROW | {"id": "d/p/gout#x"}, "is not of the form"),
        ({"id": "d/p/u#0", "prompt": "Write."}, "`completion` is missing or no string"),
        (ROW | {"completion": 5}, "`completion` is missing or no string"),
        (ROW | {"id": "d/p/u#0", "completion": "\ud83d"}, "is half a character"),
        (ROW, "the id 'ncbi/sentences/gout#0' stands at"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: Any, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        recorded(tmp_path, ROW, "", line).find([request()])
    assert str(raised.value).startswith(f"{tmp_path / 'mine.jsonl'}:3: ")
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_named(workspace: Path) -> None:
    with pytest.raises(ConfigError, match=r"no recordings at none\.jsonl"):
        RecordedCompletions([Path("none.jsonl")]).find([request()])


def test_a_miss_is_explained(tmp_path: Path) -> None:
    llm = recorded(tmp_path, ROW)
    assert "answers another request: its `prompt` differs" in llm.explain([request(prompt="Write more.")])
    assert "They are not in" in llm.explain([request("mine/sentences/ataxia#0")])
    assert "No recordings are given" in RecordedCompletions([]).explain([request()])


def test_requests_that_are_filled_in_are_recordings(tmp_path: Path) -> None:
    second = request("mine/mentions/gout#0", prompt="List {the 2 numbered sentences}", labels="mine/sentences/gout#0")
    path = tmp_path / "requests.jsonl"
    write_requests(path, [request(), second])
    assert RecordedCompletions([path]).find([request(), second]) == {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert "messages" not in rows[0]
    assert rows[1]["messages"] == [{"role": "user", "content": "Write."}]
    filled = "".join(json.dumps(row | {"completion": "1. Gout."}) + "\n" for row in rows)
    path.write_text(filled, encoding="utf-8")
    assert set(RecordedCompletions([path]).find([request(), second])) == {
        "mine/sentences/gout#0",
        "mine/mentions/gout#0",
    }


def test_recordings_of_the_llm_win_over_those_of_the_dataset(tmp_path: Path) -> None:
    dataset = DatasetConfig(name="d", task="ner", recordings=["assets:recordings/ncbi_disease.sentences.jsonl"])
    own = str(tmp_path / "mine.jsonl")
    given: Any = open_completions(LLMConfig(name="recorded", recordings=[own]), dataset=dataset, artifacts=tmp_path)
    shipped: Any = open_completions(LLMConfig(name="recorded"), dataset=dataset, artifacts=tmp_path)
    assert given.files == (Path(own),)
    assert [file.is_file() for file in shipped.files] == [True]
