from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import clinsynth
from clinsynth import datasets, tasks
from clinsynth.corpora.plans import plan_requests
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.task import Writing
from clinsynth.tasks.relation.config import PoolConfig, RelationDataset, own_pool
from clinsynth.tasks.relation.gold import Relation
from clinsynth.tasks.relation.writer import RelationWriter
from clinsynth.types import Completion, Draft, Gold, Prompt, Request
from support import CORPORA, Composed, needs_corpora

RECORDING = Path(clinsynth.__file__).parent / "assets" / "recordings" / "gad.examples.jsonl"
ROWS = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
SHOWN = re.compile(r"^\| (.+) \| (Yes|No) \|$", re.MULTILINE)

Rows = dict[str, Any]
Draw = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Case:
    """A dataset, and what its writer is told."""

    dataset: RelationDataset
    writing: Writing

    @property
    def writer(self) -> RelationWriter:
        return RelationWriter(self.dataset)

    @property
    def pool(self) -> PoolConfig:
        assert self.dataset.pool is not None
        return self.dataset.pool

    def units(self, gold: Gold, *, number: int = 0) -> list[str]:
        return self.writer.units(gold, writing=self.writing, number=number)

    def leaking(self, units: Sequence[str], *, gold: Gold) -> set[str]:
        return self.writer.leaking(units, writing=self.writing, gold=gold)


Resolved = Callable[..., Case]


def row(number: int) -> Relation:
    """Even rows are positive."""
    said = "raises" if number % 2 == 0 else "has no part in"
    return Relation(f"Row {number}: @GENE$ {said} @DISEASE$.", "No" if number % 2 else "Yes")


GOLD = Gold(train=[row(number) for number in range(140)], test=[], devel=[], hashes={})


def unit(number: int) -> str:
    return f"round-{number:04d}"


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, ...], Case]:
    return {}


@pytest.fixture
def resolved(known: dict[tuple[str, ...], Case], composed: Composed) -> Resolved:
    """As `train` resolves it; to compose it takes longer than a test."""

    def case_of(*words: str) -> Case:
        if words not in known:
            settings = resolving.complete(composed("train", *words))
            known[words] = Case(settings.dataset, resolving.writing(settings))
        return known[words]

    return case_of


@pytest.fixture
def foreign(resolved: Resolved) -> Case:
    """The sample with GAD's pool, whose rows are not at hand."""
    return resolved("dataset=sample_relation")


@pytest.fixture
def own(resolved: Resolved) -> Case:
    """What a live LLM is asked, and a pool of ten rows of each label, out of order."""
    found = resolved("dataset=sample_relation", "llm=openai")
    return with_pool(found, positive=[0, 18, 2, 16, 4, 14, 6, 12, 8, 10], negative=[1, 19, 3, 17, 5, 15, 7, 13, 9, 11])


def with_dataset(case: Case, **keys: Any) -> Case:
    return replace(case, dataset=replace(case.dataset, **keys))


def with_pool(case: Case, **pool: Any) -> Case:
    return with_dataset(case, pool=PoolConfig(**pool))


def with_writing(case: Case, **parts: Any) -> Case:
    return replace(case, writing=replace(case.writing, **parts))


def with_ratio(case: Case, value: float) -> Case:
    return with_writing(case, share=value)


def request(number: int, case: Case, *, gold: Gold = GOLD) -> Any:
    return case.writer.request(unit(number), replicate=0, writing=case.writing, gold=gold)


def drawn(number: int, case: Case) -> Draw:
    rows = request(number, case).evidence["seed_rows"]
    return tuple(rows["positive"]), tuple(rows["negative"])


def expected(number: int, positive: list[int], negative: list[int]) -> Draw:
    draw = random.Random(number)
    return tuple(draw.sample(positive, 3)), tuple(draw.sample(negative, 3))


def message(request: Any) -> str:
    (only,) = request.messages
    assert only["role"] == "user"
    content: str = only["content"]
    return content


