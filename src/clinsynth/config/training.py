"""Settings of the model that is fine-tuned, and of what it learns from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from omegaconf import MISSING

from clinsynth.config.options import AT_LEAST_1, SCOPES, check, option
from clinsynth.types import Unlabelled

CROSS_ENTROPY, GENERALISED = "cross_entropy", "generalised"
MIXED, SYNTHETIC_FIRST = "mixed", "synthetic_first"
SOURCE, GOLD = "source", "gold"


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
    matched: bool = option(
        False, "k-shot with as many gold examples as size.total says of synthetic ones", keyless=True
    )
    ratio: float | None = option(
        None,
        "augmented: synthetic examples as a share of the gold ones, 0.5 adds half as many; null is what size says",
        keyless=True,
    )
    target: str | None = option(
        None, "augmented: only examples of this unit, such as one criterion; null is all", keyless=True
    )
    corpora: list[str] = option(
        [],
        "digests: train on this corpus and no other, or on several together, such as those of two LLMs",
        keyless=True,
    )
    order: str = option(
        MIXED,
        "augmented: mixed, or synthetic_first: all passes over the synthetic examples before those over gold",
        before=MIXED,
    )
    realistic: float | None = option(
        None,
        "train on this share of the corpus alone: what a detector that has not seen it finds most like gold train, of "
        "which it reads the texts; null is all",
        before=None,
    )
    unlabelled: Unlabelled = option(
        Unlabelled.masked,
        "ner: entity types that a corpus of `corpora` does not label are masked (nothing is learnt of them), found by "
        "the lexicon (mentions of gold train, or dataset.units), or taken to be outside",
        before=Unlabelled.masked,
    )

    @property
    def generated(self) -> bool:
        """Return whether a corpus is made for it, out of completions."""
        return self.name is not SourceName.original and not self.corpora

    def __post_init__(self) -> None:
        check(self.order in (MIXED, SYNTHETIC_FIRST), "source.order", self.order, f"{MIXED} or {SYNTHETIC_FIRST}")
        if self.name is not SourceName.augmented:
            check(self.order == MIXED, "source.order", self.order, f"{MIXED} but for source=augmented")
            for key in ("ratio", "target"):
                value = getattr(self, key)
                check(value is None, f"source.{key}", value, "null but for source=augmented")
        if self.name is SourceName.original:
            check(not self.corpora, "source.corpora", self.corpora, "empty with source=original, which has no corpus")
        original, share = self.name is SourceName.original, self.realistic
        accepted = "null with source=original, which has no corpus" if original else "null, or above 0 and below 1"
        check(share is None or (0 < share < 1 and not original), "source.realistic", share, accepted)
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


LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass
class LoraConfig:
    """How a causal backbone is fine-tuned; the defaults are those of Xu et al. 2023, but for the targets' names."""

    r: int = option(8, "causal: rank of the adapter; 0 trains all weights")
    alpha: int = option(16, "causal: its scale is alpha / r")
    dropout: float = option(0.05, "causal: of what goes into the adapter")
    targets: list[str] = option(LORA_TARGETS, "causal: names of the layers that get an adapter")

    def __post_init__(self) -> None:
        check(self.r >= 0, "backbone.lora.r", self.r, "0 or more")
        check(self.alpha >= 1, "backbone.lora.alpha", self.alpha, "at least 1")
        check(0 <= self.dropout < 1, "backbone.lora.dropout", self.dropout, "in [0, 1)")
        check(bool(self.targets), "backbone.lora.targets", self.targets, "at least one name")


