from __future__ import annotations

import copy
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import clinsynth
from clinsynth import datasets
from clinsynth.config import CorpusConfig, PromptConfig, SeedRatioConfig, SizeConfig
from clinsynth.errors import ConfigError
from clinsynth.tasks.relation import config, synthesis
from clinsynth.tasks.relation.config import PoolConfig
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Completion, Draft, Gold
from support import CORPORA, Composed, needs_corpora

RECORDING = Path(clinsynth.__file__).parent / "assets" / "recordings" / "gad.examples.jsonl"
ROWS = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
SHOWN = re.compile(r"^\| (.+) \| (Yes|No) \|$", re.MULTILINE)

Rows = dict[str, Any]
Draw = tuple[tuple[int, ...], tuple[int, ...]]
Resolved = Callable[..., CorpusConfig]


def row(number: int) -> Relation:
    """Even rows are positive."""
    said = "raises" if number % 2 == 0 else "has no part in"
    return Relation(f"Row {number}: @GENE$ {said} @DISEASE$.", "No" if number % 2 else "Yes")


GOLD = Gold(train=[row(number) for number in range(140)], test=[], devel=[], hashes={})


def unit(number: int) -> str:
    return f"round-{number:04d}"


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, ...], CorpusConfig]:
    return {}


@pytest.fixture
def resolved(known: dict[tuple[str, ...], CorpusConfig], composed: Composed) -> Resolved:
    """Settings to change at will; to compose them takes longer than a test."""

    def settings_of(*words: str) -> CorpusConfig:
        if words not in known:
            known[words] = composed("train", *words)
            config.resolve(known[words])
        return copy.deepcopy(known[words])

    return settings_of


@pytest.fixture
def foreign(resolved: Resolved) -> CorpusConfig:
    """The sample with GAD's pool, whose rows are not at hand."""
    return resolved("dataset=sample_relation")


@pytest.fixture
def own(resolved: Resolved) -> CorpusConfig:
    """The settings of a live LLM, and a pool of ten rows of each label, out of order."""
    found = resolved("dataset=sample_relation", "llm=openai")
    return with_pool(found, positive=[0, 18, 2, 16, 4, 14, 6, 12, 8, 10], negative=[1, 19, 3, 17, 5, 15, 7, 13, 9, 11])


def with_pool(settings: CorpusConfig, **pool: Any) -> CorpusConfig:
    return replace(settings, dataset=replace(settings.dataset, pool=PoolConfig(**pool)))  # type: ignore[call-arg]


def with_ratio(settings: CorpusConfig, value: float) -> CorpusConfig:
    return replace(settings, seed_ratio=SeedRatioConfig(value))


def pool(settings: CorpusConfig) -> PoolConfig:
    found = settings.dataset.pool  # type: ignore[attr-defined]
    assert isinstance(found, PoolConfig)
    return found


def request(number: int, settings: CorpusConfig, *, gold: Gold = GOLD) -> Any:
    return synthesis.request(unit(number), replicate=0, settings=settings, gold=gold)


def drawn(number: int, settings: CorpusConfig) -> Draw:
    rows = request(number, settings).evidence["seed_rows"]
    return tuple(rows["positive"]), tuple(rows["negative"])


def expected(number: int, positive: list[int], negative: list[int]) -> Draw:
    draw = random.Random(number)
    return tuple(draw.sample(positive, 3)), tuple(draw.sample(negative, 3))


def message(request: Any) -> str:
    (only,) = request.messages
    assert only["role"] == "user"
    content: str = only["content"]
    return content


def test_a_round_draws_positive_rows_and_then_negative_ones(foreign: CorpusConfig) -> None:
    given = pool(foreign)
    for number in (0, 1, 79, 80, 1999, 2000, 4321):
        assert drawn(number, foreign) == expected(1000 + number, given.positive, given.negative)


def test_the_offset_of_the_dataset_is_where_rounds_begin(own: CorpusConfig) -> None:
    given = pool(own)
    for offset in (0, 7):
        own.dataset.round_offset = offset  # type: ignore[attr-defined]
        assert drawn(5, own) == expected(offset + 5, given.positive, given.negative)


