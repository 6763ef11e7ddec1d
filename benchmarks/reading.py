"""Sentences a second of `clinsynth predict`'s reader against `transformers.pipeline`: same model, same texts, in turn.

    python benchmarks/reading.py
    python benchmarks/reading.py --model artifacts/model-train-1-93fad19df643 --exported exports/onnx exports/openvino

Without `--model` one is trained (on 1,500 sentences of NCBI where `CLINSYNTH_DATA` has it, else on the sample corpus),
without `--exported` it is exported in int8 for ONNX Runtime and OpenVINO; both are made once. Texts are those of
the test split. In each round every way reads all texts once, one after another; medians of the rounds are printed, then
JSON as the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
import transformers

from clinsynth import tasks
from clinsynth.config import PredictionConfig
from clinsynth.learning import hardware, saved
from clinsynth.learning.encoder.opening import open_model
from clinsynth.learning.learner import Opening
from clinsynth.tasks.ner.scores import devel_score
from clinsynth.text.entities import Sentence, to_spans

Read = Callable[[Sequence[str]], Any]


class Rates(NamedTuple):
    """Sentences a second, and a second of a processor, which says more where others use the machine, too."""

    wall: float
    cpu: float


SAMPLE = Path(tasks.__file__).parents[1] / "assets" / "sample_ner"
BATCHES = (1, 8, 32, 64)
"""Sizes that the pipeline is tried at."""


def main() -> None:
    given = arguments()
    folder = Path(given.model) if given.model else trained()
    exports = [Path(one) for one in given.exported] or [exported(folder, format) for format in ("onnx", "openvino")]
    report(folder, exports, sentences=gold()[: given.sentences], rounds=given.runs, tried=given.tried)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", help="folder of a model of entities")
    parser.add_argument("--exported", nargs="*", default=[], help="folders of its int8 exports")
    parser.add_argument("--sentences", type=int, default=940, help="at most so many")
    parser.add_argument("--runs", type=int, default=3, help="rounds, of which the medians count")
    parser.add_argument("--tried", type=int, default=128, help="sentences on which the pipeline's best is looked for")
    return parser.parse_args()


def ncbi() -> Path | None:
    """Return the folder of the NCBI disease corpus, if it is there."""
    folder = Path(os.environ.get("CLINSYNTH_DATA", "data")) / "ncbi_disease"
    return folder if (folder / "test.tsv").is_file() else None


def gold() -> list[Sentence]:
    """Return the sentences of the test split."""
    folder = ncbi() or SAMPLE
    blocks = re.split(r"\n\s*\n", (folder / "test.tsv").read_text(encoding="utf-8").strip())
    rows = [[line.split("\t") for line in block.splitlines()] for block in blocks]
    typed = [[tag if tag == "O" or "-" in tag else f"{tag}-Disease" for _, tag in block] for block in rows]
    return [
        Sentence(tuple(token for token, _ in block), to_spans(tags)) for block, tags in zip(rows, typed, strict=True)
    ]


def trained() -> Path:
    """Return the folder of a model, trained if it was not yet."""
    words = ["dataset=ncbi_disease", "source.examples=1500"] if ncbi() else ["dataset=sample_ner"]
    said = clinsynth("train", *words, "source=original")
    (folder,) = re.findall(r"^  model: (.+)$", said, flags=re.MULTILINE)
    return Path(folder)


def exported(model: Path, format: str) -> Path:
    """Return the folder of its int8 export, written if it was not yet."""
    to = Path("exports") / f"{model.name}-{format}"
    if not (to / "config.json").is_file():
        clinsynth("export", f"model={model}", f"to={to}", f"format={format}", "precision=int8")
    return to


def clinsynth(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "clinsynth", *words], check=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout, file=sys.stderr)
    return done.stdout


def report(folder: Path, exports: Sequence[Path], *, sentences: Sequence[Sentence], rounds: int, tried: int) -> None:
    texts = [sentence.text for sentence in sentences]
    precision = hardware.precision(PredictionConfig(precision="auto", accelerator="cpu", **settings()))
    ours = {"ours": reader(folder, precision)} | {
        f"ours int8 {runtime(one)}": reader(one, precision) for one in exports
    }
    best, size, dtype = best_pipeline(folder, texts[:tried])
    ways: dict[str, Read] = {
        **{name: model.read for name, model in ours.items()},
        "pipeline at its defaults": lambda given: pipeline(folder, torch.float32)(list(given)),
        f"pipeline at its best ({dtype}, batches of {size}, by length)": best,
        **{f"hand loop, {runtime(one)} int8": hand_loop(one) for one in exports if runtime(one) == "onnx"},
    }
    rates = measured(ways, texts, rounds=rounds)
    for name, rate in rates.items():
        print(f"{rate.wall:8.1f} sentences/s {rate.cpu:8.1f} sentences/CPU-s  {name}")
    scores = {name: score(model, sentences) for name, model in ours.items()}
    for name, value in scores.items():
        print(f"F1 {value:.4f}  {name}")
    int8 = max((name for name in ours if name != "ours"), key=lambda name: rates[name].wall)
    pipelines = [name for name in rates if name.startswith("pipeline")]
    print(
        json.dumps(
            {
                "ours_bf16": round(rates["ours"].wall, 1),
                "ours_int8": round(rates[int8].wall, 1),
                "pipeline_best": round(max(rates[name].wall for name in pipelines), 1),
                "f1_share_int8": round(scores[int8] / scores["ours"], 4) if scores["ours"] else None,
                "precision": precision,
                "int8": int8.removeprefix("ours int8 "),
                "sentences": len(texts),
            }
        )
    )


def settings() -> dict[str, Any]:
    return {"column": "text", "html": False, "html_documents": 1, "overlap": 0.25}


def runtime(folder: Path) -> str:
    return saved.describe_model(folder).runtime or "torch"


def reader(folder: Path, precision: str) -> Any:
    """Return the model as `clinsynth predict` opens it."""
    workers = hardware.readers(None, device="cpu")
    hardware.share_cores(workers)
    return open_model(folder, kinds=tasks.kinds(), how=Opening(overlap=0.25, workers=workers, precision=precision))


def pipeline(folder: Path, dtype: torch.dtype) -> Any:
    """Return the pipeline that gives spans with offsets, as ours."""
    if dtype not in _pipelines:
        how = {"aggregation_strategy": "first", "dtype": dtype, "device": "cpu"}
        _pipelines[dtype] = transformers.pipeline("token-classification", str(folder), **how)
    return _pipelines[dtype]


_pipelines: dict[torch.dtype, Any] = {}


def best_pipeline(folder: Path, texts: Sequence[str]) -> tuple[Read, int, str]:
    """Return the fastest of the pipeline's batch sizes and precisions, its texts sorted by length."""
    dtypes = [torch.float32]
    if hardware.precision(PredictionConfig(precision="auto", accelerator="cpu", **settings())) == "bf16-mixed":
        dtypes.append(torch.bfloat16)
    ways = {(size, dtype): by_length(pipeline(folder, dtype), size) for size in BATCHES for dtype in dtypes}
    rates = measured({str(key): way for key, way in ways.items()}, texts, rounds=2)
    size, dtype = max(ways, key=lambda key: rates[str(key)].wall)
    return ways[size, dtype], size, str(dtype).removeprefix("torch.")


