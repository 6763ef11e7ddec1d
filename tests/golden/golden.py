"""Computes the keys that finished runs, paid answers and people's reviews are found by; `keys.json` holds those of the
first edition.

`python tests/golden/golden.py` writes the file anew, for a change that moves a key on purpose and bumps a version.
Nothing in the file is text: what is made of gold or of names of units is there as a sha256.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from clinsynth import config, corpora, keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.asking import questions as asking_questions
from clinsynth.config import grids
from clinsynth.corpora import storage
from clinsynth.keys import digest
from clinsynth.stages import analyse, asking, grid, resolving
from clinsynth.stages.grid import Planned
from clinsynth.tasks.relation.config import PoolConfig
from clinsynth.types import Completion, Request

FILE = Path(__file__).parent / "keys.json"
SHARED = Path(__file__).parents[3] / "shared"
DATA = Path(os.environ.get("CLINSYNTH_DATA", "") or SHARED / "data").resolve()
RECORDINGS = SHARED / "recordings"

SAMPLES = ("sample_ner", "sample_types", "sample_relation", "sample_asd", "sample_classes", "sample_chat")
DATASETS = (*SAMPLES, "ncbi_disease", "bc5cdr_disease", "bc5cdr_chemical", "gad", "euadr")

LACKING = (("paper", "baize"),)
"""Targets that are made of gold which nobody has here."""

FIXED = "trainer.precision=32-true"
"""`auto` is another precision on another machine."""

MODEL, SAMPLING = "gpt-4o-mini", {"temperature": 1.0}
"""Of the cache keys."""

NER = ("sample_ner", "sample_types", "ncbi", "bc5cdr")
NER_ANNOTATORS = ("seed", "gazetteer", "llm")

CORPORA: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "sample_ner": ((), NER_ANNOTATORS, ("n1", "n10", "n30")),
    "sample_ner r050": (("dataset=sample_ner", "seed_ratio=r050"), NER_ANNOTATORS, ("n10",)),
    "sample_types": ((), NER_ANNOTATORS, ("n1", "n5")),
    "sample_relation": ((), ("none",), ("t100", "t200", "t400")),
    "sample_asd": ((), ("none",), ("n1", "n10", "n30")),
    "sample_classes": ((), ("none",), ("n1", "n10", "n30")),
    "sample_chat": ((), ("none",), ("n1",)),
    "sample_asd none": (("dataset=sample_asd", "quality=none"), ("none",), ("n30",)),
    "ncbi_disease": ((), NER_ANNOTATORS, ("n1", "n10", "n30")),
    "ncbi_disease r050": (("dataset=ncbi_disease", "seed_ratio=r050"), NER_ANNOTATORS, ("n10",)),
    "ncbi_disease lexicon": (("dataset=ncbi_disease", "annotator.lexicon=units"), ("gazetteer",), ("n10",)),
    "ncbi_disease all": (
        (
            "dataset=ncbi_disease",
            "generation.per_request=2",
            "llm.recordings=[{r}/ncbi_disease.all-units.sentences.jsonl,{r}/ncbi_disease.all-units.mentions.jsonl]",
        ),
        ("llm",),
        ("n1", "n2"),
    ),
    "bc5cdr_disease": (
        (
            "dataset=bc5cdr_disease",
            "generation.per_request=3",
            "llm.recordings=[{r}/bc5cdr_disease.sentences.jsonl,{r}/bc5cdr_disease.mentions.jsonl]",
        ),
        NER_ANNOTATORS,
        ("n1", "n3"),
    ),
    "bc5cdr_chemical": (
        (
            "dataset=bc5cdr_chemical",
            "llm.recordings=[{r}/bc5cdr_chemical.sentences.jsonl,{r}/bc5cdr_chemical.mentions.jsonl]",
        ),
        NER_ANNOTATORS,
        ("n1", "n15"),
    ),
    "gad": ((), ("none",), ("t100", "t200", "t400")),
    "euadr": (
        ("dataset=euadr", "llm.recordings=[{r}/euadr.examples.jsonl]"),
        ("none",),
        ("t100", "t200"),
    ),
}
"""By a name that begins with the dataset: overrides, annotators, sizes."""


def needs_shared(name: str) -> bool:
    """Whether a part is made of corpora or recordings that do not ship with the project."""
    return name.split()[0] not in (*SAMPLES, "smoke")


@contextmanager
def composing() -> Iterator[None]:
    """Hydra for `settings_of`, once for many."""
    config.register(tasks.schemas())
    os.environ["CLINSYNTH_DATA"] = str(DATA)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        yield


def settings_of(stage: str, *overrides: str) -> Any:
    return config.typed(compose(stage, overrides=list(overrides)), config.STAGES[stage])


def jobs(scale: str, target: str, *, first_seed: bool = False) -> list[Planned]:
    """Of a target, composed and resolved; with `first_seed` those of the other seeds are left out."""
    config.register(tasks.schemas())
    os.environ["CLINSYNTH_DATA"] = str(DATA)
    overrides = [FIXED] if _trains(scale, target) else []
    return grid.jobs(target, scale=scale, overrides=overrides, wanted=is_first if first_seed else lambda _: True)


def is_first(words: Sequence[str]) -> bool:
    return all(word == "seed=0" for word in words if word.startswith("seed="))


def run_keys(jobs: Iterable[Planned]) -> dict[str, str]:
    """Of every job that leaves a run, by what chooses it."""
    return {" ".join((job.experiment, *job.overrides)): job.run_key for job in jobs if job.run_key}


def _trains(scale: str, target: str) -> bool:
    return any(experiment.startswith("train/") for experiment in grids.experiments(target, scale=scale))


def other_keys(dataset: str) -> dict[str, str]:
    """Of jobs that no target has: a search for prompts, an analysis, and what is left of a corpus's settings."""
    with composing():
        searched = settings_of("search_prompts", f"dataset={dataset}", "llm=openai")
        found = {"search": keys.search(searched, gold=_gold(searched).hashes)}
        settings, found["analyse"] = analyse.planned(settings_of("analyse", f"dataset={dataset}", *_size(dataset)))
        version = tasks.open(settings.dataset).writer.version
        found["corpus settings"] = digest(keys.corpus_settings(settings, version=version))
        return found


