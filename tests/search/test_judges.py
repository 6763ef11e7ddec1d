"""Verdicts of an LLM on two sets of samples, and numbers that stand in for a judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinsynth.errors import DataFormatError
from clinsynth.search import judges
from clinsynth.search.judges import GOLD_TEXTS, PairwiseJudge, RoundJudge, judge_of, verdict
from clinsynth.search.sheets import Waiting
from clinsynth.search.tree import CandidatePrompt
from clinsynth.types import Completion, Gold, Request
from support import Composed, gold, sentence


def said(text: str) -> str | None:
    return verdict(Completion("x", "m", text, "stop"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("A", "A"),
        ("B", "B"),
        ("b", "B"),
        (" A.\n", "A"),
        ("**A**", "A"),
        ("(B)", "B"),
        ('"B"', "B"),
        ("Ａ", "A"),
        ("Set B", "B"),
        ("**Set A**", "A"),
        ("```\nA\n```", "A"),
        ("\\boxed{A}", "A"),
        ("<answer>B</answer>", "B"),
        ("Verdict: B", "B"),
        ("**Verdict:** B", "B"),
        ("Verdict\n\nB", "B"),
        ("Final answer: Set B", "B"),
        ("The answer is A.", "A"),
        ("The winner is Set B.", "B"),
        ("Set A is better", "A"),
        ("**Set B** is better than Set A.", "B"),
        ("I prefer Set B", "B"),
        ("I would choose A.", "A"),
        ("A. Because ...", "A"),
        ("A. Because B repeats itself.", "A"),
        ("B, as A repeats itself", "B"),
        ("B - more variety", "B"),
        ("A: fluent, varied.", "A"),
        ("A\n\nExplanation: B is worse", "A"),
        ("<think>A ...</think>B", "B"),
        ("<think>Verdict: A</think>\n\nVerdict: B", "B"),
        ("Is A better? It is.</think>B", "B"),
        ("Set A repeats itself. Set B does not. Verdict: B", "B"),
        ("At first the better: A. In the end, verdict: B", "B"),
        ("tie", "tie"),
        ("Tie.", "tie"),
        ("**TIE**", "tie"),
        ("Verdict: tie", "tie"),
        ("tie, both are good", "tie"),
        ("equal", "tie"),
        ("neither", "tie"),
        ("Both", "tie"),
        ("A or B?", None),
        ("A and B", None),
        ("A/B", None),
        ("banana", None),
        ("Abracadabra", None),
        ("A better answer is hard to give", None),
        ("<think>A", None),
        ("", None),
        (" \n", None),
    ],
)
def test_verdicts_as_llms_write_them(answer: str, expected: str | None) -> None:
    assert said(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The better set is B.", "B"),
        ("Better set: A", "A"),
        ("In my opinion, Set B is better.", "B"),
        ("Set B wins.", "B"),
        ("A!", "A"),
        ('{"verdict": "B"}', "B"),
    ],
)
def test_verdicts_in_more_words(answer: str, expected: str) -> None:
    assert said(answer) == expected


@pytest.mark.parametrize(
    "answer", ["Both are equal", "It's a tie.", "Set A and Set B are equally good", "Neither set is better.", "a tie"]
)
def test_ties_in_more_words(answer: str) -> None:
    assert said(answer) == "tie"


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("Set B is worse.", "B"),
        ("A is not better than B.", "A"),
        ("Set A is repetitive, and Set B is the better.", "A"),
        ("Set A: repetitive. Set B: varied. B", "A"),
        ("Which is better: A or B? B", "A"),
        ("Verdict: a tie", "A"),
    ],
)
def test_the_opposite_of_what_is_said_is_no_verdict(answer: str, wrong: str) -> None:
    assert said(answer) != wrong


def candidate(name: str, *kept: str) -> CandidatePrompt:
    return CandidatePrompt(name, None, f"prompt {name}", kept=kept, rejected=())


THREE = [candidate("1.1", "good one"), candidate("1.2", "better one"), candidate("1.3", "bad one", "bad two")]
Says = Callable[[str, str], str]
"""Samples of the first and of the second set to an answer."""


def panel(settings: Any, says: Says) -> tuple[PairwiseJudge, list[Request]]:
    """A judge, and what it was asked."""
    asked: list[Request] = []

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        asked.extend(requests)
        return {request.id: Completion(request.id, "m", says(*sets(request)), "stop") for request in requests}

    return PairwiseJudge(settings, ask=ask), asked


def sets(request: Request) -> tuple[str, str]:
    text = request.messages[0]["content"]
    first, _, second = text.partition("Set A:\n")[2].partition("\nSet B:\n")
    return first, second.partition("\nAnswer with")[0]


COMPOSED: list[Any] = []
"""The settings: to compose them takes a tenth of a second."""


@pytest.fixture
def settings(composed: Composed) -> Any:
    if not COMPOSED:
        COMPOSED.append(composed("search_prompts", "llm=local", "llm.model=m", "judge=llm"))
    return deepcopy(COMPOSED[0])


def by_quality(first: str, second: str) -> str:
    order = ("bad", "good", "better")
    ranks = [order.index(text.split()[1]) for text in (first, second)]
    return "Verdict: " + ("A" if ranks[0] > ranks[1] else "B")


def test_every_two_are_compared_both_ways_round(settings: Any) -> None:
    judge, asked = panel(settings, by_quality)
    verdicts = judge(THREE, number=2)
    assert verdicts == {
        "1.1": {"score": 0.5, "consistent": 1.0},
        "1.2": {"score": 1.0, "consistent": 1.0},
        "1.3": {"score": 0.0, "consistent": 1.0},
    }
    assert len({sets(request) for request in asked}) == 6
    assert len({request.id for request in asked}) == 6
    assert asked[1].id == "sample_ner/judge/round-2-1.1-1.3#0"
    assert sets(asked[1]) == ("1. good one", "1. bad one\n2. bad two")
    assert settings.judge.rubric.strip() in asked[0].messages[0]["content"]


@pytest.mark.parametrize("silent", [False, True], ids=["of all", "of some"])
def test_verdicts_have_the_probability_of_their_word(settings: Any, silent: bool) -> None:
    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        found = {}
        for request in requests:
            text = by_quality(*sets(request))
            sure = ((len(text) - 1, -0.1), (len(text), math.log(0.5)))
            logprobs = () if silent and "1.3" in request.id else sure
            found[request.id] = Completion(request.id, "m", text, "stop", logprobs=logprobs)
        return found

    verdicts = PairwiseJudge(settings, ask=ask)(THREE, number=1)
    confidences = [scores.get("confidence") for scores in verdicts.values()]
    assert confidences == ([None] * 3 if silent else pytest.approx([0.5] * 3))


@pytest.mark.parametrize("place", ["A", "B"])
def test_a_judge_that_prefers_a_place_decides_nothing(settings: Any, place: str) -> None:
    judge, _ = panel(settings, lambda first, second: place)
    assert judge(THREE, number=1) == {one.name: {"score": 0.5, "consistent": 0.0} for one in THREE}


def test_a_judge_that_sees_only_ties_decides_nothing(settings: Any) -> None:
    judge, _ = panel(settings, lambda first, second: "tie")
    assert {found["score"] for found in judge(THREE, number=1).values()} == {0.5}


def test_what_is_said_one_way_round_only_counts_half(settings: Any) -> None:
    """1.3 loses to 1.1 both ways; of 1.2 one verdict is a tie."""

    def says(first: str, second: str) -> str:
        return "tie" if "better" in first else by_quality(first, second)

    judge, _ = panel(settings, says)
    verdicts = judge(THREE, number=1)
    assert verdicts["1.1"] == {"score": 0.75, "consistent": 0.5}
    assert verdicts["1.2"] == {"score": 0.5, "consistent": 0.0}
    assert verdicts["1.3"] == {"score": 0.25, "consistent": 0.5}


def test_verdicts_that_say_nothing_are_refused(settings: Any) -> None:
    judge, _ = panel(settings, lambda first, second: "I cannot\nsay that.")
    with pytest.raises(DataFormatError, match=r"round 3: none of the 6 verdicts of m .* says 'I cannot say that\.'"):
        judge(THREE, number=3)


def test_some_that_cannot_be_read_are_ties_and_counted(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    judge, _ = panel(settings, lambda *both: "Hm." if "better" in both[0] else by_quality(*both))
    verdicts = judge(THREE, number=1)
    assert verdicts["1.2"] == {"score": 0.5, "consistent": 0.0}
    assert "Round 1: 2 of 6 verdicts cannot be read; they count as ties." in capsys.readouterr().out


def test_a_candidate_alone_is_compared_with_nothing(settings: Any) -> None:
    judge, asked = panel(settings, by_quality)
    assert judge(THREE[:1], number=1) == {"1.1": {"score": 0.5, "consistent": 1.0}}
    assert asked == []


def test_a_set_without_samples_is_shown_as_such(settings: Any) -> None:
    judge, _ = panel(settings, lambda first, second: "B" if first == "(nothing usable)" else "A")
    verdicts = judge([candidate("1.1"), candidate("1.2", "good one")], number=1)
    assert [found["score"] for found in verdicts.values()] == [0.0, 1.0]


def never(requests: Sequence[Request], what: str) -> dict[str, Completion]:
    raise AssertionError("no LLM is asked")


def measures(composed: Composed, *words: str, gold: Gold) -> RoundJudge:
    settings = composed("search_prompts", "llm=local", "llm.model=m", "judge=metrics", "samples=4", *words)
    return judge_of(settings, gold=gold, ask=never, folder=Path())


VECTORS = {"gold one": (1.0, 0.0), "gold two": (0.0, 1.0), "a b c": (1.0, 0.0), "A b d": (1.0, 0.0), "far": (-1.0, 0.0)}
GOLD = gold(sentence("gold one"), sentence("gold two"), sentence("gold one"))


@pytest.fixture
def flat(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Embeddings in a plane; returns the texts that were embedded."""
    asked: list[list[str]] = []

    def embed(texts: Sequence[str]) -> Any:
        asked.append(list(texts))
        return np.array([VECTORS[text] for text in texts], dtype=np.float32)

    monkeypatch.setattr(judges, "embed", embed)
    return asked


