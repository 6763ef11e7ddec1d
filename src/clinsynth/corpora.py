"""From units to a corpus: plan, completions, examples, quality, artifact.

What is paid for ends with the completions; all that comes after them is repeated for nothing
whenever a parser, an annotator or a filter changes.
"""

from __future__ import annotations

import json
import math
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clinsynth import datasets
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import CorpusConfig, OnMissing
from clinsynth.errors import ConfigError, DataFormatError, MissingCompletions
from clinsynth.llm import LLM, open_llm
from clinsynth.quality import control
from clinsynth.quality.filters import folded
from clinsynth.tasks.base import SynthesisRoom, synthesis_room
from clinsynth.types import Candidate, Completion, Draft, Gold, Rejected, Request

KIND = "corpus"
VERSION = "1"
"""Bumped when the same completions would give another corpus, whatever the task."""

EXAMPLES, REJECTED = "examples.jsonl", "rejected.jsonl"


@dataclass(frozen=True)
class Corpus:
    """The synthetic examples of one generation."""

    digest: str
    """12 hex digits, as in the folder's name."""
    folder: Path
    examples: tuple[Any, ...]
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is asked, in the order in which quality control will look at the answers."""

    known: tuple[str, ...]
    """All units that the dataset has, or the first `units.max` of them."""
    available: int
    """How many of them have answers, where the LLM can give no others."""
    total: int
    """How many there were before `units.max`."""
    units: tuple[str, ...]
    """Those of the corpus: shuffled, then cut by seed_ratio."""
    requests: tuple[tuple[str, int, Request], ...]
    """Unit, replicate and request."""


@dataclass(frozen=True)
class Answer:
    """One request with what came back and what it was read as."""

    unit: str
    replicate: int
    completion: Completion
    drafts: tuple[Draft, ...]
    rejected: tuple[Rejected, ...]
    labels: Completion | None = None


def make(settings: CorpusConfig, *, gold: Gold, store: ArtifactStore) -> Corpus:
    """The corpus of the settings, out of completions that exist; built if it is not in the store.

    Raises MissingCompletions for what is not there, DataFormatError for a completion that cannot be used.
    """
    room = synthesis_room(settings.dataset.task)
    llm = open_llm(settings.llm, dataset=settings.dataset)
    planned = plan(settings, gold=gold, llm=llm, room=room)
    answers = collect(settings, planned, llm=llm, room=room)
    lexicon = _lexicon(settings, planned, gold=gold, room=room)
    content = _content(settings, planned, answers=answers, lexicon=lexicon, gold=gold, room=room)

    def build(folder: Path) -> dict[str, Any]:
        return _build(folder, settings, planned, answers=answers, lexicon=lexicon, gold=gold, room=room)

    return load(store.build(KIND, version=f"{VERSION}.{room.VERSION}", content=content, builder=build))


def load(folder: Path) -> Corpus:
    """A corpus of the store."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    room = synthesis_room(manifest["task"])
    examples = tuple(room.from_json(row) for row in rows(folder / EXAMPLES))
    return Corpus(manifest["digest"][:12], folder, examples, manifest)


def settings_key(settings: CorpusConfig) -> dict[str, Any]:
    """Settings that change a corpus; the completions themselves are covered by its digest."""
    per_request, seed = settings.generation.per_request, settings.generation.seed
    return {
        "version": [VERSION, synthesis_room(settings.dataset.task).VERSION],
        "units": [settings.units.max, settings.seed_ratio.value, seed],
        "size": asdict(settings.size),
        "request": [settings.llm.name, settings.prompt.name, settings.prompt.text, per_request],
        "annotator": asdict(settings.annotator),
        "quality": asdict(settings.quality),
    }


def find(start: str, *, store: ArtifactStore) -> Path:
    """The folder of the corpus whose digest begins with `start`; `latest` is the one that was built last."""
    folders = sorted(store.root.glob(f"{KIND}-*"), key=lambda folder: folder.stat().st_mtime)
    chosen = [folder for folder in folders if folder.name.rpartition("-")[2].startswith(start)]
    if start == "latest":
        chosen = folders[-1:]
    if len(chosen) != 1:
        there = ", ".join(folder.name.rpartition("-")[2] for folder in folders[-8:]) or "none"
        raise ConfigError(
            f"corpus={start} is {'no' if not chosen else 'more than one'} corpus of {store.root}. The newest are: "
            f"{there}. `clinsynth train source=synthetic` builds one and names its digest."
        )
    return chosen[0]


def plan(settings: CorpusConfig, *, gold: Gold, llm: LLM, room: SynthesisRoom) -> Plan:
    """Units and requests; `size` and the answers' content have no part in it."""
    named = getattr(settings.dataset, "units", None)
    everything = datasets.terms(datasets.resolve(named)) if named else room.units(gold.train)
    if not everything:
        raise ConfigError(
            f"{settings.dataset.name} has neither gold train nor a list of units: give one as dataset.units=terms.txt."
        )
    most = settings.units.max
    available = _answered(settings, everything, llm=llm, room=room) if llm.limited else everything
    shuffled = available[:most]
    random.Random(settings.generation.seed).shuffle(shuffled)
    units = shuffled[: max(1, round(settings.seed_ratio.value * len(shuffled)))]
    replicates = range(_replicates(settings))
    requests = [(unit, number, _request(settings, unit, number, room=room)) for number in replicates for unit in units]
    return Plan(tuple(everything[:most]), len(available), len(everything), tuple(units), tuple(requests))


