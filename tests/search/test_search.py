"""A search from round to round, with an LLM that is a function: its tree, and how much it asks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinsynth import tasks
from clinsynth.errors import DataFormatError
from clinsynth.search import judges, search
from clinsynth.search.judges import RoundJudge, judge_of
from clinsynth.search.planning import stand_ins
from clinsynth.search.sampling import Ask, Sampler
from clinsynth.search.sheets import Waiting
from clinsynth.search.tree import CandidatePrompt, Contest, Tree
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Completion, Gold, Request
from support import Composed, gold, sentence

NER_GOLD = gold(*[sentence(f"{name}/B hurts") for name in ("gout", "ataxia", "measles")])
ROWS = [Relation(f"@GENE$ in @DISEASE$, row {n}", "Yes" if n < 3 else "No", ("@GENE$", "@DISEASE$")) for n in range(6)]
POOL = ["dataset.pool.file=null", "dataset.pool.positive=[0,1,2]", "dataset.pool.negative=[3,4,5]"]
WORDS = {"sample_ner": [], "sample_relation": POOL, "sample_asd": []}
GOLDS = {"sample_ner": NER_GOLD, "sample_relation": gold(*ROWS), "sample_asd": gold()}
PLACES = {
    "sample_ner": "{n} on {entity}",
    "sample_relation": "{n} on @GENE$ and @DISEASE$ {examples}",
    "sample_asd": "{n} that {content}",
}
FRAMES = (
    "Early {} was common in all children.",
    "No drug is approved for {} so far.",
    "A gene for {} was found last year.",
)
JUDGED = re.compile(r"/judge/")
ASKED = re.compile(r"/(?:propose|augment)/round-(\d+)#")


def prompts(*verbs: str, dataset: str = "sample_ner") -> list[str]:
    """As an LLM writes them."""
    return [f"{verb} {PLACES[dataset]}" for verb in verbs]


def template(verb: str) -> str:
    return f"{verb} $n on $entity"


class LLM:
    """Proposes these verbs round by round, writes samples about each unit, and has this verdict on any two sets."""

    def __init__(
        self,
        *rounds: Sequence[str],
        dataset: str = "sample_ner",
        verdict: str = "A",
        samples: str | None = None,
        remark: str = "",
    ) -> None:
        self.rounds, self.dataset, self.verdict, self.samples, self.remark = rounds, dataset, verdict, samples, remark
        self.asked: list[Request] = []

    def __call__(self, requests: Sequence[Request], what: str) -> dict[str, Completion]:
        self.asked += requests
        return {request.id: Completion(request.id, "m", self.answer(request), "stop") for request in requests}

    def answer(self, request: Request) -> str:
        if found := ASKED.search(request.id):
            proposed = prompts(*self.rounds[int(found[1]) - 1], dataset=self.dataset)
            return self.remark + "\n".join(f"- {text}" for text in proposed)
        if JUDGED.search(request.id):
            return self.verdict
        if self.samples is not None:
            return self.samples
        if request.messages[0]["content"].startswith("Barren"):
            return "Sure, here you are.\n1. Too short."
        if self.dataset == "sample_relation":
            return "\n".join(f"| {frame.format('@GENE$ in @DISEASE$')} | Yes |" for frame in FRAMES)
        unit = request.id.split("/", 2)[2].partition("#")[0]
        return "\n".join(f"{place}. {frame.format(unit)}" for place, frame in enumerate(FRAMES, 1))

    def questions(self, number: int) -> list[str]:
        return [
            request.messages[0]["content"]
            for request in self.asked
            if (found := ASKED.search(request.id)) and int(found[1]) == number
        ]


def scoring(scores: Mapping[str, float]) -> RoundJudge:
    """By the first word of a prompt; others have 0."""
    return lambda candidates, number: {
        candidate.name: {"score": scores.get(candidate.text.split()[0], 0.0)} for candidate in candidates
    }


Settings = Callable[..., Any]
COMPOSED: dict[tuple[str, ...], Any] = {}
"""Settings by their words: to compose them takes a tenth of a second."""


@pytest.fixture
def settings_of(composed: Composed) -> Settings:
    def settings(*words: str, dataset: str = "sample_ner") -> Any:
        small = ["candidates=2", "samples=6", "generation.max_attempts=2", f"dataset={dataset}", *WORDS[dataset]]
        found = (*small, *words)
        if found not in COMPOSED:
            COMPOSED[found] = composed("search_prompts", "llm=local", "llm.model=m", *found)
        return deepcopy(COMPOSED[found])

    return settings


def sampler(settings: Any, *, ask: Ask, gold: Gold = NER_GOLD) -> Sampler:
    return Sampler(settings, task=tasks.open(settings.dataset), gold=gold, ask=ask)


def grown(settings: Any, *, ask: Ask, judge: RoundJudge, gold: Gold = NER_GOLD) -> Tree:
    tree = Tree("a task")
    samples = sampler(settings, ask=ask, gold=gold)
    search(settings, sampler=samples, judge=judge, tree=tree, watch=lambda tree: None)
    return tree


THREE_ROUNDS = (["Write", "Give"], ["Compose", "Invent"], ["Draft", "Pen"])


def test_the_best_of_a_round_is_varied_in_the_next(settings_of: Settings) -> None:
    llm = LLM(*THREE_ROUNDS)
    tree = grown(settings_of(), ask=llm, judge=scoring({"Give": 1, "Invent": 2, "Draft": 3}))
    assert tree.finished
    assert [(found.name, found.parent, found.text) for found in tree.candidates] == [
        ("1.1", None, template("Write")),
        ("1.2", None, template("Give")),
        ("2.1", "1.2", template("Compose")),
        ("2.2", "1.2", template("Invent")),
        ("3.1", "2.2", template("Draft")),
        ("3.2", "2.2", template("Pen")),
    ]
    assert [contest.winner for contest in tree.contests] == ["1.2", "2.2", "3.1"]
    assert tree.winner is tree.named("3.1")
    assert [llm.questions(number)[0].rpartition("prompt: ")[2] for number in (2, 3)] == prompts("Give", "Invent")
    assert "PubMed" in llm.questions(1)[0]


def test_the_best_so_far_stands_in_every_contest(settings_of: Settings) -> None:
    tree = grown(settings_of(), ask=LLM(*THREE_ROUNDS), judge=scoring({"Write": 5, "Compose": 4, "Pen": 3}))
    assert [list(contest.verdicts) for contest in tree.contests] == [
        ["1.1", "1.2"],
        ["1.1", "2.1", "2.2"],
        ["1.1", "3.1", "3.2"],
    ]
    assert {contest.winner for contest in tree.contests} == {"1.1"}
    assert {found.parent for found in tree.candidates[2:]} == {"1.1"}


@pytest.mark.parametrize(("scores", "winner"), [({}, "1.1"), ({"Give": 1, "Pen": 1, "Invent": 1}, "1.2")])
def test_a_tie_keeps_the_best(settings_of: Settings, scores: dict[str, float], winner: str) -> None:
    tree = grown(settings_of(), ask=LLM(*THREE_ROUNDS), judge=scoring(scores))
    assert [contest.winner for contest in tree.contests] == [winner] * 3


def test_a_prompt_that_stays_the_best_is_asked_about_anew(settings_of: Settings) -> None:
    """The message is the same as before, and its replicate another one."""
    llm = LLM(*THREE_ROUNDS)
    grown(settings_of(), ask=llm, judge=scoring({}))
    assert llm.questions(2) == llm.questions(3)
    ids = [request.id for request in llm.asked if ASKED.search(request.id)]
    assert [id.rpartition("#")[2] for id in ids] == ["0", "2", "4"]


def test_scores_are_those_of_the_last_contest(settings_of: Settings) -> None:
    tree = grown(
        settings_of("rounds=2"),
        ask=LLM(*THREE_ROUNDS),
        judge=lambda candidates, number: {found.name: {"score": float(number)} for found in candidates},
    )
    assert tree.winner is tree.named("1.1")
    assert [tree.scores(name) for name in ("1.1", "1.2", "2.2")] == [{"score": 2.0}, {"score": 1.0}, {"score": 2.0}]


def test_a_search_ends_where_nothing_new_comes(settings_of: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    llm = LLM(["Write", "Give"], ["Give", "Write"], ["Draft"])
    tree = grown(settings_of(), ask=llm, judge=scoring({"Give": 1}))
    assert tree.finished
    assert [contest.number for contest in tree.contests] == [1]
    assert tree.winner is tree.named("1.2")
    assert len(llm.questions(2)) == 2
    assert not llm.questions(3)
    assert "Round 2: nothing new is proposed, the search ends here." in capsys.readouterr().out


def test_unusable_proposals_are_kept_with_their_round(settings_of: Settings) -> None:
    llm = LLM(["Write", "Give"], remark="- Only {n}.\n")
    tree = grown(settings_of("rounds=1"), ask=llm, judge=scoring({}))
    ((text, reason),) = tree.contests[0].unusable
    assert text == "Only {n}."
    assert "lacks $entity" in reason
    assert [found.text for found in tree.candidates] == [template("Write"), template("Give")]


def test_a_round_without_a_single_sample_is_refused(settings_of: Settings) -> None:
    with pytest.raises(DataFormatError) as caught:
        grown(settings_of(), ask=LLM(["Barren one", "Barren two"]), judge=scoring({}))
    said = str(caught.value)
    assert "no sample of the 2 prompts of a round passes quality control (4 unit_missing, 4 remark)" in said


def test_answers_without_text_are_refused(settings_of: Settings) -> None:
    llm = LLM(["Write", "Give"], samples="")
    with pytest.raises(DataFormatError, match=r"passes quality control \(the answers hold no text\)"):
        grown(settings_of(), ask=llm, judge=scoring({}))


def test_one_prompt_with_samples_is_enough(settings_of: Settings) -> None:
    tree = grown(settings_of("rounds=1"), ask=LLM(["Barren", "Write"]), judge=scoring({"Write": 1}))
    assert [len(found.kept) for found in tree.candidates] == [0, 6]
    assert {reason for _, reason in tree.candidates[0].rejected} == {"unit_missing", "remark"}


@pytest.mark.parametrize("dataset", list(PLACES))
def test_every_prompt_is_tried_on_the_same_units(settings_of: Settings, dataset: str) -> None:
    llm = LLM(*THREE_ROUNDS, dataset=dataset)
    grown(settings_of(dataset=dataset), ask=llm, judge=scoring({}), gold=GOLDS[dataset])
    units: dict[str, list[str]] = {}
    for request in llm.asked:
        _, prompt, unit = request.id.split("/", 2)
        if prompt.startswith("search-"):
            units.setdefault(prompt, []).append(unit)
    assert len(units) == 6
    assert len(set(map(tuple, units.values()))) == 1
    assert [len(found) for found in units.values()] == [2] * 6


def test_the_same_answers_give_the_same_tree(settings_of: Settings) -> None:
    scores = {"Give": 1, "Invent": 2, "Draft": 3}
    trees = [grown(settings_of(), ask=LLM(*THREE_ROUNDS), judge=scoring(scores)) for _ in range(2)]
    assert trees[0] == trees[1]
    assert trees[0].to_json() == trees[1].to_json()


def test_each_round_is_shown_when_it_is_judged(settings_of: Settings) -> None:
    seen: list[tuple[int, int, bool]] = []
    settings = settings_of()
    search(
        settings,
        sampler=sampler(settings, ask=LLM(*THREE_ROUNDS)),
        judge=scoring({}),
        tree=Tree("a task"),
        watch=lambda tree: seen.append((len(tree.candidates), len(tree.contests), tree.finished)),
    )
    assert seen == [(2, 1, False), (4, 2, False), (6, 3, False)]


def test_a_search_that_waits_keeps_what_there_is_and_goes_on_from_there(settings_of: Settings, tmp_path: Path) -> None:
    settings = settings_of("judge=file", "rounds=1")
    judge = judge_of(settings, gold=NER_GOLD, ask=LLM(), folder=tmp_path)
    tree, samples = Tree("a task"), sampler(settings, ask=LLM(*THREE_ROUNDS))
    with pytest.raises(Waiting) as caught:
        search(settings, sampler=samples, judge=judge, tree=tree, watch=lambda tree: None)
    assert [found.name for found in tree.candidates] == ["1.1", "1.2"]
    assert (tree.contests, tree.winner, tree.finished) == ([], None, False)
    assert tree.scores("1.1") == {}
    path = caught.value.path
    path.write_text(path.read_text(encoding="utf-8").replace(",,", ",7,"), encoding="utf-8")
    tree = grown(settings, ask=LLM(*THREE_ROUNDS), judge=judge)
    assert tree.contests[0].verdicts == {"1.1": {"score": 7.0}, "1.2": {"score": 7.0}}
    assert tree.finished


KNOTTY = CandidatePrompt("1.1", None, 'Say "$n" – $$5', kept=("é\n", "[x]"), rejected=(("a", "b"), ("ü", "remark")))


@pytest.mark.parametrize(
    "tree",
    [
        Tree("nothing yet"),
        Tree("not judged", [KNOTTY]),
        Tree(
            "all",
            [KNOTTY, CandidatePrompt("2.1", "1.1", "$n", kept=(), rejected=())],
            [Contest(1, "1.1", {"1.1": {"score": 0.1}}, (("x", "lacks $n"),)), Contest(2, "2.1", {}, ())],
            finished=True,
        ),
    ],
    ids=lambda tree: tree.task,
)
def test_a_tree_is_read_as_it_was_written(tree: Tree) -> None:
    again = Tree.from_json(json.loads(json.dumps(tree.to_json())))
    assert again == tree
    assert again.winner == tree.winner
    assert hash(tuple(again.candidates)) == hash(tuple(tree.candidates))


@pytest.fixture
def same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Embeddings that are all alike."""
    monkeypatch.setattr(judges, "embed", lambda texts: np.ones((len(texts), 2), dtype=np.float32))


