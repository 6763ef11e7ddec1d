"""The config of the stages that look after what others have made: predict, review, export, show, report, sweep ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.asking import OnMissing
from clinsynth.config.corpus import ColumnsConfig, DatasetConfig
from clinsynth.config.grids import check_scale
from clinsynth.config.options import AT_LEAST_1, check, option
from clinsynth.config.places import PathsConfig, TrackingConfig
from clinsynth.config.shards import Sharded
from clinsynth.config.training import check_hardware
from clinsynth.errors import ConfigError


@dataclass
class ShowConfig:
    """Print samples of a synthetic corpus, what was rejected and why, and its statistics beside gold's."""

    corpus: str = option(MISSING, "digest, or how it begins, as in the folder's name; latest is the newest one")
    samples: int = option(MISSING, "how many examples to print")
    seed: int = option(MISSING, "random number that draws them")
    rejected: int = option(MISSING, "how many rejected texts to print of each reason")
    browse: str | None = option(
        None, "write all texts, kept and rejected, into this page: filters and search in a browser, no network"
    )
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check(self.samples >= 0, "samples", self.samples, "0 or more")
        check(self.rejected >= 0, "rejected", self.rejected, "0 or more")


@dataclass
class PredictionConfig:
    """The texts that are read, how they are cut, and what is written."""

    column: str = option(MISSING, "of .jsonl and .csv rows, the one that holds the text")
    keep: list[str] = option([], "other columns that are carried into the output, such as the id of a note")
    html: bool = option(
        MISSING, "true writes a page beside the output: texts with coloured spans, or labels", keyless=True
    )
    html_documents: int = option(MISSING, "the page shows so many documents, the first ones", keyless=True)
    batch_tokens: int | None = option(
        None,
        "word pieces per step, with their padding; null: 512 for each core of a batch, 32,768 on a GPU",
        keyless=True,
    )
    workers: int | None = option(
        None, "CPU: so many batches are read at once, each by its share of the cores; null: what suits", keyless=True
    )
    window: int | None = option(
        None, "word pieces of a window; null: as long as the texts that the model has learnt from"
    )
    overlap: float = option(MISSING, "share of a window that it has in common with the next one")
    accelerator: str = option(MISSING, "auto (a GPU where there is one), cpu, gpu, mps", keyless=True)
    precision: str = option(MISSING, "32-true; bf16-mixed is faster where the hardware has it; auto chooses it there")

    def __post_init__(self) -> None:
        check(self.html_documents >= 1, "predict.html_documents", self.html_documents, "at least 1")
        for key in ("batch_tokens", "workers"):
            value = getattr(self, key)
            check(value is None or value >= 1, f"predict.{key}", value, AT_LEAST_1)
        check(self.window is None or 8 <= self.window <= 8192, "predict.window", self.window, "null or 8 to 8192")
        check(0 <= self.overlap <= 0.9, "predict.overlap", self.overlap, "in [0, 0.9]")
        check_hardware("predict", self)


@dataclass
class PredictConfig(Sharded):
    """Let a trained model read your own texts: entities with their offsets, relations, or labels."""

    model: str = option(MISSING, "folder of a model, the MLflow run that trained it, or latest")
    input: str = option(MISSING, "a .txt (one document), .jsonl or .csv file (one a row), or a folder of such files")
    output: str = option(MISSING, "JSON lines, one a document")
    predict: PredictionConfig = MISSING
    private: bool = option(
        False, "true: a connection to another machine is an error, whichever library opens it", keyless=True
    )
    force: bool = option(False, "predict again, and write over an output that is there")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


ReviewAction = Enum("ReviewAction", ["export", "import", "serve"])


@dataclass
class ReviewingConfig:
    """The sheets that annotators get, and what becomes of their answers."""

    n: int = option(MISSING, "export: so many examples, the same number of each label or unit")
    seed: int = option(MISSING, "export: random number that draws and shuffles them")
    blind: bool | None = option(
        None, "export: true hides the label, so that annotators give one; null: false for a corpus, true for gold"
    )
    annotators: list[str] = option([], "export: a sheet for each; serve: names to choose from")
    sheets: list[str] = option(
        [], "import: filled in sheets (.csv), exports of Label Studio (.json); [] is all there are"
    )
    on_missing: OnMissing = option(MISSING, "import: what lacks an answer: error, or skip (go on with what there is)")
    host: str = option(MISSING, "serve: 127.0.0.1 is this machine alone; 0.0.0.0 lets others in who have the token")
    port: int = option(MISSING, "serve: of the page's address")
    browser: bool = option(MISSING, "serve: open the page")

    def __post_init__(self) -> None:
        check(self.n >= 1, "review.n", self.n, "at least 1")
        check(self.seed >= 0, "review.seed", self.seed, "0 or more")
        check(1 <= self.port <= 65535, "review.port", self.port, "1 to 65535")
        check(len(set(self.annotators)) == len(self.annotators), "review.annotators", self.annotators, "each name once")
        for name in self.annotators:
            good = bool(name.strip()) and not set(name) & set("/\\:") and not name.startswith(".")
            check(good, "review.annotators", name, "names that can be part of a file's name")


@dataclass
class ReviewConfig:
    """Let people judge synthetic examples, or label rows of gold anew: sheets, a page, their agreement."""

    action: ReviewAction = option(
        MISSING, "export: draw examples, write sheets; serve: a page to answer on; import: agreement, majority"
    )
    corpus: str | None = option(
        None, "digest of a synthetic corpus, or how it begins; null: the newest, or the dataset"
    )
    dataset: DatasetConfig | None = option(None, "gold whose test rows are labelled anew")
    folder: str | None = option(None, "of the review; null is reviews/<corpus or dataset>")
    review: ReviewingConfig = MISSING
    private: bool = option(
        False, "true: a connection to another machine is an error, whichever library opens it", keyless=True
    )
    force: bool = option(False, "export: draw anew, although a review is there")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