def collect(settings: CorpusConfig, planned: Plan, *, llm: LLM, room: SynthesisRoom) -> list[Answer]:
    """Completions of the plan, parsed, with the labels of their own that an annotator asks for."""
    found = _found([request for _, _, request in planned.requests], settings, llm=llm)
    answers: list[Answer] = []
    seconds: list[Request | None] = []
    for unit, replicate, request in planned.requests:
        if request.id not in found:
            continue
        completion = found[request.id]
        drafts, rejected = room.parse(completion, unit=unit, replicate=replicate)
        answers.append(Answer(unit, replicate, completion, tuple(drafts), tuple(rejected)))
        seconds.append(
            room.label_request(drafts, completion=completion, dataset=settings.dataset, annotator=settings.annotator)
        )
    labels = _found([request for request in seconds if request is not None], settings, llm=llm)
    labelled = []
    for answer, second in zip(answers, seconds, strict=True):
        if second is None:
            labelled.append(answer)
        elif second.id in labels:
            labelled.append(Answer(**(vars(answer) | {"labels": labels[second.id]})))
    return labelled


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def _replicates(settings: CorpusConfig) -> int:
    per_unit, per_request = settings.size.per_unit, settings.generation.per_request
    assert per_unit
    assert per_request
    return math.ceil(per_unit / per_request)


def _request(settings: CorpusConfig, unit: str, replicate: int, *, room: SynthesisRoom) -> Request:
    per_request = settings.generation.per_request
    assert per_request
    return room.request(
        unit, replicate=replicate, dataset=settings.dataset, prompt=settings.prompt, per_request=per_request
    )


def _answered(settings: CorpusConfig, units: Sequence[str], *, llm: LLM, room: SynthesisRoom) -> list[str]:
    """Units whose first request has an answer."""
    requests = {unit: _request(settings, unit, 0, room=room) for unit in units}
    found = llm.find(list(requests.values()))
    answered = [unit for unit, request in requests.items() if request.id in found]
    if not answered:
        raise MissingCompletions(
            f"none of the {len(units)} units of {settings.dataset.name} is recorded for prompt={settings.prompt.name} "
            f"with {settings.generation.per_request} examples a request. {llm.explain(list(requests.values()))} "
            "`clinsynth generate` with a live LLM makes them."
        )
    print(f"{len(answered)} of {len(units)} units are recorded", flush=True)
    return answered


def _found(requests: Sequence[Request], settings: CorpusConfig, *, llm: LLM) -> dict[str, Completion]:
    """Completions by request id; raises MissingCompletions unless what is missing may be skipped."""
    found = llm.find(requests)
    missing = [request for request in requests if request.id not in found]
    if missing:
        count = f"{len(missing)} of {len(requests)} completions are missing, the first is {missing[0].id!r}."
        if settings.generation.on_missing is OnMissing.error or not found:
            raise MissingCompletions(
                f"{count} {llm.explain(missing)} `clinsynth generate` with the same settings and a live LLM makes "
                "them; size.per_unit of at most generation.per_request needs one per unit; "
                "generation.on_missing=skip goes on without them."
            )
        print(f"{count} Going on without them (generation.on_missing=skip).", flush=True)
    return found


def _lexicon(settings: CorpusConfig, planned: Plan, *, gold: Gold, room: SynthesisRoom) -> list[str]:
    """Known entities, for annotators that use them."""
    name = settings.annotator.lexicon
    if name is None:
        return []
    if name == "units":
        return list(planned.known)
    if name == "train":
        if not gold.train:
            raise ConfigError(
                f"annotator.lexicon=train needs gold train, which {settings.dataset.name} has not: use "
                "annotator.lexicon=units, or a file with one term a line."
            )
        return room.units(gold.train)
    return datasets.terms(datasets.resolve(name))


def _content(
    settings: CorpusConfig,
    planned: Plan,
    *,
    answers: Sequence[Answer],
    lexicon: Sequence[str],
    gold: Gold,
    room: SynthesisRoom,
) -> dict[str, Any]:
    """All that decides what the corpus is, and nothing else."""
    quality = asdict(settings.quality)
    return {
        "dataset": getattr(settings.dataset, "entity_type", settings.dataset.task),
        "units": digest(planned.units),
        "size": asdict(settings.size),
        "annotator": [settings.annotator.name, digest(sorted(lexicon))],
        "quality": quality,
        "test": digest(sorted(_test_texts(gold, room=room))) if quality["test_copies"] else None,
        "completions": digest(
            [
                [answer.unit, answer.replicate, answer.completion.text, answer.completion.finish_reason]
                + ([answer.labels.text] if answer.labels else [])
                for answer in answers
            ]
        ),
    }


