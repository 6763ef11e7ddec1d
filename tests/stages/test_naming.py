from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from clinsynth.config import TrainConfig
from clinsynth.stages import Job, naming, resolving
from clinsynth.stages.frame import run_description
from clinsynth.stages.train import trained_card
from clinsynth.task import Headline
from support import Composed

PRIVATE = (
    "paths.data=/secret/data",
    "paths.artifacts=/secret/artifacts",
    "tracking.uri=https://user:password@server",
    "tracking.artifacts=/secret/tracking",
    "dataset.files.train.path=/secret/train.tsv",
)


@pytest.fixture
def settings(composed: Composed) -> TrainConfig:
    found: TrainConfig = composed(
        "train", "source=original", "dataset=sample_ner", "backbone=bert", "source.examples=20", "seed=3", *PRIVATE
    )
    return found


def card(settings: TrainConfig, **metrics: float) -> str:
    scores = Headline().scores
    return trained_card(settings, run_id="abc123", metrics=metrics, usage="find = load()", scores=scores)


def test_params_are_flat(settings: TrainConfig) -> None:
    params = naming.train_params(settings, choices={})
    expected: dict[str, Any] = {
        "seed": 3,
        "source.name": "original",
        "source.examples": 20,
        "backbone.lr": 5e-5,
        "backbone.revision": "null",
        "trainer.save_model": True,
        "dataset.entity_type": "Disease",
    }
    assert {key: params[key] for key in expected} == expected
    assert all(isinstance(value, str | int | float) for value in params.values())


def test_a_run_is_named_by_what_the_command_has_changed(settings: TrainConfig) -> None:
    words = ["dataset=sample_ner", "source=original", "seed=3", "experiment=train/mine", "paths.data=/secret"]
    assert naming.run_name(settings, overrides=words) == "original-20-bert-seed3"
    switched = naming.run_name(settings, overrides=[*words, "trainer.abbreviations=True"])  # as in a sweep
    assert switched == "original-20-bert-seed3-abbreviations=true"
    changed = [*words, "backbone.lr=0.001", "+annotator.lexicon='/my/terms.txt'", "prompt=long"]
    assert (
        naming.run_name(settings, overrides=changed) == "original-20-bert-seed3-lr=0.001-lexicon=terms.txt-prompt=long"
    )


def test_params_do_not_say_where_things_are(settings: TrainConfig) -> None:
    params = naming.train_params(settings, choices={})
    assert not [key for key in params if key.startswith(("paths", "tracking", "force", "dataset.files"))]
    assert "secret" not in str(params)
    assert "password" not in str(params)


def test_params_that_say_nothing_are_not_logged(composed: Composed) -> None:
    usual = resolving.complete(composed("train", "dataset=sample_ner", "source=synthetic"))
    logged = naming.told_params(naming.train_params(usual, choices={}))
    assert len(logged) < 80
    assert not {"trainer.loss", "llm.trusted", "llm.timeout_s", "source.examples"} & set(logged)
    other = resolving.complete(
        composed("train", "source=augmented", "trainer.loss=generalised", "llm.trusted=true", "source.examples=20")
    )
    logged = naming.told_params(naming.train_params(other, choices={}))
    assert (logged["trainer.loss"], logged["llm.trusted"], logged["source.examples"]) == ("generalised", True, 20)
    assert logged.keys() >= {
        "seed",
        "dataset.language",
        "dataset.public",
        "dataset.test",
        "backbone.lr",
        "trainer.epochs",
    }


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("original", set()),
        ("synthetic", {"size", "annotator", "prompt", "seed_ratio", "annotator.lexicon", "quality.min_words"}),
    ],
)
def test_gold_alone_has_no_params_of_a_corpus(composed: Composed, source: str, names: set[str]) -> None:
    found = resolving.complete(composed("train", f"source={source}"))
    params = naming.train_params(found, choices={"size": "default", "seed_ratio": "r100", "source": source})
    groups = ("size", "annotator", "prompt", "seed_ratio", "quality")
    assert names <= {key for key in params if key.startswith(groups)}
    assert bool(names) is bool({key for key in params if key.startswith(groups)})
    assert params.get("size") == ("n30" if names else None)
    assert not [key for key in params if "guidelines" in key or key.endswith("prompt.text")]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([], "synthetic-n3-gazetteer-minilm-seed0"),
        (["units.negatives=0.1"], "synthetic-n3-gazetteer-negatives=0.1-minilm-seed0"),
        (["quality.label_errors=drop"], "synthetic-n3-gazetteer-errors-drop-minilm-seed0"),
        (["source=original", "quality.label_errors=drop"], "original-minilm-seed0"),
    ],
)
def test_what_has_become_of_a_corpus_stands_in_the_name_of_a_run(
    words: list[str], name: str, composed: Composed
) -> None:
    assert naming.run_name(resolving.complete(composed("train", "size=n3", *words))) == name


def test_a_card_tells_model_data_and_run(settings: TrainConfig) -> None:
    written = card(settings)
    for told in ("# bert for sample_ner", "`bert-base-cased`", "seed 3", "`abc123`", "find = load()", "CC0-1.0"):
        assert told in written
    for told in ("library_name: transformers\n", "tags:\n- clinsynth\n- ner\n", "base_model: bert-base-cased\n"):
        assert told in written.partition("---\n\n")[0]


def test_a_card_lists_the_scores_on_the_test_set(settings: TrainConfig) -> None:
    written = card(settings, **{"test/recall": 0.25, "test/f1": 1 / 3, "time/train_s": 77.7, "devel/best_f1": 0.99})
    assert "| `test/f1` | 0.3333 |\n| `test/recall` | 0.2500 |\n" in written
    assert "77.7" not in written
    assert "0.99" not in written


@pytest.mark.parametrize(("language", "head"), [("es", "language: es\n"), ("pt-BR", "language: pt-BR\n"), (None, "")])
def test_a_card_is_in_the_language_of_the_texts(settings: TrainConfig, language: str | None, head: str) -> None:
    settings.dataset.language = language
    (found,) = re.findall(r"^---\n(.*?)^---\n", card(settings), re.DOTALL | re.MULTILINE)
    assert head in found
    assert ("language" in found) == bool(head)


def test_a_card_does_not_say_where_things_are(settings: TrainConfig) -> None:
    settings.backbone.name_or_path = "/secret/backbone"
    usage = 'find = pipeline("token-classification", "/secret/artifacts/model-train-1-abc")'
    written = trained_card(settings, run_id="abc123", metrics={}, usage=usage, scores=Headline().scores)
    assert "secret" not in written
    assert "password" not in written
    assert 'pipeline("token-classification", "model-train-1-abc")' in written
    assert "the local backbone `bert`" in written


def test_a_run_says_how_to_repeat_it(tmp_path: Path) -> None:
    overrides = ("seed=1", "dataset.files.train={path: my file.tsv}")
    job = Job(
        "train", overrides, choices={}, folder=tmp_path, resolved="", side_by_side=1, places=("--config-dir=/my own",)
    )
    written = run_description(job)
    (command,) = (line for line in written.splitlines() if line.startswith("clinsynth"))
    assert shlex.split(command) == ["clinsynth", "train", *overrides, "--config-dir=/my own"]
    assert str(tmp_path) not in written