def test_numbers_of_samples_made_by_hand(composed: Composed, flat: list[list[str]]) -> None:
    """Two of four samples pass; of their pairs `a b`, `b c`, `a b`, `b d` three differ; gold lies at 45 degrees."""
    verdicts = measures(composed, gold=GOLD)([candidate("1.1", "a b c", "A b d")], number=1)
    style = 0.5**0.5
    assert verdicts["1.1"] == pytest.approx(
        {"score": (0.5 + 0.75 + style) / 3, "acceptance": 0.5, "diversity": 0.75, "style": style}
    )
    assert sorted(flat[0] + flat[1]) == ["A b d", "a b c", "gold one", "gold two"]


@pytest.mark.parametrize(
    ("weights", "score"),
    [
        ("{acceptance:1,diversity:0,style:0}", 0.5),
        ("{acceptance:0,diversity:2,style:0}", 0.75),
        ("{acceptance:3,diversity:1,style:0}", 0.5625),
        ("{acceptance:1,diversity:1,style:2}", (1.25 + 2 * 0.5**0.5) / 4),
    ],
)
def test_weights_say_how_much_each_number_counts(
    composed: Composed, flat: list[list[str]], weights: str, score: float
) -> None:
    judge = measures(composed, f"judge.weights={weights}", gold=GOLD)
    found = judge([candidate("1.1", "a b c", "A b d")], number=1)
    assert found["1.1"]["score"] == pytest.approx(score)


