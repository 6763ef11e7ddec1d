"""How much of a GPU a fine-tune uses: BERT-base with random weights, one job and several side by side.

    python benchmarks/gpu.py --sentences 20000 --jobs 8

Each job is a process that trains by the code of `clinsynth train`. Speed is real word pieces a second (padding does not
count) from the first step to the last one; model FLOPs utilisation is 6 FLOPs a weight and word piece, without the word
embeddings (Kaplan et al. 2020), and those of attention, as a share of the peak that the maker gives for bf16. Without
a GPU it runs on the processor, where `--hidden 64 --layers 2` is enough to try it. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from hydra import compose, initialize_config_dir

from clinsynth import config, tasks
from clinsynth.learning import hardware, open_learner
from clinsynth.learning.encoder.weights import embedded
from clinsynth.learning.sets import TrainingSet
from clinsynth.stages import resolving

PEAKS = {"H200": 989, "H100": 989, "A100": 312, "L40": 181, "L4": 121, "V100": 125, "T4": 65}
"""TFLOP/s in bf16 (fp16 for the last two) without sparsity, by a part of the name, from the makers' data sheets."""


def backbone(folder: Path, *, hidden: int, layers: int) -> None:
    """Write an encoder with random weights and the vocabulary of the embedded one."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(embedded())
    shape = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": max(1, hidden // 64)}
    settings = transformers.BertConfig(vocab_size=len(tokenizer), intermediate_size=4 * hidden, **shape)
    transformers.BertModel(settings).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def train(folder: str, sentences: int, batch: int, compiled: bool, start: Any, results: Any) -> None:
    """Train one job once all are ready; put word pieces, seconds and FLOPs into `results`."""
    config.register(tasks.schemas())
    data = "ncbi_disease" if "CLINSYNTH_DATA" in os.environ else "sample_ner"
    words = [f"dataset={data}", "source=original", "backbone=bert", f"backbone.name_or_path={folder}"]
    words += [
        f"backbone.batch_size={batch}",
        f"trainer.compile={compiled}",
        "trainer.epochs=1",
        "trainer.max_epochs=1",
        "trainer.min_steps=0",
    ]
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        settings = config.typed(compose("train", overrides=words), config.STAGES["train"])
    resolved = resolving.load_and_resolve(settings)
    gold = resolved.gold.trainable
    examples = tuple((list(gold) * (sentences // len(gold) + 1))[:sentences])
    student: Any = open_learner("encoder").student(
        resolved.task,
        arm=TrainingSet(examples, train=examples, devel=()),
        backbone=resolved.settings.backbone,
        trainer=resolved.settings.trainer,
        seed=0,
    )
    lengths = [len(item) for item in student.data.train]
    network = student.tuner.model
    weights = sum(value.numel() for value in network.parameters()) - network.get_input_embeddings().weight.numel()
    attention = 12 * network.config.num_hidden_layers * network.config.hidden_size * sum(n * n for n in lengths)
    start.wait()
    began = time.time()
    student.fit(report=lambda measured: None)
    results.put((sum(lengths), began, time.time(), 6 * weights * sum(lengths) + attention))


def measure(folder: Path, *, jobs: int, sentences: int, batch: int, compiled: bool) -> tuple[float, float]:
    """Return real word pieces and FLOPs a second of all jobs together."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(jobs), context.Queue()
    given = (str(folder), sentences, batch, compiled)
    running = [context.Process(target=train, args=(*given, start, results)) for _ in range(jobs)]
    for job in running:
        job.start()
    found = [results.get() for _ in running]
    for job in running:
        job.join()
    seconds = max(ended for _, _, ended, _ in found) - min(began for _, began, _, _ in found)
    return sum(row[0] for row in found) / seconds, sum(row[3] for row in found) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=8, help="side by side, after one alone")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--compile", action="store_true", help="by torch.compile, which counts as time of training")
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--layers", type=int, default=12)
    given = parser.parse_args()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    peak = next((1e12 * value for name, value in PEAKS.items() if name in device), None)
    with tempfile.TemporaryDirectory() as name:
        backbone(Path(name), hidden=given.hidden, layers=given.layers)
        said: dict[str, Any] = {"device": device or "processor", "torch": torch.__version__}
        for jobs in dict.fromkeys((1, given.jobs)):
            rate, flops = measure(
                Path(name), jobs=jobs, sentences=given.sentences, batch=given.batch, compiled=given.compile
            )
            mfu = None if peak is None else round(flops / peak, 3)
            print(f"{jobs} job(s): {rate:.0f} word pieces/s, {flops / 1e12:.2f} TFLOP/s, utilisation {mfu}", flush=True)
            said |= {f"pieces_{jobs}": round(rate), f"mfu_{jobs}": mfu}
    said["precision"] = hardware.precision(argparse.Namespace(precision="auto", accelerator="auto"))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
