"""What a task is: the parts that a task folder has, and what each of them offers.

`tasks.open(dataset)` gives a `Task`, bound to its dataset; what a corpus, a review or a saved model needs, which know
their task and its labels but no dataset, is in its `Kind`. Every part is checked by mypy against the protocols below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from clinsynth.types import (
    Brief,
    Candidate,
    Completion,
    Draft,
    Evaluation,
    Gold,
    Predictions,
    Prompt,
    Reading,
    Rejected,
    Request,
)

if TYPE_CHECKING:  # takes seconds
    from clinsynth.learning.encoder.windows import Cut, Reader


# The values that cross from settings to a task


@dataclass(frozen=True)
class Writing:
    """The few values of the settings that a writer needs."""

    prompt: Prompt
    per_request: int
    """Examples that one request asks for."""
    seed: int = 0
    """Random number of the generation."""
    share: float = 1.0
    """Of the units, or of the pool that rounds draw from (seed_ratio)."""
    annotator: str = "none"
    label_prompt: Prompt | None = None
    """Of the second request, where the annotator is an LLM."""


@dataclass(frozen=True)
class Choices:
    """What the settings say of a corpus; what they leave open (`None`, `default`) a writer fills in."""

    prompt: Prompt
    per_unit: int | None = None
    total: int | None = None
    share: float = 1.0
    most_units: int | None = None
    only: tuple[str, ...] = ()
    per_request: int | None = None
    annotator: str = "default"
    label_prompt: Prompt | None = None
    lexicon: str | None = None
    weighted: bool = False


@dataclass(frozen=True)
class Proposal:
    """Choices that hang on gold and that the settings leave open."""

    dataset: Any
    """The dataset with the choices in it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The same as files by name, for the user to edit and to put into the config; empty where nothing is proposed."""


@dataclass(frozen=True)
class Headline:
    """The one number by which models are compared, and its place in tables."""

    name: str = "F1"
    metric: str = "test/f1"
    low: str = "test/f1_low"
    """End of its 95% interval, as `high`."""
    high: str = "test/f1_high"
    scores: Mapping[str, str] = field(
        default_factory=lambda: {"P": "test/precision", "R": "test/recall", "F1": "test/f1"}
    )
    """Metrics that every table shows, by heading, the headline among them."""
    devel: str = "devel/f1"
    """The metric by which a checkpoint is chosen: the higher, the better."""
    best: str = "devel/best_f1"
    """That of the checkpoint that was chosen."""

    def of_label(self, label: str) -> str:
        """Return the metric of one label, of a task that has several."""
        return f"test/{label}/{self.metric.removeprefix('test/')}"


# Units: a set with names, or a series of rounds


@dataclass(frozen=True)
class Wanted:
    """How many examples of which units a corpus wants."""

    per_unit: int | None
    total: int | None
    per_request: int
    share: float
    seed: int
    most_units: int | None = None
    only: tuple[str, ...] = ()
    dataset: str = ""
    """For messages."""


@dataclass(frozen=True)
class Chosen:
    """The units of a corpus."""

    units: tuple[str, ...]
    spare: tuple[str, ...]
    """Those that come next, should these hold too few usable texts."""
    per_unit: int | None
    """Examples that are wanted of each unit; `None` where they are taken as they come."""
    in_all: int | None
    """Examples that are wanted; `None` is whatever the units give."""
    replicates: int
    """Requests of each unit."""


class Tally(Protocol):
    """How far the answers to a corpus's requests are."""

    @property
    def usable(self) -> Mapping[str, int]:
        """Texts that are about their unit, by unit."""

    @property
    def asked(self) -> Mapping[str, int]:
        """Requests, by unit."""

    @property
    def waiting(self) -> Mapping[str, int]:
        """Requests without an answer, by unit."""

    @property
    def waves(self) -> int:
        """How often more was asked for, and once."""


