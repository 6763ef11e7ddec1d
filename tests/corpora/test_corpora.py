from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinsynth import corpora
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CorpusConfig, OnMissing, PromptConfig, Reviewed
from clinsynth.corpora import in_order
from clinsynth.errors import ConfigError, DataFormatError, MissingCompletions
from clinsynth.files import parquet
from clinsynth.files.exported import write_export
from clinsynth.llm.recorded import RecordedCompletions
from clinsynth.stages import resolving
from clinsynth.stages.asking import completions_of
from clinsynth.text.entities import Sentence
from clinsynth.types import Completion, Gold, Request
from support import Composed, sentence

SPAWN = multiprocessing.get_context("spawn")
UNITS = ("ataxia", "gout", "DMD", "asthma", "migraine", "lupus")
VERBS = ("hurts", "was seen", "returned", "is rare", "came late", "ended", "was mild", "was treated")
GOLD = Gold(train=[sentence(f"{unit}/B is old .") for unit in UNITS], test=[], devel=[], hashes={})
PROMPT = PromptConfig(name="sentences", text="Write $n sentences about $entity.")

Row = dict[str, Any]
Record = Callable[[Iterable[Row]], str]


def sentences(unit: str, *, replicate: int = 0) -> str:
    lines = (
        f"{n}. In group {replicate} of {unit} it {verb} after {n} days of care." for n, verb in enumerate(VERBS, 1)
    )
    return "\n".join(lines)


def row(unit: str, *, replicate: int = 0, completion: str | None = None, **other: Any) -> Row:
    return {
        "id": f"any/sentences/{unit}#{replicate}",
        "model": "m",
        "prompt": f"Write 8 sentences about {unit}.",
        "completion": sentences(unit, replicate=replicate) if completion is None else completion,
        "finish_reason": "stop",
    } | other


ROWS = [row(unit) for unit in UNITS]


