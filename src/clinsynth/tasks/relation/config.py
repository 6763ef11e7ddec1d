"""What a dataset of this task says beyond the common keys, and what the option `default` of a group means."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config import CorpusConfig, DatasetConfig, PromptConfig, check, named_prompt, option
from clinsynth.errors import ConfigError

PER_REQUEST = 6
"""Examples that a round asks for, half of them positive (Tang et al. 2023, section 6)."""

HOLDOUT = 0.0
COLUMNS = {"always yes": "test/f1_always_positive", "AP": "test/average_precision"}
LABELS = ("No", "Yes")


@dataclass
class PoolConfig:
    """Labelled rows that rounds draw from: 0-based, without the header."""

    file: str | None = None
    """Null is the dataset's own train file; of another one the numbers alone are used."""
    fold: int | None = None
    """Of the dataset that the rows are of."""
    positive: list[int] = MISSING
    negative: list[int] = MISSING
    left_out: list[int] | None = None
    """Rows that are known to stand in a test split; those of the dataset's own are found by themselves."""


@dataclass
class FoldConfig:
    """sha256 of the files of a fold."""

    train: str = MISSING
    test: str = MISSING


@dataclass
class RelationDataset(DatasetConfig):
    markers: list[str] = option(["@GENE$", "@DISEASE$"], "what the two related things are masked by")
    fold: int | None = option(None, "which one of its folds; files.*.path names it")
    folds: list[FoldConfig] = option([], "sha256 of the files of each fold")
    pool: PoolConfig | None = option(
        None, "rows of train (0-based) that prompts show: positive, negative; null is a proposal, left as pool.yaml"
    )
    round_offset: int = option(0, "round r draws its rows with the random number round_offset + r")

    def fold_number(self) -> int | None:
        return self.fold

    def __post_init__(self) -> None:
        super().__post_init__()
        good = len(set(self.markers)) == 2 and all(
            len(name) > 2 and name[0] + name[-1] == "@$" for name in self.markers
        )
        check(good, "dataset.markers", self.markers, "two different ones such as @GENE$ and @DISEASE$")
        if self.folds:
            held = self.fold is not None and 1 <= self.fold <= len(self.folds)
            check(held, "dataset.fold", self.fold, f"1 to {len(self.folds)}")
            hashes = self.folds[(self.fold or 1) - 1]
            self.files.train.sha256, self.files.test.sha256 = hashes.train, hashes.test
        else:
            check(self.fold is None, "dataset.fold", self.fold, f"null, for {self.name} has no folds")


DATASET = RelationDataset


def resolve(settings: CorpusConfig) -> None:
    """Fill in what the config leaves to the task; raises ConfigError for a setting that it does not have."""
    dataset = settings.dataset
    assert isinstance(dataset, RelationDataset)
    if dataset.pool and settings.llm.name != "recorded" and not own_pool(dataset) and dataset.fold is None:
        dataset.pool = None  # of another dataset, so that its rows are not at hand to be shown
    if settings.size.per_unit is not None:
        raise ConfigError(
            f"size.per_unit={settings.size.per_unit} is of tasks that count examples per unit; relation counts all: "
            "use size=t100 ... t6400, or size.total=500."
        )
    if settings.units.max is not None or settings.units.only:
        raise ConfigError(
            "units.max, units.only and source.target choose among units with names; relation has rounds, which are "
            "as many as size says."
        )
    generation = settings.generation
    generation.per_request = generation.per_request or dataset.per_request or PER_REQUEST
    even = generation.per_request % 2 == 0
    check(even, "generation.per_request", generation.per_request, "even: half of a round is positive")
    if settings.prompt.name == "default":
        settings.prompt = named_prompt("examples")
    if settings.annotator.name == "default":
        settings.annotator.name = "none"
    check(settings.annotator.name == "none", "annotator.name", settings.annotator.name, "none: a row has its label")
    check(not settings.quality.weighted, "quality.weighted", True, "false; only multilabel weights examples")


def check_markers(message: str, *, prompt: PromptConfig, dataset: RelationDataset) -> None:
    """Raises ConfigError where a prompt does not say what the two related things are masked by."""
    for marker in dataset.markers:
        if marker not in message:
            raise ConfigError(
                f"the prompt {prompt.name!r} does not say {marker}, one of dataset.markers: give a template of "
                "your own as prompt.text=... (with $$ for a dollar sign), and a prompt.name."
            )


def own_pool(dataset: RelationDataset) -> bool:
    """Whether the rows of the pool are of the dataset's own train file."""
    assert dataset.pool is not None
    return dataset.pool.file in (None, dataset.files.train.path)


def labels(dataset: RelationDataset) -> tuple[str, ...]:
    return LABELS
