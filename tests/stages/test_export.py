"""Corpora and models written down for others, opened as others open them, trained on again, and pushed."""

from __future__ import annotations

import json
import logging
import re
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.cli import main as cli
from clinsynth.publishing.model_card import Trained, model_card
from clinsynth.types import Summary
from mock_hub import HUB_TOKEN, MockHub
from support import TINY, Command, Rows, Said, copy_store, rows

QUICK = [word for word in TINY if not word.startswith("source.")]
TRAIN = ("train", "dataset=sample_relation", "size=t100", *QUICK)
COLUMNS = {
    "sample_ner": ["unit", "replicate", "index", "text", "tokens", "tags", "entities"],
    "sample_relation": ["unit", "replicate", "index", "text", "label", "markers"],
    "sample_asd": ["unit", "replicate", "index", "text", "labels", "weight"],
}
CATEGORIES = dict.fromkeys(COLUMNS, "text-classification") | {"sample_ner": "token-classification"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, migrated: Path, tiny_bert: Path) -> Path:
    """A workspace with a corpus of each task, and a model of the relation's. Tests in it add no jobs."""
    folder = tmp_path_factory.mktemp("made")
    copy_store(migrated, folder / "mlruns")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for variable in ("CLINSYNTH_DATA", "MLFLOW_TRACKING_URI"):
            patch.delenv(variable, raising=False)
        for dataset, size in (("sample_ner", "n3"), ("sample_asd", "n3")):
            assert cli.main(["generate", f"dataset={dataset}", f"size={size}"]) == 0
        assert cli.main([*TRAIN, f"backbone.name_or_path={tiny_bert}", "hydra.run.dir=trained"]) == 0
    root.handlers[:] = handlers
    root.setLevel(level)
    return folder


