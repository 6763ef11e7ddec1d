from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import Command, MockServer, Said, killed, rows, summary

Run = Callable[..., Said]
SMALL = ["rounds=2", "candidates=3", "samples=4"]


def live(server: MockServer) -> list[str]:
    return ["llm=local", "llm.model=m", f"llm.base_url={server.url}", *SMALL]


@pytest.fixture
def search(with_store: Path, clinsynth: Command, server: MockServer) -> Run:
    def run(*words: str) -> Said:
        return clinsynth("search_prompts", *live(server), *words)

    return run


def tree(folder: Path, dataset: str = "sample_ner") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "prompts" / dataset / "tree.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("dataset", ["sample_ner", "sample_relation", "sample_asd"])
def test_the_winner_is_an_option_of_the_group_prompt(
    search: Run, clinsynth: Command, server: MockServer, with_store: Path, dataset: str
) -> None:
    said = search(f"dataset={dataset}")
    assert said.status == 0, said.err
    found = tree(with_store, dataset)
    assert [candidate["name"] for candidate in found["candidates"]] == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    assert all(len(candidate["kept"]) == 4 for candidate in found["candidates"])
    best = found["contests"][0]["winner"]
    assert {candidate["parent"] for candidate in found["candidates"][3:]} == {best}
    assert set(found["contests"][1]["verdicts"]) == {best, "2.1", "2.2", "2.3"}
    folder = with_store / "prompts" / dataset
    assert (folder / "tree.png").stat().st_size > 10_000
    assert best in (folder / "tree.md").read_text(encoding="utf-8")
    few = ["units.only=[A1]"] if dataset == "sample_asd" else ["size.total=6"] if dataset == "sample_relation" else []
    few = [*few, "units.max=2", "annotator=seed"] if dataset == "sample_ner" else few
    made = clinsynth(
        "generate", *live(server)[:3], f"dataset={dataset}", *few, f"--config-dir={folder}", "prompt=searched"
    )
    assert made.status == 0, made.err
    assert "examples of" in made.out


def test_a_dry_run_counts_what_the_search_asks(search: Run, server: MockServer) -> None:
    said = search("judge=llm", "generation.dry_run=true", "llm.price.input=1", "llm.price.output=1")
    assert said.status == 0, said.err
    (line,) = (line for line in said.out.splitlines() if line.startswith("requests to send"))
    assert server.asked()["requests"] == 0
    assert search("judge=llm").status == 0
    assert int(line.split()[-1]) == server.asked()["requests"] == 2 * (1 + 3 * 2) + 3 * 2 + 4 * 3


def test_a_rerun_pays_for_nothing_and_finds_the_same(search: Run, server: MockServer, with_store: Path) -> None:
    search("judge=llm")
    found, asked = tree(with_store), server.asked()["requests"]
    assert search("judge=llm").status == 0
    assert tree(with_store) == found
    assert server.asked()["requests"] == asked


def test_what_was_spent_is_logged_for_all_goes_together(search: Run, server: MockServer, with_store: Path) -> None:
    from mlflow import MlflowClient

    search("judge=llm", "llm.price.input=1", "llm.price.output=1")
    client = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db")
    (run,) = client.search_runs([found.experiment_id for found in client.search_experiments()])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["llm/requests"] == server.asked()["requests"]
    assert run.data.metrics["llm/usd"] > 0
    assert run.data.metrics["search/score"] > 0
    assert run.data.params["judge"] == "llm"
    assert {item.path for item in client.list_artifacts(run.info.run_id)} >= {"tree.json", "tree.png", "searched.yaml"}


def test_a_person_judges_between_two_calls(search: Run, server: MockServer, with_store: Path) -> None:
    folder = with_store / "prompts" / "sample_ner"
    said = search("judge=file")
    assert said.status == 0, said.err
    assert "round-1.csv waits for you" in said.out
    asked = server.asked()["requests"]
    assert "waits for you" in search("judge=file").out
    assert server.asked()["requests"] == asked
    _fill(folder / "round-1.csv", {"1.2": "5"}, with_store)
    said = search("judge=file")
    assert "round-2.csv waits for you" in said.out
    assert tree(with_store)["contests"][0]["winner"] == "1.2"
    _fill(folder / "round-2.csv", {"2.3": "4.5"}, with_store)
    said = search("judge=file")
    assert said.status == 0, said.err
    assert "The best prompt is 2.3" in said.out
    assert (folder / "prompt" / "searched.yaml").is_file()


def test_a_sheet_with_missing_rows_names_them(search: Run, with_store: Path) -> None:
    search("judge=file")
    path = with_store / "prompts" / "sample_ner" / "round-1.csv"
    _fill(path, {}, with_store, drop="1.1")
    said = search("judge=file")
    assert said.status == 2
    assert "has no row for c-" in said.err
    assert "Traceback" not in said.err


def _fill(path: Path, scores: dict[str, str], folder: Path, *, drop: str = "") -> None:
    """Give the named candidates their score and the others 1."""
    texts = {candidate["text"]: candidate["name"] for candidate in tree(folder)["candidates"]}
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file))
    kept = [row | {"score": scores.get(texts[row["prompt"]], "1")} for row in read if texts[row["prompt"]] != drop]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(read[0]))
        writer.writeheader()
        writer.writerows(kept)


def test_three_prompts_instead_of_five_are_asked_for_again(search: Run, server: MockServer, with_store: Path) -> None:
    server.behave(proposals=3)
    said = search("candidates=5", "rounds=1")
    assert said.status == 0, said.err
    assert len(tree(with_store)["candidates"]) == 5
    assert server.asked()["requests"] == 2 + 5 * 2
    server.behave(proposals=1)
    said = search("candidates=5", "rounds=1", "llm.model=other")
    assert said.status == 0, said.err
    assert "Round 1 goes on with 3 prompts" in said.out


