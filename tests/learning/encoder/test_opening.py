"""A model is saved with what it has learnt, and opened by that; folders of the first edition by their head."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig

from clinsynth import tasks
from clinsynth.errors import ConfigError, Unreachable
from clinsynth.learning import open_learner, saved
from clinsynth.learning.encoder.backbones import load_backbone
from clinsynth.learning.encoder.opening import OpenedEncoder, open_model
from clinsynth.learning.learner import Opening
from clinsynth.learning.sets import TrainingSet
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.relation.gold import Relation
from support import Composed, sentence

MARKERS = ("@GENE$", "@DISEASE$")
EXAMPLES: dict[str, list[Any]] = {
    "ner": [sentence("mild/O ataxia/B"), sentence("gout/B hurts/O today/O")],
    "relation": [Relation("@GENE$ in @DISEASE$", "Yes", MARKERS), Relation("No @GENE$ in @DISEASE$", "No", MARKERS)],
    "multilabel": [Note("He waits for his turn.", ("A1",)), Note("He hums.", ())],
}
SAMPLES = {"ner": "sample_ner", "relation": "sample_relation", "multilabel": "sample_asd"}

Saved = Callable[[str], Path]


@pytest.fixture
def saved_model(composed: Composed, tiny_bert: Path, workspace: Path) -> Saved:
    """Save a model of a task as training leaves it, but for what is learnt."""

    def save(task: str) -> Path:
        words = (f"dataset={SAMPLES[task]}", f"backbone.name_or_path={tiny_bert}", "backbone.max_length=64")
        settings = composed("train", *words, "backbone.lr=1e-4", "trainer.accelerator=cpu")
        opened, examples = tasks.open(settings.dataset), tuple(EXAMPLES[task])
        student = open_learner("encoder").student(
            opened,
            arm=TrainingSet(examples, train=examples, devel=()),
            backbone=settings.backbone,
            trainer=settings.trainer,
            seed=0,
        )
        folder = workspace / task
        student.save(folder)
        return folder

    return save


def opened(folder: Path) -> OpenedEncoder:
    return open_model(folder, kinds=tasks.kinds(), how=Opening(overlap=0.25, batch_tokens=64))


def edited(folder: Path, **values: Any) -> Path:
    """The same model with other values in its config; `None` takes a key out."""
    path = folder / "config.json"
    content = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("ner", ["O", "B-Disease", "I-Disease"]),
        ("relation", ["No", "Yes"]),
        ("multilabel", ["A1", "A2", "A3", "B1", "B2", "B3", "B4"]),
    ],
)
def test_a_saved_model_names_learner_task_and_labels(task: str, labels: list[str], saved_model: Saved) -> None:
    folder = saved_model(task)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["clinsynth"] == {"learner": "encoder", "task": task, "labels": labels}
    assert saved.describe_model(folder) == saved.ModelDescription("encoder", task=task, labels=tuple(labels))
    assert saved.is_model(folder)
    assert 2 < config["text_pieces"]["most"] <= config["text_pieces"]["longest"] <= 64
    found = opened(folder)
    assert (found.task, list(found.reader.labels)) == (task, labels)
    assert found.markers == (MARKERS if task == "relation" else ())


@pytest.mark.parametrize("task", list(SAMPLES))
def test_a_folder_of_the_first_edition_opens_by_its_head(task: str, saved_model: Saved) -> None:
    folder = saved_model(task)
    text = "@GENE$ in @DISEASE$ and ataxia"
    now = opened(folder)
    then = opened(edited(folder, clinsynth=None))
    assert saved.describe_model(folder).task is None
    assert then.task == task
    assert then.reader.labels == now.reader.labels
    assert then.reader.size == now.reader.size
    assert then.read([text]) == now.read([text])
    config = AutoConfig.from_pretrained(folder)
    encoders = [name for name, kind in tasks.kinds().items() if kind.learner == "encoder"]
    assert [name for name in encoders if tasks.kind(name).model().recognises(config)] == [task]


def test_what_a_folder_names_counts_more_than_its_head(saved_model: Saved) -> None:
    folder = edited(saved_model("multilabel"), problem_type=None)
    assert opened(folder).task == "multilabel"
    assert opened(edited(folder, clinsynth=None)).task == "relation"


def test_a_model_without_a_head_is_refused(tiny_bert: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        opened(tiny_bert)
    said = str(raised.value)
    assert said.startswith(f"model={tiny_bert} holds BertModel, which has not learnt a task: it needs one that")
    assert said.endswith("another whose name ends in TokenClassification or SequenceClassification.")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no model that can be opened"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("left", [0, 40, -40])
def test_a_folder_with_a_broken_file_is_refused(saved_model: Saved, name: str, left: int) -> None:
    path = saved_model("ner") / name
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ConfigError, match=r"holds no model that can be opened .*force=true"):
        opened(path.parent)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"cos\nsystem\n(S'true'\ntR.", b"x" * 99])
def test_weights_that_are_something_else_are_refused(saved_model: Saved, content: bytes) -> None:
    folder = saved_model("ner")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(ConfigError, match="has its weights as a pickle"):
        opened(folder)


def test_the_python_of_a_model_folder_never_runs(saved_model: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of a type that transformers does not know either, and with a yes on the terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 20))
    for kind in ("unheard-of", "bert"):
        folder = saved_model("ner")
        ran = folder / "ran"
        (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w').close()\n", encoding="utf-8")
        code = {"AutoConfig": "evil.Config", "AutoModelForTokenClassification": "evil.Model"}
        edited(folder, model_type=kind, auto_map=code)
        with contextlib.suppress(ConfigError):
            opened(folder)
        with contextlib.suppress(Unreachable):
            load_backbone(AutoConfig.from_pretrained, str(folder), revision=None)
        assert not ran.exists()
