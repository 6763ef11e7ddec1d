"""A review all the way: drawn, answered by three simulated annotators, read back, and made use of."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from clinsynth import corpora, keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.asking.questions import questions
from clinsynth.config import Reviewed
from clinsynth.config import TestName as Named  # pytest takes a Test... for a test
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.learning.encoder import learner
from clinsynth.llm.recorded import RecordedCompletions
from clinsynth.stages import asking, resolving
from clinsynth.stages import train as training
from clinsynth.stages import zero_shot as asking_llm
from clinsynth.tasks.relation.config import PoolConfig
from support import CORPORA, TINY, Command, Composed, Said, digest, examples, needs_corpora, rows, summary

QUICK = [word for word in TINY if not word.startswith("source.")]
THREE = "review.annotators=[ann,bob,cy]"
OTHER = {"Yes": "No", "No": "Yes"}

Answers = Mapping[str, Callable[[int, dict[str, Any]], str]]
"""What each annotator says of an item and its number."""


def words(text: str) -> str:
    return " ".join(text.split())


def answer(folder: Path, say: Answers) -> None:
    """Fill in the sheets, as a spreadsheet that wants semicolons saves them."""
    items = {row["id"]: row for row in rows(folder / "items.jsonl")}
    for name, says in say.items():
        path = folder / "sheets" / f"{name}.csv"
        sheet = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        assert [row["id"] for row in sheet] == list(items)
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(sheet[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(row | {"answer": says(number, items[row["id"]])} for number, row in enumerate(sheet))
        path.write_text("sep=;\r\n" + file.getvalue(), encoding="utf-8-sig", newline="")


def reviewed(clinsynth: Command, *words: object, folder: Path, say: Answers) -> Said:
    said = clinsynth("review", *words, THREE)
    assert said.status == 0, said.err
    answer(folder, say)
    return clinsynth(
        "review", "action=import", *[word for word in words if "=" in str(word) and "review." not in str(word)]
    )


GOLD: Answers = {  # of eight rows in turn: ann says what gold says, bob differs in two of them, cy in three
    "ann": lambda n, item: item["given"],
    "bob": lambda n, item: OTHER[item["given"]] if n % 8 in (0, 1) else item["given"],
    "cy": lambda n, item: OTHER[item["given"]] if n % 8 in (0, 4, 5) else item["given"],
}


def test_gold_is_labelled_anew_by_three(clinsynth: Command, with_store: Path) -> None:
    """Of every eight rows, the majority differs from gold in the first, and all agree on four."""
    said = reviewed(
        clinsynth, "dataset=sample_relation", "review.n=80", folder=Path("reviews/sample_relation"), say=GOLD
    )
    assert said.status == 0, said.err
    found = json.loads(Path("reviews/sample_relation/result.json").read_text())
    assert (found["correct"]["hits"], found["correct"]["of"], found["disputed"]) == (70, 80, 0)
    # observed: 4 of 8 rows are whole, the others 1/3; chance by how often each says Yes, 40 of 80 rows are
    items = rows(Path("reviews/sample_relation/items.jsonl"))
    yes = sum(says(n, item) == "Yes" for says in GOLD.values() for n, item in enumerate(items)) / 240
    chance = yes**2 + (1 - yes) ** 2
    assert found["kappa"] == pytest.approx((2 / 3 - chance) / (1 - chance))
    assert [round(pair["agreement"], 4) for pair in found["pairs"]] == [0.75, 0.625, 0.625]
    assert "The gold label stands in 70 of 80 (87.5%, 95% interval 78.5 – 93.1)" in said.out
    (judgements,) = Path("artifacts").glob("review-*/judgements.jsonl")
    majority = [row["answer"] == row["given"] for row in rows(judgements)]
    assert majority == [n % 8 != 0 for n in range(80)]
    told = summary(with_store)
    assert told["review/kappa"] == pytest.approx(found["kappa"])
    assert (told["review/correct"], told["review/annotators"], told["examples"]) == (0.875, 3, 80)
    assert told["review/Yes/correct"] == pytest.approx(found["by label"]["Yes"]["share"])
    assert list(with_store.glob("mlruns/artifacts/sample_relation/*/artifacts/judgements.jsonl"))
    again = clinsynth("review", "action=import")
    assert "These answers are logged" in again.out
    assert len(list(Path("artifacts").glob("review-*"))) == 1


@pytest.fixture
def adjudicated(clinsynth: Command, with_store: Path) -> Path:
    """A sample of which ten rows also stand in train and devel, and forty test rows are labelled anew, one disputed."""
    import clinsynth as package

    sample = Path(package.__file__).parent / "assets" / "sample_relation"
    train, test = ((sample / f"{name}.tsv").read_text(encoding="utf-8").splitlines() for name in ("train", "test"))
    Path("train.tsv").write_text("\n".join(train + test[:40]) + "\n", encoding="utf-8")
    Path("devel.tsv").write_text("\n".join(train[:20] + test[40:]) + "\n", encoding="utf-8")
    said = clinsynth("review", *MINE, "review.n=40", "review.annotators=[ann,bob]")
    assert said.status == 0, said.err
    answer(
        Path("reviews/mine"),
        {
            "ann": lambda n, item: OTHER[item["given"]],
            "bob": lambda n, item: (
                "Yes" if n == 0 and item["given"] == "Yes" else ("No" if n == 0 else OTHER[item["given"]])
            ),
        },
    )
    said = clinsynth("review", "action=import", *MINE)
    assert said.status == 0, said.err
    return with_store


MINE = ["dataset=sample_relation", "dataset.name=mine", "dataset.files.train.path=train.tsv"]
MINE += ["dataset.files.train.sha256=null", "dataset.files.devel.path=devel.tsv"]


def test_what_is_labelled_anew_is_tested_and_not_learnt(
    adjudicated: Path, clinsynth: Command, composed: Composed, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = {row["text"]: row for row in rows(Path("reviews/mine/items.jsonl"))}
    given = {}
    real = learner.student
    monkeypatch.setattr(
        learner, "student", lambda task, *, arm, **told: given.update(arm=arm) or real(task, arm=arm, **told)
    )
    tiny = [*MINE, "source=original", f"backbone.name_or_path={tiny_bert}", "trainer.save_model=false", *QUICK]
    said = clinsynth("train", *tiny, "dataset.test=adjudicated")
    assert said.status == 0, said.err
    assert "test: 39 rows that were labelled anew" in said.out
    assert "without 1 that no majority agrees on" in said.out
    arm = given["arm"]
    assert len(arm.train) > 80
    assert not {example.text for example in (*arm.examples, *arm.train, *arm.devel)} & set(items)
    (predictions,) = adjudicated.glob("mlruns/artifacts/mine/*/artifacts/predictions.jsonl")
    tested = {row["text"]: row["gold"] for row in rows(predictions)}
    assert len(tested) == 39
    assert all(label == OTHER[items[text]["given"]] for text, label in tested.items())
    original, anew = (
        training.planned(composed("train", *tiny, f"dataset.test={test}"))[1] for test in ("gold", "adjudicated")
    )
    assert original != anew


def test_gold_itself_keeps_its_rows_and_its_keys(adjudicated: Path, composed: Composed) -> None:
    settings = composed("train", *MINE, "dataset.pool=null", "dataset.test=adjudicated", "size=t100")
    whole, anew = (
        resolving.load_gold((found := composed("train", *MINE, f"dataset.test={test}")).dataset, paths=found.paths)
        for test in ("gold", "adjudicated")
    )
    assert set(whole.hashes) == {"train", "test", "devel"}
    assert (whole.trainable, whole.withheld) == (whole.train, frozenset())
    assert anew.hashes.keys() - whole.hashes.keys() == {"adjudicated"}
    assert anew.train == whole.train
    assert len(whole.devel) - len(anew.devel) + len(whole.train) - len(anew.trainable) == 40
    # a round that draws a row which is tested is left out, whatever its number
    tested = {example.text for example in anew.test}
    numbers = [number for number, row in enumerate(anew.train) if row.text in tested]
    labels = {True: "positive", False: "negative"}
    pool: dict[str, list[int]] = {"positive": [], "negative": []}
    for number, row in enumerate(anew.train):
        pool[labels[row.positive]].append(number)
    settings.dataset.pool = PoolConfig(**pool)
    recipe = resolving.resolve(settings, gold=anew).recipe
    writer, writing = recipe.task.writer, recipe.writing
    units = [f"round-{number:04d}" for number in range(40)]
    for gold in (whole, anew):
        leaking = writer.leaking(units, writing=writing, gold=gold)
        drawn = {
            unit: {
                n
                for found in writer.request(unit, replicate=0, writing=writing, gold=gold)
                .evidence["seed_rows"]
                .values()
                if isinstance(found, list)
                for n in found
            }
            for unit in units
        }
        leaks = {example.text for example in gold.held_out}
        assert leaking == {unit for unit, found in drawn.items() if any(gold.train[n].text in leaks for n in found)}
    assert numbers


def test_no_recorded_answer_is_taken_for_another_row(adjudicated: Path, composed: Composed) -> None:
    found = {}
    for test in ("gold", "adjudicated"):
        settings = composed("zero_shot", *MINE, f"dataset.test={test}", "zero_shot.shots=3")
        resolved, key = asking_llm.planned(settings)
        gold = resolving.load_gold(resolved.dataset, paths=resolved.paths)
        task = tasks.open(resolved.dataset)
        found[test] = (questions(task, part=resolving.part(resolved), gold=gold), key)
    (before, key), (asked, other) = found["gold"], found["adjudicated"]
    assert before[0].request.id.endswith("/test-0000#0")
    assert before[0].request.evidence == {"test_index": 0}
    assert asked[0].request.id.endswith("/adjudicated-0000#0")
    assert key != other
    lines = [
        {"id": f"gad/zero_shot_k3/{unit}-{number:04d}#0", "test_index": number, "completion": "Yes"}
        for number in range(40)
        for unit in ("test", "adjudicated")
    ]
    Path("mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    completions = RecordedCompletions([Path("mine.jsonl")])
    assert len(completions.find([question.request for question in before])) == 40
    assert completions.find([question.request for question in asked]) == {}
    tested = {question.example.text for question in asked}
    shown = {turn["content"] for question in asked for turn in question.request.messages[:-1] if turn["role"] == "user"}
    assert len(shown) == 3
    assert not [text for text in shown if any(one in text for one in tested)]


def test_without_a_review_the_command_is_named(clinsynth: Command, with_store: Path) -> None:
    for words_given, said in (
        (["review"], "no corpus"),
        (
            ["train", "dataset=sample_relation", "dataset.test=adjudicated"],
            "clinsynth review action=export dataset=sample_relation",
        ),
        (["generate", "dataset=sample_asd", "quality.reviewed=drop", "size=n2"], "nobody has reviewed the corpus"),
        (["review", "action=import", "dataset=sample_asd"], "action=export"),
        (["review", "dataset=sample_asd", "corpus=latest"], "corpus and dataset are both given"),
        (["review", "dataset=sample_asd", "dataset.test=adjudicated"], "leave it out"),
    ):
        found = clinsynth(*words_given)
        assert found.status == 2, found.out
        assert said in words(found.err)


def test_a_review_of_other_gold_is_refused(adjudicated: Path, composed: Composed) -> None:
    settings = composed(
        "train", *MINE, "dataset.test=adjudicated", "dataset.files.test.path=assets:sample_relation/train.tsv"
    )
    settings.dataset.files.train.path = settings.dataset.files.test.path
    settings.dataset.files.devel.path = settings.dataset.files.test.sha256 = None
    with pytest.raises(DataFormatError, match="40 of 40 texts of the review are not in the gold files of mine"):
        resolving.load_gold(settings.dataset, paths=settings.paths)


def other(item: dict[str, Any]) -> str:
    return "B4" if item["given"] != "B4" else "A1"


# of seven in turn: 0 all wrong with a label, 1 all wrong without one, 2 two of three wrong, 5 right with a label more
NOTES: Answers = {
    "ann": lambda n, item: [other(item), "wrong", "wrong", "correct", item["given"], more(item), "correct"][n % 7],
    "bob": lambda n, item: [other(item), "wrong", "wrong", "wrong", "correct", more(item), "correct"][n % 7],
    "cy": lambda n, item: ["wrong", "wrong", "correct", "correct", "correct", "correct", "correct"][n % 7],
}


def more(item: dict[str, Any]) -> str:
    return f"{item['given']};{other(item)}"


ASD = ["dataset=sample_asd", "dataset.none=null"]


def test_a_corpus_is_judged_and_mended(
    clinsynth: Command, with_store: Path, composed: Composed, tiny_bert: Path
) -> None:
    base = digest(clinsynth("generate", *ASD))
    newer = digest(clinsynth("generate", *ASD, "size=n2"))
    folder = Path("reviews") / base
    said = clinsynth("review", f"corpus={base[:6]}", THREE)
    assert (
        f"140 examples of corpus {base}: 20 A1, 20 A2, 20 A3, 20 B1, 20 B2, 20 B3, 20 B4; their label is shown"
        in said.out
    )
    answer(folder, NOTES)
    said = clinsynth("review", "action=import", f"corpus={base}")
    assert said.status == 0, said.err
    (path,) = Path("artifacts").glob(f"corpus-*-{base}")
    found = json.loads((path / "manifest.json").read_text())["review"]
    # of each seven: 0, 1 (3:0 wrong), 2 (2:1 wrong), 3 (2:1 correct), and three that all find correct
    assert (found["correct"]["hits"], found["correct"]["of"]) == (80, 140)
    chance = (9 / 21) ** 2 + (12 / 21) ** 2
    assert found["kappa"] == pytest.approx((1 - 2 / 7 * 2 / 3 - chance) / (1 - chance))
    assert (found["n"], found["annotators"], found["blind"], found["extended"]) == (140, 3, False, 20)
    assert "ann" not in json.dumps(found).replace("annotators", "")
    assert f"corpus {newer}" in clinsynth("show").out

    dropped = examples(clinsynth("generate", *ASD, "quality.reviewed=drop"), with_store)
    assert len(dropped) == 210 - 60
    said = clinsynth("generate", *ASD, "quality.reviewed=fix")
    fixed = examples(said, with_store)
    assert "40 reviewed_wrong" in said.out
    assert len(fixed) == 210 - 40
    label = {row["text"]: row["labels"] for row in rows(path / "examples.jsonl")}
    changed = [row for row in fixed if row["labels"] != label[row["text"]]]
    items = rows(folder / "items.jsonl")
    by_text = {item["text"]: (number % 7, item) for number, item in enumerate(items)}
    assert {row["text"] for row in changed} == {text for text, (place, _) in by_text.items() if place in (0, 5)}
    for row in changed:
        place, item = by_text[row["text"]]
        assert set(row["labels"]) == {other(item)} | ({item["given"]} if place == 5 else set())

    tiny = [*ASD, f"backbone.name_or_path={tiny_bert}", *QUICK, "trainer.save_model=false"]
    shutil.rmtree(next(Path("artifacts").glob(f"corpus-*-{digest(said)}")))  # so that the job builds it
    os.utime(path)  # the one that is reviewed is the newest
    said = clinsynth("train", *tiny, "source.corpora=[latest]", "source=augmented", "quality.reviewed=fix")
    assert said.status == 0, said.err
    assert summary(with_store)["examples"] == 160 + 170
    assert summary(with_store)["corpus"] == digest(clinsynth("generate", *ASD, "quality.reviewed=fix"))
    said = clinsynth("train", *tiny, "source.corpora=[latest]", "source=augmented", "quality.reviewed=fix")
    assert said.status == 0, said.err  # though the newest one is now the mended one
    planned = composed("train", *tiny, f"source.corpora=[{base}]", "source=augmented", "quality.reviewed=fix")
    assert training.planned(planned)[1] == summary_key(with_store)

    assert clinsynth("export", f"corpus={summary(with_store)['corpus']}", "to=out").status == 0
    card = words(Path("out/README.md").read_text(encoding="utf-8"))
    assert f"People judged a sample of the corpus `{base}`" in card
    assert "40 of its texts have the label that they gave, 40 were rejected" in card
    assert "None yet" not in card


def summary_key(folder: Path) -> str:
    paths = sorted(folder.glob("outputs/train/*/summary.json"))
    return str(json.loads(paths[-1].read_text())["run_key"])


def test_what_is_asked_for_is_what_is_found(clinsynth: Command, with_store: Path, composed: Composed) -> None:
    """What `make` builds, what `identity` says, and keys that are as they were before there were reviews."""
    base = digest(clinsynth("generate", "dataset=sample_relation", "size=t100"))
    say: Answers = {
        name: lambda n, item: "wrong" if n == 0 else "Yes" if n == 1 else "correct" for name in ("ann", "bob", "cy")
    }
    say = {**say, "bob": lambda n, item: "correct"}
    said = reviewed(clinsynth, f"corpus={base}", "review.n=10", folder=Path("reviews") / base, say=say)
    assert said.status == 0, said.err
    store = ArtifactStore(Path("artifacts"))
    for how in Reviewed:
        settings = composed("generate", "dataset=sample_relation", "size=t100", f"quality.reviewed={how.value}")
        recipe = resolving.load_and_resolve(settings).recipe
        completions = asking.completions_of(settings)
        corpus = corpora.make_corpus(recipe, completions=completions, store=store)
        assert corpora.corpus_digest(recipe, completions=completions, store=store) == corpus.digest
        assert (corpus.digest == base) is (how is Reviewed.keep)
        assert ("reviewed" in keys.corpus_settings(settings, version="v")) is (how is not Reviewed.keep)
        assert len(corpus.examples) == corpus.manifest.counts["kept"]
        assert corpus.manifest.public is True
    # a test set that is labelled anew needs no other corpus, nor another review of it
    say = {name: lambda n, item: "Yes" if n < 5 else "No" for name in ("ann", "bob", "cy")}
    told = ["dataset=sample_relation", "review.n=10"]
    assert reviewed(clinsynth, *told, folder=Path("reviews/sample_relation"), say=say).status == 0
    settings.dataset.test = Named.adjudicated
    anew = resolving.load_and_resolve(settings)
    assert len(anew.gold.test) == 10
    assert corpora.corpus_digest(anew.recipe, completions=completions, store=store) == corpus.digest


def test_entities_are_judged(clinsynth: Command, with_store: Path) -> None:
    base = digest(clinsynth("generate", "dataset=sample_ner", "units.max=5", "size=n5"))
    say: Answers = {
        "ann": lambda n, item: "none" if n % 3 == 0 else item["given"],
        "bob": lambda n, item: "none" if n % 3 == 0 else "correct",
        "cy": lambda n, item: "correct",
    }
    said = reviewed(clinsynth, f"corpus={base}", "review.n=12", folder=Path("reviews") / base, say=say)
    assert said.status == 0, said.err
    # 4 of 12 items are 2:1 wrong: observed 1 - 4/12 * 2/3 = 7/9; wrong is said 8 of 36 times
    kappa = (7 / 9 - (4 + 49) / 81) / (1 - (4 + 49) / 81)
    assert f"Fleiss' kappa of verdicts (correct or wrong) on 12 examples that all answered: {kappa:.3f}" in said.out
    assert "The label is right in 8 of 12" in said.out
    fixed = clinsynth("generate", "dataset=sample_ner", "units.max=5", "size=n5", "quality.reviewed=fix")
    judged = {row["text"] for row in rows(Path("reviews") / base / "items.jsonl")[::3]}
    assert all(set(row["tags"]) == {"O"} for row in examples(fixed, with_store) if row["text"] in judged)


def test_what_people_answered_is_not_lost(clinsynth: Command, with_store: Path) -> None:
    told = ["review", "dataset=sample_relation", "review.n=10"]
    assert clinsynth(*told, "review.annotators=[ann]").status == 0
    refused = clinsynth(*told)
    assert refused.status == 2
    assert "there is a review in reviews/sample_relation:" in words(refused.err)
    anew = clinsynth(*told, "review.annotators=[bob]", "review.seed=1", "force=true")
    assert "it is replaced" in anew.out
    assert [path.name for path in Path("reviews/sample_relation/sheets").iterdir()] == ["bob.csv"]
    answer(Path("reviews/sample_relation"), {"bob": lambda n, item: "Yes" if n < 4 else ""})
    missing = clinsynth("review", "action=import", "dataset=sample_relation")
    assert missing.status == 2
    assert "bob has no answer to r-" in words(missing.err)
    skipped = clinsynth("review", "action=import", "dataset=sample_relation", "review.on_missing=skip")
    assert "4 examples, judged by 1 annotator" in skipped.out
    assert "6 examples that were drawn have no answer" in skipped.out
    assert "with answers of bob (4)" in words(clinsynth(*told).err)
    moved = clinsynth(*told, "force=true")
    assert "is now reviews/sample_relation-before-1" in moved.out
    assert list(Path("reviews/sample_relation-before-1/sheets").iterdir())


@needs_corpora
@pytest.mark.parametrize("name", ["gad", "euadr"])
def test_two_hundred_rows_of_the_paper(clinsynth: Command, with_store: Path, composed: Composed, name: str) -> None:
    """They leave train, whichever fold is used; where a fold has too few, they are of all."""
    told = [f"dataset={name}", f"paths.data={CORPORA}"]
    assert clinsynth("review", *told, "review.n=200", THREE).status == 0
    chance = random.Random(0)
    folder = Path("reviews") / name
    answer(folder, {who: lambda n, item: chance.choice(["Yes", "No"]) for who in ("ann", "bob", "cy")})
    assert clinsynth("review", "action=import", *told).status == 0
    items = {row["text"] for row in rows(folder / "items.jsonl")}
    assert len(items) == 200
    for fold in (1, 2):
        settings = composed("train", *told, f"dataset.fold={fold}", "dataset.test=adjudicated")
        dataset = settings.dataset
        gold = resolving.load_gold(dataset, paths=settings.paths)
        assert {example.text for example in gold.test} == items
        assert not {example.text for example in gold.trainable} & items
        assert len(gold.train) > len(gold.trainable) or fold == 1
    dataset.name, dataset.adjudicated = "other", None
    with pytest.raises(ConfigError, match="review action=export dataset=other"):
        resolving.load_gold(dataset, paths=settings.paths)
