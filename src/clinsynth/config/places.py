"""Where runs, gold files and what is made of them lie."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config.options import check, option

_TABLE = r"\w[\w .:-]*(/\w[\w .:-]*)*"
"""What MLflow takes for a tag."""


@dataclass
class TrackingConfig:
    uri: str = option(MISSING, "MLflow store; the variable MLFLOW_TRACKING_URI wins")
    artifacts: str = option(MISSING, "folder of MLflow's artifacts for a local store")
    log_text: bool | None = option(
        None, "false keeps texts (predictions, rejected texts) out of MLflow; null: as dataset.public says"
    )
    system_metrics: bool = option(False, "true logs CPU, memory, disk, network and GPU every ten seconds of a run")
    traces: bool = option(
        False, "true logs each request to an LLM as a trace; without log_text its texts as lengths and sha256 alone"
    )
    table: str | None = option(None, "tag the runs as parts of this table, for `clinsynth report`")

    def __post_init__(self) -> None:
        good = self.table is None or (re.fullmatch(_TABLE, self.table) and len(self.table) <= 200)
        check(bool(good), "tracking.table", self.table, "a name of letters, digits and - _ . : / and blanks")

    def may_hold_text(self, *, public: bool) -> bool:
        return public if self.log_text is None else self.log_text


@dataclass
class PathsConfig:
    data: str = option(MISSING, "gold files; the variable CLINSYNTH_DATA, else data/")
    artifacts: str = option(MISSING, "models and corpora, by digest")