class Supply(Protocol):
    """How units give a corpus its texts: each is asked for some (`EachUnit`), or one after another is (`Rounds`)."""

    @property
    def multiple(self) -> int:
        """Examples of a request are a multiple of this."""

    @property
    def ranked(self) -> bool:
        """Whether a larger share of the units contains a smaller one, so that the larger asks for more of the same."""

    def choose(self, safe: Sequence[str], *, others: Sequence[str], wanted: Wanted, limited: bool) -> Chosen:
        """Choose the units of a corpus; raises ConfigError where that cannot be.

        `safe` can be answered, `others` could be asked; `limited`: no more than `safe` can be had.
        """

    def least(self, units: Sequence[str], *, wanted: Wanted) -> Sequence[str]:
        """Return the units that a corpus of this size needs, where none has an answer yet."""

    def lacking(self, usable: Mapping[str, int], *, chosen: Chosen) -> dict[str, int]:
        """Return what has fewer usable texts than are wanted, with how many it has."""

    def further(
        self, unit: str, *, tally: Tally, chosen: Chosen, spare: Sequence[str], wanted: Wanted, attempts: int
    ) -> list[str]:
        """Return the units to ask once more, when an answer about `unit` has come."""

    def described(self, number: int, *, of: int) -> str:
        """Say how many units are recorded."""

    def kind(self, number: int) -> str:
        """Say what units are: "120 units", "rounds"."""

    def sample(self, units: Sequence[str], *, number: int, seed: int) -> list[str]:
        """Return so many units to try a prompt on."""


# The parts of a task


class Writer(Protocol):
    """Units, requests, and labelled texts out of completions. Reads no file and asks nobody."""

    @property
    def version(self) -> str:
        """Bumped when the same completions and settings would give another corpus."""

    @property
    def supply(self) -> Supply:
        """How the units give a corpus its texts."""

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting that it does not have."""

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Make the choices that hang on gold and that the settings leave open."""

    def units(self, gold: Gold, *, writing: Writing, number: int) -> Sequence[str]:
        """Return all units that there are, in the order in which they are preferred; of a series at least `number`."""

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return units whose request shows text of the test split; they are left out."""

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Return what the LLM is asked about a unit; whatever the size."""

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return texts of a completion in their order, and what is none."""

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return the second request, about all texts of a completion, where the annotator is an LLM."""

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return the labelled texts of one completion; `answer` is that to `label_request`."""

    def contains(self, draft: Draft) -> bool:
        """Say whether a text is about its unit."""

    def brief(self) -> Brief:
        """Say what a prompt has to ask for, for those who write new ones."""


class Asker(Protocol):
    """What an LLM is asked about a test example, and what its answer says."""

    @property
    def version(self) -> str:
        """Bumped when the same answers would be read or scored otherwise."""

    @property
    def prompt(self) -> Prompt:
        """The task's own."""

    def question(self, example: Any, *, prompt: Prompt) -> str:
        """Return the prompt with the text of an example."""

    def answer(self, example: Any) -> str:
        """Return the right answer in the form that is asked for, as a shot shows it."""

    def read(self, text: str, *, question: str, example: Any) -> Reading:
        """Return what an answer says, in whichever form; never raises."""

    def evaluate(self, gold: Sequence[Any], *, readings: Sequence[Reading]) -> Evaluation:
        """Return the scores of the answers; what they name that is not there counts as false."""


class GoldReader(Protocol):
    def __call__(self, text: str, *, path: Path) -> list[Any]:
        """Return the examples of one split; raises DataFormatError with file and line."""


class Examples(Protocol):
    """What is known of the examples of a task, whichever dataset they are of."""

    COLUMNS: Mapping[str, str]
    """Columns of a corpus that are the task's own, with what they mean; `{labels}` stands for the labels."""
    LISTS: tuple[str, ...]
    """Those of them that hold lists of words."""

    def from_json(self, row: Mapping[str, Any]) -> Any:
        """Return the example of a line of a corpus."""

    def words(self, example: Any) -> Sequence[str]:
        """Return what lengths and duplicates are counted in."""

    def describe(self, examples: Sequence[Any]) -> dict[str, int]:
        """Return counts that are reported for a split."""

    def statistics(self, examples: Sequence[Any]) -> dict[str, float]:
        """Return what is said of a corpus beside its lengths."""


class Judge(Protocol):
    """Scores of predictions."""

    HEADLINE: Headline
    COLUMNS: Mapping[str, str]
    """Metrics that its tables show beside those of the headline, by heading."""

    def evaluate(self, test: Predictions, *, train: Sequence[Any], devel: Predictions) -> Evaluation:
        """Score a test set; `train` is what the model learnt from, `devel` is empty where it chose the epoch."""

    def devel_score(self, gold: Sequence[Any], *, predicted: Sequence[Any]) -> float:
        """Return the one number by which a checkpoint is chosen."""

    def record(self, gold: Any, *, predicted: Any) -> dict[str, Any]:
        """Return one line of the predictions artifact."""