@pytest.fixture
def record(workspace: Path) -> Record:
    def write(rows: Iterable[Row]) -> str:
        path = workspace / "mine.jsonl"
        path.write_text("".join(json.dumps(found) + "\n" for found in rows), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def settings(composed: Composed, record: Record) -> CorpusConfig:
    """Six units with eight recorded sentences each, of which four are used."""
    found: CorpusConfig = composed("train", "size=n4", "annotator=seed", "generation.per_request=8")
    found.prompt = PROMPT
    found.llm.recordings = [record(ROWS)]
    return resolving.resolve(found, gold=GOLD).settings


@pytest.fixture
def store(workspace: Path) -> ArtifactStore:
    return ArtifactStore(workspace / "artifacts")


def make(settings: CorpusConfig, *, store: ArtifactStore, gold: Gold = GOLD) -> corpora.Corpus:
    recipe = resolving.opened(settings, gold=gold).recipe
    return corpora.make_corpus(recipe, completions=completions_of(settings), store=store)


def changed(settings: CorpusConfig, **nodes: dict[str, Any]) -> CorpusConfig:
    """A copy in which keys of some nodes have other values."""
    return replace(settings, **{name: replace(getattr(settings, name), **keys) for name, keys in nodes.items()})


def texts(corpus: corpora.Corpus) -> list[str]:
    return [example.text for example in corpus.examples]


def test_a_corpus_has_its_examples_its_rejects_and_its_counts(settings: CorpusConfig, store: ArtifactStore) -> None:
    corpus = make(settings, store=store)
    assert len(corpus.examples) == 24
    assert corpus.folder == store.root / f"corpus-1.ner-1-{corpus.digest}"
    assert {mention for example in corpus.examples for mention in example.mentions} == set(UNITS)
    assert corpus.manifest.counts == {
        "units": 6,
        "units available": 6,
        "units in all": 6,
        "completions": 6,
        "parsed": 48,
        "kept": 24,
        "not needed": 24,
    }
    assert corpus.manifest.rejected == {}
    assert corpora.load_corpus(corpus.folder) == corpus


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def halve(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")


def without_hashes(folder: Path) -> None:
    """As an early release has left it."""
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del content["files"]
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "half of it": ("examples.jsonl", halve),
    "a cut line": ("examples.jsonl", lambda path: path.write_bytes(path.read_bytes()[:-9])),
    "another label": ("examples.jsonl", lambda path: change(path, "B-Disease", "O")),
    "another text": ("examples.jsonl", lambda path: change(path, "hurts", "hurls")),
    "no examples": ("examples.jsonl", Path.unlink),
    "no rejected ones": ("rejected.jsonl", Path.unlink),
    "half a manifest": ("manifest.json", halve),
    "no manifest": ("manifest.json", Path.unlink),
    "another corpus's manifest": ("manifest.json", lambda path: change(path, '"size": {', '"size": {"n": 1, ')),
    "counts that are none": ("manifest.json", lambda path: change(path, '"kept": 24', '"kept": "24"')),
}
KNOWN_WITHOUT_HASHES = {*DAMAGES} - {"another label", "another text", "no rejected ones"}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_corpus_is_named_with_what_mends_it(
    settings: CorpusConfig, store: ArtifactStore, damage: str
) -> None:
    name, harm = DAMAGES[damage]
    folder = make(settings, store=store).folder
    harm(folder / name)
    with pytest.raises(DataFormatError) as raised:
        make(settings, store=store)
    assert str(folder) in str(raised.value)
    (command,) = re.findall("`(rm -r [^`]+)`", str(raised.value))
    subprocess.run(command, shell=True, check=True)
    assert len(make(settings, store=store).examples) == 24


@pytest.mark.parametrize("damage", sorted(KNOWN_WITHOUT_HASHES))
def test_of_an_early_release_what_can_be_seen_is_named(
    settings: CorpusConfig, store: ArtifactStore, damage: str
) -> None:
    name, harm = DAMAGES[damage]
    corpus = make(settings, store=store)
    without_hashes(corpus.folder)
    assert corpora.load_corpus(corpus.folder).examples == corpus.examples
    harm(corpus.folder / name)
    with pytest.raises(DataFormatError, match="rm -r"):
        corpora.load_corpus(corpus.folder)


def test_a_corpus_is_the_same_on_one_core_and_on_two(
    settings: CorpusConfig, workspace: Path, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    spoilt = "Sure:\n1. Ataxia.\n2. It hurts.\n" + sentences("ataxia")
    record([row("ataxia", completion=spoilt), *ROWS[1:]])
    one = make(settings, store=ArtifactStore(workspace / "one"))
    monkeypatch.setattr(in_order, "MANY", 2)
    monkeypatch.setattr(in_order, "PART", 1)
    monkeypatch.setattr(in_order, "_cores", lambda: 2)
    two = make(settings, store=ArtifactStore(workspace / "two"))
    assert one.digest == two.digest
    for name in ("examples.jsonl", "rejected.jsonl", "manifest.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert sorted(one.manifest.rejected) == ["remark", "too_short", "unit_missing"]


def test_a_smaller_size_stands_at_the_head_of_a_larger(settings: CorpusConfig, store: ArtifactStore) -> None:
    found = [texts(make(changed(settings, size={"per_unit": size}), store=store)) for size in (1, 3, 4, 8)]
    assert [len(corpus) for corpus in found] == [6, 18, 24, 48]
    assert all(larger[: len(smaller)] == smaller for smaller, larger in itertools.pairwise(found))


def test_a_smaller_share_of_units_stands_inside_a_larger(settings: CorpusConfig, store: ArtifactStore) -> None:
    shares = (0.1, 0.5, 0.9, 1.0)
    found = [set(texts(make(changed(settings, seed_ratio={"value": share}), store=store))) for share in shares]
    assert [len(corpus) for corpus in found] == [4, 12, 20, 24]
    assert all(smaller < larger for smaller, larger in itertools.pairwise(found))


def test_both_kinds_of_nesting_survive_near_duplicates(
    settings: CorpusConfig, store: ArtifactStore, record: Record
) -> None:
    """Every unit's sentences are nearly those of the others; what is rejected depends on neither size nor share."""
    loose = changed(settings, quality={"near_duplicates": 0.5})
    whole = make(changed(loose, size={"per_unit": 8}), store=store)
    assert whole.manifest.rejected["near_duplicate"] > 0
    for size in (1, 4):
        assert set(texts(make(changed(loose, size={"per_unit": size}), store=store))) <= set(texts(whole))
    for share in (0.2, 0.5):
        part = changed(loose, size={"per_unit": 8}, seed_ratio={"value": share})
        assert set(texts(make(part, store=store))) <= set(texts(whole))


def test_the_generation_seed_shuffles_the_units(settings: CorpusConfig, store: ArtifactStore) -> None:
    half = changed(settings, seed_ratio={"value": 0.5})
    found = {frozenset(texts(make(changed(half, generation={"seed": seed}), store=store))) for seed in range(4)}
    assert len(found) > 1
    assert texts(make(half, store=store)) == texts(make(half, store=ArtifactStore(store.root / "again")))


def test_units_max_takes_the_most_frequent(settings: CorpusConfig, store: ArtifactStore) -> None:
    often = Gold(train=[*GOLD.train, *GOLD.train[3:]], test=[], devel=[], hashes={})
    corpus = make(changed(settings, units={"max": 3}), store=store, gold=often)
    assert {mention for example in corpus.examples for mention in example.mentions} == {"asthma", "migraine", "lupus"}


def test_two_requests_per_unit_where_one_is_too_small(
    settings: CorpusConfig, store: ArtifactStore, record: Record
) -> None:
    record([*ROWS, *(row(unit, replicate=1) for unit in UNITS)])
    small, large = (make(changed(settings, size={"per_unit": size}), store=store) for size in (8, 12))
    assert large.manifest.counts["completions"] == 12
    assert texts(large)[:48] == texts(small)
    assert len(large.examples) == 72


LINES = ("cells were kept", "mice were bred", "doses were low", "age was noted", "exons were read", "staff were asked")


def negatives(number: int) -> Row:
    """Six sentences of which the fifth names a unit."""
    lines = (f"{n}. In plate {number} all {said} by one of us." for n, said in enumerate(LINES, 1))
    completion = "\n".join(lines).replace("exons", "gouts")
    found = {"id": f"a/negatives/none#{number}", "prompt": "6 disease lines. Mild.", "completion": completion}
    return row("x") | found


@pytest.fixture
def with_negatives(settings: CorpusConfig, record: Record) -> CorpusConfig:
    """A fifth of the corpus is negatives: six beside 24."""
    record([*ROWS, *map(negatives, range(3))])
    asked = {"per_request": 6, "prompt": PromptConfig(name="negatives", text="$n $noun lines. $negatives")}
    return changed(settings, units={"negatives": 0.2}, negatives=asked, dataset={"negatives": "Mild."})


def test_a_share_of_the_corpus_are_negatives_and_they_are_counted(
    with_negatives: CorpusConfig, settings: CorpusConfig, store: ArtifactStore
) -> None:
    corpus, without = make(with_negatives, store=store), make(settings, store=store)
    assert corpus.manifest.described == {"sentences": 29, "mentions": 24, "none": 5}
    assert corpus.manifest.rejected == {"mention_in_negative": 1}
    assert corpus.manifest.short == {"none": 5}
    counts = corpus.manifest.counts
    assert (counts["units"], counts["units available"], counts["units in all"], counts["completions"]) == (7, 7, 7, 7)
    (refused,) = corpus.rejected()
    assert (refused["unit"], refused["reason"], refused["detail"]) == ("none", "mention_in_negative", "gouts")
    others = [text for text, unit in zip(texts(corpus), corpus.units, strict=True) if unit != "none"]
    assert others == texts(without)


def test_negatives_are_spread_over_the_corpus(with_negatives: CorpusConfig, store: ArtifactStore) -> None:
    units = make(with_negatives, store=store).units
    assert [sum(unit == "none" for unit in units[start : start + 10]) for start in (0, 10, 20)] == [2, 1, 2]


@pytest.mark.parametrize("annotator", ["gazetteer", "llm"])
def test_negatives_nest_as_their_corpora_do(
    with_negatives: CorpusConfig, store: ArtifactStore, record: Record, annotator: str
) -> None:
    record([*ROWS, *map(negatives, range(3)), *(mentions(unit) for unit in UNITS)])
    prompt = PromptConfig(name="mentions", text="List $noun: $sentences") if annotator == "llm" else None
    lexicon = None if prompt else "train"
    labelled = changed(with_negatives, annotator={"name": annotator, "prompt": prompt, "lexicon": lexicon})

    def found(*, size: int, share: float) -> set[str]:
        part = changed(labelled, size={"per_unit": size}, seed_ratio={"value": share})
        return set(texts(make(part, store=store)))

    assert found(size=1, share=1.0) < found(size=4, share=1.0) < found(size=8, share=1.0)
    assert found(size=4, share=0.2) < found(size=4, share=0.5) < found(size=4, share=1.0)


def test_negatives_are_compared_with_each_other_alone(
    with_negatives: CorpusConfig, settings: CorpusConfig, store: ArtifactStore
) -> None:
    loose = {"near_duplicates": 0.3}
    corpus, without = (make(changed(found, quality=loose), store=store) for found in (with_negatives, settings))
    assert corpus.manifest.rejected["near_duplicate"] > without.manifest.rejected["near_duplicate"]
    assert [text for text, unit in zip(texts(corpus), corpus.units, strict=True) if unit != "none"] == texts(without)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.18])
def test_the_digest_covers_the_negatives(with_negatives: CorpusConfig, store: ArtifactStore, share: float) -> None:
    """Also how many of the same answer are taken."""
    before = make(with_negatives, store=store).digest
    assert make(changed(with_negatives, units={"negatives": share}), store=store).digest != before


def test_negatives_without_an_answer_are_missed(
    with_negatives: CorpusConfig, store: ArtifactStore, record: Record
) -> None:
    record(ROWS)
    with pytest.raises(MissingCompletions, match=r"1 of 7 completions are missing.*/negatives/none#0'"):
        make(with_negatives, store=store)
    skipped = make(changed(with_negatives, generation={"on_missing": OnMissing.skip}), store=store)
    assert (len(skipped.examples), skipped.manifest.short) == (24, {"none": 0})
    record([])
    with pytest.raises(MissingCompletions) as raised:
        make(with_negatives, store=store)
    assert [request.id.partition("/")[2] for request in raised.value.requests] == [
        *(f"sentences/{unit}#0" for unit in sorted(UNITS, key=str.casefold)),
        "negatives/none#0",
    ]


DIGEST_CHANGES: list[dict[str, dict[str, Any]]] = [
    {"size": {"per_unit": 3}},
    {"seed_ratio": {"value": 0.5}},
    {"units": {"max": 5}},
    {"generation": {"seed": 1}},
    {"annotator": {"name": "gazetteer", "lexicon": "train"}},
    {"quality": {"min_words": 3}},
]
DIGEST_STAYS: list[dict[str, dict[str, Any]]] = [
    {"paths": {"artifacts": "elsewhere"}},
    {"tracking": {"table": "t", "log_text": False}},
    {"dataset": {"name": "renamed", "licence": "other"}},
    {"generation": {"on_missing": OnMissing.skip}},
]


@pytest.mark.parametrize("nodes", DIGEST_CHANGES, ids=str)
def test_the_digest_covers_what_changes_the_corpus(
    settings: CorpusConfig, store: ArtifactStore, nodes: dict[str, dict[str, Any]]
) -> None:
    assert make(changed(settings, **nodes), store=store).digest != make(settings, store=store).digest


def test_the_digest_covers_the_entity_type(settings: CorpusConfig, store: ArtifactStore) -> None:
    other = [Sentence(each.tokens, tuple(replace(span, label="Illness") for span in each.spans)) for each in GOLD.train]
    made = make(changed(settings, dataset={"entity_type": "Illness"}), store=store, gold=replace(GOLD, train=other))
    assert made.digest != make(settings, store=store).digest


@pytest.mark.parametrize("nodes", DIGEST_STAYS, ids=str)
def test_the_digest_covers_nothing_else(
    settings: CorpusConfig, store: ArtifactStore, nodes: dict[str, dict[str, Any]]
) -> None:
    assert make(changed(settings, **nodes), store=store).digest == make(settings, store=store).digest


def test_the_digest_covers_the_completions(settings: CorpusConfig, store: ArtifactStore, record: Record) -> None:
    before = make(settings, store=store)
    record([row("ataxia", completion=sentences("ataxia").replace("days", "weeks")), *ROWS[1:]])
    assert make(settings, store=store).digest != before.digest


def test_the_digest_covers_the_lexicon(settings: CorpusConfig, store: ArtifactStore, workspace: Path) -> None:
    found = []
    for terms in ("gout\n", "gout\nlupus\n"):
        (workspace / "terms.txt").write_text(terms, encoding="utf-8")
        known = changed(settings, annotator={"name": "gazetteer", "lexicon": "terms.txt"})
        found.append(make(known, store=store))
    assert found[0].digest != found[1].digest
    assert [len({m for e in corpus.examples for m in e.mentions}) for corpus in found] == [1, 2]


def asked(settings: CorpusConfig, *, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Every request that making a corpus looks up."""
    seen: list[Request] = []
    find = RecordedCompletions.find

    def spy(self: RecordedCompletions, requests: Any) -> Any:
        seen.extend(requests)
        return find(self, requests)

    with monkeypatch.context() as patch:
        patch.setattr(RecordedCompletions, "find", spy)
        make(settings, store=store)
    return seen


@pytest.mark.parametrize(
    "nodes",
    [
        {"quality": {"min_words": 9, "near_duplicates": 0.3}},
        {"annotator": {"name": "gazetteer", "lexicon": "train"}},
        {"size": {"per_unit": 8}},
    ],
    ids=str,
)
def test_a_change_behind_the_completions_asks_for_no_other(
    settings: CorpusConfig, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, nodes: dict[str, dict[str, Any]]
) -> None:
    before = asked(settings, store=store, monkeypatch=monkeypatch)
    assert asked(changed(settings, **nodes), store=store, monkeypatch=monkeypatch) == before


def test_size_never_enters_a_message(
    settings: CorpusConfig, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [changed(settings, size={"per_unit": size}) for size in (1, 8)]
    first, second = (asked(found, store=store, monkeypatch=monkeypatch) for found in sizes)
    assert [request.messages for request in first] == [request.messages for request in second]


def test_an_edited_prompt_is_a_miss(settings: CorpusConfig, store: ArtifactStore) -> None:
    settings.prompt = PromptConfig(name="sentences", text="Write $n fine sentences about $entity.")
    with pytest.raises(MissingCompletions, match="none of the 6 units") as raised:
        make(settings, store=store)
    assert "its `prompt` differs" in str(raised.value)
    assert len(raised.value.requests) == 6


def test_another_number_per_request_is_a_miss(settings: CorpusConfig, store: ArtifactStore) -> None:
    with pytest.raises(MissingCompletions, match="with 9 examples a request"):
        make(changed(settings, generation={"per_request": 9}), store=store)


def test_units_without_a_recording_are_left_out_and_counted(
    settings: CorpusConfig, store: ArtifactStore, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    record(ROWS[:2])
    counts = make(settings, store=store).manifest.counts
    assert (counts["units"], counts["units available"], counts["units in all"]) == (2, 2, 6)
    assert "2 of 6 units are recorded" in capsys.readouterr().out


def test_more_per_unit_than_is_recorded_is_said(settings: CorpusConfig, store: ArtifactStore) -> None:
    more = changed(settings, size={"per_unit": 9})
    with pytest.raises(MissingCompletions, match=r"6 of 12 completions are missing.*size\.per_unit=8 needs one"):
        make(more, store=store)
    skipped = make(changed(more, generation={"on_missing": OnMissing.skip}), store=store)
    assert len(skipped.examples) == 48
    assert skipped.manifest.short == dict.fromkeys(skipped.manifest.short, 8)
    assert set(skipped.manifest.short) == set(UNITS)


def test_a_unit_that_stands_in_no_sentence_is_said(
    settings: CorpusConfig, store: ArtifactStore, record: Record
) -> None:
    record([*ROWS[:5], row("lupus", completion=sentences("gout"))])
    with pytest.raises(DataFormatError, match=r"1 of 6 units stand in none of their own sentences: 'lupus'"):
        make(settings, store=store)
    skipped = make(changed(settings, generation={"on_missing": OnMissing.skip}), store=store)
    assert skipped.manifest.short == {"lupus": 0}
    assert skipped.manifest.rejected["unit_missing"] == 8


def test_answers_without_any_text_are_quoted(settings: CorpusConfig, store: ArtifactStore, record: Record) -> None:
    record([*ROWS[:5], row("lupus", completion="OK.")])
    with pytest.raises(DataFormatError, match=r"answers about 1 of 6 units: 'lupus'\. About the first .* says 'OK\.'"):
        make(settings, store=store)


def test_a_corpus_of_a_script_without_blanks(settings: CorpusConfig, store: ArtifactStore, record: Record) -> None:
    record([row("痛风", completion="1. 痛风患者的血尿酸水平明显升高。\n2. 急性痛风发作时关节红肿热痛。")])
    found = make(settings, store=store, gold=replace(GOLD, units=("痛风",)))
    assert [example.text for example in found.examples] == [
        "痛风患者的血尿酸水平明显升高。",
        "急性痛风发作时关节红肿热痛。",
    ]
    assert [example.mentions for example in found.examples] == [["痛风"], ["痛风"]]


def test_labels_that_cannot_be_read_stop_nothing_but_a_corpus_without_any(
    composed: Composed, store: ArtifactStore, record: Record
) -> None:
    found: CorpusConfig = composed("train", "size=n2", "annotator=llm", "generation.per_request=8")
    found.prompt = PROMPT
    found.llm.recordings = [record(ROWS)]
    settings = resolving.resolve(found, gold=GOLD).settings
    recipe = resolving.opened(settings, gold=GOLD).recipe

    def labels(unit: str, answer: str) -> Row:
        completion = Completion(f"any/sentences/{unit}#0", "m", sentences(unit), "stop")
        drafts, _ = recipe.task.writer.parse(completion, unit=unit, replicate=0)
        request = recipe.task.writer.label_request(drafts, completion=completion, writing=recipe.writing)
        assert request is not None
        return row(unit, completion=answer, id=f"any/mentions/{unit}#0", **request.evidence)

    listed = [labels(unit, "\n".join(f"{number}. {unit}" for number in range(1, 9))) for unit in UNITS[1:]]
    settings.llm.recordings = [record([*ROWS, labels(UNITS[0], "I cannot see any."), *listed])]
    corpus = make(settings, store=store)
    assert corpus.manifest.rejected == {"labels_unreadable": 8}
    assert {mention for example in corpus.examples for mention in example.mentions} == set(UNITS[1:])
    settings.llm.recordings = [record([*ROWS, *(labels(unit, "I cannot see any.") for unit in UNITS)])]
    with pytest.raises(
        DataFormatError, match=r"No labels can be read: .*lists mentions for 0 sentences where 8 were.*forget.prompt="
    ):
        make(settings, store=store)


def test_what_was_rejected_is_written_down(settings: CorpusConfig, store: ArtifactStore, record: Record) -> None:
    spoilt = "Sure:\n1. Ataxia.\n" + sentences("ataxia")
    record([row("ataxia", completion=spoilt, finish_reason="length"), *ROWS[1:]])
    corpus = make(settings, store=store)
    rows = corpus.rejected()
    assert {found["reason"]: found["text"].split()[0] for found in rows} == {
        "remark": "Sure:",
        "cut": "In",
        "too_short": "Ataxia.",
    }
    assert corpus.manifest.rejected == {"remark": 1, "cut": 1, "too_short": 1}


def test_copies_of_gold_test_are_rejected(settings: CorpusConfig, store: ArtifactStore) -> None:
    copied = sentence("In group 0 of GOUT/B it hurts after 1 days of care .")
    corpus = make(settings, store=store, gold=replace(GOLD, test=[copied]))
    assert corpus.manifest.rejected == {"test_copy": 1}
    assert copied.text.casefold() not in {text.casefold() for text in texts(corpus)}


def mentions(unit: str, *, lines: int = 8, **other: Any) -> Row:
    noted = {
        "id": f"any/mentions/{unit}#0",
        "prompt": "List disease: {the 8 numbered sentences}",
        "labels": f"any/sentences/{unit}#0",
        "completion": "\n".join(f"{number}. {unit}" for number in range(1, lines + 1)),
    }
    return row(unit) | noted | other


@pytest.fixture
def listed(settings: CorpusConfig) -> CorpusConfig:
    """The same corpus, labelled by the LLM."""
    prompt = PromptConfig(name="mentions", text="List $noun: $sentences")
    return changed(settings, annotator={"name": "llm", "prompt": prompt})


def test_the_llm_labels_its_own_sentences(listed: CorpusConfig, store: ArtifactStore, record: Record) -> None:
    record([*ROWS, *(mentions(unit) for unit in UNITS)])
    corpus = make(listed, store=store)
    assert all(len(example.mentions) == 1 for example in corpus.examples)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"labels": "any/sentences/gout#1"}, "1 of 6 completions are missing.*its `labels` differs"),
        ({"prompt": "List {the 7 numbered sentences}"}, "1 of 6 completions are missing.*its `prompt` differs"),
    ],
    ids=["labels", "prompt"],
)
def test_mentions_of_other_sentences_are_refused(
    listed: CorpusConfig, store: ArtifactStore, record: Record, other: dict[str, Any], said: str
) -> None:
    record([*ROWS, *(mentions(unit) for unit in UNITS[1:]), mentions("ataxia", **other)])
    with pytest.raises((DataFormatError, MissingCompletions), match=said):
        make(listed, store=store)


def test_a_sentence_whose_mentions_are_not_listed_goes_and_the_others_stay(
    listed: CorpusConfig, store: ArtifactStore, record: Record
) -> None:
    record([*ROWS, *(mentions(unit) for unit in UNITS[1:]), mentions("ataxia", lines=7)])
    corpus = make(listed, store=store)
    assert corpus.manifest.rejected["labels_unreadable"] == 1


def test_the_llm_without_recorded_mentions_is_said(listed: CorpusConfig, store: ArtifactStore) -> None:
    with pytest.raises(MissingCompletions, match=r"6 of 6 completions are missing, the first is '[^']*/mentions/"):
        make(listed, store=store)


def test_no_gold_and_no_list_is_said(settings: CorpusConfig, store: ArtifactStore) -> None:
    with pytest.raises(ConfigError, match=r"neither gold train nor a list of units"):
        make(settings, store=store, gold=Gold(train=[], test=[], devel=[], hashes={}))


def test_a_lexicon_of_a_train_split_that_is_not_there_is_said(settings: CorpusConfig, store: ArtifactStore) -> None:
    nodes = {"dataset": {"units": "terms.txt"}, "annotator": {"name": "gazetteer", "lexicon": "train"}}
    nothing = Gold(train=[], test=[], devel=[], hashes={}, units=UNITS)
    with pytest.raises(ConfigError, match=r"use annotator\.lexicon=units"):
        make(changed(settings, **nodes), store=store, gold=nothing)
    nodes["annotator"]["lexicon"] = "units"
    assert len(make(changed(settings, **nodes), store=store, gold=nothing).examples) == 24


def test_a_corpus_is_found_by_its_digest(settings: CorpusConfig, store: ArtifactStore) -> None:
    first = make(settings, store=store)
    time.sleep(0.01)
    last = make(changed(settings, size={"per_unit": 2}), store=store)
    assert corpora.find_corpus(first.digest[:6], store=store) == first.folder
    assert corpora.find_corpus("latest", store=store) == last.folder
    with pytest.raises(ConfigError, match=rf"corpus=nothing is no corpus.*{first.digest}"):
        corpora.find_corpus("nothing", store=store)
    with pytest.raises(ConfigError, match="corpus= is more than one corpus"):
        corpora.find_corpus("", store=store)


def _make_beside(settings: CorpusConfig, root: str, start: Any) -> None:
    start.wait(60)
    built = corpora.build_corpus
    calls = Path(root) / f"built-{os.getpid()}"

    def counted(folder: Path, generation: Any, **lexicon: Any) -> dict[str, Any]:
        calls.touch()
        time.sleep(0.3)
        return built(folder, generation, **lexicon)

    corpora.build_corpus = counted
    make(settings, store=ArtifactStore(Path(root) / "artifacts"))


def test_two_processes_build_a_corpus_once(settings: CorpusConfig, workspace: Path) -> None:
    start = SPAWN.Barrier(2)
    makers = [SPAWN.Process(target=_make_beside, args=(settings, str(workspace), start)) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(120)
    assert [maker.exitcode for maker in makers] == [0, 0]
    assert len(list(workspace.glob("built-*"))) == 1


def _make_for_ever(settings: CorpusConfig, root: str) -> None:
    built = corpora.build_corpus

    def stuck(folder: Path, generation: Any, **lexicon: Any) -> dict[str, Any]:
        built(folder, generation, **lexicon)
        (Path(root) / "half-way").touch()
        time.sleep(120)
        return {}

    corpora.build_corpus = stuck
    make(settings, store=ArtifactStore(Path(root) / "artifacts"))


def test_a_corpus_whose_builder_was_killed_is_built_again(
    settings: CorpusConfig, workspace: Path, store: ArtifactStore
) -> None:
    maker = SPAWN.Process(target=_make_for_ever, args=(settings, str(workspace)))
    maker.start()
    for _ in range(1200):
        if (workspace / "half-way").exists():
            break
        time.sleep(0.1)
    assert maker.pid is not None
    os.kill(maker.pid, signal.SIGKILL)
    maker.join(60)
    with pytest.raises(ConfigError, match="no corpus"):
        corpora.find_corpus("latest", store=store)
    assert len(make(settings, store=store).examples) == 24
    assert [path.name for path in store.root.iterdir() if path.name.startswith(".")] == []


def test_the_recordings_that_ship_make_the_sample_corpus(composed: Composed, store: ArtifactStore) -> None:
    found = resolving.load_and_resolve(composed("train", "annotator=llm", "size=n5", "units.max=40"))
    completions = completions_of(found.settings)
    corpus = corpora.make_corpus(found.recipe, completions=completions, store=store)
    assert len(corpus.examples) == 200
    assert corpus.manifest.counts["units available"] == 118
    assert corpus.manifest.rejected == {}
    assert corpus.manifest.models == ["claude"]
    assert completions.limited


def given_away(corpus: corpora.Corpus, folder: Path, harm: Callable[[Row, list[Row]], None] = lambda *_: None) -> Path:
    """The corpus as an export of somebody who has changed its manifest and rows, and all hashes with them."""
    manifest, rows = corpus.manifest.shared(), list(corpus.rows())
    harm(manifest, rows)
    write_export(
        folder,
        digest=corpus.manifest.digest,
        manifest=manifest,
        builder=lambda folder: parquet.write_parquet(folder / parquet.KEPT, rows, lists=()),
        force=True,
    )
    return folder


def poison(_: Row, rows: list[Row]) -> None:
    for row in rows:
        row |= {"tags": ["O"] * len(row["tags"])}


def test_an_export_that_carries_anothers_digest_is_not_trained_on(
    settings: CorpusConfig, store: ArtifactStore, workspace: Path
) -> None:
    own = make(settings, store=store)
    evil = given_away(own, workspace / "evil", poison)
    with pytest.raises(DataFormatError, match=f"says that it is the corpus {own.digest}, which .* with other examples"):
        corpora.find_corpus(str(evil), store=store)
    assert make(settings, store=store) == own

    shutil.rmtree(store.root)
    brought = corpora.load_corpus(corpora.find_corpus(str(evil), store=store))
    assert not any(example.spans for example in brought.examples)
    with pytest.raises(DataFormatError, match=f"other examples than its completions give.*corpus={own.digest}"):
        make(settings, store=store)
    assert make(settings, store=store).examples == own.examples


def test_an_honest_export_is_taken_in_and_becomes_ones_own(
    settings: CorpusConfig, store: ArtifactStore, workspace: Path
) -> None:
    own = make(settings, store=store)
    given = given_away(own, workspace / "given")
    assert corpora.find_corpus(str(given), store=store) == own.folder
    shutil.rmtree(store.root)
    brought = corpora.load_corpus(corpora.find_corpus(str(given), store=store))
    assert (brought.digest, brought.examples, brought.manifest.taken_in) == (own.digest, own.examples, True)
    assert corpora.find_corpus(str(given), store=store) == brought.folder
    assert make(settings, store=store) == own
    assert "taken_in" not in given_away(brought, workspace / "again").joinpath("manifest.json").read_text()


def test_what_is_made_of_a_poisoned_corpus_goes_with_it(
    settings: CorpusConfig, store: ArtifactStore, workspace: Path
) -> None:
    other = make(changed(settings, size={"per_unit": 2}), store=store)
    own = make(settings, store=store)
    evil = given_away(own, workspace / "evil", poison)
    shutil.rmtree(own.folder)
    task = resolving.opened(settings, gold=GOLD).task

    def pinned() -> corpora.Corpus:
        names = (own.digest if own.folder.is_dir() else str(evil), other.digest)
        return corpora.pinned_corpus(names, how=Reviewed.keep, task=task, gold=GOLD, store=store)

    poisoned = pinned()
    assert poisoned.manifest.taken_in
    assert pinned() == poisoned  # as long as nobody knows better
    for again in (make, lambda *_, **__: pinned()):
        with pytest.raises(DataFormatError, match="somebody changed them"):
            again(settings, store=store)
    whole = pinned()
    assert (whole.digest, whole.manifest.taken_in) == (poisoned.digest, None)
    assert all(example.spans for example in whole.examples)


HOSTILE: dict[str, Callable[[Row, list[Row]], Any]] = {
    "no unit": lambda _, rows: [row.pop("unit") for row in rows],
    "no tags": lambda _, rows: [row.pop("tags") for row in rows],
    "a unit that is a number": lambda _, rows: [row.update(unit=3) for row in rows],
    "tags too many": lambda _, rows: rows[5]["tags"].append("O"),
    "tags too few": lambda _, rows: rows[5]["tags"].pop(),
    "an unknown tag": lambda _, rows: rows[5]["tags"].__setitem__(0, "B-Evil"),
    "tokens that are numbers": lambda _, rows: [row.update(tokens=[1] * len(row["tokens"])) for row in rows],
    "tokens that are a text": lambda _, rows: [row.update(tokens="x" * len(row["tags"])) for row in rows],
    "fewer rows": lambda _, rows: rows.pop(),
    "no counts": lambda manifest, _: manifest.pop("counts"),
    "counts that are a list": lambda manifest, _: manifest.update(counts=[1]),
    "counts that are texts": lambda manifest, _: manifest.update(counts={"kept": "24"}),
    "labels that are a number": lambda manifest, _: manifest.update(labels=3),
    "a task that is not there": lambda manifest, _: manifest.update(task="evil"),
    "statistics of nothing": lambda manifest, _: manifest.update(statistics={"gold": 3}),
    "a prompt without a name": lambda manifest, _: manifest.update(prompt={"text": "x"}),
    "a prompt that is a number": lambda manifest, _: manifest.update(prompt={"name": 3}),
    "another content": lambda manifest, _: manifest["content"].update(labels=["O"]),
    "a dataset that is a path": lambda manifest, _: manifest.update(dataset=".."),
    "a version that is a path": lambda manifest, _: manifest.update(version="../../evil"),
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_a_hostile_export_is_refused_in_a_paragraph(
    settings: CorpusConfig, store: ArtifactStore, workspace: Path, harm: str
) -> None:
    evil = given_away(make(settings, store=store), workspace / "evil", HOSTILE[harm])
    shutil.rmtree(store.root)
    with pytest.raises((DataFormatError, ConfigError), match=str(evil)):
        corpora.find_corpus(str(evil), store=store)
    assert not list(store.root.glob("corpus-*"))