def test_the_shipped_rounds_are_those_that_are_asked_for(foreign: CorpusConfig) -> None:
    assert [row["id"] for row in ROWS] == [f"gad/examples/{unit(number)}#0" for number in range(80)]
    for number, recorded in enumerate(ROWS):
        found = request(number, foreign)
        assert found.evidence == {"seed_rows": recorded["seed_rows"]}
        assert found.id == f"sample_relation/examples/{unit(number)}#0"


@pytest.mark.parametrize("seed", [1, 3])
def test_another_generation_seed_draws_other_rounds(seed: int, foreign: CorpusConfig) -> None:
    given = pool(foreign)
    before = [drawn(number, foreign) for number in range(20)]
    foreign.generation.seed = seed
    after = [drawn(number, foreign) for number in range(20)]
    assert after == [expected(1000 + 1_000_000 * seed + n, given.positive, given.negative) for n in range(20)]
    assert not set(before) & set(after)


@pytest.mark.parametrize(("share", "kept"), [(0.1, 5), (0.3, 15), (0.99, 50), (1.0, 50)])
def test_a_share_of_the_pool_is_its_first_rows_of_each_label(share: float, kept: int, foreign: CorpusConfig) -> None:
    given = pool(foreign)
    part = with_ratio(foreign, share)
    for number in range(20):
        assert drawn(number, part) == expected(1000 + number, given.positive[:kept], given.negative[:kept])
    assert (len(given.positive), len(given.negative)) == (50, 50)


def test_the_order_of_the_pool_counts(own: CorpusConfig) -> None:
    """r020 of a pool that is not sorted takes the rows that are named first."""
    share = with_ratio(own, 0.3)
    seen = {row for number in range(100) for rows in drawn(number, share) for row in rows}
    assert seen == {0, 18, 2, 1, 19, 3}


def test_without_rows_all_messages_are_alike_and_all_requests_are_not(own: CorpusConfig) -> None:
    none = with_ratio(own, 0)
    assert len(synthesis.units(none, gold=GOLD)) == 2000
    found = [request(number, none) for number in range(50)]
    assert {item.id for item in found} == {f"sample_relation/examples/{unit(n)}#{n}" for n in range(50)}
    assert len({message(item) for item in found}) == 1
    assert not SHOWN.search(message(found[0]))
    assert message(found[0]).endswith("various sentence structures.")
    assert found[0].evidence["seed_rows"] == {
        "file": "assets:sample_relation/train.tsv",
        "positive": [],
        "negative": [],
    }
    assert {item.gold_characters for item in found} == {0}


def test_rounds_that_draw_alike_are_different_replicates(own: CorpusConfig) -> None:
    """The same message with the same replicate would have one answer."""
    tiny = with_pool(own, positive=[0, 2, 4], negative=[1, 3, 5])
    replicates = defaultdict(list)
    for number in range(80):
        found = request(number, tiny)
        replicates[message(found)].append(int(found.id.rpartition("#")[2]))
    assert max(map(len, replicates.values())) > 2
    assert all(given == list(range(len(given))) for given in replicates.values())


def test_the_replicate_of_a_late_round_counts_all_before_it(own: CorpusConfig) -> None:
    positive, negative = [0, 2, 4], [1, 3, 5]
    tiny = with_pool(own, positive=positive, negative=negative)
    late = 2500
    draws = [expected(1000 + number, positive, negative) for number in range(late + 1)]
    early = request(41, tiny)
    assert request(late, tiny).id.endswith(f"#{draws[:late].count(draws[late])}")
    assert request(41, tiny) == early


@pytest.mark.parametrize("total", [1, 10, 400, 6400])
def test_a_request_depends_on_nothing_of_the_size(total: int, own: CorpusConfig) -> None:
    sized = replace(own, size=SizeConfig(total=total))
    assert [request(number, sized) for number in range(10)] == [request(number, own) for number in range(10)]


