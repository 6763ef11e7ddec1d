"""Each way in which labels or texts are asked for: told, allowed, capped, killed, paid for once, and nested."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinsynth.llm.cache import CompletionCache
from support import Command, MockServer, Said, examples

Run = Callable[..., Said]
WRITTEN = ("units.max=4", "size=n4", "generation.per_request=4")
LABELLED = (*WRITTEN, "annotator=llm")
REAL = ("material=texts", "texts.path=notes.txt", "generation.per_request=5", "annotator=llm")
NEGATIVES = ("units.negatives=0.4", "negatives.terms=symptoms.txt", "negatives.per_request=2", "annotator=gazetteer")
CAP = ("llm.price.input=1000", "llm.price.output=1000", "llm.max_cost_usd=0.001")

WAYS = {
    "shots": ((*LABELLED, "annotator.shots=2"), 8),
    "guidelines": ((*LABELLED, "annotator.guidelines=rules.md"), 8),
    "steps": ((*LABELLED, "annotator.steps=2"), 12),
    "passes": ((*LABELLED, "annotator.passes=2", "llm.temperature=0.5"), 12),
    "verification": ((*LABELLED, "annotator.verify=true"), 12),
    "texts": ((*REAL, "annotator.verify=true"), 8),
    "negatives": ((*WRITTEN, *NEGATIVES), 10),
}
"""The words of each, and how many requests they come to."""


@pytest.fixture
def asked(with_store: Path, clinsynth: Command, server: MockServer) -> Run:
    lines = [
        f"In visit {place} of 20 there was gout seen by {place * 7} observers of week {place}." for place in range(20)
    ]
    (with_store / "notes.txt").write_text("\n\n".join(lines), encoding="utf-8")
    (with_store / "rules.md").write_text("# Abbreviations\nThey count.\n# Genes\nThey do not.\n", encoding="utf-8")
    (with_store / "symptoms.txt").write_text("fever\ncough\nchills\n", encoding="utf-8")

    def run(*words: str, trusted: bool = True) -> Said:
        live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.concurrency=1")
        consent = ("dataset.public=false", f"llm.trusted={str(trusted).lower()}")
        return clinsynth("generate", *live, *consent, "quality.near_duplicates=null", *words)

    return run


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All answers that are written down; behind a word `kill` the process ends as soon as one is."""
    found: list[str] = []
    put = CompletionCache.put

    def counted(self: CompletionCache, *given: Any, **told: Any) -> None:
        put(self, *given, **told)
        killed = found[-1:] == ["kill"]
        found[len(found) - killed :] = ["answer"]
        if killed:
            raise KeyboardInterrupt

    monkeypatch.setattr(CompletionCache, "put", counted)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_way_of_asking_is_told_allowed_capped_and_paid_for_once(
    way: str, asked: Run, kept: list[str], server: MockServer, with_store: Path
) -> None:
    words, number = WAYS[way]
    told = asked(*words, "generation.dry_run=true", trusted=False)
    assert re.search(rf"requests to send +{number}\b", told.out), told.out
    assert "Without generation.dry_run it is refused" in told.out
    assert asked(*words, trusted=False).status == 2
    capped = asked(*words, *CAP)
    assert (capped.status, "llm.max_cost_usd=0.001" in capped.err) == (2, True)
    assert server.asked()["requests"] < number
    kept.append("kill")
    assert asked(*words).status != 0
    assert 0 < len(kept) < number
    half = examples(asked(*words, "seed_ratio=r050"), with_store)
    assert len(kept) < number
    whole = examples(asked(*words), with_store)
    assert {row["text"] for row in half} < {row["text"] for row in whole}
    assert examples(asked(*words), with_store) == whole
    assert len(kept) == number
    assert server.asked()["requests"] <= number + 1  # the one that was under way when it was killed


def test_an_estimate_counts_labels_of_texts_that_are_there(asked: Run, server: MockServer) -> None:
    """The answers that there are say which requests follow them, so that none is left out, and none counted twice."""

    def estimated(*words: str) -> int:
        told = asked(*LABELLED, *words, "generation.dry_run=true")
        (number,) = re.findall(r"requests to send +(\d+)", told.out)
        return int(number)

    assert asked(*WRITTEN).status == 0
    checked = ("annotator.shots=2", "annotator.verify=true")
    assert estimated(*checked) == 8
    assert asked(*LABELLED, "annotator.shots=2").status == 0
    assert estimated(*checked) == 4
    before = server.asked()["requests"]
    assert asked(*LABELLED, *checked).status == 0
    assert server.asked()["requests"] == before + 4
    assert estimated(*checked) == 0
