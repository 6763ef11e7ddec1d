"""Opens a trained model: what its folder says about how it reads, and its outputs for windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoConfig,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
    logging,
)

from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.learning.encoder import reading
from clinsynth.learning.encoder.backbones import BROKEN, OWN_CODE, SAFE, check_safe
from clinsynth.learning.encoder.batches import padded, token_batches
from clinsynth.learning.encoder.module import IGNORED
from clinsynth.learning.encoder.runtimes import RUNTIMES, Compute, Runtime, of_network
from clinsynth.learning.learner import Opening
from clinsynth.task import Alike, Cut, EncoderReading, Kind, Reader, Window
from clinsynth.types import Predictions

_BARE = 128
"""Word pieces of a window, for a model that does not say how long its texts were."""

_LEAST = 64
"""Word pieces of a window: a sentence, and some context."""

_TOKENS_OF_A_CORE, _TOKENS_OF_A_GPU = 512, 32768
"""Word pieces of a batch: a core's cache holds the activations of few, a GPU wants many."""

_BEHIND_PADDING = ("roberta", "camembert", "xlm-roberta", "longformer")
"""Kinds of models whose positions begin behind that of the padding."""


NOTHING_ALIKE = Alike()

Lines = list[dict[str, Any]]
"""What a model says of texts, one each."""


@dataclass(frozen=True)
class OpenedEncoder:
    """A model that is ready to read."""

    kind: Kind
    reader: Reader
    runtime: Runtime
    threads: Executor
    """Of which each reads a batch at a time."""
    batch_tokens: int
    """Word pieces of a batch, with its padding."""
    places: int
    """Word pieces that the model can read at once."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """How sure it has to be of a span, by label."""
    alike: Alike = NOTHING_ALIKE

    @property
    def task(self) -> str:
        """Return its task's name."""
        return self.kind.name

    @property
    def markers(self) -> tuple[str, ...]:
        """Return the words that each of its texts has once."""
        return self.reader.markers

    def read(self, texts: Sequence[str]) -> Lines:
        """Return what it says of each text."""
        return self.start(texts)()

    def start(self, texts: Sequence[str]) -> Callable[[], Lines]:
        """Begin to read; the windows of all texts are sorted by length together. Return what waits for the lines."""
        ways = self.kind.reading()
        cuts = ways.cut(texts, reader=self.reader)
        wait = self._begin([window for cut in cuts for window in cut.windows])

        def finish() -> Lines:
            outputs = iter(wait())
            return [self._line(cut, [next(outputs) for _ in cut.windows], ways=ways) for cut in cuts]

        return finish

    def predict(self, examples: Sequence[Any]) -> Predictions:
        """Return what it makes of gold examples, in their order."""
        encoded, outputs = self._read(examples)
        read = reading.Predicting(self.kind, self.reader.labels, self.thresholds, self.alike)
        return Predictions(examples, read.examples(examples, encoded=encoded, outputs=outputs))

    def probabilities(self, examples: Sequence[Any]) -> list[Any]:
        """Return the probabilities of the labels of each example, as `Probabilities.rows` has them."""
        encoded, outputs = self._read(examples)
        return reading.probabilities(self.kind, examples, encoded=encoded, outputs=outputs, labels=self.reader.labels)

    def _read(self, examples: Sequence[Any]) -> tuple[list[Any], list[NDArray[np.float32]]]:
        """Return examples as the model reads them, and its outputs."""
        encoded = self.encode(examples)
        return encoded, self._begin([self._window(item) for item in encoded])()

    def close(self) -> None:
        """End its threads; what was begun and not yet read stays unread."""
        self.threads.shutdown(cancel_futures=True)

    def encode(self, examples: Sequence[Any]) -> list[Any]:
        """Return gold examples as model inputs with their targets."""
        return self.kind.model().encode(
            examples, tokenizer=self.reader.tokenizer, labels=self.reader.labels, max_length=self.places
        )

    def inputs(self, encoded: Any) -> dict[str, Any]:
        """Return the inputs of an encoded example without its targets."""
        names = self.reader.tokenizer.model_input_names
        return {name: encoded.inputs[name] for name in names if name in encoded.inputs}

    def _window(self, encoded: Any) -> Window:
        """Return an encoded example as a window; where words are labelled, those that have a label count."""
        if self.kind.reading().WHOLE:
            return Window(self.inputs(encoded))
        labels = encoded.inputs["labels"]
        return Window(self.inputs(encoded), tuple(place for place, label in enumerate(labels) if label != IGNORED))

    def _line(self, cut: Cut, outputs: Sequence[NDArray[np.float32]], *, ways: EncoderReading) -> dict[str, Any]:
        labels = self.reader.labels
        if self.alike and self.kind.consistency:
            line = self.kind.consistency.in_text(cut, outputs=outputs, labels=labels, how=self.alike)
        else:
            line = ways.answer(cut, outputs=outputs, labels=labels)
        if self.thresholds:
            line["spans"] = [s for s in line["spans"] if s["score"] >= self.thresholds.get(s["label"], 0.0)]
        return line | ({"error": cut.error} if cut.error else {})

    def _begin(self, windows: Sequence[Window]) -> Callable[[], list[NDArray[np.float32]]]:
        """Hand windows to the threads; return what waits for the outputs of each [pieces, labels], or [labels]."""
        batches = token_batches([len(window) for window in windows], most=self.batch_tokens)
        waiting = [
            (batch, self.threads.submit(self._outputs, [windows[place] for place in batch])) for batch in batches
        ]

        def finish() -> list[NDArray[np.float32]]:
            found = {
                place: output for batch, future in waiting for place, output in zip(batch, future.result(), strict=True)
            }
            return [found[place] for place in range(len(windows))]

        return finish

    def _outputs(self, windows: Sequence[Window]) -> list[NDArray[np.float32]]:
        batch = padded([window.inputs for window in windows], tokenizer=self.reader.tokenizer)
        with torch.inference_mode():
            rows = self.kind.reading().probabilities(self.runtime(batch)).cpu().numpy()
        return [
            row if window.pieces is None else row[list(window.pieces)]
            for row, window in zip(rows, windows, strict=True)
        ]


