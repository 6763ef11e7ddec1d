"""The parts of a task, and what each of them offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from clinsynth.task.encoder import Cut
from clinsynth.task.forms import AnswerForm
from clinsynth.task.units import Supply
from clinsynth.task.values import Alike, Choices, Headline, Proposal, Writing
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
    Unlabelled,
)


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


class RealTexts(Protocol):
    """Texts that are there already, and are only labelled."""

    def read(self, path: Path, *, column: str) -> list[Any]:
        """Return the texts of a file or folder as examples without labels; `column` is that of tables.

        Raises DataFormatError with file and line.
        """

    def bare(self, example: Any) -> Any:
        """Return a gold example without its labels."""

    def document(self, example: Any) -> str | None:
        """Return the id of the document that an example is a part of; `None` where it has none."""

    def writer(self, texts: Sequence[Any], *, per_request: int) -> Writer:
        """Return what asks for labels of texts, so many a request."""


class Exchange(Protocol):
    """A text that several requests write, one after another; the first one is the writer's."""

    def request(self, unit: str, *, replicate: int, said: Sequence[Completion], writing: Writing) -> Request | None:
        """Return what is asked after these answers; `None` where the text has ended."""

    def joined(self, unit: str, said: Sequence[Completion]) -> Completion:
        """Return all answers as one, as `Writer.parse` reads it."""

    def foreseen(self, unit: str, *, replicate: int, writing: Writing) -> list[Request]:
        """Return what the requests behind the first may be like, so that their cost can be told."""


class Asker(Protocol):
    """The question that an LLM is asked about a test example, and what its answer says."""

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

    def form(self, prompt: Prompt) -> AnswerForm | None:
        """Return the form of JSON that an answer to a prompt may be asked for in; `None` where it stays as it is."""

    def read(self, text: str, *, question: str, example: Any) -> Reading:
        """Return what an answer says, in whichever form; never raises."""

    def evaluate(self, gold: Sequence[Any], *, readings: Sequence[Reading]) -> Evaluation:
        """Return the scores of the answers; what they name that is not there counts as false."""


class GoldReader(Protocol):
    def __call__(self, text: str, *, path: Path) -> list[Any]:
        """Return the examples of one split; raises DataFormatError with file and line."""


class PathReader(Protocol):
    def __call__(
        self, path: Path, *, format: str | None, encoding: str | None, columns: Mapping[str, str] | None
    ) -> list[Any]:
        """Return the examples of a file or folder in a format that is found out where it is not named.

        Raises DataFormatError with file and line.
        """


class Examples(Protocol):
    """The form of the examples of a task, whichever dataset they are of."""

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


class Confidence(Protocol):
    """How sure a model has to be of what it says."""

    def chosen_thresholds(self, gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, float]:
        """Return the least confidence of each label, by which the scores are best."""

    def above(self, predicted: Any, *, thresholds: Mapping[str, float]) -> Any:
        """Return a predicted example without what the model is less sure of."""


class Probabilities(Protocol):
    """A model's outputs as rows of probabilities: of the labels of each word, or of a text, or of each criterion."""

    @property
    def SEPARATE(self) -> bool:
        """Whether the rows of an example answer other questions, so that one says nothing of what others are like."""

    def rows(
        self, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Any
    ) -> list[Any]:
        """Return the probabilities of each example, array [words, labels], [1, labels] or [criteria, 2]."""

    def read_rows(self, examples: Sequence[Any], *, rows: Sequence[Any], labels: Sequence[str]) -> list[Any]:
        """Return the examples with the labels that the rows say."""

    def targets(self, example: Any, *, labels: Sequence[str]) -> list[int]:
        """Return which probability of each row is that of the example's own label."""

    def called(self, example: Any, number: int, *, labels: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Return what the row of that number is of, and the names of its probabilities."""


class Consistency(Protocol):
    """The same words labelled alike where a model is unsure of them."""

    def consistent(
        self, predicted: Sequence[Any], *, rows: Sequence[Any], labels: Sequence[str], how: Alike
    ) -> tuple[list[Any], list[dict[int, float]]]:
        """Return predicted examples, which are read together, with what the other ones say of the same words.

        Beside each, by the number of a word: how sure all are together where they have decided and the model has not.
        """

    def in_text(self, text: Cut, *, outputs: Sequence[Any], labels: Sequence[str], how: Alike) -> dict[str, Any]:
        """Return what `EncoderReading.answer` does of a text, of which each part agrees with the others."""


class Partial(Protocol):
    """Examples that lack some of a dataset's kinds of labels, made into examples of the dataset."""

    def missing(self, labels: Sequence[str]) -> tuple[str, ...] | None:
        """Return the kinds that labels lack; `None` where they are not those of some of the kinds."""

    def completed(self, missing: Sequence[str], *, how: Unlabelled, gold: Gold) -> Callable[[Any], Any]:
        """Return what makes an example without the `missing` kinds into one of the dataset."""


class Reviewer(Protocol):
    """The question that an annotator is asked about an example, and what the answer says."""

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

    def given(self, example: Any, *, labels: Sequence[str]) -> str:
        """Return the label of an example as an annotator would write it."""

    def read(self, written: str, *, text: str, labels: Sequence[str]) -> str:
        """Return an answer as `given` writes it; raises ValueError, which says what is accepted."""

    def agrees(self, answer: str, *, given: str) -> bool:
        """Say whether an answer, once read, says that the given label is right."""

    def relabelled(self, example: Any, answer: str, *, labels: Sequence[str]) -> Any:
        """Return the example with the label of an answer, once read."""
