"""A judge's verdicts are read in whichever form, in the order in which the answers were shown."""

from __future__ import annotations

import math

import pytest

from clinsynth.tasks.chat import judging
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.likeness import rouge_l
from clinsynth.tasks.chat.scores import distinct, evaluate, judge
from clinsynth.types import Completion, Predictions, Prompt

PROMPT = Prompt("judge", "$question\n$answers")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Answer 1: 80\nAnswer 2: 65", (80, 65)),
        ("Answer 2: 65\nAnswer 1: 80", (80, 65)),
        ("**Answer 1:** 80/100\n**Answer 2:** 65/100", (80, 65)),
        ("1. 80\n2. 65", (80, 65)),
        ("1: 80\n2: 65.5", (80, 65.5)),
        ("1) - 80\n2) - 65", (80, 65)),
        ('{"1": 80, "2": 65}', (80, 65)),
        ("80 65", (80, 65)),
        ("Scores:\n80, 65\nThe first is better.", (80, 65)),
        ("The score of answer 1 is 80.\nAnswer 2 gets 65 out of 100", (80, 65)),
        ("Answer 1: 80", None),
        ("Answer 1: 180\nAnswer 2: 65", None),
        ("Answer 1: 0\nAnswer 2: 65", None),
        ("Both are fine.", None),
        ("", None),
    ],
)
def test_scores_of_two_answers(text: str, found: tuple[float, ...] | None) -> None:
    assert judging.read_scores(text, number=2) == found


@pytest.mark.parametrize(
    ("text", "found"), [("75", (75,)), ("Score: 75/100", (75,)), ("Answer 1: 75", (75,)), ("7 of 8 are right", None)]
)
def test_the_score_of_one_answer(text: str, found: tuple[float, ...] | None) -> None:
    assert judging.read_scores(text, number=1) == found


def test_scores_go_back_to_the_answers_that_were_shown_in_another_order() -> None:
    ballot = judging.ballot("Why?", ("a", "b", "c"), order=(2, 0, 1), prompt=PROMPT, dataset="d")
    assert ballot.request.messages[0]["content"] == "Why?\nAnswer 1:\nc\n\nAnswer 2:\na\n\nAnswer 3:\nb"
    answer = Completion("i", "m", "Answer 1: 30\nAnswer 2: 10\nAnswer 3: 20", "stop")
    assert judging.scores(ballot, answer) == (10, 20, 30)
    assert judging.scores(ballot, None) is None


def test_the_order_is_drawn_and_stays() -> None:
    orders = {tuple(judging.drawn_order(4, question=f"Q{number}", seed=0)) for number in range(40)}
    assert len(orders) > 10
    assert judging.drawn_order(4, question="Q", seed=0) == judging.drawn_order(4, question="Q", seed=0)


def test_the_best_the_worst_and_ties() -> None:
    assert judging.chosen([10, 90, 20]) == judging.Choice(1, 0, tied=False)
    assert judging.chosen([90, 10, 90]) == judging.Choice(0, 1, tied=True)


@pytest.mark.parametrize(
    ("one", "other", "won"),
    [
        ("80 60", "60 80", 1.0),  # shown the other way round: ours is the second
        ("60 80", "80 60", 0.0),
        ("80 60", "80 60", 0.5),  # the place decides
        ("70 70", "60 80", 1.0),
        ("70 70", "70 70", 0.5),
        ("70 70", "what?", None),
    ],
)
def test_who_wins_is_asked_in_both_orders(one: str, other: str, won: float | None) -> None:
    duel = judging.duel("Why?", "ours", "theirs", prompt=PROMPT, dataset="d", against="first")
    assert duel.one.request.id != duel.other.request.id
    answers = {
        each.request.id: Completion("i", "m", text, "stop") for each, text in ((duel.one, one), (duel.other, other))
    }
    assert judging.won(duel, answers) == won


def test_the_win_rate_counts_ties_half_and_tells_what_was_unreadable() -> None:
    found = judging.win_rate([1.0, 0.5, 0.0, 1.0, None], name="test/win_rate")
    assert found == {"test/win_rate": 0.625, "test/win_rate_ties": 1.0, "test/win_rate_unreadable": 1.0}
    assert "test/win_rate" not in judging.win_rate([None], name="test/win_rate")


def test_rouge_l_is_that_of_the_longest_common_subsequence() -> None:
    """Lin 2004, section 3: of six words four are common in their order."""
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(0.75)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(0.5)
    assert rouge_l("The cat!", "the cat") == 1.0
    assert rouge_l("", "the cat") == rouge_l("dog", "cat") == 0.0


def test_scores_of_answers() -> None:
    test = [Dialogue(("Why?", "because it is so")), Dialogue(("How?", "by chance")), Dialogue(("Who?",))]
    said = [
        Dialogue(("Why?", "because it is so"), loss=4.0, base_loss=8.0, pieces=4),
        Dialogue(("How?", "I'm sorry, but I cannot assist with that request."), loss=4.0, base_loss=8.0, pieces=4),
        Dialogue(("Who?", ""), pieces=0),
    ]
    train = [Dialogue(("Why?", "Well, because it is so."))]
    found = evaluate(Predictions(test, said), train=train, devel=Predictions((), ())).metrics
    assert found["test/rouge_l"] == pytest.approx(0.5)
    assert found["test/rouge_l_low"] <= 0.5 <= found["test/rouge_l_high"]
    assert found["test/perplexity"] == pytest.approx(math.e)
    assert found["test/base_perplexity"] == pytest.approx(math.e**2)
    assert found["test/refusals"] == found["test/empty"] == pytest.approx(1 / 3)
    assert (found["test/questions_in_train"], found["test/answers_in_train"]) == (1.0, 1.0)
    assert "test/rouge_l" not in judge(test[2:], said[2:]).metrics


def test_distinct_runs_of_words() -> None:
    assert distinct(["a b a b", "a b"], n=2) == pytest.approx(2 / 4)
    assert distinct(["A", "a"], n=1) == 0.5