@pytest.mark.parametrize(
    ("told", "words", "message"),
    [
        ({"verdict": "As you like it."}, ["judge=llm"], "none of the 6 verdicts of m can be read"),
        ({"always": "empty"}, [], "has answered none of 3 times it was asked: 3 empty"),
        ({"always": "401"}, [], "401"),
        ({}, ["quality.min_words=50"], "no sample of the 3 prompts of a round passes quality control"),
        ({}, ["judge.weights.charm=1"], "judge.weights"),
        ({}, ["requests=9"], "requests=9 is out of range: it has to be at most samples=4"),
        ({}, ["rounds=0"], "rounds=0 is out of range"),
        ({}, ["judge=nobody"], "Could not find 'judge/nobody'"),
        ({}, ["propose.text='Write prompts.'"], "lacks $candidates"),
        ({}, ["llm=recorded", "llm.recordings=[]"], "answers are missing"),
        ({}, ["dataset.public=false"], "its units or rows would be sent"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_are_one_paragraph(
    search: Run, server: MockServer, told: dict[str, Any], words: list[str], message: str
) -> None:
    server.behave(**told)
    said = search(*words)
    assert said.status == 2
    assert message in " ".join(said.err.split())
    assert "Traceback" not in said.err


def test_a_judge_that_prefers_a_place_decides_nothing(search: Run, server: MockServer, with_store: Path) -> None:
    server.behave(verdict="A")
    assert search("judge=llm", "rounds=1").status == 0
    found = tree(with_store)["contests"][0]
    assert {row["score"] for row in found["verdicts"].values()} == {0.5}
    assert found["winner"] == "1.1"


def test_it_can_be_done_by_hand(search: Run, clinsynth: Command, with_store: Path) -> None:
    """Answers that a live search has paid for, exported, replay it offline."""
    search("judge=llm")
    found = tree(with_store)
    assert clinsynth("cache", "action=export", "to=mine.jsonl").status == 0
    said = clinsynth("search_prompts", *SMALL, "judge=llm", "llm=recorded", "llm.recordings=[mine.jsonl]", "to=again")
    assert said.status == 0, said.err
    assert json.loads((with_store / "again" / "tree.json").read_text(encoding="utf-8")) == found
    said = clinsynth("search_prompts", *SMALL, "judge=llm", "llm=recorded", "llm.recordings=[mine.jsonl]", "samples=6")
    assert said.status == 2
    assert "samples: " in said.err
    left = rows(max(with_store.glob("outputs/*/*/requests.jsonl")))
    assert {row["id"].split("/")[1].split("-")[0] for row in left} == {"search"}


def test_a_finished_search_is_not_made_again(search: Run, server: MockServer, with_store: Path) -> None:
    search("judge=llm")
    found = summary(with_store)
    assert 0 < found["search/score"] <= 1
    again = search("judge=llm")
    assert f"This search is finished (run {found['run_id']}): skipped" in again.out
    assert summary(with_store) == found
    assert "skipped" not in search("judge=llm", "force=true").out


@pytest.mark.parametrize("name", ["sentences", "default", "mine.yaml", "a/b", "two words"])
def test_a_name_that_would_not_be_found_is_refused(search: Run, server: MockServer, name: str) -> None:
    said = search(f"name='{name}'")
    assert said.status == 2
    assert "cannot be that of the prompt that wins" in " ".join(said.err.split())
    assert server.asked()["requests"] == 0


def test_a_folder_that_cannot_be_is_found_out_first(search: Run, server: MockServer, with_store: Path) -> None:
    (with_store / "file").write_text("", encoding="utf-8")
    said = search("to=file/x")
    assert said.status == 2
    assert "to=file/x cannot be written to" in said.err
    assert server.asked()["requests"] == 0


def test_a_dry_run_needs_no_consent(search: Run, server: MockServer) -> None:
    said = search("dataset.public=false", "generation.dry_run=true")
    assert said.status == 0, said.err
    assert "of them gold text" in said.out


def test_samples_that_name_private_units_are_counted_as_gold(search: Run, with_store: Path) -> None:
    from mlflow import MlflowClient

    search("judge=llm", "rounds=1")
    client = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db")
    metrics = client.get_run(summary(with_store)["run_id"]).data.metrics
    units = {row["kept"][0].split("there was ")[1].split(" seen")[0] for row in tree(with_store)["candidates"]}
    assert len(units) == 1
    asked_once = 3 * sum(map(len, units))
    assert metrics["llm/gold_characters"] > 4 * asked_once


def test_private_text_stays_out_of_mlflow(search: Run, with_store: Path) -> None:
    assert search("dataset.public=false", "generation.send_gold_text=true", "rounds=1").status == 0
    assert (with_store / "prompts" / "sample_ner" / "tree.json").is_file()
    assert not list((with_store / "mlruns").rglob("tree.*"))


@pytest.mark.slow
def test_killed_it_goes_on_and_pays_for_nothing_twice(with_store: Path, server: MockServer, clinsynth: Command) -> None:
    server.behave(latency=0.2, rounds=False)
    words = ["search_prompts", *live(server), "judge=llm", "llm.concurrency=2"]
    killed(*words, when=lambda: server.asked()["requests"] >= 10, folder=with_store)
    server.behave(latency=0, rounds=False)
    done = clinsynth(*words)
    assert done.status == 0, done.err
    asked = server.asked()
    assert asked["different"] == 2 * (1 + 3 * 2) + 3 * 2 + 4 * 3
    assert asked["requests"] <= asked["different"] + 2  # those that were under way