@pytest.mark.parametrize(
    ("total", "per_request", "rounds"), [(None, 6, 2000), (400, 6, 2000), (6400, 6, 3201), (6400, 2, 9600)]
)
def test_there_are_more_rounds_than_the_size_asks_for(
    total: int | None, per_request: int, rounds: int, own: CorpusConfig
) -> None:
    own.size, own.generation.per_request = SizeConfig(total=total), per_request
    found = synthesis.units(own, gold=GOLD)
    assert len(found) == rounds
    assert found[:2] == ["round-0000", "round-0001"]
    assert len(set(found)) == rounds


def test_the_message_is_that_of_table_6(own: CorpusConfig) -> None:
    found = request(3, own)
    lines = message(found).split("\n")
    assert lines[0] == (
        "Generate 3 positive and 3 negative examples for the gene-disease relation extraction task. The target gene is "
        'denoted as "@GENE$" and the target disease is denoted as "@DISEASE$". The label is whether there is a '
        "relation between the target gene and disease. The relationship can be any functional, causal, or associative "
        'connection. If there is a relation, then the label should be "Yes". If there is no relation, the label should '
        'be "No". Sentences mimic the style of PubMed journal articles with various sentence structures.'
    )
    positive, negative = drawn(3, own)
    assert lines[1:] == [
        *(f"| {GOLD.train[number].text} | Yes |" for number in positive),
        *(f"| {GOLD.train[number].text} | No |" for number in negative),
    ]
    assert len(lines) == 7
    assert found.gold_characters == sum(len(GOLD.train[number].text) for number in (*positive, *negative))
    assert found.evidence["seed_rows"]["file"] == "assets:sample_relation/train.tsv"


def test_half_of_what_is_asked_for_is_positive(own: CorpusConfig) -> None:
    own.generation.per_request = 10
    assert message(request(0, own)).startswith("Generate 5 positive and 5 negative examples")


def test_rows_of_another_file_cannot_be_shown(foreign: CorpusConfig) -> None:
    found = request(0, foreign)
    assert found.messages == ()
    assert found.gold_characters == 0
    assert found.evidence["seed_rows"]["file"] == "gad/1/train.tsv"


def test_a_template_names_what_it_lacks(own: CorpusConfig) -> None:
    own.prompt = PromptConfig(name="own", text="Write $n rows.")
    with pytest.raises(ConfigError, match=r"lacks \$examples"):
        request(0, own)
    own.prompt = PromptConfig(name="own", text="Write $n rows like\n$examples")
    assert request(0, own).id == "sample_relation/own/round-0000#0"


def test_a_round_that_shows_a_test_row_is_left_out(own: CorpusConfig) -> None:
    copied = replace(GOLD, test=[row(18), row(139)])
    units = [unit(number) for number in range(60)]
    found = synthesis.leaking(units, settings=own, gold=copied)
    assert found == {unit(number) for number in range(60) if 18 in drawn(number, own)[0]}
    assert 0 < len(found) < 60
    assert synthesis.leaking(units, settings=own, gold=GOLD) == set()
    pool(own).left_out = [3]
    both = synthesis.leaking(units, settings=own, gold=copied)
    assert both == found | {unit(number) for number in range(60) if 3 in drawn(number, own)[1]}
    assert len(both) > len(found)
    assert synthesis.leaking(units, settings=with_ratio(own, 0), gold=copied) == set()


def test_rows_of_another_file_are_left_out_where_they_are_named(foreign: CorpusConfig) -> None:
    units = synthesis.units(foreign, gold=GOLD)
    found = synthesis.leaking(units, settings=foreign, gold=GOLD)
    assert found == {unit(number) for number in range(2000) if 368 in drawn(number, foreign)[0]}
    assert found & set(units[:80]) == {
        unit(n) for n, recorded in enumerate(ROWS) if 368 in recorded["seed_rows"]["positive"]
    }
    assert len(found & set(units[:80])) == 8
    pool(foreign).left_out = None
    assert synthesis.leaking(units, settings=foreign, gold=replace(GOLD, test=GOLD.train)) == set()


