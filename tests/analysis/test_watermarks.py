"""A mark is found in tokens: here those of a tiny model that writes with one, without, and by another key."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from clinsynth.analysis import watermarks
from clinsynth.analysis.watermarks import Evidence, Keys
from clinsynth.errors import ConfigError
from clinsynth.llm.servers import PROTOCOLS, connect
from clinsynth.llm.servers.base import Endpoint, ServerAnswer
from clinsynth.llm.watermark import Watermark
from clinsynth.types import Request

MARK = Watermark("the house's own", bias=3.0)
TEXTS = 32


def written(model: Path, mark: Watermark | None) -> list[str]:
    """Texts of 80 tokens; no language, but tokens that were drawn."""
    how = Endpoint(PROTOCOLS["transformers"], model=str(model), temperature=1.0, max_tokens=80, seed=1, watermark=mark)
    asked = [Request(f"d/p/u{n}#0", ({"role": "user", "content": f"Text {n}"},)) for n in range(TEXTS)]

    async def run() -> Sequence[ServerAnswer]:
        async with connect(how) as server:
            return await asyncio.gather(*map(server.ask, asked))

    return [answer.text for answer in asyncio.run(run())]


@pytest.fixture(scope="module")
def model(cache_home: Path) -> Path:
    from clinsynth.learning.causal.tiny import tiny_llama

    return tiny_llama()


@pytest.fixture(scope="module")
def marked(model: Path) -> list[str]:
    return written(model, MARK)


@pytest.fixture(scope="module")
def plain(model: Path) -> list[str]:
    return written(model, None)


@pytest.fixture(scope="module")
def keys(model: Path) -> Keys:
    from clinsynth.llm.green_lists import GreenLists, open_tokenizer

    tokenizer, vocabulary = open_tokenizer(str(model))
    own, *others = (
        GreenLists(replace(MARK, secret=f"{n}" * n or MARK.secret), vocabulary=vocabulary) for n in range(9)
    )
    return Keys(lambda text: tokenizer(text, add_special_tokens=False)["input_ids"], own, others, MARK.share)


@pytest.mark.parametrize(
    ("scored", "green", "z", "p"), [(100, 25, 0.0, 0.5), (1200, 330, 2.0, 0.02275), (1200, 270, -2.0, 0.97725)]
)
def test_p_is_what_the_normal_distribution_leaves_above_z(scored: int, green: int, z: float, p: float) -> None:
    found = Evidence(scored, green, 0.25)
    assert found.z == pytest.approx(z, abs=1e-9)
    assert found.p == pytest.approx(p, abs=1e-5)
    assert math.erfc(watermarks.CRITICAL / math.sqrt(2)) / 2 == pytest.approx(watermarks.LEVEL)


def test_a_pair_of_tokens_counts_once() -> None:
    keys = Keys(lambda text: list(map(ord, text)), lambda pair: pair == (97, 98), (), 0.25)
    assert keys.evidence(["abab", "ab", "ac"]) == Evidence(3, 1, 0.25)  # ab, ba, ac
    assert keys.evidence(["a", ""]).p == 0.5


def test_a_marked_model_is_told_from_one_that_is_not(marked: list[str], plain: list[str], keys: Keys) -> None:
    assert keys.evidence(marked).p < 1e-12
    assert keys.evidence(plain).p > watermarks.LEVEL
    rates = watermarks.by_length(marked, keys=keys)
    assert [rate.x for rate in rates] == [10, 20, 40, 80, 160, 320]
    assert rates[-1].found == 1.0
    assert rates[0].found < rates[2].found
    of = sum(rate.false * rate.pieces for rate in rates) / sum(rate.pieces for rate in rates)
    assert of < 0.04  # 1% of long ones, and of the shortest ones more, whose counts are not quite normal


def test_a_filtered_corpus_is_still_detected(marked: list[str], keys: Keys) -> None:
    kept = [text for text in marked if len(text.split()) > 8][::3]
    assert 3 <= len(kept) <= TEXTS / 3 + 1
    assert keys.evidence([" ".join(text.split()).rstrip(",;") for text in kept]).p < 1e-9


def test_edits_take_the_mark_away_by_and_by(marked: list[str], sample_words: list[str], keys: Keys) -> None:
    edits = watermarks.by_edits(marked, keys=keys, words=sample_words)
    assert set(edits) == {"words left out", "words replaced", "texts left out"}
    for rates in edits.values():
        assert [rate.x for rate in rates] == list(watermarks.SHARES)
        assert rates[0].found == 1.0
    assert edits["words replaced"][-1].found < 1.0


def test_the_secret_stands_nowhere(model: Path) -> None:
    how = Endpoint(PROTOCOLS["transformers"], model=str(model), watermark=MARK)
    asked = Request("d/p/u#0", ({"role": "user", "content": "x"},))
    assert MARK.secret not in f"{how} {how.parameters(asked)}"
    keys = {replace(how, watermark=mark).cache_key(asked) for mark in (None, MARK, replace(MARK, secret="other"))}
    assert len(keys) == 3
    assert "watermark" not in how.asked(asked)


def test_nobody_else_is_asked_for_a_mark() -> None:
    with pytest.raises(ConfigError, match="puts no mark of ours into its answers"):
        connect(Endpoint(PROTOCOLS["openai"], model="m", watermark=MARK))