def test_a_round_draws_positive_rows_and_then_negative_ones(foreign: Case) -> None:
    given = foreign.pool
    for number in (0, 1, 79, 80, 1999, 2000, 4321):
        assert drawn(number, foreign) == expected(1000 + number, given.positive, given.negative)


def test_the_offset_of_the_dataset_is_where_rounds_begin(own: Case) -> None:
    given = own.pool
    for offset in (0, 7):
        assert drawn(5, with_dataset(own, round_offset=offset)) == expected(offset + 5, given.positive, given.negative)


def test_the_shipped_rounds_are_those_that_are_asked_for(foreign: Case) -> None:
    assert [row["id"] for row in ROWS] == [f"gad/examples/{unit(number)}#0" for number in range(80)]
    for number, recorded in enumerate(ROWS):
        found = request(number, foreign)
        assert found.evidence == {"seed_rows": recorded["seed_rows"]}
        assert found.id == f"sample_relation/examples/{unit(number)}#0"


@pytest.mark.parametrize("seed", [1, 3])
def test_another_generation_seed_draws_other_rounds(seed: int, foreign: Case) -> None:
    given = foreign.pool
    before = [drawn(number, foreign) for number in range(20)]
    other = with_writing(foreign, seed=seed)
    after = [drawn(number, other) for number in range(20)]
    assert after == [expected(1000 + 1_000_000 * seed + n, given.positive, given.negative) for n in range(20)]
    assert not set(before) & set(after)


@pytest.mark.parametrize(("share", "kept"), [(0.1, 5), (0.3, 15), (0.99, 50), (1.0, 50)])
def test_a_share_of_the_pool_is_its_first_rows_of_each_label(share: float, kept: int, foreign: Case) -> None:
    given = foreign.pool
    part = with_ratio(foreign, share)
    for number in range(20):
        assert drawn(number, part) == expected(1000 + number, given.positive[:kept], given.negative[:kept])
    assert (len(given.positive), len(given.negative)) == (50, 50)


def test_the_order_of_the_pool_counts(own: Case) -> None:
    """r020 of a pool that is not sorted takes the rows that are named first."""
    share = with_ratio(own, 0.3)
    seen = {row for number in range(100) for rows in drawn(number, share) for row in rows}
    assert seen == {0, 18, 2, 1, 19, 3}


def test_without_rows_all_messages_are_alike_and_all_requests_are_not(own: Case) -> None:
    none = with_ratio(own, 0)
    assert len(none.units(GOLD)) == 2000
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


def test_rounds_that_draw_alike_are_different_replicates(own: Case) -> None:
    """The same message with the same replicate would have one answer."""
    tiny = with_pool(own, positive=[0, 2, 4], negative=[1, 3, 5])
    replicates = defaultdict(list)
    for number in range(80):
        found = request(number, tiny)
        replicates[message(found)].append(int(found.id.rpartition("#")[2]))
    assert max(map(len, replicates.values())) > 2
    assert all(given == list(range(len(given))) for given in replicates.values())


def test_the_replicate_of_a_late_round_counts_all_before_it(own: Case) -> None:
    positive, negative = [0, 2, 4], [1, 3, 5]
    tiny = with_pool(own, positive=positive, negative=negative)
    late = 2500
    draws = [expected(1000 + number, positive, negative) for number in range(late + 1)]
    early = request(41, tiny)
    assert request(late, tiny).id.endswith(f"#{draws[:late].count(draws[late])}")
    assert request(41, tiny) == early


@pytest.mark.parametrize("total", [1, 10, 400, 6400])
def test_a_request_depends_on_nothing_of_the_size(total: int, own: Case, resolved: Resolved) -> None:
    words = ("dataset=sample_relation", "llm=openai", f"size.total={total}")
    sized = replace(own, writing=resolved(*words).writing)
    assert [request(number, sized) for number in range(10)] == [request(number, own) for number in range(10)]


