from __future__ import annotations

import json

from clinsynth.tasks.relation import examples
from clinsynth.tasks.relation.gold import Relation

YES = Relation("Variants of @GENE$ raise the risk of @DISEASE$.", "Yes")
NO = Relation("No link between @DISEASE$ and @GENE$-positive cells was found.", "No")


def test_the_balance_of_a_corpus_is_told() -> None:
    assert examples.statistics([YES, YES, NO]) == {"positive": 2, "negative": 1}
    assert examples.statistics([]) == {"positive": 0, "negative": 0}


def test_a_corpus_line_is_read_back() -> None:
    for example in (YES, Relation("@DRUG$ and @FOOD$", "No", ("@DRUG$", "@FOOD$"))):
        assert examples.from_json(json.loads(json.dumps(example.to_json()))) == example


def test_words_are_split_as_gold_is() -> None:
    assert examples.words(Relation("A @GENE$-positive @DISEASE$.", "Yes")) == [
        *("A", "@", "GENE", "$", "-", "positive", "@", "DISEASE", "$", ".")
    ]


def test_counts_that_are_reported() -> None:
    assert examples.describe([YES, NO, YES]) == {"sentences": 3, "positive": 2}
    assert examples.describe([]) == {"sentences": 0, "positive": 0}