def open_model(
    folder: Path,
    *,
    kinds: Mapping[str, Kind],
    how: Opening,
) -> OpenedEncoder:
    """Open the model of a folder, which has learnt one of the tasks `kinds`; what is exported reads on the CPU.

    Raises ConfigError for a folder that holds no model, or one that neither marks nor classifies texts.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    check_safe(folder, said=f"model={folder}")
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(how.precision)
    compute = Compute(how.device, half, how.workers)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, **OWN_CODE)
        said = saved.describe_model(folder)
        kind = _kind(config, folder, kinds=kinds).with_head(said.head)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, add_prefix_space=True, **OWN_CODE)
        runtime = _runtime(folder, said.runtime, kind=kind, compute=compute)
    except BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"model={folder} holds no model that can be opened ({reason}). Train it again, the same command with "
            "force=true; where it came from elsewhere, download it again."
        ) from error
    labels = tuple(config.id2label[number] for number in range(len(config.id2label)))
    labels = said.labels if said.head else labels  # the outputs of another head are no labels
    places = _places(config)
    size = _size(how.window, whole=kind.reading().WHOLE, config=config, places=places)
    reader = Reader(tokenizer, labels, _markers(tokenizer), size=size, overlap=how.overlap, sentences=said.sentences)
    usual = _TOKENS_OF_A_CORE * torch.get_num_threads() if how.device == "cpu" else _TOKENS_OF_A_GPU
    pool, most = ThreadPoolExecutor(how.workers), how.batch_tokens or usual
    alike = Alike(said.alike, said.abbreviations)
    return OpenedEncoder(kind, reader, runtime, pool, most, places, said.thresholds, alike)


def _runtime(folder: Path, name: str | None, *, kind: Kind, compute: Compute) -> Runtime:
    """Return what computes the model of a folder; raises ConfigError for a runtime of a later release."""
    if name is None:
        network = kind.model().Auto.from_pretrained(folder, local_files_only=True, **OWN_CODE, **SAFE).eval()
        return of_network(network, compute=compute)
    if name not in RUNTIMES:
        raise ConfigError(f"model={folder} was exported for {name}, and this release knows {', '.join(RUNTIMES)}.")
    return RUNTIMES[name](folder, compute=compute)


def _kind(config: PretrainedConfig, folder: Path, *, kinds: Mapping[str, Kind]) -> Kind:
    """Return the task that the folder names; models of the first edition, or from elsewhere, have a head."""
    named = saved.describe_model(folder).task
    if named is not None and named in kinds:
        return kinds[named]
    if named is not None:
        raise ConfigError(
            f"model={folder} has learnt the task {named}, which this release does not know: it knows "
            f"{', '.join(sorted(kinds))}."
        )
    encoders = (kind for kind in kinds.values() if kind.learner == "encoder")
    found = next((kind for kind in encoders if kind.model().recognises(config)), None)
    if found is None:
        name = (config.architectures or ["a model without a head"])[0]
        raise ConfigError(
            f"model={folder} holds {name}, which has not learnt a task: it needs one that `clinsynth train` saved, or "
            "another whose name ends in TokenClassification or SequenceClassification."
        )
    return found


def _markers(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Return words such as `@GENE$` that the tokenizer was taught to keep whole."""
    return tuple(word for word in tokenizer.get_added_vocab() if word.startswith("@") and word.endswith("$"))


def _places(config: PretrainedConfig) -> int:
    """Return how many word pieces the model can read at once."""
    places = int(getattr(config, "max_position_embeddings", 0) or _BARE)
    return places - (int(config.pad_token_id or 0) + 1 if config.model_type in _BEHIND_PADDING else 0)


def _size(window: int | None, *, whole: bool, config: PretrainedConfig, places: int) -> int:
    """Return the word pieces of a window: of the texts that the model learnt from, where its folder says so."""
    if window is not None and window > places:
        raise ConfigError(f"predict.window={window} is out of range: the model has {places} positions.")
    learnt = getattr(config, "text_pieces", {"most": _BARE, "longest": places})
    return window or min(places, max(_LEAST, learnt["longest" if whole else "most"]))