class Everything:
    """Knows an answer to whatever is asked."""

    limited = True

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        return {request.id: Completion(request.id, "m", "", "stop") for request in requests}

    def explain(self, missing: Sequence[Request]) -> str:
        raise AssertionError(missing)


@pytest.mark.parametrize(
    ("total", "per_request", "rounds"), [(None, 6, 2000), (400, 6, 2000), (6400, 6, 3201), (6400, 2, 9600)]
)
def test_there_are_more_rounds_than_the_size_asks_for(
    total: int | None, per_request: int, rounds: int, composed: Composed
) -> None:
    words = ["dataset=sample_relation", "llm=openai", f"generation.per_request={per_request}"]
    settings = composed("train", *words, f"size.total={total or 'null'}")
    found = plan_requests(resolving.resolve(settings, gold=GOLD).recipe, completions=Everything()).known
    assert len(found) == rounds
    assert found[:2] == ("round-0000", "round-0001")
    assert len(set(found)) == rounds


@pytest.mark.parametrize(("number", "rounds"), [(0, 2000), (201, 2000), (2000, 2000), (2001, 2001), (9600, 9600)])
def test_there_are_as_many_rounds_as_are_looked_for(number: int, rounds: int, own: Case) -> None:
    assert own.units(GOLD, number=number) == [unit(place) for place in range(rounds)]


def test_the_message_is_that_of_table_6(own: Case) -> None:
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


def test_half_of_what_is_asked_for_is_positive(own: Case) -> None:
    assert message(request(0, with_writing(own, per_request=10))).startswith(
        "Generate 5 positive and 5 negative examples"
    )


def test_rows_of_another_file_cannot_be_shown(foreign: Case) -> None:
    found = request(0, foreign)
    assert found.messages == ()
    assert found.gold_characters == 0
    assert found.evidence["seed_rows"]["file"] == "gad/1/train.tsv"


def test_a_template_names_what_it_lacks(own: Case) -> None:
    lacking = with_writing(own, prompt=Prompt("own", "Write $n rows."))
    with pytest.raises(ConfigError, match=r"lacks \$examples"):
        request(0, lacking)
    good = with_writing(own, prompt=Prompt("own", "Write $n rows like\n$examples"))
    assert request(0, good).id == "sample_relation/own/round-0000#0"


def test_a_round_that_shows_a_test_row_is_left_out(own: Case) -> None:
    copied = replace(GOLD, test=[row(18), row(139)])
    units = [unit(number) for number in range(60)]
    found = own.leaking(units, gold=copied)
    assert found == {unit(number) for number in range(60) if 18 in drawn(number, own)[0]}
    assert 0 < len(found) < 60
    assert own.leaking(units, gold=GOLD) == set()
    named = with_dataset(own, pool=replace(own.pool, left_out=[3]))
    both = named.leaking(units, gold=copied)
    assert both == found | {unit(number) for number in range(60) if 3 in drawn(number, own)[1]}
    assert len(both) > len(found)
    assert with_ratio(named, 0).leaking(units, gold=copied) == set()


def test_rows_of_another_file_are_left_out_where_they_are_named(foreign: Case) -> None:
    units = foreign.units(GOLD)
    found = foreign.leaking(units, gold=GOLD)
    assert found == {unit(number) for number in range(2000) if 368 in drawn(number, foreign)[0]}
    assert found & set(units[:80]) == {
        unit(n) for n, recorded in enumerate(ROWS) if 368 in recorded["seed_rows"]["positive"]
    }
    assert len(found & set(units[:80])) == 8
    none = with_dataset(foreign, pool=replace(foreign.pool, left_out=None))
    assert none.leaking(units, gold=replace(GOLD, test=GOLD.train)) == set()


