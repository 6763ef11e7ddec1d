from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import clinsynth as clinsynth_package
from clinsynth.errors import ConfigError
from clinsynth.stages import zero_shot as stage
from support import CORPORA, Command, Composed, MockServer, Said, killed, needs_corpora, rows, summary

Run = Callable[..., Said]
RECORDINGS = CORPORA.parent / "recordings"
LABELLED = {"sample_ner": 130, "sample_relation": 80, "sample_asd": 160}
"""Test examples of the datasets that ship with the package."""


def live(server: MockServer) -> list[str]:
    return ["llm=local", "llm.model=m", f"llm.base_url={server.url}"]


@pytest.fixture
def zero_shot(with_store: Path, clinsynth: Command, server: MockServer) -> Run:
    def run(*words: str) -> Said:
        return clinsynth("zero_shot", *live(server), *words)

    return run


@needs_corpora
@pytest.mark.parametrize(
    ("dataset", "name", "answered", "precision", "recall", "f1", "counts"),
    [
        ("ncbi_disease", "ncbi_disease", 100, 0.875, 0.733, 0.797, (63, 9, 23)),
        ("gad", "gad", 120, 0.549, 0.534, 0.542, (39, 32, 34)),
    ],
)
def test_recorded_answers_score_as_they_did(
    clinsynth: Command,
    with_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str,
    name: str,
    answered: int,
    precision: float,
    recall: float,
    f1: float,
    counts: tuple[int, int, int],
) -> None:
    monkeypatch.setenv("CLINSYNTH_DATA", str(CORPORA))
    recording = RECORDINGS / f"{name}.zero_shot.jsonl"
    words = ["zero_shot", f"dataset={dataset}", f"llm.recordings=[{recording}]"]
    said = clinsynth(*words, "zero_shot.on_missing=skip")
    assert said.status == 0, said.err
    found = summary(with_store)
    assert found["answers/found"] == answered
    assert [round(found[f"test/{name}"], 3) for name in ("precision", "recall", "f1")] == [precision, recall, f1]
    table = (with_store / "mlruns").rglob("counts.csv")
    read = [list(map(int, line.split(","))) for line in next(table).read_text().splitlines()[1:]]
    _, true, predicted, gold = (sum(column) for column in zip(*read, strict=True))
    assert (true, predicted - true, gold - true) == counts
    said = clinsynth(*words)
    assert said.status == 2
    assert "are missing" in said.err
    assert "zero_shot.on_missing=skip" in said.err


@pytest.mark.parametrize("dataset", LABELLED)
def test_a_live_llm_is_asked_about_the_whole_test_set_once(
    zero_shot: Run, server: MockServer, with_store: Path, dataset: str
) -> None:
    said = zero_shot(f"dataset={dataset}")
    assert said.status == 0, said.err
    number = LABELLED[dataset]
    assert server.asked()["requests"] == number
    found = summary(with_store)
    assert found["answers/found"] == number
    assert 0 < found["test/f1"] < 1
    assert (found["corpus"], found["model"], found["examples"]) == (None, None, 0)
    assert f"{number} of {number} questions are answered" in said.out
    assert "of them gold text" in said.out
    again = zero_shot(f"dataset={dataset}")
    assert "These answers are scored" in again.out
    assert server.asked()["requests"] == number
    assert summary(with_store) == found


def test_answers_stay_with_what_they_were_read_as(zero_shot: Run, with_store: Path) -> None:
    from mlflow import MlflowClient

    zero_shot("dataset=sample_relation")
    found = summary(with_store)
    client = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db")
    run = client.get_run(found["run_id"])
    assert run.data.params["prompt"] == "zero_shot"
    assert run.data.metrics["answers/repaired"] == 1.0
    assert run.data.metrics["llm/gold_characters"] > 0
    kept = rows(Path(client.download_artifacts(found["run_id"], "answers.jsonl")))
    assert len(kept) == 80
    assert {row["answer"] for row in kept} == {"Yes.", "No."}
    assert all(row["predicted"]["label"] == row["answer"].strip(".") for row in kept)
    assert kept[7]["id"] == "sample_relation/zero_shot/test-0007#0"