def _size(dataset: str) -> list[str]:
    return ["size=t100"] if dataset in ("sample_relation", "gad", "euadr") else []


def made_corpora(name: str, *, largest: bool = False) -> dict[str, list[str]]:
    """Digest of a corpus and sha256 of its examples, by annotator and size; with `largest` the latter of one size."""
    overrides, annotators, sizes = CORPORA[name]
    found = {}
    with composing(), tempfile.TemporaryDirectory() as folder:
        for annotator in annotators:
            for size in sizes:
                words = [*(overrides or (f"dataset={name}",)), f"size={size}"]
                if annotator != "none":
                    words.append(f"annotator={annotator}")
                words = [_filled(word) for word in words]
                settings, built = settings_of("generate", *words), not largest or size == sizes[-1]
                if name == "euadr":
                    settings.dataset.pool = _euadr_pool()
                found[f"{annotator} {size}"] = (_made if built else _named)(settings, folder=Path(folder))
    return found


def _made(settings: Any, *, folder: Path) -> list[str]:
    recipe = resolving.load_and_resolve(settings).recipe
    corpus = corpora.make_corpus(recipe, completions=asking.completions_of(settings), store=ArtifactStore(folder))
    content = (corpus.folder / storage.EXAMPLES).read_bytes()
    return [corpus.manifest.digest, hashlib.sha256(content).hexdigest()]


def _named(settings: Any, *, folder: Path) -> list[str]:
    """Without building it: the beginning of its digest, as its folder has it."""
    recipe = resolving.load_and_resolve(settings).recipe
    return [corpora.corpus_digest(recipe, completions=asking.completions_of(settings), store=ArtifactStore(folder))]


