"""Tiny backbones, a folder to work in, and the command line in this process."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from mock_hub import HUB_TOKEN, MockHub
from postgres import PROGRAMS, Postgres, started
from support import BERT_SPECIAL, ROBERTA_SPECIAL, SMALL, Command, Composed, MockServer, Said, copy_store

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from clinsynth import config, datasets, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.cli import main as cli
from clinsynth.cli import sweeps
from clinsynth.environment import settle_environment

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
settle_environment()


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: tests wait for servers, and for processes that they kill."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, a Slurm of its own, so that it is not what all the others are waited for."""
    items.sort(key=lambda item: item.get_closest_marker("slurm") is None)


@pytest.fixture(scope="session")
def sample_words() -> list[str]:
    """The words of the sample corpus that ships with the package."""
    path = Path(config.__file__).parents[1] / "assets" / "sample_ner" / "train.tsv"
    return [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines() if line]


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory, sample_words: list[str]) -> Path:
    """A folder with a cased BERT of one layer and random weights."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertConfig, BertModel, BertTokenizerFast

    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=False)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.train_from_iterator(
        sample_words, trainers.WordPieceTrainer(vocab_size=600, special_tokens=BERT_SPECIAL, show_progress=False)
    )
    tokenizer = BertTokenizerFast(vocab=pieces.get_vocab(), do_lower_case=False)
    folder = tmp_path_factory.mktemp("tiny_bert")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(tokenizer), **SMALL)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_roberta(tmp_path_factory: pytest.TempPathFactory, sample_words: list[str]) -> Path:
    """A folder with a RoBERTa of one layer and random weights; at most 128 pieces."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    pieces.train_from_iterator(
        sample_words,
        trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=ROBERTA_SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    learnt = json.loads(pieces.to_str())["model"]
    tokenizer = RobertaTokenizerFast(vocab=learnt["vocab"], merges=[tuple(merge) for merge in learnt["merges"]])
    folder = tmp_path_factory.mktemp("tiny_roberta")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=130, **SMALL, **ids)
    RobertaModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own, in which the tiny Llama is built."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session", params=["tiny_bert", "tiny_roberta"])
def tiny_backbone(request: pytest.FixtureRequest) -> Path:
    """Each of the two."""
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture(scope="session")
def tokenizer(tiny_backbone: Path) -> Any:
    from clinsynth.learning.encoder import backbones

    return backbones.tokenizer(str(tiny_backbone), None)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and nothing in the environment that says where things are."""
    monkeypatch.chdir(tmp_path)
    for variable in ("CLINSYNTH_CACHE", "CLINSYNTH_DATA", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def clinsynth(workspace: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run a command in this process, in the workspace."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*words: object) -> Said:
        monkeypatch.setattr(sweeps.Failures, "sweep", None)  # as in a process of its own
        capfd.readouterr()
        status = cli.main([str(word) for word in words])
        return Said(status, *capfd.readouterr())

    yield run
    root.handlers[:] = handlers  # Hydra's write to streams that pytest closes
    root.setLevel(level)


@cache
def _composed(stage: str, words: tuple[str, ...], environment: tuple[str | None, ...]) -> Any:
    """A whole config; what tests compose again and again takes a third of a second each time."""
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        return compose(stage, overrides=list(words))


@pytest.fixture
def composed(workspace: Path) -> Composed:
    """Compose a stage with overrides, and turn it into the typed settings."""
    config.register(tasks.schemas())

    def settings_of(stage: str, *overrides: object) -> Any:
        environment = tuple(map(os.environ.get, ("CLINSYNTH_DATA", "MLFLOW_TRACKING_URI")))
        return config.typed(_composed(stage, tuple(map(str, overrides)), environment), config.STAGES[stage])

    return settings_of


@pytest.fixture
def tiny_student(composed: Composed, tiny_bert: Path) -> Callable[..., Any]:
    """Makes a tiny model that is ready to learn some sentences of a dataset, in so many passes."""
    import torch

    from clinsynth.learning import open_learner
    from clinsynth.learning.sets import TrainingSet

    def student(
        dataset: Any,
        examples: Sequence[Any],
        *,
        epochs: int,
        lr: float,
        head: str = "token",
        random_head: int | None = None,
    ) -> Any:
        """With `random_head`, a random number, its outputs are as random, so that it says much."""
        passes = (f"trainer.epochs={epochs}", f"trainer.max_epochs={epochs}", "trainer.min_steps=0")
        small = (f"backbone.name_or_path={tiny_bert}", "backbone.max_length=32", "backbone.batch_size=4")
        chosen = (f"backbone.lr={lr}", f"backbone.head={head}", "trainer.accelerator=cpu")
        settings = composed("train", "dataset=sample_ner", *passes, *small, *chosen)
        made = open_learner("encoder").student(
            tasks.open(dataset),
            arm=TrainingSet(tuple(examples), train=tuple(examples), devel=()),
            backbone=settings.backbone,
            trainer=settings.trainer,
            seed=0,
        )
        if random_head is not None:
            torch.manual_seed(random_head)
            with torch.no_grad():
                made.tuner.model.classifier.weight.normal_(std=2.0)
        return made

    return student


@pytest.fixture
def marking_model(composed: Composed, tiny_student: Callable[..., Any], tmp_path: Path) -> Path:
    """A folder with a model of diseases that says much, for its head is random."""
    dataset = composed("train", "dataset=sample_ner").dataset
    gold = datasets.open_gold(tasks.open(dataset), data=Path("data"))
    folder = tmp_path / "marking_model"
    tiny_student(dataset, list(gold.train)[:8], epochs=1, lr=1e-4, random_head=0).save(folder)
    return folder


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store without runs: to make its tables takes seconds, to copy it none."""
    from clinsynth.tracking import Ledger

    folder = tmp_path_factory.mktemp("migrated")
    path = folder / "mlflow.db"
    tracking = config.TrackingConfig(uri=f"sqlite:///{path}", artifacts=str(folder / "artifacts"), log_text=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Ledger(tracking, store=ArtifactStore(folder / "store"))
    return path


@pytest.fixture
def with_store(workspace: Path, migrated: Path) -> Path:
    """A workspace in which the MLflow store has its tables."""
    copy_store(migrated, workspace / "mlruns")
    return workspace


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockHub]:
    """A server that stands in for the Hugging Face hub in this process, and a token for it."""
    import huggingface_hub
    from huggingface_hub import constants

    started = MockHub(token=HUB_TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", started.url)
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)
    huggingface_hub.close_session()
    yield started
    started.stop()
    huggingface_hub.close_session()


@pytest.fixture(scope="session")
def servers() -> Iterator[list[MockServer]]:
    """Those that were started; a process takes half a second to start."""
    started: list[MockServer] = []
    yield started
    for server in started:
        server.stop()


@pytest.fixture
def server(servers: list[MockServer]) -> MockServer:
    """A server that speaks OpenAI's protocol and does as it is told; what it was told before is forgotten."""
    if not servers or not servers[-1].runs:
        servers.append(MockServer())
    servers[-1].reset()
    return servers[-1]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that runs as long as the tests."""
    if PROGRAMS is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    with started() as server:
        yield server
