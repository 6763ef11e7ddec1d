from __future__ import annotations

import pytest
from sacrebleu import sentence_bleu

from clinsynth.analysis import variety

TEXTS = [line.split() for line in ("a b c d e f", "a b c d x y", "p q r s t u")]


def test_self_bleu_of_equal_texts_is_one_and_of_others_small() -> None:
    assert variety.self_bleu([TEXTS[0]] * 3) == pytest.approx(1.0)
    assert variety.self_bleu([TEXTS[0], TEXTS[2]]) < 0.1
    assert variety.self_bleu(TEXTS[:1]) == 0.0


def test_self_bleu_is_the_mean_against_all_others() -> None:
    lines = [" ".join(words) for words in TEXTS]
    each = [
        sentence_bleu(
            line, [other for other in lines if other != line], tokenize="none", use_effective_order=True
        ).score
        for line in lines
    ]
    assert variety.self_bleu(TEXTS) == pytest.approx(sum(each) / 300)
    # "a b c d e f" against "a b c d x y": 4 of 6, 3 of 5, 2 of 4, 1 of 3 runs stand there
    assert each[0] / 100 == pytest.approx((4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)


@pytest.mark.parametrize(("tokens", "expected"), [(0, []), (4, [4]), (6, [6]), (8, [6, 2]), (99, [6, 6, 6])])
def test_a_beginning_has_so_many_words(tokens: int, expected: list[int]) -> None:
    assert [len(words) for words in variety.beginning(TEXTS, tokens=tokens)] == expected
