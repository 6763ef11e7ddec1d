"""The config of each stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.corpus import (
    AnnotatorConfig,
    DatasetConfig,
    GenerationConfig,
    PromptConfig,
    QualityConfig,
    SeedRatioConfig,
    SizeConfig,
    UnitsConfig,
)
from clinsynth.config.llm import LLMConfig
from clinsynth.config.options import check, option
from clinsynth.config.training import BackboneConfig, SourceConfig, TrainerConfig


@dataclass
class TrackingConfig:
    uri: str = option(MISSING, "MLflow store; the variable MLFLOW_TRACKING_URI wins")
    artifacts: str = option(MISSING, "folder of MLflow's artifacts for a local store")
    log_text: bool | None = option(
        None, "false keeps texts (predictions, rejected texts) out of MLflow; null: as dataset.public says"
    )
    table: str | None = option(None, "tag the runs as parts of this table, for `clinsynth report`")


@dataclass
class PathsConfig:
    data: str = option(MISSING, "gold files; the variable CLINSYNTH_DATA, else data/")
    artifacts: str = option(MISSING, "models and corpora, by digest")


@dataclass
class CorpusConfig:
    """What a synthetic corpus is made of."""

    dataset: DatasetConfig = MISSING
    size: SizeConfig = MISSING
    seed_ratio: SeedRatioConfig = MISSING
    units: UnitsConfig = MISSING
    generation: GenerationConfig = MISSING
    prompt: PromptConfig = MISSING
    llm: LLMConfig = MISSING
    annotator: AnnotatorConfig = MISSING
    quality: QualityConfig = MISSING
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


@dataclass
class GenerateConfig(CorpusConfig):
    """Ask an LLM for what a corpus needs and is not there yet; build the corpus."""


@dataclass
class TrainConfig(CorpusConfig):
    """Fine-tune a backbone, score it on the gold test set, log the run."""

    source: SourceConfig = MISSING
    backbone: BackboneConfig = MISSING
    trainer: TrainerConfig = MISSING
    seed: int = option(0, "random number for the draw, the head and the order of batches")
    force: bool = option(False, "train again although a finished run has this job")

    def __post_init__(self) -> None:
        check(self.seed >= 0, "seed", self.seed, "0 or more")


@dataclass
class ShowConfig:
    """Print samples of a synthetic corpus, what was rejected and why, and its statistics beside gold's."""

    corpus: str = option(MISSING, "digest, or how it begins, as in the folder's name; latest is the newest one")
    samples: int = option(MISSING, "how many examples to print")
    seed: int = option(MISSING, "random number that draws them")
    rejected: int = option(MISSING, "how many rejected texts to print of each reason")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check(self.samples >= 0, "samples", self.samples, "0 or more")
        check(self.rejected >= 0, "rejected", self.rejected, "0 or more")


CacheAction = Enum("CacheAction", ["stats", "export", "import", "verify"])


@dataclass
class CacheConfig:
    """The completions that were paid for: count them, check them, take them elsewhere."""

    action: CacheAction = option(
        MISSING, "stats; verify; export to recordings (to=...); import recordings (file=...), as answers of model=..."
    )
    to: str | None = option(None, "export: the JSON lines to write")
    file: str | None = option(None, "import: the JSON lines to read")
    model: str | None = option(None, "export: only answers of this llm.model; import: whose answers they are")
    prompts: bool = option(MISSING, "false leaves prompts out of the export, which can then not be replayed")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


class FigureName(Enum):
    curve = "curve"
    bars = "bars"


@dataclass
class ReportConfig:
    """Print the runs of a table and draw its figure."""

    table: str = option(MISSING, "the table: runs that were made with tracking.table=<name>")
    figure: FigureName = option(FigureName.bars, "curve (score against examples) or bars (score by arm)")
    to: str = option(MISSING, "folder of the figure")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


STAGES: dict[str, type] = {
    "generate": GenerateConfig,
    "train": TrainConfig,
    "show": ShowConfig,
    "report": ReportConfig,
    "cache": CacheConfig,
}
