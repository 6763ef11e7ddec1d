from __future__ import annotations

import os
import platform
import signal
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

from clinsynth.config import TrainerConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import hardware
from clinsynth.learning.encoder import fit
from clinsynth.learning.encoder.data import FineTuningData
from clinsynth.learning.encoder.module import BaseFineTuner
from clinsynth.learning.encoder.schedule import schedule
from clinsynth.learning.learner import Fitted, Measured


def trainer(**changes: Any) -> TrainerConfig:
    values: dict[str, Any] = {
        "epochs": 3,
        "min_steps": 0,
        "max_epochs": 30,
        "holdout": 0.0,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "gradient_clip": 1.0,
        "accelerator": "cpu",
        "precision": "32-true",
        "save_model": False,
    }
    return TrainerConfig(**(values | changes))


@pytest.mark.parametrize(
    ("examples", "epochs", "min_steps", "max_epochs", "expected"),
    [
        (320, 3, 0, 30, (3, 30)),
        (320, 3, 30, 30, (3, 30)),
        (320, 3, 31, 30, (4, 40)),  # one more pass reaches min_steps
        (320, 3, 300, 30, (30, 300)),
        (320, 3, 300, 20, (20, 200)),  # no more than max_epochs
        (320, 3, 300, 3, (3, 30)),
        (321, 3, 0, 30, (3, 33)),  # the last batch is smaller
        (5, 3, 300, 30, (30, 30)),
        (1, 1, 0, 1, (1, 1)),
        (32_000, 3, 300, 30, (3, 3000)),
    ],
)
def test_how_long_training_takes(
    examples: int, epochs: int, min_steps: int, max_epochs: int, expected: tuple[int, int]
) -> None:
    config = trainer(epochs=epochs, min_steps=min_steps, max_epochs=max_epochs)
    found = schedule(examples, batch_size=32, trainer=config)
    assert (found.epochs, found.steps) == expected


@pytest.mark.parametrize(
    ("examples", "accumulate", "min_steps", "expected"),
    [
        (320, 2, 0, (3, 15)),
        (320, 5, 0, (3, 6)),
        (320, 3, 0, (3, 12)),  # ten batches are three steps and one of a single batch
        (321, 2, 0, (3, 18)),
        (320, 10, 0, (3, 3)),
        (320, 99, 0, (3, 3)),
        (5, 2, 0, (3, 3)),
        (320, 2, 15, (3, 15)),
        (320, 2, 16, (4, 20)),  # steps are those of the optimizer
        (320, 2, 300, (30, 150)),  # no more than max_epochs
    ],
)
def test_a_step_of_several_batches_makes_training_no_longer(
    examples: int, accumulate: int, min_steps: int, expected: tuple[int, int]
) -> None:
    config = trainer(accumulate=accumulate, min_steps=min_steps)
    found = schedule(examples, batch_size=32, trainer=config)
    assert (found.epochs, found.steps) == expected
    assert found == schedule(examples, batch_size=32 * accumulate, trainer=replace(config, accumulate=1))


@pytest.mark.parametrize(
    ("precision", "accelerator", "machine", "expected"),
    [
        ("32-true", "auto", "cuda bf16", "32-true"),
        ("16-mixed", "cpu", "", "16-mixed"),
        ("auto", "auto", "cuda bf16", "bf16-mixed"),
        ("auto", "gpu", "cuda bf16", "bf16-mixed"),
        ("auto", "auto", "cuda", "32-true"),
        ("auto", "auto", "cuda amx_bf16", "32-true"),  # what counts is where it trains
        ("auto", "cpu", "cuda bf16", "32-true"),
        ("auto", "auto", "mps", "32-true"),
        ("auto", "mps", "mps avx512_bf16", "32-true"),
        ("auto", "auto", "avx512_bf16", "bf16-mixed"),
        ("auto", "cpu", "amx_bf16", "bf16-mixed"),
        ("auto", "auto", "avx512", "32-true"),
        ("auto", "cpu", "", "32-true"),
    ],
)
def test_the_precision_is_what_the_hardware_has(
    precision: str, accelerator: str, machine: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = machine.split()
    monkeypatch.setattr(hardware, "_only_cpus", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in has)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: "bf16" in has)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in has)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(has, True))
    assert hardware.precision(trainer(precision=precision, accelerator=accelerator)) == expected