class Reviewer(Protocol):
    """What an annotator is asked about an example, and what the answer says."""

    SEVERAL: bool
    """Whether an answer may name several of `choices`."""
    BETWEEN: str
    """What stands between the parts of an answer."""
    FREE: tuple[str, ...]
    """How to write an answer where it is written freely, a line each."""

    def question(self, labels: Sequence[str]) -> str:
        """Return what is asked where the label is hidden."""

    def choices(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the answers that there are; empty where they are written freely."""

    def marks(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the kinds of parts that are marked in the text; empty where a whole text is labelled."""

    def given(self, example: Any) -> str:
        """Return the label of an example as an annotator would write it."""

    def read(self, written: str, *, text: str, labels: Sequence[str]) -> str:
        """Return an answer as `given` writes it; raises ValueError, which says what is accepted."""

    def agrees(self, answer: str, *, given: str) -> bool:
        """Say whether an answer, once read, says that the given label is right."""

    def relabelled(self, example: Any, answer: str, *, labels: Sequence[str]) -> Any:
        """Return the example with the label of an answer, once read."""


class EncoderModel(Protocol):
    """How an encoder learns the task: inputs, head, outputs. Imports torch."""

    VERSION: str
    """Bumped when the same data and settings would give another model."""
    CHECKPOINTS: bool
    """Whether devel examples choose among the epochs; else the last one is kept, and the judge alone sees them."""
    FineTuner: Any
    Auto: Any
    """The class of transformers that opens a saved model."""

    def recognises(self, config: Any) -> bool:
        """Say whether a saved model of the first edition, which does not name its task, is one of this task."""

    def build(self, path: str, *, labels: Sequence[str], **options: Any) -> Any:
        """Return the backbone with a fresh head for these labels."""

    def encode(self, examples: Sequence[Any], *, tokenizer: Any, labels: Sequence[str], max_length: int) -> list[Any]:
        """Return model inputs, one a example."""

    def collator(self, tokenizer: Any) -> Any:
        """Return a callable that pads a list of inputs into a batch of tensors."""

    def predictions(
        self, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Sequence[str]
    ) -> list[Any]:
        """Return predicted examples out of the probabilities of `FineTuner`, aligned with `examples`."""

    def lost(self, examples: Sequence[Any], *, encoded: Sequence[Any]) -> int:
        """Return how many labelled units (words) the encoding cut off."""

    def usage(self, path: Path) -> str:
        """Return Python lines that load the saved model, for its card."""


class EncoderReading(Protocol):
    """How a trained encoder reads any text, however long. Imports torch."""

    WHOLE: bool
    """Whether a text is best read as a whole: windows are as long as the longest text that the model has learnt from;
    else as most of them."""

    def cut(self, texts: Sequence[str], *, reader: Reader) -> list[Cut]:
        """Return the windows of each text."""

    def probabilities(self, logits: Any) -> Any:
        """Return those of the logits of a batch, tensor [windows, ..., labels]."""

    def answer(self, text: Cut, *, outputs: Sequence[Any], labels: Sequence[str]) -> dict[str, Any]:
        """Return `spans` (start, end, label, score, text) or `labels` (name to probability) out of those of its
        windows."""


@dataclass(frozen=True)
class Kind:
    """A task without a dataset: what a corpus, a review or a saved model needs, which know their labels themselves."""

    name: str
    examples: Examples
    reviewer: Reviewer
    judge: Judge
    model: Callable[[], EncoderModel]
    """Imports torch when it is called; so does `reading`."""
    reading: Callable[[], EncoderReading]
    learner: str = "encoder"
    holdout: float = 0.0
    """What `trainer.holdout=null` means."""
    numbered: bool = False
    """Whether a unit is but a number, so that its name shows nothing of gold."""


@dataclass(frozen=True)
class Task:
    """A task, opened for a dataset."""

    kind: Kind
    dataset: Any
    """The dataset's settings; nobody writes to them."""
    labels: tuple[str, ...]
    """In the order of a model's output."""
    read_gold: GoldReader
    writer: Writer
    asker: Asker
    markers: Mapping[str, str] = field(default_factory=dict)
    """Words that a tokenizer keeps whole, each with one whose embedding it starts from."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What labels mean, where the dataset says so."""

    @property
    def name(self) -> str:
        """Return the name of its kind."""
        return self.kind.name