@needs_corpora
def test_gad_leaves_out_the_rounds_that_the_sample_leaves_out(resolved: Resolved, foreign: CorpusConfig) -> None:
    settings = resolved("dataset=gad")
    gold = datasets.load(settings.dataset, data=CORPORA)
    units = synthesis.units(settings, gold=gold)
    found = synthesis.leaking(units, settings=settings, gold=gold)
    assert found == synthesis.leaking(units, settings=foreign, gold=GOLD)
    assert len(found & set(units[:80])) == 8
    assert {gold.train[368].text} == {gold.train[n].text for n in pool(settings).positive} & {r.text for r in gold.test}


@needs_corpora
def test_what_gad_is_asked_shows_its_rows(resolved: Resolved) -> None:
    settings = resolved("dataset=gad")
    gold = datasets.load(settings.dataset, data=CORPORA)
    for number, recorded in enumerate(ROWS[:20]):
        found = request(number, settings, gold=gold)
        shown = SHOWN.findall(message(found))
        numbers = [*recorded["seed_rows"]["positive"], *recorded["seed_rows"]["negative"]]
        assert shown == [(gold.train[n].text, gold.train[n].label) for n in numbers]
        assert [label for _, label in shown] == ["Yes"] * 3 + ["No"] * 3
        assert found.gold_characters == sum(len(text) for text, _ in shown)


COMPLETION = """Sure, here are the rows:

| @GENE$ is Parkinson’s friend and raises @DISEASE$. | Yes |
| @GENE$ was X‑linked, unlike @DISEASE$. | No |
| @GENE$ alone was seen. | No |
| Both @GENE$ and @GENE$ raise @DISEASE$. | Yes |
| Nobody says whether @GENE$ raises @DISEASE$. |
| The @DISEASE$ was worse in carriers of @GENE$. | Yes |"""


def test_a_completion_is_parsed_and_nothing_is_dropped_silently(own: CorpusConfig) -> None:
    said = Completion("d/examples/round-0004#2", "m", COMPLETION, "stop")
    kept, rejected = synthesis.parse(said, unit=unit(4), replicate=2, settings=own)
    assert kept == [
        Draft(unit(4), 2, 0, "@GENE$ is Parkinson's friend and raises @DISEASE$.", "Yes"),
        Draft(unit(4), 2, 1, "@GENE$ was X-linked, unlike @DISEASE$.", "No"),
        Draft(unit(4), 2, 2, "The @DISEASE$ was worse in carriers of @GENE$.", "Yes"),
    ]
    assert [item.reason for item in rejected] == ["remark", "marker_missing", "marker_doubled", "no_label"]
    assert {(item.draft.unit, item.draft.replicate, item.draft.index) for item in rejected} == {(unit(4), 2, -1)}
    assert "@GENE$ alone was seen." in rejected[1].draft.text


def test_a_row_that_was_cut_has_no_label(own: CorpusConfig) -> None:
    cut = Completion("d/examples/round-0000#0", "m", "| @GENE$ raises @DISEASE$. | Yes |\n| @GENE$ low", "length")
    kept, rejected = synthesis.parse(cut, unit=unit(0), replicate=0, settings=own)
    assert [draft.text for draft in kept] == ["@GENE$ raises @DISEASE$."]
    assert ["@GENE$ low" in item.draft.text for item in rejected] == [True]


def test_the_markers_of_the_dataset_are_looked_for(own: CorpusConfig) -> None:
    own.dataset.markers = ["@DRUG$", "@FOOD$"]  # type: ignore[attr-defined]
    said = Completion("", "m", "| @DRUG$ meets @FOOD$ here. | Yes |\n| @GENE$ raises @DISEASE$. | Yes |", "stop")
    kept, rejected = synthesis.parse(said, unit=unit(0), replicate=0, settings=own)
    assert [draft.text for draft in kept] == ["@DRUG$ meets @FOOD$ here."]
    assert len(rejected) == 1
    (candidate,), _ = synthesis.annotate(kept, settings=own, lexicon=(), answer=None)
    assert candidate.example == Relation("@DRUG$ meets @FOOD$ here.", "Yes", ("@DRUG$", "@FOOD$"))


