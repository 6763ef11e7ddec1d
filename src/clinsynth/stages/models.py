"""Finds a trained model by its folder, or by the run that trained it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from clinsynth.artifacts import CARD, FILES, MANIFEST, check_files, read_entry
from clinsynth.errors import ConfigError
from clinsynth.files.exported import export_facts
from clinsynth.learning import saved

if TYPE_CHECKING:  # imports MLflow, which takes seconds
    from clinsynth.tracking import Ledger


def locate(model: str, *, ledger: Ledger) -> Path:
    """Return the folder of a model; `model` is that folder, an MLflow run id, how one begins, or `latest`.

    Raises ConfigError where that is no model, no run, or a run that has saved none.
    """
    if model == "latest":
        return _latest(ledger)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return checked(folder)
    if not re.fullmatch("[0-9a-f]{1,32}", model):
        raise ConfigError(
            f"model={model} is neither a folder nor an MLflow run. `clinsynth train` names both when it has trained "
            f"one; paths hang on the current folder, {Path.cwd()}."
        )
    return _of_run(_run(model, ledger=ledger), ledger=ledger)


def _latest(ledger: Ledger) -> Path:
    """The one that was trained last."""
    there = sorted(filter(saved.is_model, ledger.store.root.glob("model-*")), key=lambda path: path.stat().st_mtime)
    if not there:
        raise ConfigError(
            f"model=latest: there is no model in {ledger.store.root} yet. `clinsynth train` makes one; the experiments "
            "of the papers keep none, unless trainer.save_model=true is given."
        )
    return checked(there[-1])


def _run(start: str, *, ledger: Ledger) -> str:
    found = ledger.beginning(start)
    if len(found) == 1:
        return found[0]
    which = "no run" if not found else f"the beginning of {len(found)} runs ({', '.join(found[:4])}"
    which += "" if not found else " ...)" if len(found) > 4 else ")"
    raise ConfigError(
        f"model={start} is no folder, and {which} of the MLflow store {ledger.where}. `clinsynth train` names run and "
        "folder when it has trained a model; another store is tracking.uri=..."
    )


def _of_run(run_id: str, *, ledger: Ledger) -> Path:
    summary = ledger.summary(run_id)
    if summary is None or summary.model is None:
        raise ConfigError(
            f"the run {run_id} has saved no model: train again with trainer.save_model=true, which experiments turn "
            "off, and with the run's other settings, which its config.yaml in MLflow holds."
        )
    told = Path(summary.model)
    moved = ledger.store.root / told.name  # the run was made in another current folder
    folder = next((path for path in (told, moved) if path.is_dir()), None)
    if folder is None:
        raise ConfigError(
            f"the model of the run {run_id} is gone from {told}. Name its new folder as model=..., where it is kept as "
            "paths.artifacts=..., or train it again."
        )
    return checked(folder)


def checked(folder: Path) -> Path:
    """Return the folder; raises ConfigError where it holds no model, DataFormatError where its files have changed."""
    if not saved.is_model(folder):
        raise ConfigError(
            f"model={folder} holds no model: a folder that `clinsynth train` has saved has config.json, "
            "model.safetensors (or adapter_config.json, adapter_model.safetensors) and a tokenizer."
        )
    check_whole(folder, mend="Train it again, with force=true; if it came from elsewhere, export or download it again.")
    return folder


def check_whole(folder: Path, *, mend: str) -> None:
    """Raise DataFormatError, which ends with how to `mend` it, where a model's files are not those that were written.

    A folder that is none of ours, or of an early release, says nothing of them.
    """
    if (folder / MANIFEST).is_file():
        entry = read_entry(folder, mend=mend)
        exports = export_facts(folder).get(FILES, {})
        check_files(folder, entry.get(FILES) or {name: sha for name, sha in exports.items() if name != CARD}, mend=mend)