@needs_corpora
def test_gad_leaves_out_the_rounds_that_the_sample_leaves_out(resolved: Resolved, foreign: Case) -> None:
    gad = resolved("dataset=gad")
    gold = datasets.open_gold(tasks.open(gad.dataset), data=CORPORA)
    units = gad.units(gold)
    found = gad.leaking(units, gold=gold)
    assert found == foreign.leaking(units, gold=GOLD)
    assert len(found & set(units[:80])) == 8
    assert {gold.train[368].text} == {gold.train[n].text for n in gad.pool.positive} & {r.text for r in gold.test}


@needs_corpora
def test_what_gad_is_asked_shows_its_rows(resolved: Resolved) -> None:
    gad = resolved("dataset=gad")
    gold = datasets.open_gold(tasks.open(gad.dataset), data=CORPORA)
    for number, recorded in enumerate(ROWS[:20]):
        found = request(number, gad, gold=gold)
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


def test_a_completion_is_parsed_and_nothing_is_dropped_silently(own: Case) -> None:
    said = Completion("d/examples/round-0004#2", "m", COMPLETION, "stop")
    kept, rejected = own.writer.parse(said, unit=unit(4), replicate=2)
    assert kept == [
        Draft(unit(4), 2, 0, "@GENE$ is Parkinson's friend and raises @DISEASE$.", "Yes"),
        Draft(unit(4), 2, 1, "@GENE$ was X-linked, unlike @DISEASE$.", "No"),
        Draft(unit(4), 2, 2, "The @DISEASE$ was worse in carriers of @GENE$.", "Yes"),
    ]
    assert [item.reason for item in rejected] == ["remark", "marker_missing", "marker_doubled", "no_label"]
    assert {(item.draft.unit, item.draft.replicate, item.draft.index) for item in rejected} == {(unit(4), 2, -1)}
    assert "@GENE$ alone was seen." in rejected[1].draft.text


FIRST, SECOND = (
    "In one study @GENE$ was linked to @DISEASE$ (P < 0.001).",
    "No link of @GENE$*02 with @DISEASE$ was seen.",
)


@pytest.mark.parametrize(
    "layout",
    [
        "| AAA | Yes |\n| BBB | No |<|eot_id|>",
        "[/INST] | AAA | Yes |\n| BBB | No | [INST] | Of @GENE$ and @DISEASE$. | Yes |",
        "<|channel|>analysis<|message|>| BBB | Yes |<|end|><|start|>assistant<|channel|>final<|message|>| AAA | Yes |\n| BBB | No |",  # noqa: E501
        "<table><tr><th>Sentence</th><th>Label</th></tr><tr><td>AAA</td><td>Yes</td></tr><tr><td>BBB</td><td>No</td></tr></table>",
        "<example><sentence>AAA</sentence><label>Yes</label></example>\n<example><sentence>BBB</sentence><label>No</label></example>",
        "| <b>AAA</b> | Yes |\n| BBB | <b>No</b> |",
        'sentence,label\n"AAA",Yes\n"BBB",No',
        "\u200e| AAA | Yes |\n| BBB\u200f | No |",
        "- [ ] AAA | Yes\n- [x] BBB | No",
        "① AAA | Yes\n② BBB | No",
        "\\begin{itemize}\n\\item AAA (Yes)\n\\item BBB (No)\n\\end{itemize}",
        "| AAA (Note: a strong link) | Yes |\n| BBB | No |",
    ],
)
def test_rows_without_what_is_put_round_them(own: Case, layout: str) -> None:
    said = Completion("d/examples/round-0000#0", "m", layout.replace("AAA", FIRST).replace("BBB", SECOND), "stop")
    kept, rejected = own.writer.parse(said, unit=unit(0), replicate=0)
    assert [(draft.text, draft.label) for draft in kept] == [(FIRST, "Yes"), (SECOND, "No")]
    assert {item.reason for item in rejected} <= {"remark"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I am not able to write about @GENE$ and @DISEASE$.", "remark"),
        ("The &foo; of @GENE$ and @DISEASE$.", "markup"),
    ],
)
def test_a_row_that_is_no_text_is_rejected(own: Case, text: str, reason: str) -> None:
    said = Completion("d/examples/round-0000#0", "m", f"| {text} | Yes |", "stop")
    kept, rejected = own.writer.parse(said, unit=unit(0), replicate=0)
    assert not kept
    assert [(item.reason, item.draft.text) for item in rejected] == [(reason, text)]