def by_length(found: Any, size: int) -> Read:
    return lambda texts: found(sorted(texts, key=len, reverse=True), batch_size=size)


def hand_loop(folder: Path) -> Read:
    """Return what somebody writes in ten lines: ONNX Runtime, batches of 32 by length, labels alone, no spans."""
    import onnxruntime

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    names = {given.name for given in session.get_inputs()}

    def read(texts: Sequence[str]) -> list[Any]:
        found = []
        ordered = sorted(texts, key=len)
        for start in range(0, len(ordered), 32):
            batch = tokenizer(ordered[start : start + 32], padding=True, truncation=True, return_tensors="np")
            inputs = {name: rows.astype(np.int64) for name, rows in batch.items() if name in names}
            found += list(session.run(None, inputs)[0].argmax(-1))
        return found

    return read


def measured(ways: dict[str, Read], texts: Sequence[str], *, rounds: int) -> dict[str, Rates]:
    """Return medians of rounds, in each of which every way reads all texts once, in turn."""
    for way in ways.values():
        way(texts[:32])
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else list(ways)[::-1]:
            began, worked = time.perf_counter(), time.process_time()
            ways[name](texts)
            taken[name].append((time.perf_counter() - began, time.process_time() - worked))
    medians = {name: [statistics.median(times) for times in zip(*pairs, strict=True)] for name, pairs in taken.items()}
    return {name: Rates(len(texts) / wall, len(texts) / cpu) for name, (wall, cpu) in medians.items()}


def score(model: Any, sentences: Sequence[Sentence]) -> float:
    found = model.predict(list(sentences))
    return devel_score(found.gold, predicted=found.predicted)


if __name__ == "__main__":
    main()
