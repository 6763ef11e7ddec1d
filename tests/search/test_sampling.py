"""Samples of a prompt: the same units for every one, requests as for a corpus, and what passes quality control."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from string import Template
from typing import Any

import pytest

from clinsynth import tasks
from clinsynth.search.sampling import Sampler
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Completion, Gold, Request
from support import Composed, gold, sentence

MARKERS = ("@GENE$", "@DISEASE$")
DISEASES = ("gout", "ataxia", "measles", "rickets", "scurvy", "mumps")
NER_GOLD = gold(*[sentence(f"{name}/B hurts") for name in DISEASES], test=[sentence("Most of the gout/B is very old")])
LABELS = ("Yes",) * 4 + ("No",) * 4
ROWS = [Relation(f"@GENE$ and @DISEASE$, row {n}", label, MARKERS) for n, label in enumerate(LABELS)]
POOL = ["dataset.pool.file=null", "dataset.pool.positive=[0,1,2,3]", "dataset.pool.negative=[4,5,6,7]"]
PROMPTS = {
    "sample_ner": ["Write $n on $entity.", "On $entity, $n sentences."],
    "sample_relation": [f"{verb} $n on @GENE$$ and @DISEASE$$:\n$examples" for verb in ("Write", "Give")],
    "sample_asd": ["Write $n that $content.", "Texts that $content, $n of them."],
}
GOLDS = {"sample_ner": NER_GOLD, "sample_relation": gold(*ROWS), "sample_asd": gold()}
WORDS = {"sample_relation": POOL}
COMPOSED: dict[tuple[str, ...], Any] = {}
"""Settings by their words: to compose them takes a tenth of a second."""


@pytest.fixture
def settings_of(composed: Composed) -> Composed:
    def settings(dataset: str, *words: str) -> Any:
        found = (f"dataset={dataset}", *WORDS.get(dataset, []), *words)
        if found not in COMPOSED:
            COMPOSED[found] = composed("search_prompts", "llm=local", "llm.model=m", *found)
        return deepcopy(COMPOSED[found])

    return settings


def sampler(settings: Any, *, gold: Gold | None = None, answers: Sequence[str] = ()) -> Sampler:
    """Answers are given one after the other."""
    left = list(answers)

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        return {request.id: Completion(request.id, "m", left.pop(0), "stop") for request in requests}

    task = tasks.open(settings.dataset)
    return Sampler(settings, task=task, gold=gold or GOLDS[settings.dataset.name], ask=ask)


def split(request: Request) -> tuple[str, str, str]:
    """Dataset, prompt, and unit with its replicate."""
    dataset, prompt, unit = request.id.split("/", 2)
    return dataset, prompt, unit


@pytest.mark.parametrize("dataset", list(PROMPTS))
def test_requests_differ_in_nothing_but_the_prompt(settings_of: Composed, dataset: str) -> None:
    found = sampler(settings_of(dataset))
    first, second = (found.requests(text) for text in PROMPTS[dataset])
    assert [split(request)[2] for request in first] == [f"{unit}#0" for unit in found.units]
    assert [split(request)[::2] for request in first] == [split(request)[::2] for request in second]
    assert [request.gold_characters for request in first] == [request.gold_characters for request in second]
    (one,), (other,) = ({split(request)[1] for request in asked} for asked in (first, second))
    assert one != other
    assert len({request.id for request in [*first, *second]}) == 4


def test_a_request_is_the_prompt_with_its_values(settings_of: Composed) -> None:
    found = sampler(settings_of("sample_ner"))
    (text, _) = PROMPTS["sample_ner"]
    messages = [request.messages for request in found.requests(text)]
    expected = [Template(text).substitute(n=5, entity=unit) for unit in found.units]
    assert messages == [({"role": "user", "content": content},) for content in expected]


def test_units_are_those_of_the_seed(settings_of: Composed) -> None:
    settings = settings_of("sample_ner", "requests=3")
    drawn = {}
    for seed in range(5):
        settings.generation.seed = seed
        drawn[seed] = sampler(settings).units
        assert drawn[seed] == sampler(settings).units
    assert all(len(set(units)) == 3 and set(units) <= set(DISEASES) for units in drawn.values())
    assert len(set(map(tuple, drawn.values()))) > 1


def test_there_may_be_fewer_units_than_requests(settings_of: Composed) -> None:
    assert set(sampler(settings_of("sample_ner", "requests=8")).units) == set(DISEASES)


def test_criteria_are_units_and_so_is_none_of_them(settings_of: Composed) -> None:
    settings = settings_of("sample_asd", "requests=10")
    found = sampler(settings)
    assert set(found.units) == {*settings.dataset.labels, "none"}
    asked = dict(zip(found.units, found.requests("$n: $content"), strict=True))
    assert settings.dataset.labels["B2"] in asked["B2"].messages[0]["content"]
    assert asked["none"].messages[0]["content"] == f"2: {settings.dataset.none}"


@pytest.mark.parametrize(
    ("dataset", "samples", "requests", "per_request"),
    [
        ("sample_ner", 10, 2, 5),
        ("sample_ner", 7, 2, 4),
        ("sample_ner", 6, 6, 1),
        ("sample_asd", 10, 3, 4),
        ("sample_relation", 10, 2, 6),
        ("sample_relation", 7, 1, 8),
        ("sample_relation", 3, 3, 2),
    ],
)
def test_each_request_asks_for_a_share_which_is_even_in_rounds(
    settings_of: Composed, dataset: str, samples: int, requests: int, per_request: int
) -> None:
    settings = settings_of(dataset, f"samples={samples}", f"requests={requests}")
    found = sampler(settings)
    assert found.writing.per_request == per_request
    asked = per_request // 2 if dataset == "sample_relation" else per_request
    messages = [request.messages[0]["content"] for request in found.requests(PROMPTS[dataset][0])]
    assert len(messages) == requests
    assert all(message.startswith(f"Write {asked} ") for message in messages)


def test_rounds_that_show_a_row_of_the_test_split_are_left_out(settings_of: Composed) -> None:
    settings = settings_of("sample_relation", "samples=20", "requests=20")
    leaking = replace(GOLDS["sample_relation"], test=[ROWS[3]])
    every, safe = sampler(settings), sampler(settings, gold=leaking)
    assert every.units == [f"round-{number:04d}" for number in range(20)]
    assert len(safe.units) == 20
    assert safe.units == sorted(safe.units)
    texts = [
        [request.messages[0]["content"] for request in found.requests(PROMPTS["sample_relation"][0])]
        for found in (every, safe)
    ]
    assert [any("row 3" in text for text in found) for found in texts] == [True, False]


@pytest.mark.parametrize(
    ("dataset", "template", "reason"),
    [
        ("sample_ner", "Write $n on $entity.", None),
        ("sample_ner", "Write $n.", "lacks $entity"),
        ("sample_ner", "Write $n on $entity for $who.", "unknown $who"),
        ("sample_ner", "Write $n on $entity for 5 $.", "lone `$`"),
        ("sample_asd", "Write $n.", "lacks $content"),
        ("sample_relation", "Write $n on @GENE$$ and @DISEASE$$: $examples", None),
        ("sample_relation", "Write $n on @GENE$$ and @DISEASE$$.", "lacks $examples"),
    ],
)
def test_what_is_no_template_of_the_task(
    settings_of: Composed, dataset: str, template: str, reason: str | None
) -> None:
    refused = sampler(settings_of(dataset)).refusal(template)
    assert refused is None if reason is None else reason in str(refused)


def test_samples_pass_quality_control_or_have_a_reason(settings_of: Composed) -> None:
    settings = settings_of("sample_ner", "samples=4", "requests=1")
    unit = sampler(settings).units[0]
    good = f"Most of the children had {unit} at birth."
    answer = f"Sure, here they are:\n1. {good}\n2. {good}\n3. Most of the children had it at birth.\n4. My {unit}."
    (found,) = sampler(settings, answers=[answer]).draw(["Write $n on $entity."])
    assert found.kept == (good,)
    assert found.gold_characters == len(unit)
    assert set(found.rejected) == {
        (good, "duplicate"),
        ("Most of the children had it at birth.", "unit_missing"),
        (f"My {unit}.", "too_short"),
        ("Sure, here they are:", "remark"),
    }


def test_a_sample_that_stands_in_the_test_split_is_no_merit(settings_of: Composed) -> None:
    settings = settings_of("sample_ner", "samples=1", "requests=1", "quality.unit=false")
    (found,) = sampler(settings, answers=["1. Most of the gout is VERY old"]).draw(["$n $entity"])
    assert (found.kept, found.rejected) == ((), (("Most of the gout is VERY old", "test_copy"),))


def test_more_texts_than_asked_for_do_not_count(settings_of: Composed) -> None:
    """Seven samples are four of each unit, but one."""
    settings = settings_of("sample_ner", "samples=7", "requests=2", "quality=none")
    answers = ["\n".join(f"{n}. {unit} {n}" for n in range(1, 7)) for unit in ("a", "b")]
    (found,) = sampler(settings, answers=answers).draw(["$n $entity"])
    assert found.kept == ("a 1", "a 2", "a 3", "a 4", "b 1", "b 2", "b 3")
    assert found.rejected == ()


def test_samples_of_each_prompt_are_its_own(settings_of: Composed) -> None:
    settings = settings_of("sample_ner", "samples=2", "requests=2", "quality=none")
    drawn = sampler(settings, answers=["1. a", "1. b", "1. c", "1. d"]).draw(PROMPTS["sample_ner"])
    assert [samples.kept for samples in drawn] == [("a", "b"), ("c", "d")]


def test_labels_are_shown_with_the_rows_that_have_one(settings_of: Composed) -> None:
    settings = settings_of("sample_relation", "samples=2", "requests=1")
    answer = (
        "| Loss of @GENE$ often causes @DISEASE$. | Yes |\n| We saw no @GENE$ in @DISEASE$. | No |\n| No gene. | No |"
    )
    (found,) = sampler(settings, answers=[answer]).draw(PROMPTS["sample_relation"][:1])
    assert found.kept == ("Loss of @GENE$ often causes @DISEASE$. [Yes]", "We saw no @GENE$ in @DISEASE$. [No]")
    assert [reason for _, reason in found.rejected] == ["marker_missing"]