def test_a_row_that_was_cut_has_no_label(own: Case) -> None:
    cut = Completion("d/examples/round-0000#0", "m", "| @GENE$ raises @DISEASE$. | Yes |\n| @GENE$ low", "length")
    kept, rejected = own.writer.parse(cut, unit=unit(0), replicate=0)
    assert [draft.text for draft in kept] == ["@GENE$ raises @DISEASE$."]
    assert ["@GENE$ low" in item.draft.text for item in rejected] == [True]


def test_the_markers_of_the_dataset_are_looked_for(own: Case) -> None:
    writer = with_dataset(own, markers=["@DRUG$", "@FOOD$"]).writer
    said = Completion("", "m", "| @DRUG$ meets @FOOD$ here. | Yes |\n| @GENE$ raises @DISEASE$. | Yes |", "stop")
    kept, rejected = writer.parse(said, unit=unit(0), replicate=0)
    assert [draft.text for draft in kept] == ["@DRUG$ meets @FOOD$ here."]
    assert len(rejected) == 1
    (candidate,), _ = writer.annotate(kept, annotator="none", lexicon=(), answer=None)
    assert candidate.example == Relation("@DRUG$ meets @FOOD$ here.", "Yes", ("@DRUG$", "@FOOD$"))


def test_the_shipped_completions_have_three_rows_of_each_label(foreign: Case) -> None:
    for number, recorded in enumerate(ROWS):
        said = Completion(recorded["id"], recorded["model"], recorded["completion"], recorded["finish_reason"])
        kept, rejected = foreign.writer.parse(said, unit=unit(number), replicate=0)
        assert [draft.label for draft in kept].count("Yes") == [draft.label for draft in kept].count("No") == 3
        assert rejected == []


def test_a_draft_keeps_the_label_it_came_with(own: Case) -> None:
    drafts = [Draft(unit(0), 0, n, row(n).text, row(n).label) for n in range(3)]
    found, rejected = own.writer.annotate(drafts, annotator="none", lexicon=(), answer=None)
    assert [(item.draft, item.example) for item in found] == [(draft, row(n)) for n, draft in enumerate(drafts)]
    assert rejected == []
    said = Completion("", "m", "", "stop")
    assert own.writer.label_request(drafts, completion=said, writing=own.writing) is None
    assert all(map(own.writer.contains, drafts))


def proposed(case: Case, *, gold: Gold) -> Rows:
    """Of a dataset without a pool; the file says what the dataset is given."""
    found = with_dataset(case, pool=None).writer.propose(gold, recorded=False)
    (name,) = found.files
    assert name == "pool.yaml"
    rows: Rows = yaml.safe_load(found.files[name])["pool"]
    assert found.dataset == replace(case.dataset, pool=PoolConfig(**rows))
    return rows


OWN = {"file": None, "fold": None, "left_out": None}
"""What a proposal says beside its rows, so that it takes the place of another pool as a whole."""


def test_a_pool_is_proposed_where_there_is_none(own: Case) -> None:
    found = proposed(own, gold=replace(GOLD, test=[row(0), row(4), row(139)]))
    assert found["positive"] == [2, *range(6, 104, 2)]
    assert found["negative"] == list(range(1, 101, 2))
    assert (len(found["positive"]), len(found["negative"])) == (50, 50)
    given = with_pool(own, **found)
    assert given.units(GOLD)
    assert own_pool(given.dataset)


