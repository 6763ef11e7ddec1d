"""Dataclass schema of the config: types, ranges and a line of help for every key.

Values stand in `conf/`; here is what they may be. `register` puts the schemas into Hydra's
ConfigStore, so that a misspelt key fails while the config is composed; `typed` turns a composed
config into the dataclasses, whose `__post_init__` checks ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from clinsynth.errors import ConfigError


def conf_folder() -> Path:
    """`conf/` of a checkout, or the copy inside an installed wheel."""
    packaged = Path(__file__).parent / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "conf"


AT_LEAST_1 = "null or at least 1"


def option(default: Any, help: str) -> Any:
    """A field with a line of help, which `clinsynth STAGE --help` prints."""
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata={"help": help})
    return field(default=default, metadata={"help": help})


def check(holds: bool, key: str, value: object, accepted: str) -> None:
    if not holds:
        raise ConfigError(f"{key}={value} is out of range: it has to be {accepted}.")


@dataclass
class FileConfig:
    """One file of a dataset."""

    path: str | None = option(
        None,
        "null is none; it hangs on paths.data where there is a url, else on the current folder; "
        "`assets:` names a file of the package",
    )
    sha256: str | None = option(None, "checked where given")
    url: str | None = option(None, "where to download it from")


@dataclass
class FilesConfig:
    """The splits; a path on the command line adds one to a dataset that lacks it."""

    train: FileConfig = field(default_factory=FileConfig)
    devel: FileConfig = field(default_factory=FileConfig)
    test: FileConfig = field(default_factory=FileConfig)

    def given(self) -> dict[str, FileConfig]:
        """The splits that there are."""
        splits = {"train": self.train, "test": self.test, "devel": self.devel}
        return {name: file for name, file in splits.items() if file.path is not None}


@dataclass
class DatasetConfig:
    """Common to all tasks; a task adds its own keys in `tasks/<task>/config.py`."""

    name: str = option(MISSING, "the name in ids, tables and MLflow's experiment")
    task: str = option(MISSING, "what is learnt: ner, relation, multilabel")
    public: bool = option(True, "false for your own data: nothing of it goes to an LLM unasked")
    files: FilesConfig = field(default_factory=FilesConfig)  # its keys have the help
    licence: str = option("unknown", "of the gold files")
    recordings: list[str] = option([], "JSON lines with an LLM's completions, for llm=recorded")
    per_request: int | None = option(None, "examples that one request asks for; null is the task's usual number")

    def unit_list(self) -> str | None:
        """A file with units, one a line, in the place of those in gold train."""
        return None

    def needs_train(self) -> bool:
        """Whether units come from gold train and from nowhere else."""
        return True

    def __post_init__(self) -> None:
        check(self.per_request is None or self.per_request >= 1, "dataset.per_request", self.per_request, AT_LEAST_1)
        check(bool(self.name) and "/" not in self.name, "dataset.name", self.name, "a name without a slash")


@dataclass
class BackboneConfig:
    name: str = option(MISSING, "the name in tables and MLflow")
    name_or_path: str = option(
        MISSING, "hub name or local folder; `embedded` is the encoder that the extra `offline` installs"
    )
    revision: str | None = option(None, "commit or tag on the hub, to pin the weights")
    lr: float | None = option(MISSING, "peak learning rate; null is that of the task in lr_by_task")
    lr_by_task: dict[str, float] = option({}, "peak learning rates, for where one does not suit all tasks")
    max_length: int = option(MISSING, "word pieces; what is beyond is cut off, counted and logged")
    batch_size: int = option(MISSING, "examples per step")

    def __post_init__(self) -> None:
        check(self.lr is None or 0 < self.lr < 1, "backbone.lr", self.lr, "null, or above 0 and below 1")
        check(8 <= self.max_length <= 8192, "backbone.max_length", self.max_length, "8 to 8192")
        check(self.batch_size >= 1, "backbone.batch_size", self.batch_size, "at least 1")


class SourceName(Enum):
    original = "original"
    synthetic = "synthetic"
    augmented = "augmented"


@dataclass
class SourceConfig:
    name: SourceName = option(
        MISSING, "what the model trains on: original (gold), synthetic, or augmented (gold and synthetic)"
    )
    examples: int | None = option(
        None, "k-shot: so many gold training examples, drawn with `seed`, a smaller draw within a larger; null is all"
    )
    matched: bool = option(False, "k-shot with as many gold examples as size.total says of synthetic ones")
    ratio: float | None = option(
        None, "augmented: synthetic examples as a share of the gold ones, 0.5 adds half as many; null is what size says"
    )
    target: str | None = option(None, "augmented: only examples of this unit, such as one criterion; null is all")
    corpora: list[str] = option(
        [], "digests: train on this corpus and no other, or on several together, such as those of two LLMs"
    )

    def __post_init__(self) -> None:
        if self.name is not SourceName.augmented:
            for key in ("ratio", "target"):
                value = getattr(self, key)
                check(value is None, f"source.{key}", value, "null but for source=augmented")
        if self.name is SourceName.original:
            check(not self.corpora, "source.corpora", self.corpora, "empty with source=original, which has no corpus")
        check(self.ratio is None or self.ratio > 0, "source.ratio", self.ratio, "null or above 0")
        check(
            not self.matched or (self.name is SourceName.original and self.examples is None),
            "source.matched",
            self.matched,
            "false but for source=original without source.examples",
        )
        check(self.examples is None or self.examples >= 1, "source.examples", self.examples, AT_LEAST_1)
        check(
            self.examples is None or self.name is not SourceName.synthetic,
            "source.examples",
            self.examples,
            "null with source=synthetic, which trains on no gold; size=n1 ... n30 is how much synthetic data is used",
        )


@dataclass
class SizeConfig:
    per_unit: int | None = option(None, "synthetic examples per unit; null is the task's usual number")
    total: int | None = option(None, "synthetic examples in all, for tasks that count them so")

    def __post_init__(self) -> None:
        check(self.per_unit is None or self.per_unit >= 1, "size.per_unit", self.per_unit, AT_LEAST_1)
        check(self.total is None or self.total >= 1, "size.total", self.total, AT_LEAST_1)


@dataclass
class SeedRatioConfig:
    value: float = option(MISSING, "share of the available units that is used; a smaller share within a larger")

    def __post_init__(self) -> None:
        check(0 <= self.value <= 1, "seed_ratio.value", self.value, "in [0, 1]")


@dataclass
class UnitsConfig:
    max: int | None = option(None, "only the first so many units, the most frequent ones; null is all")
    only: list[str] = option([], "only these units")

    def __post_init__(self) -> None:
        check(self.max is None or self.max >= 1, "units.max", self.max, AT_LEAST_1)


class OnMissing(Enum):
    error = "error"
    skip = "skip"


@dataclass
class GenerationConfig:
    seed: int = option(MISSING, "random number that shuffles the units before seed_ratio takes its share")
    per_request: int | None = option(None, "examples that one request asks for; null is the dataset's number")
    max_attempts: int = option(
        MISSING, "1 asks once; n asks up to n - 1 times more where a unit's answers hold too few usable texts"
    )
    send_gold_text: bool = option(
        MISSING, "true: units of a dataset that is not public may go to an LLM outside the house"
    )
    cancel: bool = option(MISSING, "generate: cancel the batches that are at work, and ask nothing")
    dry_run: bool = option(MISSING, "generate: print requests, tokens and cost, and send nothing")
    on_missing: OnMissing = option(MISSING, "what lacks a completion: error, or skip (go on with what there is)")

    def __post_init__(self) -> None:
        check(self.seed >= 0, "generation.seed", self.seed, "0 or more")
        check(self.max_attempts >= 1, "generation.max_attempts", self.max_attempts, "at least 1")
        check(self.per_request is None or self.per_request >= 1, "generation.per_request", self.per_request, AT_LEAST_1)


@dataclass
class PromptConfig:
    name: str = option(MISSING, "stands in the ids of requests; `default` is the task's usual prompt")
    text: str | None = option(None, "template: $name stands for a value, $$ for a dollar sign")

    def __post_init__(self) -> None:
        check(bool(self.name) and "/" not in self.name, "prompt.name", self.name, "a name without a slash")


@dataclass
class PriceConfig:
    """US dollars per million tokens; null where it is not known, and then no cost is told."""

    input: float | None = option(None, "US dollars per million tokens of prompts")
    output: float | None = option(None, "per million tokens of answers")
    cached: float | None = option(None, "per million tokens of prompts that the server has seen before")
    batch: float | None = option(None, "share of these prices that is charged with llm.mode=batch, such as 0.5")

    def in_batch(self) -> PriceConfig:
        """The prices in batch mode; unknown where the share is."""
        prices = (self.input, self.output, self.cached)
        return PriceConfig(*(None if None in (price, self.batch) else price * self.batch for price in prices))  # type: ignore[operator]

    def __post_init__(self) -> None:
        for key in ("input", "output", "cached", "batch"):
            value = getattr(self, key)
            check(value is None or value >= 0, f"llm.price.{key}", value, "null or 0 and more")


class LLMMode(Enum):
    direct = "direct"
    batch = "batch"


@dataclass
class LLMConfig:
    name: str = option(MISSING, "recorded: answers out of files, offline; others are asked over the network")
    recordings: list[str] = option([], "files with completions; they take the place of dataset.recordings")
    model: str | None = option(None, "as its server calls it")
    base_url: str | None = option(None, "address of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1")
    api_key_env: str | None = option(None, "name of the variable that holds the key; null: the server wants none")
    trusted: bool = option(False, "true for a server inside the house, which may see gold text that is not public")
    temperature: float | None = option(None, "of sampling; null is the server's own")
    max_tokens: int | None = option(None, "longest answer; null is the server's own")
    mode: LLMMode = option(LLMMode.direct, "direct; or batch: OpenAI's Batch API, cheaper and within a day")
    poll_s: float = option(30.0, "batch: seconds between two looks at it")
    concurrency: int = option(32, "requests under way at once, at most")
    requests_per_minute: int | None = option(None, "ceiling")
    tokens_per_minute: int | None = option(None, "ceiling, of prompts and answers together")
    timeout_s: float = option(180.0, "for one answer")
    patience_s: float = option(300.0, "a request that fails for a passing reason is sent again for so long")
    max_cost_usd: float | None = option(None, "stop before this is spent, all sessions together; needs llm.price")
    price: PriceConfig = field(default_factory=PriceConfig)
    price_table: dict[str, PriceConfig] = option({}, "prices by model, for where llm.price is null")

    def priced(self) -> PriceConfig:
        """What the model costs in this mode: `price`, else its row of the table, else unknown."""
        given = self.price != PriceConfig()
        price = self.price if given else self.price_table.get(self.model or "", PriceConfig())
        return price.in_batch() if self.mode is LLMMode.batch else price

    def server(self) -> str:
        return self.base_url or "https://api.openai.com/v1"

    def __post_init__(self) -> None:
        check(self.concurrency >= 1, "llm.concurrency", self.concurrency, "at least 1")
        for key in ("requests_per_minute", "tokens_per_minute", "max_tokens"):
            value = getattr(self, key)
            check(value is None or value >= 1, f"llm.{key}", value, AT_LEAST_1)
        for key in ("timeout_s", "patience_s", "poll_s"):
            check(getattr(self, key) > 0, f"llm.{key}", getattr(self, key), "above 0")
        cap = self.max_cost_usd
        check(cap is None or cap >= 0, "llm.max_cost_usd", cap, "null or 0 and more")
        if cap is not None and None in (self.priced().input, self.priced().output):
            raise ConfigError(
                f"llm.max_cost_usd={cap} needs the prices of {self.model}: give llm.price.input=... and "
                "llm.price.output=... in US dollars per million tokens, and for llm.mode=batch llm.price.batch=0.5."
            )


@dataclass
class AnnotatorConfig:
    name: str = option(
        MISSING,
        "who labels the synthetic texts: seed, gazetteer, llm; none: they bring a label; default is the task's choice",
    )
    lexicon: str | None = option(
        None, "known entities: train (all of gold train), units, or a file with one a line; null: train if there is one"
    )
    prompt: PromptConfig | None = option(None, "of the second request, for llm")


@dataclass
class QualityConfig:
    unit: bool = option(MISSING, "reject a text that its unit does not occur in")
    sentence: bool = option(MISSING, "reject what is no sentence: remarks, headings, numbers")
    min_words: int = option(MISSING, "reject shorter texts")
    max_words: int | None = option(MISSING, "reject longer texts")
    duplicates: bool = option(MISSING, "reject a text that is there already, but for case and spaces")
    near_duplicates: float | None = option(
        MISSING,
        "reject a text that shares this part of its word triples (Jaccard) with a kept one; null: keep",
    )
    test_copies: bool = option(MISSING, "reject a text that stands in the gold test split")
    weighted: bool = option(
        MISSING, "multilabel: weigh the loss of a text by its neighbours' labels and its novelty (flexible control)"
    )

    def __post_init__(self) -> None:
        check(self.min_words >= 0, "quality.min_words", self.min_words, "0 or more")
        check(
            self.max_words is None or self.max_words >= self.min_words,
            "quality.max_words",
            self.max_words,
            f"null or at least quality.min_words={self.min_words}",
        )
        threshold = self.near_duplicates
        check(threshold is None or 0 < threshold <= 1, "quality.near_duplicates", threshold, "null or in (0, 1]")


@dataclass
class TrainerConfig:
    epochs: int = option(MISSING, "passes over the training data, at least")
    min_steps: int = option(MISSING, "small training sets are passed over more often, until so many steps are done")
    max_epochs: int = option(MISSING, "but no more often than this")
    holdout: float | None = option(
        MISSING,
        "share of its own training data on which an arm without gold devel chooses its checkpoint; "
        "0 trains on all of it for a fixed number of steps; null is the task's usual share",
    )
    warmup: float = option(MISSING, "share of the steps in which the learning rate rises")
    weight_decay: float = option(MISSING, "AdamW")
    gradient_clip: float = option(MISSING, "largest gradient norm")
    accelerator: str = option(MISSING, "auto, cpu, gpu, mps")
    precision: str = option(MISSING, "auto (bf16 where the hardware has it), 32-true, bf16-mixed, 16-mixed")
    save_model: bool = option(MISSING, "keep the model folder (Hugging Face format)")

    def __post_init__(self) -> None:
        check(self.epochs >= 1, "trainer.epochs", self.epochs, "at least 1")
        check(
            self.max_epochs >= self.epochs,
            "trainer.max_epochs",
            self.max_epochs,
            f"at least trainer.epochs={self.epochs}",
        )
        check(self.min_steps >= 0, "trainer.min_steps", self.min_steps, "0 or more")
        check(self.holdout is None or 0 <= self.holdout < 0.9, "trainer.holdout", self.holdout, "null or in [0, 0.9)")
        check(0 <= self.warmup < 1, "trainer.warmup", self.warmup, "in [0, 1)")
        check(self.weight_decay >= 0, "trainer.weight_decay", self.weight_decay, "0 or more")
        check(self.gradient_clip > 0, "trainer.gradient_clip", self.gradient_clip, "above 0")
        for key, accepted in (
            ("accelerator", ("auto", "cpu", "gpu", "mps")),
            ("precision", ("auto", "32-true", "bf16-mixed", "16-mixed")),
        ):
            value = getattr(self, key)
            check(value in accepted, f"trainer.{key}", value, f"one of {', '.join(accepted)}")


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


def register() -> None:
    """Make the schemas known to Hydra; a call, so that importing has no effect."""
    from clinsynth.tasks import base

    store = ConfigStore.instance()
    for stage, schema in STAGES.items():
        store.store(group="schema", name=stage, node=schema)
    for task in base.names():
        store.store(group="schema/dataset", name=task, node=import_module(f"clinsynth.tasks.{task}.config").DATASET)


def typed(config: DictConfig, schema: type) -> Any:
    """The composed config as dataclasses; raises ConfigError for what is missing or out of range."""
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise ConfigError(f"no value for {', '.join(missing)}: give one as {missing[0]}=... on the command line.")
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, schema)
    unknown = _unknown(settings)
    if unknown:
        raise ConfigError(f"there is no key {', '.join(unknown)}: `clinsynth STAGE --help` lists keys.")
    return cast(Any, settings)


def named_prompt(name: str) -> PromptConfig:
    """The prompt of `conf/prompt/<name>.yaml`."""
    content: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "prompt" / f"{name}.yaml"))
    return PromptConfig(**content)


def _unknown(value: Any, prefix: str = "") -> list[str]:
    """Keys outside the schema, which Hydra lets in where they are written with a plus."""
    if isinstance(value, dict):
        return [key for name, inner in value.items() for key in _unknown(inner, f"{prefix}{name}.")]
    if not is_dataclass(value):
        return []
    known = {item.name for item in fields(value)}
    found = [f"{prefix}{name}" for name in vars(value) if name not in known]
    return found + [key for name in sorted(known) for key in _unknown(getattr(value, name), f"{prefix}{name}.")]


def documented(schema: type, prefix: str = "") -> list[tuple[str, str]]:
    """Every key below a schema with its line of help."""
    found: list[tuple[str, str]] = []
    from typing import get_type_hints

    hints = get_type_hints(schema)
    for item in fields(schema):
        kind = hints[item.name]
        if is_dataclass(kind) and isinstance(kind, type):
            found += documented(kind, f"{prefix}{item.name}.")
        else:
            found.append((f"{prefix}{item.name}", item.metadata.get("help", "")))
    return found
