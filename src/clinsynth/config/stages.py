"""The config of each stage; that of the smaller ones is in `tools`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.asking import AskingConfig, GenerationConfig, OnMissing, PromptConfig
from clinsynth.config.chats import AnswerJudgeConfig, ChatConfig, DistillConfig, ServeConfig
from clinsynth.config.corpus import (
    AnnotatorConfig,
    DatasetConfig,
    QualityConfig,
    SeedRatioConfig,
    SizeConfig,
)
from clinsynth.config.labelling import DRAW, NEAREST, Material, TextsConfig
from clinsynth.config.llm import LLMConfig
from clinsynth.config.options import AT_LEAST_1, check, option
from clinsynth.config.places import PathsConfig, TrackingConfig
from clinsynth.config.privacy import PrivacyConfig
from clinsynth.config.shards import Sharded
from clinsynth.config.sweeping import SweepConfig
from clinsynth.config.tools import (
    CompareConfig,
    ConvertConfig,
    ExportConfig,
    PredictConfig,
    ReportConfig,
    ReviewConfig,
    ShowConfig,
)
from clinsynth.config.training import BackboneConfig, SourceConfig, TrainerConfig
from clinsynth.config.units import NegativesConfig, UnitsConfig
from clinsynth.config.upkeep import CacheConfig, DoctorConfig, StoreConfig

LANGUAGE_OF_PROMPTS = "the usual prompts in another language than English, by their names: prompt_language=es, de"


@dataclass
class CorpusConfig:
    """The settings that a synthetic corpus is made of."""

    dataset: DatasetConfig = MISSING
    size: SizeConfig = MISSING
    seed_ratio: SeedRatioConfig = MISSING
    units: UnitsConfig = MISSING
    negatives: NegativesConfig = field(default_factory=NegativesConfig)
    material: Material = option(
        Material.written, "written (by the LLM, about units), or texts (real ones, which are labelled)", keyless=True
    )
    texts: TextsConfig = field(default_factory=TextsConfig)
    generation: GenerationConfig = MISSING
    prompt: PromptConfig = MISSING
    prompt_language: dict[str, PromptConfig] = option({}, LANGUAGE_OF_PROMPTS, keyless=True)
    llm: LLMConfig = MISSING
    annotator: AnnotatorConfig = MISSING
    quality: QualityConfig = MISSING
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig, metadata={"keyless": True})
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def may_name_units(self) -> bool:
        """Say whether the units of `units.only` may stand in MLflow: they are parts of gold, or a user's own terms."""
        return not self.units.only or self.tracking.may_hold_text(public=self.dataset.public)


@dataclass
class GenerateConfig(CorpusConfig, Sharded):
    """Ask an LLM for what a corpus needs and is not there yet; build the corpus."""


@dataclass
class TrainConfig(CorpusConfig):
    """Fine-tune a backbone, score it on the gold test set, log the run."""

    source: SourceConfig = MISSING
    backbone: BackboneConfig = MISSING
    trainer: TrainerConfig = MISSING
    judged: AnswerJudgeConfig = field(default_factory=AnswerJudgeConfig, metadata={"before": AnswerJudgeConfig()})
    seed: int = option(0, "random number for the draw, the head and the order of batches")
    force: bool = option(False, "train again although a finished run has this job")

    def __post_init__(self) -> None:
        check(self.seed >= 0, "seed", self.seed, "0 or more")


@dataclass
class AnalysisConfig:
    """How synthetic text is compared with gold."""

    texts: int = option(MISSING, "how many texts of each kind are on the map; distances and copies are of all texts")
    perplexity: float = option(MISSING, "of t-SNE: about how many neighbours a text has on the map")
    seed: int = option(MISSING, "random number for what is drawn, the map, the folds and the intervals")

    def __post_init__(self) -> None:
        check(self.texts >= 1, "analysis.texts", self.texts, "at least 1")
        check(self.perplexity >= 1, "analysis.perplexity", self.perplexity, "at least 1")
        check(self.seed >= 0, "analysis.seed", self.seed, "0 or more")


class Detect(Enum):
    watermark = "watermark"
    membership = "membership"
    synthetic = "synthetic"
    canaries = "canaries"


@dataclass
class AnalyseConfig(CorpusConfig):
    """Compare a synthetic corpus with gold: a map, nearest neighbours, copies, entities, variety, detection."""

    corpus: str | None = option(
        None, "digest of a corpus that is there, or how it begins, or latest; null: that of the settings", before=None
    )
    detect: Detect | None = option(
        None,
        "another test in the place of the comparison: watermark (do texts carry the mark of llm.watermark?), "
        "membership (does a model give away what it has learnt from?), synthetic (do words tell a corpus from gold?), "
        "canaries (where do those of privacy.canaries come out?)",
        before=None,
    )
    against: str | None = option(
        None,
        "detect=synthetic: digest of a second corpus, of another LLM or dataset, which the detector judges unseen",
        before=None,
    )
    model: str | None = option(
        None, "detect=membership, canaries: folder of a model, the MLflow run that trained it, or latest", before=None
    )
    input: str | None = option(
        None,
        "detect=watermark: a .txt, .jsonl or .csv file, or a folder, in the place of a corpus; detect=canaries: beside "
        "what there is",
        before=None,
    )
    column: str = option("text", "of .jsonl and .csv files, the text's", before="text")
    analysis: AnalysisConfig = MISSING
    force: bool = option(False, "analyse again although a finished run has this corpus")

    def __post_init__(self) -> None:
        for key, tests in _OF_TESTS.items():
            value, named = getattr(self, key), " or ".join(test.value for test in tests)
            check(value is None or self.detect in tests, key, value, f"null but for detect={named}")


