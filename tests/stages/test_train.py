"""Trainings that go all the way, with a backbone of one layer and random weights."""

from __future__ import annotations

import csv
import json
import logging
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from omegaconf import OmegaConf

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.cli import main as cli
from clinsynth.stages import resolving
from clinsynth.types import Summary
from support import TINY, Command, Composed, Said, copy_store, environment

BASE = ("train", "source=original", "dataset=sample_ner", *TINY)
SCORES = {f"test/{name}{part}" for name in ("precision", "recall", "f1") for part in ("", "_seen", "_unseen")}
SCORES |= {"test/f1_low", "test/f1_high", "test/f1_relaxed"}


class Trained(NamedTuple):
    """A workspace in which one job is finished. Tests in it may add jobs of another seed."""

    folder: Path
    words: tuple[str, ...]
    status: int


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, migrated: Path, tiny_bert: Path) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    copy_store(migrated, folder / "mlruns")
    words = (*BASE, f"backbone.name_or_path={tiny_bert}")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for variable in ("CLINSYNTH_DATA", "MLFLOW_TRACKING_URI"):
            patch.delenv(variable, raising=False)
        status = cli.main([*words, "hydra.run.dir=first"])
    root.handlers[:] = handlers
    root.setLevel(level)
    return Trained(folder, words, status)


@pytest.fixture
def summary(trained: Trained) -> Summary:
    return Summary.read(trained.folder / "first" / "summary.json")