@dataclass
class BackboneConfig:
    name: str = option(MISSING, "the name in tables and MLflow", keyless=True)
    name_or_path: str = option(
        MISSING, "hub name or local folder; `embedded` is the encoder that the extra `offline` installs", keyless=True
    )
    revision: str | None = option(None, "commit or tag on the hub, to pin the weights", keyless=True)
    allow_pickle: bool = option(
        False,
        "read weights of this model that are no safetensors, but a pickle (pytorch_model.bin); tensors alone are taken",
        keyless=True,
    )
    lr: float | None = option(MISSING, "peak learning rate; null is that of the task in lr_by_task")
    lr_by_task: dict[str, float] = option(
        {}, "peak learning rates, for where one does not suit all tasks", keyless=True
    )
    max_length: int = option(MISSING, "word pieces; what is beyond is cut off, counted and logged")
    batch_size: int = option(
        MISSING, "examples per step; of taggers, that many in the mean, of batches with as many word pieces each"
    )
    head: str = option(
        "token",
        "ner: token (a tag a word, by its first piece; of mentions in each other the longest), word (by all its "
        "pieces), or span (all mentions, of up to 12 words)",
        before="token",
    )

    kind: str = option(
        "encoder", "encoder (marks and classifies texts), or causal (writes them: chat)", keyless=True
    )  # which the weights tell
    lora: LoraConfig = field(default_factory=LoraConfig, metadata={"before": LoraConfig()})
    merge: bool = option(False, "causal: save a whole model, the adapter put into its weights", before=False)
    four_bit: bool = option(
        False, "causal: the frozen base in 4 bits, by bitsandbytes, which needs a GPU", before=False
    )
    answer_pieces: int = option(128, "causal: word pieces of an answer to a test question, at most", before=128)

    def __post_init__(self) -> None:
        check(self.kind in ("encoder", "causal"), "backbone.kind", self.kind, "encoder or causal")
        check(1 <= self.answer_pieces <= 8192, "backbone.answer_pieces", self.answer_pieces, "1 to 8192")
        check(not (self.four_bit and not self.lora.r), "backbone.four_bit", True, "false with backbone.lora.r=0")
        check(self.head in ("token", "word", "span"), "backbone.head", self.head, "token, word or span")
        check(self.lr is None or 0 < self.lr < 1, "backbone.lr", self.lr, "null, or above 0 and below 1")
        check(8 <= self.max_length <= 8192, "backbone.max_length", self.max_length, "8 to 8192")
        check(self.batch_size >= 1, "backbone.batch_size", self.batch_size, "at least 1")