@pytest.fixture
def job(clinsynth: Command, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Any command, in a copy of that workspace."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return clinsynth


@pytest.fixture
def trained(made: Path) -> Summary:
    return Summary.read(made / "trained" / "summary.json")


def corpus_of(dataset: str) -> Path:
    """The folder of the corpus, in the current folder's store."""
    manifests = {path: json.loads(path.read_text(encoding="utf-8")) for path in Path("artifacts").glob("corpus-*/m*")}
    (found,) = (path.parent for path, manifest in manifests.items() if manifest["dataset"] == dataset)
    return found


def digest_of(dataset: str) -> str:
    return corpus_of(dataset).name.rpartition("-")[2]


def done(said: Said) -> Said:
    assert said.status == 0, said.err
    return said


def words(text: str) -> str:
    return " ".join(text.split())


def summary_of(said: Said) -> Summary:
    (folder,) = re.findall(r"^  folder: (.+)$", done(said).out, flags=re.MULTILINE)
    return Summary.read(Path(folder) / "summary.json")


def opened(folder: str, *config_name: str) -> Rows:
    """As somebody opens it who has only `datasets`."""
    import datasets

    found = datasets.load_dataset(folder, *config_name, split="train", cache_dir="cache")
    return [dict(row) for row in found]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ledger() -> Any:
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    return Ledger(tracking, store=ArtifactStore(Path("artifacts")))


@pytest.mark.parametrize("dataset", list(COLUMNS))
def test_a_corpus_is_opened_by_the_library_datasets(job: Command, dataset: str) -> None:
    done(job("export", f"corpus={digest_of(dataset)}", "to=out/mine"))
    kept = opened("out/mine")
    assert list(kept[0]) == COLUMNS[dataset]
    written = rows(corpus_of(dataset) / "examples.jsonl")
    assert [{name: value for name, value in row.items() if name != "entities"} for row in kept] == written
    for row in kept if "entities" in kept[0] else []:
        assert [row["text"][one["start"] : one["end"]] for one in row["entities"]] == [
            one["text"] for one in row["entities"]
        ]
        assert len(row["entities"]) == sum(tag.startswith("B-") for tag in row["tags"])
    rejected = rows(corpus_of(dataset) / "rejected.jsonl")
    assert Path("out/mine/rejected").exists() is bool(rejected)
    assert not rejected or opened("out/mine", "rejected") == rejected
    card = huggingface_hub.DatasetCard.load("out/mine/README.md")
    assert card.data.task_categories == [CATEGORIES[dataset]]
    assert (card.data.license, card.data.size_categories) == ("cc0-1.0", ["n<1K"])
    assert card.data.language == "en"


def test_an_exported_corpus_gives_the_same_model(
    job: Command, trained: Summary, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated: Path
) -> None:
    """By somebody else, who has nothing but the folder."""
    digest = digest_of("sample_relation")
    again = ("train", "dataset=sample_relation", *QUICK, f"backbone.name_or_path={tiny_bert}")
    first = summary_of(job(*again, f"source.corpora=[{digest}]"))
    done(job("export", f"corpus={digest}", f"to={tmp_path / 'given'}"))
    (tmp_path / "elsewhere").mkdir()
    copy_store(migrated, tmp_path / "elsewhere" / "mlruns")
    monkeypatch.chdir(tmp_path / "elsewhere")
    second = summary_of(job(*again, "source.corpora=[../given]"))
    assert (second.run_key, second.corpus, second.examples) == (first.run_key, digest, 100)
    measured = [{k: v for k, v in one.metrics.items() if not k.startswith("time/")} for one in (first, second, trained)]
    assert measured[0] == measured[1] == measured[2]
    assert "test/f1" in measured[0]
    taken = corpus_of("sample_relation")
    for name in ("examples.jsonl", "rejected.jsonl"):
        kept = tmp_path / "copy" / "artifacts" / taken.name / name
        assert (taken / name).read_bytes() == kept.read_bytes()


def test_a_folder_is_shown_like_the_corpus_that_it_holds(job: Command, tmp_path: Path) -> None:
    digest = digest_of("sample_ner")
    shown = done(job("show", f"corpus={digest}")).out
    done(job("export", f"corpus={digest}", f"to={tmp_path / 'given'}"))
    shutil.rmtree("artifacts")
    assert done(job("show", f"corpus={tmp_path / 'given'}")).out == shown


@pytest.mark.parametrize("name", ["data/train-00000-of-00001.parquet", "manifest.json"])
def test_a_changed_folder_is_no_corpus(job: Command, name: str) -> None:
    done(job("export", f"corpus={digest_of('sample_ner')}", "to=out"))
    content = (Path("out") / name).read_bytes()
    (Path("out") / name).write_bytes(content.replace(b'"labels"', b'"tables"', 1) if name[0] == "m" else content + b" ")
    said = job("show", "corpus=out")
    assert said.status == 2
    assert "wrote" in words(said.err)


def test_another_folder_is_no_corpus(job: Command) -> None:
    done(job("export", f"model={next(Path('artifacts').glob('model-*'))}", "to=out"))
    said = job("show", "corpus=out")
    assert (said.status, "out is no corpus that `clinsynth export` wrote" in words(said.err)) == (2, True)
    said = job("show", "corpus=trained")
    assert "nor a folder that `clinsynth export` wrote" in words(said.err)


def test_a_card_tells_a_stranger_all(job: Command) -> None:
    digest = digest_of("sample_ner")
    manifest = json.loads((corpus_of("sample_ner") / "manifest.json").read_text(encoding="utf-8"))
    done(job("export", f"corpus={digest}", "to=out/mine", "licence=cc-by-4.0"))
    card = Path("out/mine/README.md").read_text(encoding="utf-8")
    for told in (
        "license: cc-by-4.0",
        manifest["prompt"]["text"],
        'load_dataset("mine", split="train")',
        "clinsynth train dataset=sample_ner 'source.corpora=[mine]'",
        f"the names of its {manifest['counts']['units']} units",
        f"| parsed | {manifest['counts']['parsed']} |",
        *(f"| `{reason}` | {number} |" for reason, number in manifest["rejected"].items()),
        manifest["digest"],
        manifest["content"]["completions"],
        "no person has checked",
        "Not analysed. `clinsynth analyse dataset=sample_ner`",
        "Of this corpus: cc-by-4.0. The gold data that it was made for: CC0-1.0.",
        "The terms of the provider of the LLM hold too",
        "arxiv.org/abs/2303.04360",
    ):
        assert told in card, told


def test_a_card_tells_of_review_and_leakage(job: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinsynth.stages import analyse

    places = np.random.default_rng(0)
    monkeypatch.setattr(analyse, "embed", lambda texts, **_: places.normal(size=(len(texts), 8)).astype(np.float32))
    folder = corpus_of("sample_relation")
    done(job("analyse", "dataset=sample_relation", "size=t100", "analysis.texts=5", "analysis.perplexity=2"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    share = {"hits": 37, "of": 40, "low": 0.8, "high": 0.974, "share": 0.925}
    numbers = {"n": 40, "annotators": 2, "blind": True, "kappa": 0.8123, "agreement": None}
    manifest["review"] = (
        {"digest": "abc", "date": "2026-01-02"} | numbers | {"correct": share, "by label": {"Yes": share}}
    )
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done(job("export", f"corpus={digest_of('sample_relation')}", "to=out"))
    card = Path("out/README.md").read_text(encoding="utf-8")
    told = "92.5% (95% interval 80.0 to 97.4; 37 of 40)"
    assert f"people found {told} of the labels to be right." in card
    assert f"| Yes | {told} |" in card
    assert "| annotators | 2 |\n| blind | yes |\n| kappa | 0.8123 |\n\n" in card
    assert "- No synthetic text is a copy of one in the gold test split" in card
    assert "**Distance to the nearest text (1 − cosine)**" in card
    assert "| of gold test, the same words | 0 of 100 |" in card


def test_an_old_manifest_will_do(job: Command) -> None:
    folder = corpus_of("sample_asd")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name in ("public", "licence", "meanings"):
        manifest.pop(name, None)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done(job("export", f"corpus={folder.name.rpartition('-')[2]}", "to=out"))
    assert "license: unknown" in Path("out/README.md").read_text(encoding="utf-8")


def test_a_folder_that_holds_something_else_is_left_alone(job: Command) -> None:
    Path("out").mkdir()
    Path("out/notes.txt").write_text("mine", encoding="utf-8")
    command = ("export", f"corpus={digest_of('sample_ner')}", "to=out")
    said = job(*command)
    assert (said.status, "to=out is not empty" in words(said.err)) == (2, True)
    assert set(files(Path("out"))) == {"notes.txt"}
    assert not ledger()._search("attributes.status = 'FAILED'")
    done(job(*command, "force=true"))
    assert Path("out/notes.txt").read_text(encoding="utf-8") == "mine"
    assert opened("out")
    Path("file").touch()
    assert "to=file is a file" in words(job("export", "corpus=latest", "to=file").err)


def test_an_interrupted_export_leaves_nothing(job: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinsynth.files import parquet

    command = ("export", f"corpus={digest_of('sample_ner')}", "to=below/out")

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(parquet, "write_parquet", broken)
        assert job(*command).status == 130
    assert list(Path("below").iterdir()) == []
    done(job(*command))
    assert opened("below/out")


def test_a_card_that_was_edited_stays(job: Command) -> None:
    command = ("export", f"corpus={digest_of('sample_ner')}", "to=out")
    done(job(*command))
    first = files(Path("out"))
    done(job(*command))
    assert files(Path("out")) == first
    Path("out/README.md").write_text("# Better\n", encoding="utf-8")
    assert "its card was edited: left as it is" in done(job(*command)).out
    assert Path("out/README.md").read_text(encoding="utf-8") == "# Better\n"
    done(job(*command, "force=true"))
    assert files(Path("out")) == first


@pytest.mark.parametrize("by", ["folder", "run", "beginning"])
def test_a_model_is_used_by_the_library_transformers(job: Command, trained: Summary, by: str) -> None:
    from transformers import pipeline

    names = {"folder": str(trained.model), "run": trained.run_id, "beginning": trained.run_id[:8]}
    done(job("export", f"model={names[by]}", "to=out/mine"))
    assert set(files(Path("out/mine"))) == {
        *("README.md", "manifest.json", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
    }
    text = "Carriers of the @GENE$ variant had twice the odds of @DISEASE$."
    first, second = (pipeline("text-classification", folder)(text) for folder in (trained.model, "out/mine"))
    assert first == second


def test_a_models_card_tells_what_it_is(job: Command, trained: Summary) -> None:
    done(job("export", f"model={trained.run_id}", "to=out/mine", "licence=mit"))
    card = Path("out/mine/README.md").read_text(encoding="utf-8")
    for told in (
        "license: mit",
        "pipeline_tag: text-classification",
        "model-index:",
        'pipeline("text-classification", "mine")',
        f"| `test/f1` | {trained.metrics['test/f1']:.4f} |",
        "80 test examples with 40 gold labels",
        f"synthetic corpus: `{trained.corpus}`",
        "training examples: 100",
        "| `trainer.max_epochs` | `1` |",
        "Of this model: mit. Of the gold data: CC0-1.0.",
        "Not a medical device",
    ):
        assert told in card, told
    assert "base_model" not in card  # a folder of this machine
    data = huggingface_hub.ModelCard(card).data
    assert data.eval_results is not None
    assert {one.metric_type for one in data.eval_results} == {"precision", "recall", "f1"}


def test_scores_on_rows_that_were_labelled_anew_are_not_those_of_gold() -> None:
    for test, said in (
        ("gold", "On the gold test set:"),
        ("adjudicated", "On rows of gold that were labelled anew:"),
    ):
        card = model_card(Trained("r", {"dataset.test": test}, {"test/f1": 0.5}), title="x", usage="", scores={})
        assert said in card


def test_no_export_says_where_it_was_made(job: Command, trained: Summary, tiny_bert: Path) -> None:
    done(job("export", f"model={trained.run_id}", "to=out/model"))
    done(job("export", "corpus=latest", "to=out/corpus"))
    kept = files(Path("out")) | {"first card": (Path(str(trained.model)) / "README.md").read_bytes()}
    for name, content in kept.items():
        for place in (str(Path.cwd().parent), str(Path.cwd()), str(tiny_bert), str(tiny_bert.parent), str(Path.home())):
            assert place.encode() not in content, (name, place)


def test_only_what_belongs_to_a_model_is_exported(job: Command, trained: Summary) -> None:
    (Path(str(trained.model)) / "predictions.jsonl").write_text("patient text", encoding="utf-8")
    done(job("export", f"model={trained.model}", "to=out"))
    assert "predictions.jsonl" not in files(Path("out"))


def test_a_model_of_an_unknown_run_is_exported_with_what_is_known(job: Command, trained: Summary) -> None:
    (Path(str(trained.model)) / "manifest.json").unlink()
    done(job("export", f"model={trained.model}", "to=out/mine"))
    card = Path("out/mine/README.md").read_text(encoding="utf-8")
    assert "# mine\n\nA model of which no training run is known." in card
    assert 'pipeline("text-classification", "mine")' in card


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["corpus=latest", "model=x", "to=out"], "one thing at a time"),
        (["to=out"], "say what is exported"),
        (["corpus=zzz", "to=out"], "corpus=zzz is no corpus of artifacts"),
        (["model=nowhere/at/all", "to=out"], "neither a folder nor an MLflow run"),
        (["model=trained", "to=out"], "holds no model"),
        (["corpus=latest", "to=out", "push=mine"], "push=mine lacks its owner"),
    ],
)
def test_mistakes_are_said(job: Command, overrides: list[str], said: str) -> None:
    found = job("export", *overrides)
    assert found.status == 2
    assert said in words(found.err)
    assert not Path("out").exists()


@pytest.mark.parametrize("kind", ["corpus", "model"])
def test_what_is_pushed_is_what_is_exported(job: Command, trained: Summary, stand_in: MockHub, kind: str) -> None:
    thing = f"corpus={digest_of('sample_relation')}" if kind == "corpus" else f"model={trained.run_id}"
    name, place = {"corpus": ("datasets/me/mine", "datasets/me/mine"), "model": ("models/me/mine", "me/mine")}[kind]
    command = ("export", thing, "to=out", "push=me/mine")
    stand_in.fault = {"/commit/": 403}
    said = job(*command)
    assert (said.status, stand_in.files[name]) == (2, {})
    assert "the same command again goes on with the push" in words(said.err)
    first = files(Path("out"))
    stand_in.fault = {}
    Path("out/notes.txt").write_text("mine", encoding="utf-8")
    again = done(job(*command))
    assert f"  repository: {stand_in.url}/{place}\n" in again.out
    assert stand_in.repositories == {name: {"private": True}}
    assert stand_in.files[name] == first
    assert b'"me/mine"' in first["README.md"]
    assert all(header == f"Bearer {HUB_TOKEN}" for _, header in stand_in.asked)
    (run,) = ledger().tagged("repository", f"{stand_in.url}/{place}")
    kept = ledger().client.get_run(run.info.run_id).data
    everything = said.out + said.err + again.out + again.err + str(kept.params) + str(kept.tags)
    assert HUB_TOKEN not in everything
    for path in [*Path("mlruns").rglob("*"), *Path("out").rglob("*"), *Path("outputs").rglob("*")]:
        assert not path.is_file() or HUB_TOKEN.encode() not in path.read_bytes()


@pytest.mark.parametrize(("public", "said"), [(False, "is not public"), (None, "counts as private")])
def test_private_text_is_pushed_only_if_somebody_says_so(
    job: Command, stand_in: MockHub, public: bool | None, said: str
) -> None:
    folder = corpus_of("sample_ner")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest.pop("public", None)
    manifest |= {} if public is None else {"public": public}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    command = ("export", f"corpus={digest_of('sample_ner')}", "to=out")
    found = job(*command, "push=me/mine")
    assert found.status == 2
    assert said in words(found.err)
    assert (Path("out").exists(), stand_in.asked) == (False, [])
    done(job(*command))
    (run,) = ledger().tagged("stage", "export")
    assert ledger().artifact(run.info.run_id, "README.md") is None
    done(job(*command, "push=me/mine", "send_gold_text=true"))
    assert stand_in.repositories == {"datasets/me/mine": {"private": True}}


@pytest.mark.parametrize(("public", "said"), [("false", "is not public"), (None, "counts as private")])
def test_a_model_of_a_private_dataset_stays_in_the_house(
    job: Command, trained: Summary, stand_in: MockHub, monkeypatch: pytest.MonkeyPatch, public: str | None, said: str
) -> None:
    from clinsynth.tracking import Ledger

    config = ledger().artifact(trained.run_id, "config.yaml")
    assert "  public: true\n" in config
    config = config.replace("  public: true\n", f"  public: {public}\n") if public else None
    monkeypatch.setattr(Ledger, "artifact", lambda *_: config)
    done(job("export", f"model={trained.model}", "to=out"))
    for folder in (trained.model, "out"):  # what was exported knows it too
        found = job("export", f"model={folder}", "to=other", "push=me/mine")
        assert said in words(found.err)
    assert stand_in.asked == []


@pytest.mark.parametrize(("public", "said"), [(False, "is not public"), (None, "counts as private")])
def test_a_model_of_a_private_corpus_stays_in_the_house(
    job: Command, trained: Summary, stand_in: MockHub, tiny_bert: Path, public: bool | None, said: str
) -> None:
    """Although the dataset that it was trained for is public."""
    folder = corpus_of("sample_relation")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"public": public}), encoding="utf-8")
    pinned = ("train", "dataset=sample_relation", *QUICK, f"source.corpora=[{trained.corpus}]")
    model = summary_of(job(*pinned, f"backbone.name_or_path={tiny_bert}", "trainer.save_model=true")).model
    found = job("export", f"model={model}", "to=out", "push=me/mine")
    assert found.status == 2
    assert said in words(found.err)
    assert (Path("out").exists(), stand_in.asked) == (False, [])