@pytest.mark.parametrize(
    ("accelerator", "flags", "expected"),
    [
        ("auto", {"avx2"}, "32-true"),
        ("auto", {"avx2", "avx512_bf16"}, "bf16-mixed"),
        ("cpu", {"amx_bf16"}, "bf16-mixed"),
        ("gpu", {"amx_bf16"}, "32-true"),  # which then fails for want of one
    ],
)
def test_where_torch_knows_only_cpus_their_flags_say_the_precision(
    accelerator: str, flags: set[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_only_cpus", lambda: True)
    monkeypatch.setattr(hardware, "_cpu_flags", lambda: flags)
    assert hardware.precision(trainer(precision="auto", accelerator=accelerator)) == expected


@pytest.mark.skipif(platform.machine() != "x86_64" or not sys.platform.startswith("linux"), reason="flags of x86")
def test_torch_and_linux_agree_on_what_the_cpu_has() -> None:
    known = {name for name, there in torch.cpu.get_capabilities().items() if there is True}
    assert hardware._cpu_flags() & hardware.BF16 == known & hardware.BF16
    gpus = (torch.version.cuda, torch.version.hip, getattr(torch.version, "xpu", None))
    has_none = not any(map(os.path.exists, hardware.GPU_FILES))
    assert hardware._only_cpus() is (has_none or gpus == (None, None, None))


@pytest.mark.parametrize(("jobs", "cores", "expected"), [(1, 8, 7), (2, 8, 4), (3, 8, 2), (16, 8, 1)])
def test_jobs_side_by_side_share_the_cores(
    jobs: int, cores: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [7]
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    hardware.share_cores(jobs)
    assert chosen[-1] == expected


class Line(torch.nn.Module):
    """Learns one number; its logits are twice its input."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, value: torch.Tensor) -> Any:
        return SimpleNamespace(loss=((self.weight - value) ** 2).mean(), logits=2 * value)


class Tuner(BaseFineTuner):
    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[Any]:
        return [row.cpu().numpy() for row in logits]


@dataclass
class Item:
    inputs: dict[str, float]

    def __len__(self) -> int:
        return int(self.inputs["value"])


def collate(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([item[name] for item in batch]) for name in batch[0]}


def items(*values: float) -> list[Item]:
    return [Item({"value": value}) for value in values]


def tuning(
    *, score: Any = None, devel: Sequence[Item] = (), train: Sequence[Item] = (), batch_size: int = 2
) -> tuple[Tuner, FineTuningData]:
    torch.manual_seed(0)
    train = train or items(*[1.0] * 8)
    data = FineTuningData(train=train, devel=devel, batch_size=batch_size, collator=collate, seed=0)
    return Tuner(Line(), lr=0.05, warmup=0.0, weight_decay=0.0, score=score), data


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        fit.keep_libraries_quiet()
        yield


def test_the_best_epoch_on_devel_is_kept() -> None:
    scores, weights = [0.2, 0.9, 0.1], []

    def score(outputs: Sequence[Any]) -> float:
        weights.append(tuner.model.weight.item())
        return scores[len(weights) - 1]

    tuner, data = tuning(score=score, devel=items(1.0, 2.0))
    _, found = fit.fit(tuner, data=data, config=trainer(), report=lambda measured: None)
    assert found.devel_score == pytest.approx(0.9)
    assert len(set(weights)) == 3
    assert tuner.model.weight.item() == pytest.approx(weights[1])


def test_without_devel_the_last_weights_are_kept() -> None:
    tuner, data = tuning()
    _, found = fit.fit(tuner, data=data, config=trainer(epochs=20), report=lambda measured: None)
    assert found == Fitted(texts=20 * 8, devel_score=None)
    assert tuner.model.weight.item() > 0.5


@pytest.mark.parametrize("devel", [(), items(1.0)])
def test_the_weights_of_the_last_epochs_are_averaged(devel: Sequence[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[float] = []
    taken = fit.Average.on_train_epoch_end

    def seen(self: fit.Average, run: Any, module: Any) -> None:
        weights.append(module.model.weight.item())
        taken(self, run, module)

    monkeypatch.setattr(fit.Average, "on_train_epoch_end", seen)
    tuner, data = tuning(devel=devel, score=len)
    fit.fit(tuner, data=data, config=trainer(epochs=5, average=3), report=lambda measured: None)
    assert len(set(weights)) == 5
    assert tuner.model.weight.item() == pytest.approx(sum(weights[2:]) / 3)


def test_devel_outputs_come_in_the_order_of_devel() -> None:
    seen: list[list[float]] = []

    def score(outputs: Sequence[Any]) -> float:
        seen.append([float(output) for output in outputs])
        return 0.0

    tuner, data = tuning(score=score, devel=items(3.0, 1.0, 7.0, 5.0, 9.0, 2.0, 4.0, 8.0, 6.0, 10.0))
    fit.fit(tuner, data=data, config=trainer(epochs=2), report=lambda measured: None)
    assert seen == [[6.0, 2.0, 14.0, 10.0, 18.0, 4.0, 8.0, 16.0, 12.0, 20.0]] * 2


def test_predictions_come_in_the_order_of_the_examples() -> None:
    tuner, data = tuning()
    trained, _ = fit.fit(tuner, data=data, config=trainer(epochs=1), report=lambda measured: None)
    values = [3.0, 1.0, 7.0, 5.0, 9.0, 2.0, 4.0, 8.0, 6.0, 10.0]
    found = fit.predict(trained, tuner, data=data, encoded=items(*values))
    assert [float(output) for output in found] == [2 * value for value in values]


def test_what_is_measured_on_the_way() -> None:
    measured: list[Measured] = []
    train = items(*[1.0] * 24)  # 12 steps an epoch
    tuner, data = tuning(score=lambda outputs: 0.5, devel=items(1.0), train=train)
    fit.fit(tuner, data=data, config=trainer(epochs=3), report=lambda batch: measured.append(list(batch)))
    assert len(measured) == 3
    found = [entry for batch in measured for entry in batch]
    assert [step for name, _, step in found if name == "train/loss"] == [10, 20, 30]
    assert [(value, step) for name, value, step in found if name == "devel/f1"] == [(0.5, 12), (0.5, 24), (0.5, 36)]


def test_what_is_measured_on_the_way_counts_steps_of_several_batches() -> None:
    measured: Measured = []
    train = items(*[1.0] * 48)  # 24 batches and 12 steps an epoch
    tuner, data = tuning(score=lambda outputs: 0.5, devel=items(1.0), train=train)
    fit.fit(tuner, data=data, config=trainer(epochs=3, accumulate=2), report=measured.extend)
    assert [step for name, _, step in measured if name == "train/loss"] == [10, 20, 30]
    assert [step for name, _, step in measured if name == "devel/f1"] == [12, 24, 36]


@pytest.mark.parametrize(("examples", "steps"), [(64, 3 * 4), (40, 3 * 3), (8, 3)])
def test_batches_of_8_by_two_are_as_many_steps_as_batches_of_16(examples: int, steps: int) -> None:
    train, rates = items(*[1.0] * examples), []
    for batch_size, accumulate in ((8, 2), (16, 1)):
        config = trainer(accumulate=accumulate)
        tuner, data = tuning(train=train, batch_size=batch_size)
        trained, _ = fit.fit(tuner, data=data, config=config, report=lambda measured: None)
        assert trained.global_step == schedule(examples, batch_size=batch_size, trainer=config).steps == steps
        rates.append(trained.optimizers[0].param_groups[0]["lr"])
    assert rates == [0.0, 0.0]  # which has fallen with each step, to the end


def test_batches_of_8_by_two_teach_what_batches_of_16_do() -> None:
    weights = []
    for batch_size, accumulate in ((8, 2), (16, 1), (8, 1)):
        tuner, data = tuning(train=items(*[1.0] * 64), batch_size=batch_size)
        fit.fit(tuner, data=data, config=trainer(accumulate=accumulate), report=lambda measured: None)
        weights.append(tuner.model.weight.item())
    assert weights[0] == pytest.approx(weights[1])
    assert abs(weights[0] - weights[2]) > 0.1  # twice as many steps


def test_an_epoch_is_a_line_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    tuner, data = tuning()
    fit.fit(tuner, data=data, config=trainer(epochs=2), report=lambda measured: None)
    lines = capfd.readouterr().err.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("epoch")] == [["epoch", "1/2"], ["epoch", "2/2"]]


def test_ctrl_c_while_training_raises() -> None:
    def interrupt(measured: Measured) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    tuner, data = tuning()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            fit.fit(tuner, data=data, config=trainer(), report=interrupt)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a second Ctrl-C is heard
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_is_no_weight_matrix_does_not_decay() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    tuner = Tuner(model, lr=0.1, warmup=0.25, weight_decay=0.5)
    tuner.trainer = SimpleNamespace(estimated_stepping_batches=8, precision="32-true")  # type: ignore[assignment]
    made = tuner.configure_optimizers()
    groups = made["optimizer"].param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.5), (3, 0.0)]
    rates = []
    for _ in range(9):
        rates.append(made["optimizer"].param_groups[0]["lr"])
        made["optimizer"].step()
        made["lr_scheduler"]["scheduler"].step()
    assert rates == pytest.approx([0, 0.05, *[0.1 * left / 6 for left in range(6, -1, -1)]])


@pytest.mark.parametrize(("precision", "fused"), [("32-true", True), ("bf16-mixed", True), ("16-mixed", False)])
def test_the_optimizer_is_fused_but_where_gradients_are_scaled(precision: str, fused: bool) -> None:
    tuner = Tuner(torch.nn.Linear(3, 2), lr=0.1, warmup=0.0, weight_decay=0.0)
    tuner.trainer = SimpleNamespace(estimated_stepping_batches=8, precision=precision)  # type: ignore[assignment]
    assert all(group["fused"] is fused for group in tuner.configure_optimizers()["optimizer"].param_groups)


def test_lightning_takes_nothing_for_a_job_of_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither `srun` on the path, of which it would tell in each run, nor a shell that `srun` has opened."""
    (tmp_path / "srun").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with warnings.catch_warnings(record=True) as told:
        fit.keep_libraries_quiet()
        fit.lightning(trainer(), epochs=1, callbacks=[])
        SLURMEnvironment.detect()  # as Lightning does before each training
    assert [str(one.message) for one in told if "srun" in str(one.message)] == []
    monkeypatch.setenv("SLURM_NTASKS", "2")
    made = fit.lightning(trainer(), epochs=1, callbacks=[])
    assert isinstance(made._accelerator_connector.cluster_environment, LightningEnvironment)


def test_a_model_is_handed_over_for_training() -> None:
    model = Line().eval()
    assert Tuner(model, lr=0.1, warmup=0.0, weight_decay=0.0).model.training


@pytest.mark.parametrize(
    ("devices", "accelerator", "expected"),
    [([], "auto", 1), ([1], "auto", [1]), ([0], "gpu", [0]), ([], "cpu", 1), ([0, 1], "gpu", [0, 1])],
)
def test_a_gpu_is_chosen_by_its_number(
    devices: list[int], accelerator: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert hardware.devices(trainer(devices=devices, accelerator=accelerator)) == expected


@pytest.mark.parametrize(("devices", "accelerator"), [([2], "auto"), ([0], "cpu")])
def test_a_gpu_that_is_not_here_is_refused(
    devices: list[int], accelerator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ConfigError, match="GPUs for it, numbered from 0"):
        hardware.devices(trainer(devices=devices, accelerator=accelerator))