@pytest.fixture
def job(clinsynth: Command, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command of the finished job, with more words, in its folder."""
    monkeypatch.chdir(trained.folder)

    def run(*words: object) -> Said:
        return clinsynth(*trained.words, *words)

    return run


def opened() -> Any:
    """The MLflow store below the current folder."""
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    return Ledger(tracking, store=ArtifactStore(Path("artifacts")))


@pytest.fixture
def logged(summary: Summary, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLflow's run of the finished job."""
    monkeypatch.chdir(trained.folder)
    return opened().client.get_run(summary.run_id)


def artifacts(run_id: str, *, below: Path = Path()) -> dict[str, Path]:
    found = (below / "mlruns/artifacts").glob(f"*/{run_id}/artifacts/**/*")
    return {path.name: path for path in found if path.is_file()}


def summary_of(said: Said) -> Summary:
    """What the command says it has written."""
    assert said.status == 0, said.err
    (folder,) = re.findall(r"^  folder: (.+)$", said.out, flags=re.MULTILINE)
    return Summary.read(Path(folder) / "summary.json")


def scores(summary: Summary) -> dict[str, float]:
    return {name: value for name, value in summary.metrics.items() if not name.startswith("time/")}


def test_a_job_goes_all_the_way(trained: Trained, summary: Summary) -> None:
    assert trained.status == 0
    content = json.loads((trained.folder / "first" / "summary.json").read_text(encoding="utf-8"))
    assert set(content) == {
        *("run_id", "run_key", "corpus", "model", "examples"),
        *SCORES,
        *("time/train_s", "time/texts_a_second", "train/words_lost", "test/words_lost"),
    }
    assert (summary.examples, summary.corpus) == (20, None)
    assert all(0 <= summary.metrics[name] <= 1 for name in SCORES)
    assert summary.metrics["test/f1_low"] <= summary.metrics["test/f1"] <= summary.metrics["test/f1_high"]
    assert summary.metrics["test/f1"] > 0, "nothing to compare: the model finds no mention at all"
    assert summary.metrics["time/train_s"] > 0


def test_the_run_is_finished_in_mlflow(logged: Any, summary: Summary, tiny_bert: Path) -> None:
    assert logged.info.status == "FINISHED"
    changed = "max_length=64-min_steps=0-epochs=1-max_epochs=1-precision=32-true"
    assert logged.info.run_name == f"original-20-minilm-seed0-{changed}"
    assert logged.data.tags["run_key"] == summary.run_key
    params = {
        "dataset": "sample_ner",
        "source": "original",
        "source.examples": "20",
        "backbone.name_or_path": str(tiny_bert),
        "backbone.max_length": "64",
        "trainer.epochs": "1",
        "seed": "0",
    }
    assert {name: logged.data.params[name] for name in params} == params
    assert logged.data.metrics.items() >= {**summary.metrics, "examples": 20}.items()
    (entry,) = logged.inputs.dataset_inputs
    assert entry.dataset.name == "sample_ner"


def test_the_run_keeps_its_config(logged: Any) -> None:
    kept = OmegaConf.load(artifacts(logged.info.run_id)["config.yaml"])
    assert (kept.seed, kept.source.examples, kept.backbone.max_length) == (0, 20, 64)
    assert "hydra" not in kept


def test_the_run_keeps_its_counts(logged: Any, summary: Summary) -> None:
    with artifacts(logged.info.run_id)["counts.csv"].open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["example", "true", "predicted", "gold"]
    assert [row[0] for row in rows] == [str(place) for place in range(130)]
    _, true, predicted, gold = np.array(rows, dtype=int).sum(axis=0)
    assert summary.metrics["test/f1"] == pytest.approx(2 * true / (predicted + gold))


def test_the_run_keeps_its_predictions(trained: Trained, summary: Summary, composed: Composed) -> None:
    path = artifacts(summary.run_id, below=trained.folder)["predictions.jsonl"]
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    gold = resolving.load_gold((found := composed("train", "dataset=sample_ner")).dataset, paths=found.paths).test
    assert [(row["text"], row["gold"]) for row in rows] == [(example.text, example.entities()) for example in gold]
    found = [entity for row in rows for entity in row["predicted"]]
    assert found
    assert {entity["label"] for entity in found} == {"Disease"}


def test_the_run_keeps_nothing_else(logged: Any) -> None:
    kept = artifacts(logged.info.run_id)
    assert set(kept) == {
        *("predictions.jsonl", "mistakes.json", "errors.png", "config.yaml", "summary.json", "counts.csv"),
        *("scores.json", "reliability.png"),
    }
    assert kept["errors.png"].read_bytes().startswith(b"\x89PNG")
    assert kept["summary.json"].read_bytes() == Path("first/summary.json").read_bytes()


def test_the_model_predicts_what_the_run_has_kept(trained: Trained, summary: Summary, composed: Composed) -> None:
    """Weights, tokenizer and label names are in the folder."""
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    from clinsynth.tasks.ner import model as room

    assert summary.model is not None
    folder = trained.folder / summary.model
    gold = resolving.load_gold((found := composed("train", "dataset=sample_ner")).dataset, paths=found.paths).test
    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    labels = [model.config.id2label[index] for index in range(3)]
    assert labels == ["O", "B-Disease", "I-Disease"]
    items = room.encode(gold, tokenizer=AutoTokenizer.from_pretrained(folder), labels=labels, max_length=64)
    outputs = []
    with torch.no_grad():
        for item in items:
            inputs = {name: torch.tensor([values]) for name, values in item.inputs.items()}
            first = inputs.pop("labels")[0] != -100
            outputs.append(model(**inputs).logits.softmax(-1)[0][first].numpy())
    predicted = room.predictions(gold, encoded=items, outputs=outputs, labels=labels)
    path = artifacts(summary.run_id, below=trained.folder)["predictions.jsonl"]
    kept = [json.loads(line)["predicted"] for line in path.read_text(encoding="utf-8").splitlines()]
    alike = sum(one.entities() == other for one, other in zip(predicted, kept, strict=True))
    assert alike >= 128  # of 130; batches round otherwise


def test_the_card_says_how_to_use_the_model(
    trained: Trained, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained.folder / str(summary.model)
    monkeypatch.chdir(folder.parent)  # the card names the folder alone
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"`{summary.run_id}`" in card
    assert f"| `test/f1` | {summary.metrics['test/f1']:.4f} |" in card
    (code,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    found = names["find"]("Loss of dystrophin causes muscular dystrophy.")
    assert all(entity["entity_group"] == "Disease" for entity in found)
    assert names["find"].model.config.label2id == {"O": 0, "B-Disease": 1, "I-Disease": 2}


def test_the_same_command_again_is_skipped(job: Command, summary: Summary) -> None:
    before = len(opened()._search(f"tags.run_key = '{summary.run_key}'"))
    said = job("hydra.run.dir=again")
    assert f"This job is finished (run {summary.run_id}): skipped." in said.out
    assert summary_of(said) == summary
    assert len(opened()._search(f"tags.run_key = '{summary.run_key}'")) == before == 1


def test_another_way_to_read_takes_the_weights_of_a_run(job: Command, summary: Summary) -> None:
    """Whichever of them was first, and to the digit as if it were trained again."""
    said = job("trainer.alike=corpus", "trainer.abbreviations=true")
    found = summary_of(said)
    assert f"The run {summary.run_id} has learnt the same" in said.out
    assert "epoch " not in said.err
    assert found.run_key != summary.run_key
    again = summary_of(job("trainer.alike=corpus", "trainer.abbreviations=true", "force=true"))
    timed = ("time/train_s", "time/texts_a_second")
    assert {name: found.metrics[name] for name in timed} == {name: summary.metrics[name] for name in timed}
    assert {**found.metrics, **dict.fromkeys(timed, 0.0)} == {**again.metrics, **dict.fromkeys(timed, 0.0)}
    other = job("trainer.alike=corpus", "seed=5", "trainer.epochs=1")
    assert "has learnt the same" not in other.out
    assert f"The run {summary_of(other).run_id} has learnt the same" in job("seed=5", "trainer.epochs=1").out


def test_another_place_and_name_is_the_same_job(job: Command, summary: Summary) -> None:
    said = job("tracking.log_text=false", "trainer.save_model=false", "backbone.name=mine", "tracking.table=late")
    assert summary_of(said) == summary
    assert [run.info.run_id for run in opened().tagged("table.late", "true")] == [summary.run_id]


def test_force_trains_again_and_gives_the_same(job: Command) -> None:
    first = summary_of(job("seed=5"))
    second = summary_of(job("seed=5", "force=true"))
    assert second.run_id != first.run_id
    assert second.run_key == first.run_key
    assert second.model == first.model
    assert scores(second) == scores(first)
    assert summary_of(job("seed=5")).run_id == second.run_id


def test_another_seed_gives_another_model(job: Command, summary: Summary) -> None:
    other = summary_of(job("seed=6"))
    assert other.run_key != summary.run_key
    assert other.model != summary.model
    assert scores(other) != scores(summary)


def test_a_model_that_is_gone_is_trained_again(job: Command) -> None:
    first = summary_of(job("seed=7"))
    assert first.model is not None
    shutil.rmtree(first.model)
    assert summary_of(job("seed=7", "trainer.save_model=false")).run_id == first.run_id
    again = summary_of(job("seed=7"))
    assert again.run_id != first.run_id
    assert again.model is not None
    assert Path(again.model).is_dir()


def test_a_model_that_was_changed_is_not_skipped_in_silence(job: Command, clinsynth: Command) -> None:
    first = summary_of(job("seed=9"))
    weights = Path(str(first.model)) / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-400])
    for said in (job("seed=9"), clinsynth("predict", f"model={first.run_id}", "input=in.txt", "output=out.jsonl")):
        assert said.status == 2
        assert "model.safetensors is not what was written: it was cut or changed" in " ".join(said.err.split())
        assert "force=true" in said.err
    assert summary_of(job("seed=9", "trainer.save_model=false")).run_id == first.run_id
    assert summary_of(job("seed=9", "force=true")).model == first.model
    assert weights.stat().st_size == len(whole)


def test_no_text_leaves_the_machine_where_it_must_not(job: Command, summary: Summary, composed: Composed) -> None:
    silent = summary_of(job("seed=8", "tracking.log_text=false"))
    gold = resolving.load_gold((found := composed("train", "dataset=sample_ner")).dataset, paths=found.paths)
    texts = {example.text for example in [*gold.train, *gold.test]}
    guidelines = composed("train", "dataset=sample_ner").dataset.guidelines
    mentions = {mention for example in gold.test for mention in example.mentions if " " in mention}
    mentions -= {mention for mention in mentions if mention in guidelines}  # the config is logged, and is no gold

    def told(run_id: str) -> int:
        kept = artifacts(run_id)
        run = opened().client.get_run(run_id)
        content = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in kept.values())
        content += f"{run.data.params}{run.data.tags}"
        return sum(text in content for text in texts | mentions)

    assert set(artifacts(silent.run_id)) == {
        *("errors.png", "reliability.png", "config.yaml", "summary.json", "scores.json", "counts.csv"),
    }
    assert told(silent.run_id) == 0
    assert told(summary.run_id) > 130