def test_the_shipped_completions_have_three_rows_of_each_label(foreign: CorpusConfig) -> None:
    for number, recorded in enumerate(ROWS):
        said = Completion(recorded["id"], recorded["model"], recorded["completion"], recorded["finish_reason"])
        kept, rejected = synthesis.parse(said, unit=unit(number), replicate=0, settings=foreign)
        assert [draft.label for draft in kept].count("Yes") == [draft.label for draft in kept].count("No") == 3
        assert rejected == []


def test_a_draft_keeps_the_label_it_came_with(own: CorpusConfig) -> None:
    drafts = [Draft(unit(0), 0, n, row(n).text, row(n).label) for n in range(3)]
    found, rejected = synthesis.annotate(drafts, settings=own, lexicon=(), answer=None)
    assert [(item.draft, item.example) for item in found] == [(draft, row(n)) for n, draft in enumerate(drafts)]
    assert rejected == []
    assert synthesis.label_request(drafts, completion=Completion("", "m", "", "stop"), settings=own) is None
    assert all(map(synthesis.contains, drafts))


def proposed(settings: CorpusConfig, *, gold: Gold) -> Rows:
    (name,) = files = synthesis.propose(settings, gold=gold)
    assert name == "pool.yaml"
    found: Rows = yaml.safe_load(files[name])["pool"]
    return found


OWN = {"file": None, "fold": None, "left_out": None}
"""What a proposal says beside its rows, so that it takes the place of another pool as a whole."""


def test_a_pool_is_proposed_where_there_is_none(own: CorpusConfig) -> None:
    own.dataset.pool = None  # type: ignore[attr-defined]
    found = proposed(own, gold=replace(GOLD, test=[row(0), row(4), row(139)]))
    assert found["positive"] == [2, *range(6, 104, 2)]
    assert found["negative"] == list(range(1, 101, 2))
    assert (len(found["positive"]), len(found["negative"])) == (50, 50)
    assert pool(own) == PoolConfig(**found)
    assert synthesis.units(own, gold=GOLD)
    assert config.own_pool(own.dataset)  # type: ignore[arg-type]


def test_a_small_corpus_gives_all_its_rows(own: CorpusConfig) -> None:
    own.dataset.pool = None  # type: ignore[attr-defined]
    assert proposed(own, gold=replace(GOLD, train=GOLD.train[:7])) == OWN | {
        "positive": [0, 2, 4, 6],
        "negative": [1, 3, 5],
    }


def test_a_proposal_shows_the_rows_it_names(own: CorpusConfig) -> None:
    own.dataset.pool = None  # type: ignore[attr-defined]
    content = synthesis.propose(own, gold=GOLD)["pool.yaml"]
    named = re.findall(r"^ +- (\d+)  # (.+)$", content, re.MULTILINE)
    assert len(named) == 100
    assert all(GOLD.train[int(number)].text == text for number, text in named)


@pytest.mark.parametrize("text", ["a: b # c - d", "'quoted\" {x} [y] & *z", "50% | yes", "ß → 😀", "\ttab \\n"])
def test_a_proposal_loads_whatever_the_rows_say(text: str, own: CorpusConfig) -> None:
    own.dataset.pool = None  # type: ignore[attr-defined]
    odd = [replace(found, text=f"{text} @GENE$ {text} @DISEASE$ {text}") for found in GOLD.train[:6]]
    assert proposed(own, gold=replace(GOLD, train=odd)) == OWN | {"positive": [0, 2, 4], "negative": [1, 3, 5]}


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\r", "\x0c"])
def test_a_proposal_loads_with_characters_that_yaml_does_not_like(inside: str, own: CorpusConfig) -> None:
    own.dataset.pool = None  # type: ignore[attr-defined]
    odd = [replace(found, text=f"a{inside}b @GENE$ @DISEASE$") for found in GOLD.train[:6]]
    assert proposed(own, gold=replace(GOLD, train=odd)) == OWN | {"positive": [0, 2, 4], "negative": [1, 3, 5]}