@pytest.mark.parametrize(
    ("consent", "status"), [("", 2), ("generation.send_gold_text=true", 0), ("llm.trusted=true", 0)]
)
def test_private_test_texts_are_sent_with_consent_only(
    zero_shot: Run, server: MockServer, with_store: Path, consent: str, status: int
) -> None:
    said = zero_shot("dataset=sample_relation", "dataset.public=false", "zero_shot.limit=5", *filter(None, [consent]))
    assert said.status == status
    assert server.asked()["requests"] == (0 if status else 5)
    if status:
        assert "the texts of its test split would be sent to http://127.0.0.1" in " ".join(said.err.split())
    else:
        assert list(with_store.glob("outputs/*/*/answers.jsonl"))
        assert not list((with_store / "mlruns").rglob("answers.jsonl"))


def test_equal_test_texts_are_asked_once_and_replayed(
    zero_shot: Run, clinsynth: Command, server: MockServer, with_store: Path
) -> None:
    rows_of = ["The @GENE$ variant raises @DISEASE$.\t1", "No @GENE$ was in @DISEASE$.\t0"]
    (with_store / "test.tsv").write_text("\n".join([*rows_of, rows_of[0]]) + "\n", encoding="utf-8")
    mine = ["dataset=sample_relation", "dataset.files.test.path=test.tsv", "dataset.files.test.sha256=null"]
    said = zero_shot(*mine)
    assert said.status == 0, said.err
    assert server.asked()["requests"] == 2
    found = summary(with_store)
    assert found["answers/found"] == 3
    assert clinsynth("cache", "action=export", "to=mine.jsonl").status == 0
    said = clinsynth("zero_shot", *mine, "llm.recordings=[mine.jsonl]")
    assert said.status == 0, said.err
    assert summary(with_store)["test/f1"] == found["test/f1"]


def test_skip_asks_nobody(zero_shot: Run, server: MockServer) -> None:
    said = zero_shot("zero_shot.on_missing=skip")
    assert said.status == 2
    assert "asks nobody: leave it out" in " ".join(said.err.split())
    assert server.asked()["requests"] == 0


def test_what_costs_is_not_known_is_not_free(zero_shot: Run) -> None:
    assert "cost not known" in zero_shot("zero_shot.limit=3", "dataset=sample_relation").out
    assert "0.0000 USD" not in zero_shot("zero_shot.limit=3", "dataset=sample_relation", "force=true").out


def test_a_dry_run_says_the_cost_and_sends_nothing(zero_shot: Run, server: MockServer) -> None:
    said = zero_shot("generation.dry_run=true", "llm.price.input=1", "llm.price.output=2")
    assert said.status == 0, said.err
    assert "requests to send" in said.out
    assert "130" in said.out
    assert "Nothing was sent" in said.out
    assert server.asked()["requests"] == 0


def test_a_part_is_always_the_same_and_grows(zero_shot: Run, server: MockServer, with_store: Path) -> None:
    def asked(*words: str) -> list[str]:
        assert zero_shot("dataset=sample_relation", *words).status == 0
        latest = max(with_store.glob("outputs/*/*/answers.jsonl"))
        return [row["id"] for row in rows(latest)]

    few, more = asked("zero_shot.limit=5"), asked("zero_shot.limit=20")
    assert len(few) == 5
    assert set(few) < set(more)
    assert more == sorted(more)
    assert few != [f"sample_relation/zero_shot/test-{place:04d}#0" for place in range(5)]
    assert server.asked()["requests"] == 20
    assert [id.replace("_k2", "") for id in asked("zero_shot.limit=5", "zero_shot.shots=2", "zero_shot.seed=3")] == few


