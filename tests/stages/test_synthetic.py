from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from support import TINY, Command, Said

TERMS = ("ataxia", "gout", "DMD", "lupus")
QUICK = [word for word in TINY if not word.startswith("source.")]
BYO = ("dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease", "generation.per_request=5")

FINISHED = "This job is finished"

Train = Callable[..., Said]


def completion(term: str) -> str:
    verbs = ("was found in the first visit", "returned", "had gone by then", "came late in life", "stayed mild")
    return "Sure! Here you go:\n" + "\n".join(
        f"{number}) Case {number}: {term} {verb}, as in others with gout." for number, verb in enumerate(verbs, 1)
    )


def rows(terms: tuple[str, ...] = TERMS) -> list[dict[str, Any]]:
    return [
        {
            "id": f"mine/sentences/{term}#0",
            "prompt": render(named_prompt("sentences"), {"n": 5, "entity": term}),
            "completion": completion(term),
        }
        for term in terms
    ]


def write(path: Path, found: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")


@pytest.fixture
def train(with_store: Path, clinsynth: Command, tiny_bert: Path) -> Train:
    """Train on what is in `terms.txt` and `mine.jsonl`, with the tiny backbone."""
    (with_store / "terms.txt").write_text("".join(f"{term}\n" for term in TERMS), encoding="utf-8")
    write(with_store / "mine.jsonl", rows())

    def run(*words: str, recordings: str = "[mine.jsonl]", given: tuple[str, ...] = BYO) -> Said:
        tiny = f"backbone.name_or_path={tiny_bert}"
        return clinsynth("train", *given, f"llm.recordings={recordings}", "size=n5", tiny, *QUICK, *words)

    return run


def summary(folder: Path) -> dict[str, Any]:
    """Of the job that ran last."""
    path = max(folder.glob("outputs/train/*/summary.json"))
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_terms_and_a_recording_are_enough_for_a_model(train: Train, with_store: Path) -> None:
    said = train()
    assert said.status == 0, said.err
    assert "4 of 4 units are recorded" in said.out
    assert "not scored, for there is no test set" in said.out
    found = summary(with_store)
    assert found["examples"] == 20
    assert found["corpus"]
    assert not [name for name in found if name.startswith("test/")]

    from transformers import pipeline

    find = pipeline("token-classification", found["model"])
    assert set(find.model.config.id2label.values()) == {"O", "B-Disease", "I-Disease"}
    find("She was diagnosed with gout.")
    assert "Not scored: no test set." in (Path(found["model"]) / "README.md").read_text(encoding="utf-8")


def test_the_lexicon_of_a_list_of_terms_is_that_list(train: Train, with_store: Path) -> None:
    assert train().status == 0
    (corpus,) = with_store.glob("artifacts/corpus-*")
    examples = [json.loads(line) for line in (corpus / "examples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all("gout" in row["text"] for row in examples)
    tagged = [list(zip(row["tokens"], row["tags"], strict=True)) for row in examples]
    labelled = [{token for token, tag in found if tag != "O"} for found in tagged]
    assert all("gout" in found for found in labelled)
    assert set.union(*labelled) == set(TERMS)


def test_what_was_made_is_logged(train: Train, with_store: Path) -> None:
    from mlflow import MlflowClient

    train("tracking.log_text=true")
    client = MlflowClient(f"sqlite:///{Path.cwd()}/mlruns/mlflow.db")
    run = client.get_run(summary(with_store)["run_id"])
    chosen = {name: run.data.params[name] for name in ("source", "size", "annotator", "prompt", "llm", "dataset")}
    assert chosen == {
        "source": "synthetic",
        "size": "n5",
        "annotator": "gazetteer",
        "prompt": "sentences",
        "llm": "recorded",
        "dataset": "terms",
    }
    assert run.data.params["annotator.lexicon"] == "units"
    assert run.data.metrics["corpus/kept"] == 20
    assert run.data.metrics["corpus/rejected_remark"] == 4
    assert run.data.tags["corpus"] == summary(with_store)["corpus"]
    logged = {artifact.path for artifact in client.list_artifacts(run.info.run_id, "corpus")}
    assert logged == {"corpus/manifest.json", "corpus/rejected.jsonl"}


@pytest.mark.parametrize("words", [["tracking.log_text=false"], []], ids=["asked", "not public"])
def test_texts_stay_out_of_mlflow_where_they_shall(train: Train, with_store: Path, words: list[str]) -> None:
    assert train(*words).status == 0
    for path in (with_store / "mlruns").rglob("*"):
        assert not path.is_file() or path.name.startswith("mlflow.db") or b"in others with" not in path.read_bytes()


def test_a_finished_job_is_skipped_until_its_completions_change(train: Train, with_store: Path) -> None:
    train()
    first = summary(with_store)
    assert FINISHED in train().out
    assert summary(with_store)["run_id"] == first["run_id"]
    mended = rows()
    mended[0]["completion"] = mended[0]["completion"].replace("Case", "Patient")
    write(with_store / "mine.jsonl", mended)
    assert FINISHED not in train().out
    second = summary(with_store)
    assert (second["run_key"], second["run_id"] == first["run_id"]) == (first["run_key"], False)
    assert second["corpus"] != first["corpus"]
    assert Path(first["model"]).is_dir()
    assert Path(first["model"]) != Path(second["model"])


def test_a_test_file_is_scored(train: Train, with_store: Path) -> None:
    (with_store / "test.tsv").write_text("Gout\tB-Disease\nhurts\tO\n", encoding="utf-8")
    said = train("dataset.files.test.path=test.tsv")
    assert said.status == 0, said.err
    assert {"test/precision", "test/recall", "test/f1"} <= set(summary(with_store))


@pytest.mark.parametrize(("source", "examples"), [("synthetic", 20), ("augmented", 150), ("original", 130)])
def test_sources_of_a_dataset_with_gold(train: Train, with_store: Path, source: str, examples: int) -> None:
    given = ("dataset=sample_ner", "dataset.units=terms.txt", "generation.per_request=5", f"source={source}")
    said = train(given=given)
    assert said.status == 0, said.err
    found = summary(with_store)
    assert found["examples"] == examples
    assert bool(found["corpus"]) is (source != "original")


def test_gold_alone_ignores_what_makes_a_corpus(train: Train, with_store: Path) -> None:
    given = ("dataset=sample_ner", "source=original")
    train(given=given)
    first = summary(with_store)
    said = train("annotator=seed", "seed_ratio=r010", "quality=none", given=given, recordings="[none.jsonl]")
    assert FINISHED in said.out
    assert summary(with_store)["run_id"] == first["run_id"]


def spoilt(kind: str) -> str:
    lines = [json.dumps(row) for row in rows()]
    broken = {"broken line": [*lines[:2], lines[2][:40]], "duplicate id": [*lines, lines[1]]}[kind]
    return "\n".join(broken) + "\n"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("broken line", "mine.jsonl:3: no JSON"),
        ("duplicate id", "mine.jsonl:5: the id 'mine/sentences/gout#0' stands at"),
    ],
)
def test_a_spoilt_recording_is_named(train: Train, with_store: Path, kind: str, said: str) -> None:
    (with_store / "mine.jsonl").write_text(spoilt(kind), encoding="utf-8")
    found = train()
    assert found.status == 2
    assert said in " ".join(found.err.split())


def test_a_term_that_is_not_recorded_is_counted(train: Train, with_store: Path) -> None:
    write(with_store / "mine.jsonl", rows(TERMS[:3]))
    found = train()
    assert found.status == 0
    assert "3 of 4 units are recorded" in found.out


def test_a_term_that_no_sentence_contains_is_named(train: Train, with_store: Path) -> None:
    write(with_store / "mine.jsonl", [*rows(TERMS[:3]), rows()[3] | {"completion": completion("sle")}])
    found = train()
    assert found.status == 2
    assert "1 of 4 units stand in none of their own sentences: 'lupus'" in " ".join(found.err.split())


def test_what_is_missing_is_left_as_a_file_to_fill_in(train: Train, with_store: Path) -> None:
    write(with_store / "mine.jsonl", [])
    said = train()
    assert said.status == 2
    (requests,) = with_store.glob("outputs/train/*/requests.jsonl")
    assert str(requests) in "".join(said.err.split())
    asked = [json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in asked] == [f"terms/sentences/{term}#0" for term in TERMS]
    assert [row["prompt"] for row in asked] == [row["prompt"] for row in rows()]
    answered = [row | {"completion": completion(term)} for row, term in zip(asked, TERMS, strict=True)]
    write(with_store / "mine.jsonl", answered)
    assert train().status == 0


def test_the_requests_of_a_labelling_llm_can_be_filled_in(train: Train, with_store: Path) -> None:
    assert train("annotator=llm").status == 2
    (requests,) = with_store.glob("outputs/train/*/requests.jsonl")
    asked = [json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()]
    assert "1. Case 1: " in asked[0]["messages"][0]["content"]
    answered = [row | {"completion": "\n".join(f"{n}. gout" for n in range(1, 6))} for row in asked]
    write(with_store / "mentions.jsonl", answered)
    said = train("annotator=llm", recordings="[mine.jsonl,mentions.jsonl]")
    assert said.status == 0, said.err


def test_show_prints_a_corpus(train: Train, with_store: Path, clinsynth: Command) -> None:
    train()
    digest = summary(with_store)["corpus"]
    said = clinsynth("show", f"corpus={digest[:5]}", "samples=2")
    assert said.status == 0, said.err
    assert f"corpus {digest}: 20 examples of 4 units" in said.out
    assert "[gout]" in said.out
    assert said.out.count("  • ") == 3
    assert "remark: 4" in said.out
    assert "Sure! Here you go:" in said.out
    assert "mentions per sentence" in said.out
    assert clinsynth("show").out.splitlines()[0] == said.out.splitlines()[0]


def test_show_of_what_is_not_there_is_said(with_store: Path, clinsynth: Command) -> None:
    said = clinsynth("show", "corpus=abc")
    assert said.status == 2
    assert "corpus=abc is no corpus of artifacts" in " ".join(said.err.split())