def test_a_pool_that_is_given_stays(own: CorpusConfig, foreign: CorpusConfig) -> None:
    for settings in (own, foreign):
        before = replace(pool(settings))
        assert synthesis.propose(settings, gold=GOLD) == {}
        assert pool(settings) == before


POOL = {"positive": [0, 2, 4, 6], "negative": [1, 3, 5, 7]}


@pytest.mark.parametrize(
    ("changes", "share", "said"),
    [
        ({"positive": [0, 2, 140]}, 1.0, "dataset.pool.positive names the row 140; sample_relation has rows 0 to 139"),
        ({"negative": [1, 3, -1]}, 1.0, "dataset.pool.negative names the row -1; sample_relation has rows 0 to 139"),
        ({"positive": [0, 2, 9]}, 1.0, "dataset.pool.positive names the row 9, whose label is No: 'Row 9: @GENE$"),
        ({"negative": [1, 3, 8]}, 1.0, "dataset.pool.negative names the row 8, whose label is Yes: 'Row 8: @GENE$"),
        ({}, 0.5, "2 of the 4 positive rows of dataset.pool are left with seed_ratio.value=0.5; a round shows 3"),
        ({"positive": list(range(0, 20, 2))}, 0.5, "2 of the 4 negative rows"),
        ({"positive": [0, 2]}, 1.0, "2 of the 2 positive rows"),
        ({"negative": []}, 1.0, "0 of the 0 negative rows"),
        ({"negative": []}, 1.0, "seed_ratio=r000 shows none"),
    ],
)
def test_a_pool_that_does_not_fit_is_named(changes: Rows, share: float, said: str, own: CorpusConfig) -> None:
    settings = with_ratio(with_pool(own, **(POOL | changes)), share)
    with pytest.raises(ConfigError) as raised:
        synthesis.units(settings, gold=GOLD)
    assert said in str(raised.value)


@pytest.mark.parametrize("share", [0.75, 1.0, 0.0])
def test_a_pool_that_fits_is_taken(share: float, own: CorpusConfig) -> None:
    assert synthesis.units(with_ratio(with_pool(own, **POOL), share), gold=GOLD)


def test_rows_of_another_file_are_not_looked_up(foreign: CorpusConfig) -> None:
    """Row 705 is none of these three."""
    assert synthesis.units(foreign, gold=replace(GOLD, train=GOLD.train[:3]))


def test_a_pool_of_another_fold_is_refused(resolved: Resolved) -> None:
    settings = resolved("dataset=gad", "dataset.fold=2")
    with pytest.raises(ConfigError) as raised:
        synthesis.units(settings, gold=GOLD)
    said = str(raised.value)
    assert "dataset.pool names rows of gad/1/train.tsv, and dataset.fold=2 trains on another fold" in said
    assert "take dataset.fold=1, or dataset.pool=null" in said


def test_the_balance_of_a_corpus_is_told() -> None:
    assert synthesis.statistics([row(0), row(2), row(1)]) == {"positive": 2, "negative": 1}
    assert synthesis.statistics([]) == {"positive": 0, "negative": 0}


def test_a_corpus_line_is_read_back() -> None:
    for example in (row(0), Relation("@DRUG$ and @FOOD$", "No", ("@DRUG$", "@FOOD$"))):
        assert synthesis.from_json(json.loads(json.dumps(example.to_json()))) == example


def test_words_are_split_as_gold_is() -> None:
    assert synthesis.words(Relation("A @GENE$-positive @DISEASE$.", "Yes")) == [
        *("A", "@", "GENE", "$", "-", "positive", "@", "DISEASE", "$", ".")
    ]


def test_a_prompt_that_does_not_say_the_markers_is_refused(own: CorpusConfig) -> None:
    """With seed_ratio=r000 no row says them either, and the LLM would not know what to write."""
    own.dataset.markers = ["@DRUG$", "@EFFECT$"]  # type: ignore[attr-defined]
    own.seed_ratio.value = 0.0
    with pytest.raises(ConfigError, match=r"'examples' does not say @DRUG\$.*prompt\.text"):
        synthesis.request("round-0000", replicate=0, settings=own, gold=GOLD)