def test_shots_are_turns_with_right_answers(composed: Composed) -> None:
    from clinsynth import tasks
    from clinsynth.asking.questions import questions as asked_about
    from clinsynth.stages import resolving

    asked = {}
    for dataset in LABELLED:
        for seed in (0, 1):
            settings = composed("zero_shot", f"dataset={dataset}", "zero_shot.shots=2", f"zero_shot.seed={seed}")
            settings = resolving.asked(settings)
            assert settings.prompt.name == "zero_shot_k2"
            gold = resolving.load_gold(settings.dataset, paths=settings.paths)
            task, part = tasks.open(settings.dataset), resolving.part(settings)
            asker = task.asker
            questions = asked_about(task, part=part, gold=gold)
            request = questions[0].request
            assert [turn["role"] for turn in request.messages] == ["user", "assistant"] * 2 + ["user"]
            shown = [example for example in gold.train if asker.answer(example) == request.messages[1]["content"]]
            assert any(
                asker.question(example, prompt=part.prompt) == request.messages[0]["content"] for example in shown
            )
            for example in gold.test:  # what is asked for is what is read as clean
                text = asker.question(example, prompt=part.prompt)
                reading = asker.read(asker.answer(example), question=text, example=example)
                assert (reading.status, reading.hallucinated) == ("clean", ())
                assert asker.answer(reading.predicted) == asker.answer(example)
            asked[dataset, seed] = request.messages
    assert asked["sample_ner", 0] != asked["sample_ner", 1]