@pytest.mark.parametrize(
    ("dataset", "words", "number"),
    [
        ("sample_ner", ["judge=metrics"], 3 * (1 + 2 * 2)),
        ("sample_ner", ["judge=llm"], 3 * (1 + 2 * 2) + 2 * 1 + 2 * (3 * 2)),
        ("sample_ner", ["judge=llm", "rounds=1"], 1 + 2 * 2 + 2 * 1),
        ("sample_ner", ["judge=llm", "candidates=1", "rounds=2"], 2 * (1 + 2) + 2 * 1),
        ("sample_ner", ["judge=metrics", "requests=6"], 3 * (1 + 2 * 3)),
        ("sample_relation", ["judge=metrics", "requests=3", "rounds=2"], 2 * (1 + 2 * 3)),
        ("sample_relation", ["judge=llm"], 3 * (1 + 2 * 2) + 2 * 1 + 2 * (3 * 2)),
        ("sample_asd", ["judge=metrics", "requests=6"], 3 * (1 + 2 * 6)),
        ("sample_asd", ["judge=llm", "rounds=2"], 2 * (1 + 2 * 2) + 2 * 1 + 3 * 2),
    ],
)
@pytest.mark.usefixtures("same")
def test_an_estimate_has_as_many_requests_as_a_search(
    settings_of: Settings, dataset: str, words: list[str], number: int, tmp_path: Path
) -> None:
    settings = settings_of(*words, dataset=dataset)
    llm, mine = LLM(*THREE_ROUNDS, dataset=dataset, verdict="tie"), GOLDS[dataset]
    planned = stand_ins(settings, sampler=sampler(settings, ask=llm, gold=mine))
    assert llm.asked == []
    tree = grown(settings, ask=llm, judge=judge_of(settings, gold=mine, ask=llm, folder=tmp_path), gold=mine)
    assert len(tree.contests) == settings.rounds
    assert len(planned) == len(llm.asked) == number
    for requests in (planned, llm.asked):
        assert len({request.id for request in requests}) == len(requests)
    assert not {request.id for request in planned} & {request.id for request in llm.asked}
    assert kinds(planned) == kinds(llm.asked)


def kinds(requests: Sequence[Request]) -> Counter[str]:
    """How many ask for prompts, variations, samples, verdicts."""
    return Counter(request.id.split("/")[1].partition("-")[0] for request in requests)


@pytest.mark.usefixtures("same")
def test_numbers_choose_a_prompt_that_has_samples(settings_of: Settings) -> None:
    settings = settings_of("judge=metrics", "rounds=2")
    llm = LLM(["Barren", "Write"], ["Barren two", "Barren three of", "Give"])
    settings.candidates = 3
    tree = grown(settings, ask=llm, judge=judge_of(settings, gold=NER_GOLD, ask=llm, folder=Path()))
    assert [contest.winner for contest in tree.contests] == ["1.2", "1.2"]
    assert tree.scores("1.2")["acceptance"] == 1.0
    assert tree.scores("2.1")["score"] == 0.0