@pytest.mark.parametrize("weights", ["{acceptance:1,diversity:3,style:1}", "{acceptance:1,diversity:3,style:90}"])
def test_without_gold_train_style_is_left_out(composed: Composed, flat: list[list[str]], weights: str) -> None:
    judge = measures(composed, f"judge.weights={weights}", gold=gold())
    assert judge([candidate("1.1", "a b c", "A b d")], number=1) == {
        "1.1": {"score": (0.5 + 3 * 0.75) / 4, "acceptance": 0.5, "diversity": 0.75}
    }
    assert flat == []


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ((), {"acceptance": 0.0, "diversity": 0.0, "style": 0.0}),
        (("far",), {"acceptance": 0.25, "diversity": 0.0, "style": 0.0}),
        (("a b c",) * 5, {"acceptance": 1.0, "diversity": 0.2, "style": 0.5**0.5}),
    ],
    ids=["no samples", "far from gold", "more than enough"],
)
def test_each_number_stays_in_its_range(
    composed: Composed, flat: list[list[str]], kept: tuple[str, ...], expected: dict[str, float]
) -> None:
    found = measures(composed, gold=GOLD)([candidate("1.1", *kept)], number=1)["1.1"]
    assert found == pytest.approx({**expected, "score": sum(expected.values()) / 3})


