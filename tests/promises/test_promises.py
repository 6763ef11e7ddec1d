"""What a new kind of thing costs: a file or a folder, and for a folder one line.

Servers are promised in `tests/llm/servers`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import clinsynth as package
from clinsynth import config
from clinsynth.learning.causal.tiny import tiny_llama
from support import Command, Said, environment, rows

TOY = Path(__file__).parent / "toy"
ROOT = Path(__file__).parents[2]

TINY = (
    *("backbone.max_length=64", "trainer.min_steps=0", "trainer.epochs=1", "trainer.max_epochs=1"),
    *("trainer.accelerator=cpu", "trainer.precision=32-true"),
)

TEXTS = {"warm": "The sun was out and it was hot.", "cold": "There was ice and snow on the road."}

DATASET = """
defaults: [/schema/dataset/{task}@_here_]
name: mine
task: {task}
files:
  train: {{path: train.tsv}}
  test: {{path: test.tsv}}
"""


@pytest.fixture
def own(with_store: Path) -> Path:
    """The user's own config, for `--config-dir`."""
    folder = with_store / "own"
    for group in ("dataset", "backbone"):
        (folder / group).mkdir(parents=True)
    return folder


def test_a_dataset_and_a_backbone_are_one_yaml_each(clinsynth: Command, own: Path, tiny_bert: Path) -> None:
    assets = Path(package.__file__).parent / "assets/sample_ner"
    for split in ("train", "test"):
        shutil.copy(assets / f"{split}.tsv", f"{split}.tsv")
    (own / "dataset/mine.yaml").write_text(DATASET.format(task="ner") + "entity_type: Disease\n")
    backbone = f"name: mine\nname_or_path: {tiny_bert}\nlr: 0.001\nmax_length: 64\nbatch_size: 16\n"
    (own / "backbone/mine.yaml").write_text(backbone)
    words = ["dataset=mine", "backbone=mine", "source=original", "source.examples=20", *TINY[1:]]
    said = clinsynth("train", f"--config-dir={own}", *words)
    assert said.status == 0, said.err
    assert "original-20-mine-seed0" in said.out


def test_a_backbone_that_writes_is_one_yaml(clinsynth: Command, own: Path, cache_home: Path) -> None:
    backbone = f"name: mine\nkind: causal\nname_or_path: {tiny_llama()}\nlr: 0.01\nmax_length: 64\nbatch_size: 4\n"
    (own / "backbone/mine.yaml").write_text(backbone)
    words = ["dataset=sample_chat", "backbone=mine", "backbone.answer_pieces=4", "source=original", *TINY[1:]]
    said = clinsynth("train", f"--config-dir={own}", *words, "source.examples=4")
    assert said.status == 0, said.err
    assert "original-4-mine-seed0" in said.out


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with a fourth task: its folder, and one line."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(Path(package.__file__).parent, root / "clinsynth", ignore=shutil.ignore_patterns("__pycache__"))
    if not (root / "clinsynth/conf").is_dir():
        shutil.copytree(config.conf_folder(), root / "clinsynth/conf")
    tasks = root / "clinsynth/tasks"
    shutil.copytree(TOY, tasks / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    mapping = tasks / "__init__.py"
    text = mapping.read_text(encoding="utf-8").replace(
        "import chat, classes, multilabel, ner, relation", "import chat, classes, multilabel, ner, relation, toy"
    )
    mapping.write_text(text.replace('    "ner": ner,\n', '    "ner": ner,\n    "toy": toy,\n'), encoding="utf-8")
    return root


IN_TURN = """
import json, sys
from pathlib import Path
from clinsynth.cli.main import main

for words in json.loads(sys.argv[1]):
    (model,) = [*Path("artifacts").glob("model-*"), ""][:1]
    if status := main([word.replace("{model}", str(model)) for word in words]):
        sys.exit(status)
    print("END", flush=True)
"""
"""Commands one after another in one process, which loads its libraries once."""


def in_house(house: Path, *words: object, folder: Path) -> Said:
    command = [sys.executable, *map(str, words)]
    told = environment(PYTHONPATH=str(house))
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=told, cwd=folder)
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_task_is_one_folder_and_one_line(house: Path, own: Path, with_store: Path, tiny_bert: Path) -> None:
    for split in ("train", "test"):
        lines = [
            f"{text} It was day {number} of {split}.\t{label}" for number in range(12) for label, text in TEXTS.items()
        ]
        (with_store / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    answers = [
        {
            "id": f"mine/toy/{label}#0",
            "prompt": f"Write 2 sentences about {label}.",
            "completion": f"1. {text} Nobody went.\n2. All of us said that {text.lower()}",
        }
        for label, text in TEXTS.items()
    ]
    (with_store / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    (own / "dataset/mine.yaml").write_text(
        DATASET.format(task="toy") + "classes: [warm, cold]\nrecordings: [answers.jsonl]\n"
    )
    given = (f"--config-dir={own}", "dataset=mine", f"backbone.name_or_path={tiny_bert}", *TINY, "backbone.lr=0.001")

    train = ["train", *given, "source=augmented", "tracking.table=toys"]
    predict = ["predict", "model={model}", "input=answers.jsonl", "predict.column=completion", "output=out.jsonl"]
    said = in_house(
        house, "-c", IN_TURN, json.dumps([train, train, ["report", "table=toys"], predict]), folder=with_store
    )
    assert said.status == 0, said.err
    told, again, report, _, _ = said.out.split("END\n")
    assert "corpus " in told
    assert ": 4 examples of 2 units" in told
    assert "accuracy  95% interval" in told
    assert "skipped" in again
    assert "accuracy" in report
    (model,) = (with_store / "artifacts").glob("model-*")
    learnt = json.loads((model / "config.json").read_text())["clinsynth"]
    assert learnt == {"learner": "encoder", "task": "toy", "labels": ["warm", "cold"]}
    assert [sorted(row["labels"]) for row in rows(with_store / "out.jsonl")] == [["cold", "warm"]] * 2


def test_the_parts_of_a_task_are_checked(tmp_path: Path) -> None:
    """A method of another name is the one thing that mypy finds wrong with the toy; `make types` has read the rest."""
    toy = tmp_path / "toy"
    toy.mkdir()
    for path in TOY.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("clinsynth.tasks.toy", "toy")
        (toy / path.name).write_text(
            text.replace("def contains(self, draft", "def holds(self, draft"), encoding="utf-8"
        )
    command = [sys.executable, "-m", "mypy", str(toy / "__init__.py")]
    said = subprocess.run(
        command, capture_output=True, text=True, timeout=600, env=environment(MYPYPATH=str(tmp_path)), cwd=ROOT
    )
    assert '"ToyWriter" is missing following "Writer" protocol member' in said.stdout
    assert "Found 1 error in 1 file" in said.stdout