AS_IT_IS = "transformers"
"""The format of a model that is exported as it was trained."""

_EXPORTS = {
    "format": (AS_IT_IS, "onnx", "openvino"),
    "precision": ("fp32", "int8"),
    "score": ("devel", "test"),
}
"""What the keys of an export accept."""


@dataclass
class ExportConfig:
    """Write a corpus or a model down for others, with its card; push it to the Hugging Face hub if you say so."""

    corpus: str | None = option(None, "digest of a synthetic corpus, or how it begins; latest is the newest one")
    model: str | None = option(None, "folder of a model, the MLflow run that trained it, or latest")
    to: str = option(MISSING, "folder to write")
    format: str = option(
        MISSING, "of a model: transformers (as it is), onnx, openvino (both read faster on CPUs, and learn no more)"
    )
    precision: str = option(MISSING, "of onnx and openvino: fp32, or int8, which is measured against fp32")
    score: str = option(
        MISSING, "of onnx and openvino: they are measured on devel (gold's, or what was held out), or test"
    )
    licence: str | None = option(None, "of what is written, as the hub names it (mit, cc-by-4.0 ...)")
    push: str | None = option(None, "repository on the hub, as in me/mine; the token is HF_TOKEN or of `hf auth login`")
    private: bool = option(MISSING, "push: only you see the repository")
    send_gold_text: bool = option(
        MISSING, "push: true: names of units and rows of a dataset that is not public may go to the hub"
    )
    register: str | None = option(
        None, "name of a model in MLflow's registry, of which this one becomes the next version: `mlflow models serve`"
    )
    alias: str | None = option(None, "register: an alias that points at this version from now on, such as champion")
    force: bool = option(False, "write into a folder that is not empty")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        if (self.corpus is None) == (self.model is None):
            raise ConfigError("say what is exported, and one thing at a time: corpus=latest, or model=<folder or run>.")
        for key, accepted in _EXPORTS.items():
            check(getattr(self, key) in accepted, key, getattr(self, key), f"one of {', '.join(accepted)}")
        if self.register is not None and self.model is None:
            raise ConfigError("register is of models: give model=<folder or run>, or latest.")
        if self.alias is not None and self.register is None:
            raise ConfigError(f"alias={self.alias} is of a model in MLflow's registry: give register=<name>, too.")
        runtime = self.format != AS_IT_IS
        check(self.model is not None or not runtime, "format", self.format, f"{AS_IT_IS} for a corpus")
        check(runtime or self.precision == "fp32", "precision", self.precision, "fp32 but for format=onnx or openvino")


@dataclass
class ConvertConfig:
    """Write annotated texts - gold, a corpus, predictions - in another format, and say what it cannot hold."""

    vars()["from"] = field(  # a word of Python, which no statement can assign to
        default=MISSING,
        init=False,
        repr=False,
        compare=False,
        metadata={
            "help": "a file or folder, `hf:owner/name:split`, or the digest of a corpus, or how it begins, or latest"
        },
    )
    __annotations__["from"] = "str"
    also: list[str] = option(
        [], "files or folders that annotate the same texts, such as with another entity type; all of it is put together"
    )
    to: str = option(MISSING, "file to write, or folder where the format is one of folders; nothing may be there")
    format: str = option(
        MISSING,
        "to write: brat, i2b2, xmi (folders), parquet, docbin, bioc, bioc_json, pubtator, label_studio, jsonl, conll, "
        "csv (files)",
    )
    from_format: str | None = option(None, "of what is read; null finds it out, and says which it is")
    encoding: str | None = option(None, "of what is read, such as utf-16, cp1252; null is UTF-8")
    columns: ColumnsConfig = field(default_factory=ColumnsConfig)
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    @property
    def source(self) -> str:
        """Return the value of the key `from`."""
        return str(vars(self)["from"])


class FigureName(Enum):
    curve = "curve"
    bars = "bars"


@dataclass
class ReportConfig:
    """Print the runs of a table, or a table or figure of the papers beside what they report."""

    table: str | None = option(None, "runs that were made with tracking.table=<name>")
    sweep: str | None = option(None, "runs of the jobs of this sweep: its folder, such as multirun/train/<when>")
    runs: list[str] = option([], "runs of MLflow, each as its id begins")
    target: str | None = option(None, "a table or figure of the papers: table7, figure2 ..., or all")
    scale: str = option(MISSING, "of the target's grids, conf/targets/<target>.yaml: paper, mini, smoke")
    overrides: list[str] = option([], "of each job of the target; written behind --, as in -- llm=openai seed=0,1")
    against: str | None = option(
        None, "of runs: how the other rows differ from the first one (first), or from that of a run, as its id begins"
    )
    figure: FigureName = option(FigureName.bars, "of runs: curve (score against examples) or bars (score by arm)")
    to: str = option(MISSING, "folder of what is written")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check_scale(self.scale)


@dataclass
class CompareConfig:
    """Compare two runs: scores with a paired test, settings that differ, the examples that changed; a page of it."""

    runs: list[str] = option(MISSING, "two runs of MLflow, each as its id begins; also as words: compare 4f0c 91ab")
    examples: int = option(MISSING, "so many of the examples that changed are printed, of each kind")
    to: str = option(MISSING, "folder of the page")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check(len(self.runs) == 2, "runs", self.runs, "two runs")
        check(self.examples >= 0, "examples", self.examples, "0 or more")