def test_without_gold_devel_a_share_of_train_chooses(job: Command) -> None:
    found = summary_of(job("source.examples=null", "trainer.epochs=2", "trainer.max_epochs=2", "seed=9"))
    assert found.examples == 130
    assert 0 <= found.metrics["devel/best_f1"] <= 1
    history = opened().client.get_metric_history(found.run_id, "devel/f1")
    assert [entry.step for entry in history] == [8, 16]  # 117 examples in batches of 16
    assert found.metrics["devel/best_f1"] == pytest.approx(max(entry.value for entry in history))


def test_a_run_that_breaks_is_failed(job: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinsynth.tasks.ner import scores

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(scores, "evaluate", broken)
        with pytest.raises(RuntimeError, match="a bug"):
            job("seed=10")
    assert {run.data.params["seed"] for run in opened()._search("attributes.status = 'FAILED'")} == {"10"}
    assert opened().client.get_run(summary_of(job("seed=10")).run_id).info.status == "FINISHED"


def test_a_byte_level_backbone_learns_too(clinsynth: Command, with_store: Path, tiny_roberta: Path) -> None:
    found = summary_of(clinsynth(*BASE, f"backbone.name_or_path={tiny_roberta}"))
    assert scores(found).keys() >= SCORES


def test_a_dataset_of_ones_own(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    lines = ["He\tO\ntook\tO\n" + f"drug{number}\tB-Drug\nsalt\tI-Drug\n" for number in range(12)]
    for split, part in (("train", lines[:8]), ("devel", lines[8:10]), ("test", lines[10:])):
        (with_store / f"{split}.tsv").write_text("\n".join(part), encoding="utf-8")
    file = with_store / "mine" / "dataset" / "drugs.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "defaults: [/schema/dataset/ner@_here_]\n"
        "name: drugs\ntask: ner\nentity_type: Drug\npublic: false\n"
        "files: {train: {path: train.tsv}, devel: {path: devel.tsv}, test: {path: test.tsv}}\n",
        encoding="utf-8",
    )
    words = ("train", "--config-dir", "mine", "dataset=drugs", "source=original", *TINY, "source.examples=null")
    said = clinsynth(*words, f"backbone.name_or_path={tiny_bert}")
    found = summary_of(said)
    assert "train 8 sentences, 8 mentions, 0 none; devel 2 sentences, 2 mentions, 0 none; test 2 sent" in said.out
    assert (found.examples, "devel/best_f1" in found.metrics) == (8, True)
    learnt = json.loads((Path(str(found.model)) / "config.json").read_text(encoding="utf-8"))
    assert set(learnt["label2id"]) == {"O", "B-Drug", "I-Drug"}


def test_a_sweep_with_a_bad_job_makes_the_others(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    words = (*BASE, f"backbone.name_or_path={tiny_bert}", "tracking.table=tuned", "trainer.save_model=false")
    said = clinsynth(*words, "source.examples=10,999,20", "seed=0,1", "-m")
    assert said.status == 2
    failed = re.findall(r"^clinsynth: job (\d) failed: source.examples=999 is more than", said.err, flags=re.MULTILINE)
    commands = re.findall(r"^  again: clinsynth (.+)$", said.err, flags=re.MULTILINE)
    assert (failed, len(commands)) == (["2", "3"], 2)
    for seed, command in enumerate(commands):
        again = shlex.split(command)
        assert set(again) > {"source.examples=999", f"seed={seed}"}
        assert clinsynth(*again).err.startswith("clinsynth: source.examples=999 is more than")
    runs = opened().tagged("table.tuned", "true")
    assert [(run.data.params["source.examples"], run.data.params["seed"]) for run in runs] == [
        *(("10", "0"), ("10", "1"), ("20", "0"), ("20", "1")),
    ]
    reported = clinsynth("report", "table=tuned", "figure=curve")
    assert reported.status == 0
    assert [line.split()[0] for line in reported.out.splitlines()[:3]] == ["tuned:", "10", "20"]


@pytest.fixture
def key(composed: Composed, tiny_bert: Path) -> Callable[..., str]:
    """The run key of the job with more overrides, or other gold files."""
    from clinsynth.stages import gathering

    def key_of(*words: str, hashes: dict[str, str] | None = None) -> str:
        settings = composed(*BASE, f"backbone.name_or_path={tiny_bert}", *words)
        gold = resolving.load_gold((found := composed("train", "dataset=sample_ner")).dataset, paths=found.paths)
        gold = replace(gold, hashes=gold.hashes | (hashes or {}))
        return gathering.run_key(resolving.resolve(settings, gold=gold))

    return key_of


@pytest.mark.parametrize(
    "word",
    [
        "seed=1",
        "source.examples=21",
        "source.examples=null",
        "backbone.lr=1e-4",
        "backbone.max_length=65",
        "backbone.batch_size=8",
        "backbone.name_or_path=org/name",
        "trainer.max_epochs=2",
        "trainer.min_steps=1",
        "trainer.holdout=0.1",
        "trainer.warmup=0.2",
        "trainer.weight_decay=0.1",
        "trainer.gradient_clip=0.5",
        "trainer.precision=bf16-mixed",
        "dataset.entity_type=Chemical",
    ],
)
def test_another_result_is_another_job(word: str, key: Callable[..., str]) -> None:
    assert key(word) != key()


@pytest.mark.parametrize("epochs", [2, 3])
def test_more_epochs_are_another_job(epochs: int, key: Callable[..., str]) -> None:
    assert key("trainer.max_epochs=9", f"trainer.epochs={epochs}") != key("trainer.max_epochs=9")


@pytest.mark.parametrize("split", ["train", "test", "devel"])
def test_another_gold_file_is_another_job(split: str, key: Callable[..., str]) -> None:
    assert key(hashes={split: "0" * 64}) != key()


def test_another_revision_on_the_hub_is_another_job(key: Callable[..., str]) -> None:
    hub = "backbone.name_or_path=org/name"
    assert len({key(hub), key(hub, "backbone.revision=v1"), key(hub, "backbone.revision=v2")}) == 3


@pytest.mark.parametrize(
    "word",
    [
        "trainer.save_model=false",
        "trainer.accelerator=auto",
        "paths.artifacts=elsewhere",
        "paths.data=elsewhere",
        "tracking.uri=sqlite:///elsewhere.db",
        "tracking.artifacts=elsewhere",
        "tracking.log_text=false",
        "tracking.table=mine",
        "force=true",
        "backbone.name=mine",
        "dataset.name=mine",
        "dataset.licence=mine",
        "dataset.public=false",
    ],
)
def test_where_and_under_which_name_makes_no_other_job(word: str, key: Callable[..., str]) -> None:
    assert key(word) == key()


def test_the_backbone_is_known_wherever_it_lies(key: Callable[..., str], tiny_bert: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_bert, tmp_path / "moved")
    assert key(f"backbone.name_or_path={tmp_path / 'moved'}") == key()


STANDS_STILL = """
import signal, sys, time
from clinsynth.cli.main import main
from clinsynth.learning.encoder import fit

def stay(*told):
    line(*told)
    time.sleep(600)

line, fit._Lines.on_train_epoch_end = fit._Lines.on_train_epoch_end, stay
signal.signal(signal.SIGINT, signal.default_int_handler)  # which nohup takes away
sys.exit(main())
"""
"""A command that trains no further than its first epoch."""


@pytest.mark.slow
def test_ctrl_c_ends_the_run_and_the_same_command_goes_on(
    clinsynth: Command, with_store: Path, tiny_bert: Path
) -> None:
    words = (*BASE, f"backbone.name_or_path={tiny_bert}", "trainer.max_epochs=2", "trainer.epochs=2")
    command = [sys.executable, "-c", STANDS_STILL, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 1/2 "):
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.rstrip().endswith("the same command begins the training that was stopped anew.")
    assert "Traceback" not in err
    (stopped,) = opened()._search("")
    assert stopped.info.status == "KILLED"

    found = summary_of(clinsynth(*words))
    assert found.run_key == stopped.data.tags["run_key"]
    assert found.run_id != stopped.info.run_id
    assert sorted(run.info.status for run in opened()._search("")) == ["FINISHED", "KILLED"]