def test_an_export_that_was_killed_does_not_run_for_ever(job: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead process leaves its run as it is."""

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    export = ("export", f"corpus={digest_of('sample_ner')}", "to=out")
    with monkeypatch.context() as patch:
        patch.setattr("clinsynth.files.exported.write_export", kill)
        patch.setattr(ledger().client.__class__, "set_terminated", kill)
        with pytest.raises(Killed):
            job(*export)
    done(job(*export))
    runs = ledger().client.search_runs(["1", "2", "3"], "tags.stage = 'export'")
    assert sorted(run.info.status for run in runs) == ["FINISHED", "KILLED"]


def test_a_run_is_logged(job: Command) -> None:
    digest = digest_of("sample_ner")
    done(job("export", f"corpus={digest}", "to=out"))
    (run,) = ledger().tagged("stage", "export")
    assert (run.info.run_name, run.data.tags["corpus"]) == (f"export-{digest}", digest)
    assert run.data.params["to"] == "out"
    assert ledger().client.get_experiment(run.info.experiment_id).name == "sample_ner"
    assert "# Synthetic text for sample_ner" in str(ledger().artifact(run.info.run_id, "README.md")).replace("\\", "")
    found = ledger().summary(run.info.run_id)
    assert (found.corpus, found.examples) == (digest, len(rows(corpus_of("sample_ner") / "examples.jsonl")))