def test_no_shot_is_a_test_example_in_other_letters(composed: Composed) -> None:
    from clinsynth import tasks
    from clinsynth.asking.questions import questions as asked_about
    from clinsynth.stages import resolving

    settings = resolving.asked(composed("zero_shot", "dataset=sample_relation", "zero_shot.shots=1"))
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    copy = replace(gold.test[0], text=f"{gold.test[0].text.upper()} ")
    with pytest.raises(ConfigError, match="has 0 training examples to show"):
        asked_about(tasks.open(settings.dataset), part=resolving.part(settings), gold=replace(gold, train=(copy,)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zero_shot.shots=9999"], "has 130 training examples to show"),
        (["zero_shot.shots=-1"], "zero_shot.shots=-1 is out of range"),
        (["prompt.text='Related? $text'"], "prompt.text without a name"),
        (["zero_shot.limit=0"], "zero_shot.limit=0 is out of range"),
        (["dataset.files.test.path=null"], "has no test file"),
        (["prompt=sentences"], "the template of the prompt 'sentences' lacks $text"),
        (["dataset=sample_relation", 'prompt.text="$text?"', "prompt.name=mine"], "does not say @GENE$"),
        (["size=n10"], "Could not override 'size'"),
        (["llm=recorded"], "130 of 130 answers are missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_paragraph(zero_shot: Run, words: list[str], said: str) -> None:
    found = zero_shot(*words)
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err


def test_requests_that_are_left_can_be_answered_by_hand(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("zero_shot", "dataset=sample_relation", "zero_shot.limit=10")
    assert said.status == 2
    (place,) = with_store.glob("outputs/*/*/requests.jsonl")
    asked = rows(place)
    assert len(asked) == 10
    assert asked[0]["messages"][0]["content"].startswith("Given a sentence that introduces a gene")
    filled = [row | {"completion": "Label: Yes"} for row in asked]
    mine = with_store / "mine.jsonl"
    mine.write_text("".join(json.dumps(row) + "\n" for row in filled), encoding="utf-8")
    said = clinsynth("zero_shot", "dataset=sample_relation", "zero_shot.limit=10", "llm.recordings=[mine.jsonl]")
    assert said.status == 0, said.err
    assert summary(with_store)["test/recall"] == 1.0


def test_answers_to_another_prompt_are_no_answers(clinsynth: Command, zero_shot: Run, with_store: Path) -> None:
    zero_shot("dataset=sample_relation")
    assert clinsynth("cache", "action=export", "to=mine.jsonl").status == 0
    recorded = ["zero_shot", "dataset=sample_relation", "llm.recordings=[mine.jsonl]"]
    assert clinsynth(*recorded).status == 0
    said = clinsynth(*recorded, "prompt.name=zero_shot", 'prompt.text="Are @GENE$$ and @DISEASE$$ related? $text"')
    assert said.status == 2
    assert "answers another request: its `messages` differs" in " ".join(said.err.split())
    said = clinsynth(*recorded, "zero_shot.shots=3")
    assert said.status == 2
    assert "which answers the prompts: zero_shot)" in " ".join(said.err.split())


def test_a_budget_stop_keeps_what_was_answered(zero_shot: Run, server: MockServer, with_store: Path) -> None:
    words = ["dataset=sample_relation", "llm.price.input=100", "llm.price.output=100", "llm.max_tokens=10"]
    said = zero_shot(*words, "llm.max_cost_usd=0.2", "llm.concurrency=2")
    assert said.status == 2
    assert "llm.max_cost_usd=0.2 would be exceeded" in said.err
    answered = server.asked()["requests"]
    assert 0 < answered < 80
    said = zero_shot(*words, "zero_shot.on_missing=skip")
    assert said.status == 0, said.err
    assert summary(with_store)["answers/found"] == answered
    assert zero_shot(*words).status == 0
    assert server.asked()["requests"] == 80


def test_a_question_that_stays_without_an_answer_is_unusable(
    zero_shot: Run, server: MockServer, with_store: Path
) -> None:
    first = (Path(clinsynth_package.__file__).parent / "assets/sample_relation/test.tsv").read_text(encoding="utf-8")
    words = first.splitlines()[0].split("\t")[0][:40]
    refusal = {"content": "I'm sorry, but I can't assist with that."}
    server.behave(about={words: (200, json.dumps({"choices": [{"message": refusal, "finish_reason": "stop"}]}))})
    said = zero_shot("dataset=sample_relation")
    assert said.status == 0, said.err
    found = summary(with_store)
    assert (found["answers/found"], found["answers/unusable"]) == (80, 1 / 80)
    assert "1 of 80 questions have no answer, and are scored as unusable" in said.out
    server.behave(about={words: (500, "broken")})
    said = zero_shot("dataset=sample_relation", "llm.patience_s=1", "llm.temperature=0.5")
    assert said.status == 2
    assert "1 of 80 answers are missing" in " ".join(said.err.split())
    server.behave(about={})
    assert zero_shot("dataset=sample_relation", "llm.temperature=0.5").status == 0
    assert summary(with_store)["answers/unusable"] == 0


@pytest.mark.slow
def test_killed_it_pays_for_nothing_twice(with_store: Path, server: MockServer, clinsynth: Command) -> None:
    server.behave(latency=0.1)
    words = ("zero_shot", *live(server), "llm.concurrency=4")
    killed(*words, when=lambda: server.asked()["requests"] >= 20, folder=with_store)
    server.behave(latency=0)
    assert clinsynth(*words).status == 0
    assert 130 <= server.asked()["requests"] <= 134  # those that were under way
    assert summary(with_store)["answers/found"] == 130


def test_the_report_tells_parts_of_a_test_set(zero_shot: Run, clinsynth: Command, with_store: Path) -> None:
    from mlflow import MlflowClient

    table = "tracking.table=mine"
    assert zero_shot("dataset=sample_relation", table).status == 0
    assert zero_shot("dataset=sample_relation", "zero_shot.shots=1", table).status == 0
    assert zero_shot("dataset=sample_relation", "llm.model=other", "zero_shot.limit=9", table).status == 0
    said = clinsynth("report", "table=mine")
    assert said.status == 0, said.err
    named = [line.split("  ")[0] for line in said.out.splitlines() if line.startswith("zero_shot")]
    assert named == ["zero_shot m", "zero_shot_k1 m", "zero_shot other limit 9"]
    assert "nan" not in said.out
    client = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db")
    assert client.get_run(summary(with_store)["run_id"]).data.params["source"] == "zero_shot"


def recipe() -> list[list[str]]:
    """Words of the commands that the guide gives for recordings of one's own."""
    page = (Path(__file__).parents[2] / "docs" / "stages" / "zero_shot.md").read_text(encoding="utf-8")
    block = page.split("## Answers of your own")[1].split("```bash\n")[1].split("```")[0]
    return [line.split()[1:] for line in block.strip().split("\n")]


def fill_in(said: Said, answer: Callable[[str], str], *, shift: int = 0) -> list[dict[str, Any]]:
    """Answer the requests that a command has left, each by its sentence or by that of the row `shift` behind it."""
    (place,) = re.findall(r"the requests are in (\S+),", " ".join(said.err.split()))
    asked = rows(Path(place))
    sentences = [row["prompt"] if "prompt" in row else row["messages"][-1]["content"] for row in asked]
    shown = [re.findall(r'"(.*)"', sentence, re.DOTALL)[0] for sentence in sentences]
    filled = [
        {**row, "model": "mine", "completion": answer(shown[(number + shift) % len(shown)])}
        for number, row in enumerate(asked)
    ]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in filled), encoding="utf-8")
    return filled


def tagged(sentence: str) -> str:
    return "\n".join(f"{word}\tO" for word in sentence.split())


def test_the_recipe_for_recordings_of_ones_own(clinsynth: Command, with_store: Path) -> None:
    first, second = recipe()
    said = clinsynth(*first)
    assert said.status == 2
    assert len(fill_in(said, tagged)) == 20
    said = clinsynth(*second)
    assert said.status == 0, said.err
    assert "20 of 20 questions are answered: 100.0% clean" in said.out
    assert "Warning" not in said.out


def test_shifted_recordings_and_refusals_are_warned_of(clinsynth: Command, with_store: Path) -> None:
    words = ["zero_shot", "dataset=sample_ner"]
    said = clinsynth(*words)
    fill_in(said, tagged, shift=1)
    shifted = " ".join(clinsynth(*words, "llm.recordings=[mine.jsonl]").out.split())
    assert "130 answers fit the text of the row after their own: the recordings are shifted by one" in shifted
    fill_in(said, lambda _: "I'm sorry, but I cannot assist with that.")
    refused = " ".join(clinsynth(*words, "llm.recordings=[mine.jsonl]").out.split())
    assert "Warning: 130 of 130 answers say nothing about what was asked" in refused


def test_no_train_file_is_needed_without_shots(clinsynth: Command, with_store: Path) -> None:
    words = ["zero_shot", "dataset=sample_ner", "dataset.files.train.path=null", "zero_shot.limit=3"]
    fill_in(clinsynth(*words), tagged)
    assert clinsynth(*words, "llm.recordings=[mine.jsonl]").status == 0
    shots = clinsynth(*words, "llm.recordings=[mine.jsonl]", "zero_shot.shots=2")
    assert (shots.status, "has no train file" in shots.err) == (2, True)


def test_each_example_is_shown_the_rows_that_are_nearest_to_it(
    zero_shot: Run, server: MockServer, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a name of their own, so that no recorded answer to a draw is taken for one to these."""
    names = ("gout", "lupus", "fever")

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[text.count(name) for name in names] for text in texts], dtype=np.float32)

    monkeypatch.setattr(stage, "KeptEmbeddings", lambda _: embed)
    for split, before in (("train", "Here"), ("test", "Now")):
        found = "\n".join(f"{before}\tO\n{name}\tB-Disease\n" for name in names)
        (with_store / f"{split}.tsv").write_text(found, encoding="utf-8")
    files = ("train.path=train.tsv", "train.sha256=null", "test.path=test.tsv", "test.sha256=null")
    said = zero_shot(*(f"dataset.files.{file}" for file in files), "zero_shot.shots=1", "zero_shot.shots_from=nearest")
    assert said.status == 0, said.err
    asked = [[turn["content"] for turn in json.loads(body)["messages"]] for body in server.bodies()]
    for name in names:
        assert [question for shown, _, question in asked if f"Here {name}" in shown and f"Now {name}" in question]
    (answers,) = with_store.rglob("outputs/**/answers.jsonl")
    assert {row["id"].split("/")[1].rpartition("_")[2] for row in rows(answers)} == {"nearest1"}