def _filled(word: str) -> str:
    return word.replace("{r}", str(RECORDINGS))


def _euadr_pool() -> PoolConfig:
    """The rows that EU-ADR's recorded rounds were drawn from."""
    rows: Any = OmegaConf.to_container(OmegaConf.load(RECORDINGS / "euadr.pool.yaml"))
    return PoolConfig(**rows)


def requests(dataset: str) -> dict[str, list[Any]]:
    """Of every prompt, of all requests in their order: how many, ids, messages, evidence and cache keys, as sha256."""
    with composing():
        found: dict[str, list[Any]] = {}
        for annotator in ("default", "llm"):
            words = [f"annotator={annotator}"] if annotator == "llm" and dataset.startswith(NER) else []
            settings = settings_of("generate", f"dataset={dataset}", "llm=openai", *_size(dataset), *words)
            found |= _written(settings)
        for shots in (0, 3):
            asked = resolving.asked(
                settings_of("zero_shot", f"dataset={dataset}", "llm=openai", f"zero_shot.shots={shots}")
            )
            task = tasks.open(asked.dataset)
            questions = asking_questions.questions(task, part=resolving.part(asked), gold=_gold(asked))
            found[asked.prompt.name] = _told(question.request for question in questions)
        return found


def _written(settings: Any) -> dict[str, list[Any]]:
    """Requests for texts: two of each unit, and those for the labels of an invented answer to the first."""
    recipe = resolving.load_and_resolve(settings).recipe
    writer, writing, gold = recipe.task.writer, recipe.writing, recipe.gold
    asked, labelled = [], []
    number = 3 * math.ceil((recipe.wanted.total or 0) / recipe.wanted.per_request)
    for unit in writer.units(gold, writing=writing, number=number):
        asked += [writer.request(unit, replicate=number, writing=writing, gold=gold) for number in (0, 1)]
        answer = Completion(asked[-2].id, "m", f"1. The effect of {unit} was seen.\n2. It was not.", "stop")
        drafts, _ = writer.parse(answer, unit=unit, replicate=0)
        label = writer.label_request(drafts, completion=answer, writing=writing)
        labelled += [label] if label else []
    found = {writing.prompt.name: _told(asked)}
    if labelled and writing.label_prompt:
        found[writing.label_prompt.name] = _told(labelled)
    return found


def _told(requests: Iterable[Request]) -> list[Any]:
    listed = list(requests)
    columns: list[Callable[[Request], Any]] = [
        lambda request: request.id,
        lambda request: list(request.messages),
        lambda request: [request.evidence, request.gold_characters],
        lambda request: keys.request(request, model=MODEL, sampling=SAMPLING),
    ]
    return [len(listed), *(digest([column(request) for request in listed]) for column in columns)]


def _gold(settings: Any) -> Any:
    return resolving.load_gold(settings.dataset, paths=settings.paths)


def parts() -> dict[str, Callable[[], Any]]:
    """Everything that the file holds, by section and name."""
    found: dict[str, Callable[[], Any]] = {}
    for scale in grids.SCALES:
        for target in (name for name in grids.targets(scale) if (scale, name) not in LACKING):
            found[f"runs/{scale} {target}"] = lambda scale=scale, target=target: run_keys(jobs(scale, target))
    for dataset in DATASETS:
        found[f"others/{dataset}"] = lambda dataset=dataset: other_keys(dataset)
        found[f"requests/{dataset}"] = lambda dataset=dataset: requests(dataset)
    for name, (_, _, sizes) in CORPORA.items():
        if sizes:
            found[f"corpora/{name}"] = lambda name=name: made_corpora(name)
    return found


def main() -> None:
    kept = {name: part() for name, part in parts().items()}
    FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(kept)} parts in {FILE}")


if __name__ == "__main__":
    main()