_OF_TESTS = {
    "against": (Detect.synthetic,),
    "model": (Detect.membership, Detect.canaries),
    "input": (Detect.watermark, Detect.canaries),
}
"""Keys that a test has and others have not."""


@dataclass
class PartConfig:
    """Which test examples are asked about, and what they are shown."""

    shots: int = option(MISSING, "labelled rows of gold train that a request shows; 0 is zero-shot", keyless=True)
    shots_from: str = option(
        DRAW, "which rows: draw (the same ones for all), or nearest (by embedding, to each test example)", keyless=True
    )
    seed: int = option(MISSING, "random number that draws these rows", keyless=True)
    limit: int | None = option(None, "only so many test examples, always the same ones; null is all", keyless=True)
    on_missing: OnMissing = option(
        MISSING,
        "what has no answer: error (a live LLM is asked), or skip (ask nobody, score what there is)",
        keyless=True,
    )

    def __post_init__(self) -> None:
        check(self.shots >= 0, "zero_shot.shots", self.shots, "0 or more")
        check(self.shots_from in (DRAW, NEAREST), "zero_shot.shots_from", self.shots_from, f"{DRAW} or {NEAREST}")
        check(self.seed >= 0, "zero_shot.seed", self.seed, "0 or more")
        check(self.limit is None or self.limit >= 1, "zero_shot.limit", self.limit, AT_LEAST_1)


@dataclass
class ZeroShotConfig:
    """Let an LLM do the task itself on the gold test set, and score its answers."""

    dataset: DatasetConfig = MISSING
    zero_shot: PartConfig = MISSING
    generation: AskingConfig = MISSING
    prompt: PromptConfig = MISSING
    prompt_language: dict[str, PromptConfig] = option({}, LANGUAGE_OF_PROMPTS, keyless=True)
    llm: LLMConfig = MISSING
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING
    force: bool = option(False, "score again although a finished run has these answers")


class JudgeName(Enum):
    metrics = "metrics"
    llm = "llm"
    file = "file"


@dataclass
class JudgeConfig:
    name: JudgeName = option(MISSING, "who compares the samples of prompts: metrics, llm, file (a person, on a sheet)")
    weights: dict[str, float] = option({}, "metrics: how much acceptance, diversity and style count")
    prompt: PromptConfig = field(default_factory=lambda: PromptConfig("judge"))
    rubric: str = option("", "llm: what is better")

    def __post_init__(self) -> None:
        good = set(self.weights) <= {"acceptance", "diversity", "style"} and min(self.weights.values(), default=0) >= 0
        if self.name is JudgeName.metrics:
            good = good and self.weights.get("acceptance", 0) + self.weights.get("diversity", 0) > 0
        check(good, "judge.weights", self.weights, "0 or more for acceptance, diversity, style, not all of them 0")


@dataclass
class ProposalConfig(AskingConfig):
    seed: int = option(MISSING, "random number that shuffles the units before some are taken")
    max_attempts: int = option(MISSING, "1 asks once for prompts; n asks up to n - 1 times more for those that lack")

    def __post_init__(self) -> None:
        check(self.seed >= 0, "generation.seed", self.seed, "0 or more")
        check(self.max_attempts >= 1, "generation.max_attempts", self.max_attempts, "at least 1")


@dataclass
class SearchConfig:
    """Search for a prompt: an LLM proposes some, samples of each are compared, the best is varied, round by round."""

    dataset: DatasetConfig = MISSING
    rounds: int = option(MISSING, "how often new prompts are asked for: at first by the task, then as variations")
    candidates: int = option(MISSING, "new prompts in each round")
    samples: int = option(MISSING, "texts that are written with each prompt")
    requests: int = option(MISSING, "how many units these texts are about, a request each")
    task: str | None = option(None, "what the prompts are to ask for; null is the task's own description")
    propose: PromptConfig = MISSING
    augment: PromptConfig = MISSING
    judge: JudgeConfig = MISSING
    to: str = option(MISSING, "folder of the tree, its figure, sheets, and prompt/<name>.yaml")
    name: str = option(MISSING, "of the prompt that wins")
    generation: ProposalConfig = MISSING
    llm: LLMConfig = MISSING
    quality: QualityConfig = MISSING
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING
    force: bool = option(False, "search again although a finished run has this search")

    def __post_init__(self) -> None:
        for key in ("rounds", "candidates", "samples", "requests"):
            check(getattr(self, key) >= 1, key, getattr(self, key), "at least 1")
        check(self.requests <= self.samples, "requests", self.requests, f"at most samples={self.samples}")


STAGES: dict[str, type] = {
    "generate": GenerateConfig,
    "train": TrainConfig,
    "distill": DistillConfig,
    "zero_shot": ZeroShotConfig,
    "analyse": AnalyseConfig,
    "predict": PredictConfig,
    "chat": ChatConfig,
    "serve": ServeConfig,
    "review": ReviewConfig,
    "export": ExportConfig,
    "convert": ConvertConfig,
    "search_prompts": SearchConfig,
    "show": ShowConfig,
    "sweep": SweepConfig,
    "report": ReportConfig,
    "compare": CompareConfig,
    "cache": CacheConfig,
    "store": StoreConfig,
    "doctor": DoctorConfig,
}
