"""What a command imports before it must: each of these libraries takes a second or more."""

from __future__ import annotations

import json
from pathlib import Path

from support import python

HEAVY = ("torch", "transformers", "pytorch_lightning", "sklearn", "matplotlib", "huggingface_hub", "datasketch")
LEDGER = ("mlflow", "pandas", "scipy", "sqlalchemy")

SCRIPT = f"""
import json, sys
from clinsynth.cli.main import main

loaded = {{}}
for words in json.loads(sys.argv[1]):
    status = main(words)
    found = [name for name in {(*HEAVY, *LEDGER, "numpy")} if name in sys.modules]
    loaded[" ".join(words)] = [status, found]
print("loaded", json.dumps(loaded))
"""


def loaded(*commands: str) -> dict[str, list[object]]:
    """The exit status of each command, and the heavy modules that are loaded after it, all in one process."""
    said = python("-c", SCRIPT, json.dumps([command.split() for command in commands]))
    assert said.status == 0, said.err
    (line,) = [line for line in said.out.splitlines() if line.startswith("loaded ")]
    found: dict[str, list[object]] = json.loads(line.removeprefix("loaded "))
    return found


def test_help_and_mistakes_load_no_library_that_takes_long(workspace: Path) -> None:
    found = loaded("--help", "train --help", "train --help trainer", "train sed=1", "train dataset=nope", "tran")
    assert list(found.values()) == [[0, []], [0, []], [0, []], [2, []], [2, []], [2, []]]


def test_a_sweep_is_planned_and_gold_is_read_without_what_trains(with_store: Path) -> None:
    dry = "sweep target=table8 scale=smoke dry_run=true"
    found = loaded("train dataset.files.test={path:no.tsv}", dry)
    (wrong, before), (planned, after) = found.values()
    assert (wrong, planned) == (2, 0)
    assert not {*HEAVY, *LEDGER} & set(before)  # type: ignore[call-overload]
    assert not set(HEAVY) & set(after)  # type: ignore[call-overload]


def test_lightning_comes_without_metrics_that_nobody_asks_for() -> None:
    script = """
import sys
from clinsynth.learning.encoder.lightning import load_lightning

load_lightning()
import pytorch_lightning

print([name for name in ("scipy", "torchmetrics.functional", "torchmetrics.text") if name in sys.modules])
import torchmetrics

print(torchmetrics.MeanMetric is torchmetrics.aggregation.MeanMetric, torchmetrics.text.__name__)
print(issubclass(torchmetrics.MeanMetric, pytorch_lightning.core.module.Metric))
"""
    said = python("-c", script)
    assert said.out.splitlines() == ["[]", "True torchmetrics.text", "True"], said.err