def embedded_gold(composed: Composed, monkeypatch: pytest.MonkeyPatch, *, texts: int) -> list[int]:
    """Numbers of the gold texts that tell what gold is like."""
    asked: list[str] = []

    def embed(found: Sequence[str]) -> Any:
        asked.extend(found)
        return np.ones((len(found), 2), dtype=np.float32)

    monkeypatch.setattr(judges, "embed", embed)
    train = [sentence(f"gold {number:04d}") for number in range(texts)]
    measures(composed, gold=gold(*train))([candidate("1.1", "own")], number=1)
    return [int(text.split()[1]) for text in asked if text != "own"]


@pytest.mark.parametrize("texts", [5, 300, 900, 1000])
def test_so_many_gold_texts_at_most(composed: Composed, monkeypatch: pytest.MonkeyPatch, texts: int) -> None:
    found = embedded_gold(composed, monkeypatch, texts=texts)
    assert len(found) == min(texts, GOLD_TEXTS)
    assert max(found) > 0.85 * (texts - 1)


def test_gold_texts_are_of_the_whole_alphabet(composed: Composed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(embedded_gold(composed, monkeypatch, texts=2 * GOLD_TEXTS - 1)) > 1.7 * GOLD_TEXTS


@pytest.mark.parametrize("name", ["metrics", "llm", "file"])
def test_judges_by_name(composed: Composed, flat: list[list[str]], tmp_path: Path, name: str) -> None:
    settings = composed("search_prompts", "llm=local", "llm.model=m", f"judge={name}")

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        return {request.id: Completion(request.id, "m", "A", "stop") for request in requests}

    judge = judge_of(settings, gold=GOLD, ask=ask, folder=tmp_path)
    pair = [candidate("1.1", "a b c"), candidate("1.2", "far")]
    if name == "file":
        with pytest.raises(Waiting) as caught:
            judge(pair, number=4)
        assert caught.value.path == tmp_path / "round-4.csv"
    else:
        own = {"metrics": "style", "llm": "consistent"}[name]
        assert all({"score", own} <= set(found) for found in judge(pair, number=4).values())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("B\n\nSet B offers a better choice: a varied list", "B"),
        ("The best is a set that varies: B", "B"),
        ("I prefer a more varied set, so B.", "B"),
        ("Better: B. (I pick both for fluency)", "B"),
        ("Both are equally fluent, but B is more varied. B", "B"),
        ("B > A", "B"),
        ("A < B", "B"),
        ("I'd go with B", "B"),
        ("a", "A"),
    ],
)
def test_an_article_is_no_verdict(answer: str, expected: str) -> None:
    assert said(answer) == expected
