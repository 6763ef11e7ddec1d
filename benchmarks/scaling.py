"""How long a corpus of many texts takes, and how much memory, from the answers of an LLM to the corpus on the disk.

    python benchmarks/scaling.py --texts 100000

writes recorded answers of so many sentences (made of the package's own, the same ones every time), and has
`clinsynth generate` make a corpus of them: it reads the recordings, parses, labels with the gazetteer, applies every
check of `quality=default`, and writes. A known share of the texts are near-duplicates. `seconds` are those of the
command from its start to its end, `peak_gb` is the memory of the command and its children. The last line is one JSON
object; `cpu_s` in it are the seconds of all cores together.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

import clinsynth
from clinsynth.config import conf_folder
from clinsynth.prompts import filled
from clinsynth.types import Prompt

PER_REQUEST, REPLICATES = 30, 3
PER_UNIT = PER_REQUEST * REPLICATES
NEAR, COPIES = 0.05, 0.01
"""Shares of the texts that say almost, or word for word, the same as one before."""

READ = (("show", "corpus=latest"), ("export", "corpus=latest", "to=exported"))

ASSETS = Path(clinsynth.__file__).parent / "assets"
OPENINGS = ("Indeed", "Of note", "Moreover", "Overall", "Interestingly", "In fact")


@dataclass(frozen=True)
class Halves:
    """What stands before the entity in sentences that an LLM wrote, and what stands behind it."""

    before: Sequence[str]
    behind: Sequence[str]
    units: Sequence[str]


def halves() -> Halves:
    before, behind, units = [], [], []
    for line in (ASSETS / "recordings" / "ncbi_disease.sentences.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        unit = row["id"].split("/", 2)[2].rpartition("#")[0]
        units.append(unit)
        for numbered in row["completion"].splitlines():
            sentence = re.sub(r"^\d+\.\s+", "", numbered.strip())
            start, _, end = sentence.partition(unit)
            if end and len(sentence.split()) > 8:
                before.append(start)
                behind.append(end)
    return Halves(before, behind, units)


def units_of(number: int, *, made_of: Halves) -> list[str]:
    """Return names of diseases that no two texts share: a sample's, with what parts their kinds."""
    kinds = ("familial", "acquired", "juvenile", "atypical", "refractory", "recurrent", "congenital", "severe")
    found = list(made_of.units)
    kind = 0
    while len(found) < number:
        kind += 1
        found += [f"{kinds[kind % len(kinds)]} type {kind} {unit}" for unit in made_of.units]
    return found[:number]


def sentences_of(unit: str, *, made_of: Halves, chance: random.Random) -> list[str]:
    """Return the sentences of a unit; a half is chosen anew for each, so that few are alike by chance."""
    found: list[str] = []
    for _ in range(PER_UNIT):
        drawn = chance.random()
        if found and drawn < COPIES:
            found.append(chance.choice(found))
        elif found and drawn < COPIES + NEAR:
            found.append(f"{chance.choice(OPENINGS)}, {chance.choice(found)}")
        else:
            found.append(f"{chance.choice(made_of.before)}{unit}{chance.choice(made_of.behind)}")
    return found


def recordings(texts: int, *, units: Sequence[str], made_of: Halves) -> Iterator[dict[str, Any]]:
    """Yield answers with so many sentences, as an LLM numbers them."""
    chance = random.Random(0)
    loaded: Any = OmegaConf.load(conf_folder() / "prompt" / "sentences.yaml")
    prompt = Prompt(loaded.name, loaded.text)
    left = texts
    for unit in units:
        sentences = sentences_of(unit, made_of=made_of, chance=chance)[:left]
        left -= len(sentences)
        for replicate in range(math.ceil(len(sentences) / PER_REQUEST)):
            part = sentences[replicate * PER_REQUEST : (replicate + 1) * PER_REQUEST]
            yield {
                "id": f"sample_ner/{prompt.name}/{unit}#{replicate}",
                "model": "synthesised",
                "prompt": filled(prompt, {"n": str(PER_REQUEST), "entity": unit}),
                "completion": "\n".join(f"{number}. {text}" for number, text in enumerate(part, 1)),
                "finish_reason": "stop",
            }


@dataclass
class Watched:
    """The seconds and the memory of a command, with what it has said."""

    seconds: float
    cpu_s: float
    """Of all its processes: on a machine that does other things, too, it says more than `seconds`."""
    peak_gb: float
    said: str


def watched(command: Sequence[str], *, folder: Path) -> Watched:
    """Run a command to its end; raises CalledProcessError where it fails."""
    began, used = time.monotonic(), _cpu_of_children()
    with (folder / "said.txt").open("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, text=True)
        peak = [0.0]
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, ended), daemon=True)
        watcher.start()
        status = process.wait()
        seconds = time.monotonic() - began
        ended.set()
        watcher.join()
        said.seek(0)
        text = said.read()
    if status:
        raise subprocess.CalledProcessError(status, command, output=text)
    return Watched(seconds, _cpu_of_children() - used, peak[0], text)


def _cpu_of_children() -> float:
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _watch(pid: int, peak: list[float], ended: threading.Event) -> None:
    """Keep the most memory that a process and its children had together; what they share counts once."""
    while not ended.wait(1):
        peak[0] = max(peak[0], sum(map(_memory, _family(pid))) / 1e9)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _memory(pid: int) -> int:
    """Return the bytes of a process (PSS: its share of what several have)."""
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def corpus(texts: int, *, folder: Path) -> tuple[Watched, dict[str, int]]:
    """Make a corpus; returns what it took, and the counts of its manifest."""
    made_of = halves()
    units = units_of(math.ceil(texts / PER_UNIT), made_of=made_of)
    (folder / "units.txt").write_text("\n".join(units) + "\n", encoding="utf-8")
    with (folder / "answers.jsonl").open("w", encoding="utf-8") as file:
        for row in recordings(texts, units=units, made_of=made_of):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    command = ["generate", "dataset=sample_ner", f"dataset.units={folder / 'units.txt'}", f"size.per_unit={PER_UNIT}"]
    command += [f"llm.recordings=[{folder / 'answers.jsonl'}]", "generation.on_missing=skip"]
    found = watched([sys.executable, "-m", "clinsynth", *command], folder=folder)
    manifest = next(folder.glob("artifacts/corpus-*/manifest.json"))
    return found, json.loads(manifest.read_text(encoding="utf-8"))["counts"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--read", action="store_true", help="show and export the corpus, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        took, counts = corpus(given.texts, folder=Path(name))
        print(took.said.strip(), flush=True)
        for command in READ if given.read else ():
            found = watched([sys.executable, "-m", "clinsynth", *command], folder=Path(name))
            print(f"clinsynth {' '.join(command)}: {found.cpu_s:.1f} s CPU, {found.peak_gb:.3f} GB", flush=True)
    print(f"clinsynth {clinsynth.__version__}, Python {platform.python_version()}, {platform.machine()}")
    told = {
        "texts": given.texts,
        "seconds": round(took.seconds, 1),
        "cpu_s": round(took.cpu_s, 1),
        "peak_gb": round(took.peak_gb, 3),
        "kept": counts["kept"],
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