def test_a_small_corpus_gives_all_its_rows(own: Case) -> None:
    assert proposed(own, gold=replace(GOLD, train=GOLD.train[:7])) == OWN | {
        "positive": [0, 2, 4, 6],
        "negative": [1, 3, 5],
    }


def test_a_proposal_shows_the_rows_it_names(own: Case) -> None:
    content = with_dataset(own, pool=None).writer.propose(GOLD, recorded=False).files["pool.yaml"]
    named = re.findall(r"^ +- (\d+)  # (.+)$", content, re.MULTILINE)
    assert len(named) == 100
    assert all(GOLD.train[int(number)].text == text for number, text in named)


@pytest.mark.parametrize("text", ["a: b # c - d", "'quoted\" {x} [y] & *z", "50% | yes", "ß → 😀", "\ttab \\n"])
def test_a_proposal_loads_whatever_the_rows_say(text: str, own: Case) -> None:
    odd = [replace(found, text=f"{text} @GENE$ {text} @DISEASE$ {text}") for found in GOLD.train[:6]]
    assert proposed(own, gold=replace(GOLD, train=odd)) == OWN | {"positive": [0, 2, 4], "negative": [1, 3, 5]}


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\r", "\x0c"])
def test_a_proposal_loads_with_characters_that_yaml_does_not_like(inside: str, own: Case) -> None:
    odd = [replace(found, text=f"a{inside}b @GENE$ @DISEASE$") for found in GOLD.train[:6]]
    assert proposed(own, gold=replace(GOLD, train=odd)) == OWN | {"positive": [0, 2, 4], "negative": [1, 3, 5]}


def test_a_pool_that_is_given_stays(own: Case, foreign: Case) -> None:
    for case, recorded in ((own, False), (own, True), (foreign, True)):
        before = replace(case.pool)
        found = case.writer.propose(GOLD, recorded=recorded)
        assert found.files == {}
        assert found.dataset.pool == case.pool == before


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
def test_a_pool_that_does_not_fit_is_named(changes: Rows, share: float, said: str, own: Case) -> None:
    case = with_ratio(with_pool(own, **(POOL | changes)), share)
    with pytest.raises(ConfigError) as raised:
        case.units(GOLD)
    assert said in str(raised.value)


@pytest.mark.parametrize("share", [0.75, 1.0, 0.0])
def test_a_pool_that_fits_is_taken(share: float, own: Case) -> None:
    assert with_ratio(with_pool(own, **POOL), share).units(GOLD)


def test_rows_of_another_file_are_not_looked_up(foreign: Case) -> None:
    """Row 705 is none of these three."""
    assert foreign.units(replace(GOLD, train=GOLD.train[:3]))


def test_a_pool_of_another_fold_is_refused(resolved: Resolved) -> None:
    case = resolved("dataset=gad", "dataset.fold=2")
    with pytest.raises(ConfigError) as raised:
        case.units(GOLD)
    said = str(raised.value)
    assert "dataset.pool names rows of gad/1/train.tsv, and dataset.fold=2 trains on another fold" in said
    assert "take dataset.fold=1, or dataset.pool=null" in said


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_prompt_of_other_markers_is_refused(ratio: float, own: Case) -> None:
    """Rows that are shown have the dataset's markers, and hide that the prompt asks for others."""
    case = with_ratio(with_dataset(own, markers=["@DRUG$", "@EFFECT$"]), ratio)
    with pytest.raises(ConfigError, match=r"'examples' asks for @DISEASE\$ and @GENE\$, and dataset\.markers"):
        request(0, case)


def test_a_prompt_that_does_not_say_the_markers_is_refused(own: Case) -> None:
    """With seed_ratio=r000 no row says them either, and the LLM would not know what to write."""
    case = with_writing(own, share=0.0, prompt=Prompt("mine", "Write $n of each. $examples"))
    with pytest.raises(ConfigError, match=r"'mine' does not say @GENE\$.*prompt\.text"):
        request(0, case)
