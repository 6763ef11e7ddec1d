"""How fast a fine-tune is: ours against Hugging Face's Trainer, as it comes and at its best.

    python benchmarks/training.py --sentences 1000 --runs 3

All three learn the same encoded sentences from the same weights, with the same seeds, size of batches, learning
rate and number of epochs; they take turns in one process. Speed is real word pieces a second (padding does not count),
F1 that of the test split. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
import transformers
from hydra import compose, initialize_config_dir
from torch.utils.data import Dataset

from clinsynth import config, tasks
from clinsynth.environment import settle_environment
from clinsynth.learning import hardware, open_learner
from clinsynth.learning.encoder.student import encode
from clinsynth.learning.encoder.weights import locate
from clinsynth.learning.sets import TrainingSet
from clinsynth.stages import resolving
from clinsynth.tasks.ner import model as ner


class Rows(Dataset[dict[str, Any]]):
    """Encoded sentences as the Trainer takes them."""

    def __init__(self, encoded: Sequence[Any]) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(self.encoded[index].inputs)


class Race:
    """What all contestants share: the resolved settings, sentences and their encoding."""

    def __init__(self, *, sentences: int, epochs: int, overrides: Sequence[str]) -> None:
        config.register(tasks.schemas())
        data = "ncbi_disease" if "CLINSYNTH_DATA" in os.environ else "sample_ner"
        words = [f"dataset={data}", "source=original", f"source.examples={sentences}", f"trainer.epochs={epochs}"]
        words += [f"trainer.max_epochs={epochs}", "trainer.min_steps=0", "trainer.holdout=0.0", *overrides]
        with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
            composed = config.typed(compose("train", overrides=words), config.STAGES["train"])
        self.data = data
        self.resolved = resolving.load_and_resolve(composed)
        train, self.test = self.resolved.gold.trainable[:sentences], self.resolved.gold.test
        self.arm = TrainingSet(tuple(train), train=tuple(train), devel=())
        self.learner: Any = open_learner("encoder")
        first = self.student(seed=0)
        self.encoded = first.data.train
        self.pieces = epochs * sum(len(item) for item in self.encoded)

    def student(self, *, seed: int) -> Any:
        settings = self.resolved.settings
        return self.learner.student(
            self.resolved.task, arm=self.arm, backbone=settings.backbone, trainer=settings.trainer, seed=seed
        )

    def f1(self, predicted: Sequence[Any]) -> float:
        judge = self.resolved.task.kind.judge
        return 100 * float(judge.devel_score(self.test, predicted=predicted))


def ours(race: Race, *, seed: int) -> tuple[float, float]:
    """Return seconds of training, and F1."""
    student = race.student(seed=seed)
    began = time.perf_counter()
    student.fit(report=lambda measured: None)
    seconds = time.perf_counter() - began
    return seconds, race.f1(student.predict(race.test).predicted)


def trainer(race: Race, *, seed: int, best: bool) -> tuple[float, float]:
    """Return seconds of training, and F1: the Trainer's defaults, or bf16 where there is, and batches by length."""
    settings, task = race.resolved.settings, race.resolved.task
    made = race.student(seed=seed)
    transformers.set_seed(seed)
    network = ner.build(locate(settings.backbone), labels=task.labels)
    # The numbers of ours; all else of the Trainer's is as it comes.
    same = {
        "per_device_train_batch_size": settings.backbone.batch_size,
        "num_train_epochs": settings.trainer.epochs,
        "learning_rate": settings.backbone.lr,
        "weight_decay": settings.trainer.weight_decay,
        "warmup_steps": settings.trainer.warmup,  # below 1 a share of all steps
        "max_grad_norm": settings.trainer.gradient_clip,
        "seed": seed,
    }
    half = hardware.precision(settings.trainer) == "bf16-mixed"
    options = {"bf16": half, "train_sampling_strategy": "group_by_length"} if best else {}
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder, report_to="none", save_strategy="no", disable_tqdm=True, use_cpu=not torch.cuda.is_available(),
            per_device_eval_batch_size=4 * settings.backbone.batch_size, logging_strategy="no", **same, **options,
        )  # fmt: skip
        contestant = transformers.Trainer(
            network, arguments, train_dataset=Rows(race.encoded), data_collator=ner.collator(made.tokenizer)
        )
        began = time.perf_counter()
        contestant.train()
        seconds = time.perf_counter() - began
        arguments.train_sampling_strategy = "random"  # which sorts what is predicted, too
        tested = encode(task, race.test, backbone=settings.backbone)
        found = contestant.predict(Rows(tested))
    shares = torch.from_numpy(found.predictions).softmax(-1).numpy()
    outputs = [row[wanted != ner.IGNORED] for row, wanted in zip(shares, found.label_ids, strict=True)]
    return seconds, race.f1(ner.predictions(race.test, encoded=tested, outputs=outputs, labels=task.labels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3, help="seeds 0, 1, ...")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("overrides", nargs="*", help="of `clinsynth train`, as in backbone.batch_size=32")
    given = parser.parse_args()
    settle_environment()
    transformers.logging.set_verbosity_error()
    race = Race(sentences=given.sentences, epochs=given.epochs, overrides=given.overrides)
    contestants: dict[str, Callable[..., tuple[float, float]]] = {
        "ours": lambda seed: ours(race, seed=seed),
        "hf_default": lambda seed: trainer(race, seed=seed, best=False),
        "hf_best": lambda seed: trainer(race, seed=seed, best=True),
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    scores: dict[str, list[float]] = {name: [] for name in contestants}
    for seed in range(given.runs):
        for name, run in contestants.items():
            seconds, f1 = run(seed)
            rates[name].append(race.pieces / seconds)
            scores[name].append(f1)
            print(f"seed {seed} {name:10} {race.pieces / seconds:6.0f} word pieces/s   F1 {f1:.1f}", flush=True)
    speed = {name: round(statistics.median(values), 1) for name, values in rates.items()}
    f1 = {name: round(statistics.mean(values), 2) for name, values in scores.items()}
    deviation = {name: round(statistics.stdev(values), 2) for name, values in scores.items() if given.runs > 1}
    said = {
        **speed, "f1_ours": f1["ours"], "f1_hf": f1["hf_best"], "f1_hf_default": f1["hf_default"],
        "f1_sd": deviation, "times_default": round(speed["ours"] / speed["hf_default"], 2),
        "times_best": round(speed["ours"] / speed["hf_best"], 2), "runs": given.runs, "data": race.data,
        "pieces": race.pieces, "precision": hardware.precision(race.resolved.settings.trainer),
        "torch": torch.__version__, "transformers": transformers.__version__, "processor": platform.machine(),
        "threads": torch.get_num_threads(),
    }  # fmt: skip
    print(json.dumps(said))


if __name__ == "__main__":
    main()