def _build(
    folder: Path,
    settings: CorpusConfig,
    planned: Plan,
    *,
    answers: Sequence[Answer],
    lexicon: Sequence[str],
    gold: Gold,
    room: SynthesisRoom,
) -> dict[str, Any]:
    """Write the corpus into a folder; returns what its manifest says."""
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    for answer in tqdm(answers, desc="annotate", unit="completion", disable=None):
        rejected += answer.rejected
        labelled, absent = room.annotate(
            answer.drafts,
            dataset=settings.dataset,
            annotator=settings.annotator,
            lexicon=lexicon,
            answer=answer.labels,
        )
        candidates += labelled
        rejected += absent
    _refuse_barren(settings, planned, candidates=candidates, room=room)
    passed, refused = control(
        candidates,
        config=settings.quality,
        contains=room.contains,
        words=room.words,
        test_texts=_test_texts(gold, room=room),
    )
    rejected += refused
    kept = _cut(passed, planned, per_unit=settings.size.per_unit)
    _write(folder / EXAMPLES, [_row(c.draft) | c.example.to_json() for c in kept])
    _write(folder / REJECTED, [_row(r.draft) | {"reason": r.reason, "detail": r.detail} for r in rejected])
    per_unit = Counter(candidate.draft.unit for candidate in kept)
    wanted = settings.size.per_unit or 0
    return {
        "task": settings.dataset.task,
        "dataset": settings.dataset.name,
        "models": sorted({answer.completion.model for answer in answers}),
        "prompt": {"name": settings.prompt.name, "text": settings.prompt.text},
        "annotator": settings.annotator.name,
        "counts": {
            "units": len(planned.units),
            "units available": planned.available,
            "units in all": planned.total,
            "completions": len(answers),
            "parsed": len(candidates),
            "kept": len(kept),
            "not needed": len(passed) - len(kept),
        },
        "rejected": dict(Counter(item.reason for item in rejected).most_common()),
        "short": {unit: per_unit[unit] for unit in planned.units if per_unit[unit] < wanted},
        "statistics": _statistics([c.example for c in kept], gold=gold, room=room),
    }


def _refuse_barren(
    settings: CorpusConfig, planned: Plan, *, candidates: Sequence[Candidate], room: SynthesisRoom
) -> None:
    """A unit that stands in none of its sentences is a mistake in the list or in the recording."""
    if not settings.quality.unit or settings.generation.on_missing is OnMissing.skip:
        return
    written: Counter[str] = Counter()
    fruitful = set()
    for candidate in candidates:
        written[candidate.draft.unit] += 1
        if room.contains(candidate.draft, candidate.example):
            fruitful.add(candidate.draft.unit)
    barren = [unit for unit in planned.units if unit not in fruitful]
    if barren:
        names = ", ".join(repr(unit) for unit in barren[:5]) + (" ..." if len(barren) > 5 else "")
        raise DataFormatError(
            f"{len(barren)} of {len(planned.units)} units stand in none of their own sentences: {names} (the first has "
            f"{written[barren[0]]}). Is the term spelt as in the completions? Acronyms have to agree in case. Mend or "
            "remove it, or go on without with generation.on_missing=skip."
        )


def _cut(passed: Sequence[Candidate], planned: Plan, *, per_unit: int | None) -> list[Candidate]:
    """The first `per_unit` of each unit, ordered by their place, so that a larger size only appends."""
    by_unit: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in passed:
        by_unit[candidate.draft.unit].append(candidate)
    ranked = [
        (place, rank, candidate)
        for rank, unit in enumerate(planned.units)
        for place, candidate in enumerate(by_unit[unit][:per_unit])
    ]
    return [candidate for _, _, candidate in sorted(ranked, key=lambda item: item[:2])]


def _statistics(examples: Sequence[Any], *, gold: Gold, room: SynthesisRoom) -> dict[str, dict[str, float]]:
    """Lengths and variety, beside those of gold train, or of gold test where there is no train."""
    beside = gold.train or gold.test
    texts = {"synthetic": examples} | ({"gold": beside} if beside else {})
    words = {name: [room.words(example) for example in found] for name, found in texts.items()}
    window = min(sum(map(len, found)) for found in words.values())
    return {
        name: {
            "examples": len(found),
            "words, mean": statistics.fmean(map(len, found)) if found else 0.0,
            "words, deviation": statistics.pstdev(map(len, found)) if found else 0.0,
            f"different words among {window}": _different_words(found, window=window),
        }
        | room.statistics(texts[name])
        for name, found in words.items()
    }


def _different_words(texts: Sequence[Sequence[str]], *, window: int) -> int:
    """Types in a random `window` of tokens: the type-token ratio falls with length, so lengths have to agree."""
    order = list(texts)
    random.Random(0).shuffle(order)
    return len({word.casefold() for word in [word for text in order for word in text][:window]})


def _test_texts(gold: Gold, *, room: SynthesisRoom) -> frozenset[tuple[str, ...]]:
    return frozenset(folded(room.words(example)) for example in gold.test)


def _row(draft: Draft) -> dict[str, Any]:
    return {"unit": draft.unit, "replicate": draft.replicate, "index": draft.index, "text": draft.text}


def _write(path: Path, content: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content), encoding="utf-8")
