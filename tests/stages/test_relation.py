"""Relations all the way: recorded rounds, gold, both, and rounds that are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from support import CORPORA, TINY, Command, MockServer, Said, examples, needs_corpora, rows, summary

SAMPLE = "dataset=sample_relation"
RECORDED = "assets:recordings/gad.examples.jsonl"
QUICK = [word for word in TINY if not word.startswith("source.")]
SCORES = {f"test/{name}" for name in ("precision", "recall", "f1", "f1_low", "f1_high")}
SCORES |= {"test/f1_always_positive", "test/average_precision"}

Train = Callable[..., Said]


@pytest.fixture
def train(with_store: Path, clinsynth: Command, tiny_bert: Path) -> Train:
    """Train on the sample, with the tiny backbone."""

    def run(*words: object) -> Said:
        return clinsynth("train", SAMPLE, f"backbone.name_or_path={tiny_bert}", *QUICK, *words)

    return run


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("source", "number"),
    [
        (["source=original"], 80),
        (["source=synthetic"], 432),
        (["source=synthetic", "size.total=10"], 10),
        (["source=augmented", "size.total=10"], 90),
        (["source=kshot", "size.total=10"], 10),
    ],
    ids=["original", "synthetic", "synthetic, ten", "augmented", "kshot"],
)
def test_sources_of_the_sample(train: Train, with_store: Path, source: list[str], number: int) -> None:
    said = train(*source, "trainer.save_model=false")
    assert said.status == 0, said.err
    assert "sample_relation: train 80 sentences, 40 positive; test 80 sentences, 40 positive" in said.out
    found = summary(with_store)
    assert found["examples"] == number
    assert bool(found["corpus"]) is (source[0] in ("source=synthetic", "source=augmented"))
    assert {name for name in found if name.startswith("test/")} == {*SCORES, "test/words_lost"}
    assert all(0 <= found[name] <= 1 for name in SCORES)
    assert found["test/f1_always_positive"] == pytest.approx(2 / 3)
    assert found["test/average_precision"] > 0
    assert re.search(r"always yes +AP", said.out)


def test_a_trained_model_says_yes_or_no(train: Train, with_store: Path) -> None:
    assert train("size.total=20").status == 0
    found = summary(with_store)

    from transformers import pipeline

    related = pipeline("text-classification", found["model"], device="cpu")
    assert related("Loss of (@GENE$) causes @DISEASE$-like signs.")[0]["label"] in ("Yes", "No")
    assert {"@GENE$", "@DISEASE$"} <= set(related.tokenizer.tokenize("Loss of (@GENE$) causes @DISEASE$-like signs."))
    assert 'pipeline("text-classification"' in (Path(found["model"]) / "README.md").read_text(encoding="utf-8")
    (predictions,) = with_store.glob("mlruns/artifacts/*/*/artifacts/predictions.jsonl")
    told = rows(predictions)
    assert len(told) == 80
    assert all((row["score"] > 0.5) is (row["predicted"] == "Yes") for row in told)
    (curve,) = with_store.glob("mlruns/artifacts/*/*/artifacts/precision_recall.png")
    assert curve.stat().st_size > 1000


def test_all_that_is_recorded_is_taken_but_for_what_leaks(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("generate", SAMPLE)
    found = examples(said, with_store)
    assert "80 rounds are recorded" in said.out
    assert "432 examples of 72 units (432 texts parsed" in said.out
    assert "rejected: nothing); 216 positive" in said.out
    assert "8 rounds are left out" in said.out
    assert len(found) == 432
    assert len({row["unit"] for row in found}) == 72
    assert not {"round-0004", "round-0016", "round-0070"} & {row["unit"] for row in found}
    assert [row["label"] for row in found].count("Yes") == 216
    shown = clinsynth("show", "samples=1")
    assert shown.status == 0, shown.err
    assert "432" in shown.out
    assert "[@GENE$]" in shown.out


def test_a_smaller_size_is_the_head_of_a_larger(clinsynth: Command, with_store: Path) -> None:
    small, large = (examples(clinsynth("generate", SAMPLE, f"size={size}"), with_store) for size in ("t100", "t400"))
    assert (len(small), len(large)) == (100, 400)
    assert large[:100] == small


def test_more_than_is_recorded_is_missing(train: Train, with_store: Path) -> None:
    said = train("size=t800")
    assert said.status == 2
    assert "62 of 134 completions are missing, the first is 'sample_relation/examples/round-0080#0'" in words(said.err)
    assert "generation.on_missing=skip goes on without them" in words(said.err)
    (requests,) = with_store.glob("outputs/train/*/requests.jsonl")
    asked = rows(requests)
    assert [row["id"] for row in asked[:2]] == [f"sample_relation/examples/round-{n:04d}#0" for n in (80, 81)]
    assert len(asked) == 62
    assert all(len(row["seed_rows"][label]) == 3 for row in asked for label in ("positive", "negative"))
    assert not any(368 in row["seed_rows"]["positive"] for row in asked)


def test_what_is_missing_can_be_filled_in(train: Train, with_store: Path, clinsynth: Command) -> None:
    """73 rounds are asked for, 72 of those that are recorded leak nothing."""
    assert train("size.total=438").status == 2
    (requests,) = with_store.glob("outputs/train/*/requests.jsonl")
    (asked,) = rows(requests)
    told = "\n".join(f"| Fact {n} of six: @GENE$ was raised in ward {n} for @DISEASE$. | Yes |" for n in range(6))
    (with_store / "mine.jsonl").write_text(json.dumps(asked | {"completion": told}) + "\n", encoding="utf-8")
    said = clinsynth("generate", SAMPLE, "size.total=438", f"llm.recordings=['{RECORDED}',mine.jsonl]")
    found = examples(said, with_store)
    assert len(found) == 438
    assert {row["unit"] for row in found[432:]} == {"round-0080"}


def test_one_can_go_on_without_what_is_missing(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("generate", SAMPLE, "size=t800", "generation.on_missing=skip")
    assert len(examples(said, with_store)) == 432
    assert "62 of 134 completions are missing" in said.out
    assert "Going on without them" in said.out


@needs_corpora
def test_what_is_missing_of_gad_says_what_to_ask(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    tiny = f"backbone.name_or_path={tiny_bert}"
    said = clinsynth("train", "dataset=gad", "size=t800", f"paths.data={CORPORA}", tiny, *QUICK)
    assert said.status == 2
    (requests,) = with_store.glob("outputs/train/*/requests.jsonl")
    assert "Generate 3 positive and 3 negative examples" in requests.read_text(encoding="utf-8")


@needs_corpora
def test_a_fold_that_the_pool_is_not_of_is_refused(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    tiny = f"backbone.name_or_path={tiny_bert}"
    said = clinsynth("train", "dataset=gad", "dataset.fold=2", f"paths.data={CORPORA}", tiny, *QUICK)
    assert said.status == 2
    assert "dataset.pool names rows of gad/1/train.tsv, and dataset.fold=2 trains on another fold" in words(said.err)


@pytest.mark.parametrize("stage", ["generate", "train"])
def test_without_a_pool_and_recordings_nothing_is_recorded(stage: str, clinsynth: Command, with_store: Path) -> None:
    said = clinsynth(stage, SAMPLE, "dataset.pool=null", "llm.recordings=[]")
    assert said.status == 2, said.err
    assert "none of the rounds of sample_relation is recorded" in words(said.err)


def live(server: MockServer, *words: str) -> list[str]:
    return [SAMPLE, "llm=local", "llm.model=m", f"llm.base_url={server.url}", *words]


def test_rounds_are_asked_for_out_of_a_proposed_pool(
    train: Train, clinsynth: Command, server: MockServer, with_store: Path
) -> None:
    said = clinsynth("generate", *live(server, "size.total=12"))
    found = examples(said, with_store)
    assert server.asked()["requests"] == 2
    assert len(found) == 12
    assert [row["label"] for row in found].count("Yes") == 6
    assert summary(with_store)["examples"] == 12
    (proposal,) = with_store.glob("outputs/generate/*/pool.yaml")
    assert f"{proposal.relative_to(with_store)} is a proposal" in said.out.replace(f"{with_store}/", "")
    pool = yaml.safe_load(proposal.read_text(encoding="utf-8"))["pool"]
    assert (len(pool["positive"]), len(pool["negative"])) == (40, 40)

    assert clinsynth("generate", *live(server, "size.total=12")).status == 0
    said = train(*live(server, "size.total=12"))
    assert said.status == 0, said.err
    assert summary(with_store)["examples"] == 12
    assert server.asked()["requests"] == 2
    assert clinsynth("generate", *live(server, "size.total=18")).status == 0
    assert server.asked()["requests"] == 3


def test_what_is_asked_without_rows_is_asked_anew(clinsynth: Command, server: MockServer, with_store: Path) -> None:
    """All rounds have the same message, and each gets its own answer."""
    said = clinsynth("generate", *live(server, "size.total=18", "seed_ratio=r000"))
    assert len(examples(said, with_store)) == 18
    assert (server.asked()["requests"], server.asked()["different"]) == (3, 1)


def test_a_live_llm_has_to_be_told_how_many(clinsynth: Command, server: MockServer, with_store: Path) -> None:
    said = clinsynth("generate", *live(server))
    assert said.status == 2
    assert "say how many examples, as in size=t400" in words(said.err)
    assert server.asked()["requests"] == 0