class Strategy(Enum):
    ddp = "ddp"
    fsdp = "fsdp"


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
    devel: str = option(
        SOURCE,
        "what chooses the checkpoint: source (gold's devel split for original, what holdout says for the others), or "
        "gold for all: its devel split, else the share holdout (null: a tenth) of its train, which is not learnt then",
        before=SOURCE,
    )
    warmup: float = option(MISSING, "share of the steps in which the learning rate rises")
    weight_decay: float = option(MISSING, "AdamW")
    gradient_clip: float = option(MISSING, "largest gradient norm")
    accelerator: str = option(MISSING, "auto, cpu, gpu, mps", keyless=True)
    devices: list[int] = option(
        [],
        "which GPU trains, by its number, as in [1]; several, as in [0,1], train together, in batches of the same "
        "size; [] is the first one",
        keyless=True,
    )
    strategy: Strategy = option(
        Strategy.ddp,
        "of several devices each holds the whole model (ddp), or a part of its weights, gradients and the optimizer's "
        "state (fsdp), for models that one GPU holds, but cannot train",
        keyless=True,
    )
    accumulate: int = option(1, "batches per step of the optimizer, for batches larger than memory", before=1)
    precision: str = option(MISSING, "auto (bf16 where the hardware has it), 32-true, bf16-mixed, 16-mixed")
    compile: bool = option(
        False,
        "encoders: PyTorch compiles the model first, which takes minutes and pays where a GPU trains for long",
        keyless=True,
    )
    save_model: bool = option(MISSING, "keep the model folder (Hugging Face format)", keyless=True)
    checkpoint_steps: int = option(
        100,
        "causal: after so many steps training is written down, and goes on from there if it was killed",
        keyless=True,
    )
    gradient_checkpointing: bool = option(False, "causal: less memory, a third more time", keyless=True)
    dpo_beta: float = option(0.1, "distill with dpo: how near the model stays to what it was", before=0.1)
    loss: str = option(
        CROSS_ENTROPY,
        "cross_entropy, or generalised (Zhang & Sabuncu 2018), which labels that look wrong pull less",
        before=CROSS_ENTROPY,
    )
    q: float = option(0.7, "of loss=generalised: near 0 as cross_entropy, 1 the mean absolute error", before=0.7)
    weights: str = option(
        "none",
        "none, or confidence: words (ner) or texts (relation, classes) count by how sure their annotator was, where it "
        "says so",
        before="none",
    )
    average: int = option(
        1, "the weights of so many last epochs are averaged; 1 keeps the last ones, or the best on devel", before=1
    )
    alike: str | None = option(
        None,
        "ner: where a model is unsure, words are labelled as elsewhere in their document, or in the corpus (all texts "
        "that are read together); null: each by themselves",
        before=None,
    )
    abbreviations: bool = option(
        False,
        "ner: an abbreviation, `long form (ABBR)`, is labelled as its long form, where a model is unsure",
        before=False,
    )
    thresholds: bool = option(
        False,
        "ner: how sure a model has to be of a mention is chosen for each type, on what chose the checkpoint",
        before=False,
    )

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
        check(self.devel in (SOURCE, GOLD), "trainer.devel", self.devel, f"{SOURCE} or {GOLD}")
        check(0 <= self.warmup < 1, "trainer.warmup", self.warmup, "in [0, 1)")
        check(self.weight_decay >= 0, "trainer.weight_decay", self.weight_decay, "0 or more")
        check(self.gradient_clip > 0, "trainer.gradient_clip", self.gradient_clip, "above 0")
        told_apart = len(set(self.devices)) == len(self.devices) and min(self.devices, default=0) >= 0
        check(told_apart, "trainer.devices", self.devices, "[] or numbers of GPUs, each once, as in [1] or [0,1]")
        self._check_strategy()
        check(self.dpo_beta > 0, "trainer.dpo_beta", self.dpo_beta, "above 0")
        check(self.checkpoint_steps >= 1, "trainer.checkpoint_steps", self.checkpoint_steps, "at least 1")
        check(self.accumulate >= 1, "trainer.accumulate", self.accumulate, "at least 1")
        check(self.loss in (CROSS_ENTROPY, GENERALISED), "trainer.loss", self.loss, f"{CROSS_ENTROPY} or {GENERALISED}")
        check(0 < self.q <= 1, "trainer.q", self.q, "above 0, and at most 1")
        check(self.weights in ("none", "confidence"), "trainer.weights", self.weights, "none or confidence")
        check(self.average >= 1, "trainer.average", self.average, "at least 1")
        check(self.alike in (None, *SCOPES), "trainer.alike", self.alike, f"null, {' or '.join(SCOPES)}")
        check_hardware("trainer", self)

    def reading_plainly(self) -> TrainerConfig:
        """Return how a model learns that is to read each text by itself, at no threshold: the same weights."""
        return replace(self, alike=None, abbreviations=False, thresholds=False)

    def _check_strategy(self) -> None:
        """Raise ConfigError where a model cannot be divided among devices, or compiled."""
        if self.strategy is Strategy.fsdp:
            several, other = "several, as in [0,1], with trainer.strategy=fsdp", "another with trainer.strategy=fsdp"
            check(len(self.devices) > 1, "trainer.devices", self.devices, several)
            check(self.precision != "16-mixed", "trainer.precision", self.precision, other)
        if self.compile:
            check(len(self.devices) < 2, "trainer.devices", self.devices, "one, or [], with trainer.compile=true")


def check_hardware(node: str, settings: Any) -> None:
    """Raise ConfigError for an accelerator or a precision that there is not."""
    for key, accepted in (
        ("accelerator", ("auto", "cpu", "gpu", "mps")),
        ("precision", ("auto", "32-true", "bf16-mixed", "16-mixed")),
    ):
        value = getattr(settings, key)
        check(value in accepted, f"{node}.{key}", value, f"one of {', '.join(accepted)}")
