"""Which texts, shots and rules requests for labels have, and in which steps they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clinsynth.analysis.kept_embeddings import KeptEmbeddings
from clinsynth.config import Pick
from clinsynth.corpora import shots
from clinsynth.corpora.label_steps import first_steps, next_step
from clinsynth.corpora.real_texts import Picking, picked
from clinsynth.corpora.rules import NearestRules, sections_of
from clinsynth.corpora.shots import open_shots
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.row_numbers import read_row_numbers
from clinsynth.task import ANSWER, REASON, VERIFY, Asking
from clinsynth.tasks.ner.real_texts import NerTexts
from clinsynth.text.entities import Origin, Sentence
from clinsynth.types import Completion, Request
from support import dataset, gold, sentence

WORDS = ("gout", "ataxia", "lupus", "fever")


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors that say which of the words a text has."""
    found = np.array([[text.count(word) + 0.01 for word in WORDS] for text in texts], dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


TRAIN = [sentence(f"Here {word}/B came again .") for word in (*WORDS, *WORDS)]


def picking(**told: Any) -> Picking:
    return Picking(**({"pick": Pick.random, "number": None, "rows": None, "seed": 0, "near": 0.8} | told))


def pick(texts: Sequence[Sentence], *, test: Sequence[Sentence] = (), **told: Any) -> Any:
    unsure = told.pop("uncertainty", None)
    return picked(
        texts,
        how=picking(**told),
        gold=gold(test=test),
        real=NerTexts(dataset()),
        words=lambda example: example.tokens,
        embed=embed,
        uncertainty=unsure,
    )


def of_document(said: str, document: str) -> Sentence:
    words = tuple(said.split())
    return Sentence(words, origin=Origin(document, 0, said, tuple((0, 1) for _ in words)))


def test_what_test_holds_is_left_out_and_counted() -> None:
    long = "the first of many very long words that were said in the old house of a small town by the sea"
    test = [sentence("He has gout/B ."), sentence(long), of_document("Elsewhere it was .", "1234567")]
    texts = [
        sentence("he HAS gout ."),
        sentence(f"{long} too"),
        of_document("Another one of it .", "1234567"),
        of_document("Another one of these .", "7654321"),
        sentence("Quite new ."),
        sentence("quite new ."),
    ]
    found = pick(texts, test=test)
    assert found.left_out == {"in test": 1, "near test": 1, "of abstracts of test": 1, "twice": 1}
    assert {text.text for text in found.texts} == {"Another one of these .", "Quite new."}


@pytest.mark.parametrize("how", list(Pick))
def test_fewer_texts_are_the_beginning_of_more(how: Pick) -> None:
    def unsure(texts: Sequence[Any]) -> list[float]:
        return [text.text.count("lupus") + 0.1 * text.text.count("late") for text in texts]

    texts = [sentence(f"{word} came {when} .") for word in WORDS for when in ("late", "early", "never")]
    more, fewer = (pick(texts, pick=how, number=number, uncertainty=unsure).texts for number in (6, 4))
    assert more[:4] == fewer
    assert len(set(more)) == 6
    if how is Pick.novel:
        assert len({text.tokens[0] for text in fewer}) == 4
    if how is Pick.uncertain:
        assert [text.text for text in fewer][:1] == ["lupus came late."]


def test_rows_are_taken_in_their_order() -> None:
    assert pick(TRAIN[:4], rows=[2, 0]).texts == (TRAIN[2], TRAIN[0])


def test_shots_are_never_of_test(tmp_path: Path) -> None:
    known = gold(*TRAIN[:4], test=[sentence("here LUPUS came again .")])
    (tmp_path / "rows.json").write_text('{"rows": [2, 3, 0]}', encoding="utf-8")
    listed = open_shots(2, chosen=str(tmp_path / "rows.json"), gold=known, seed=0, embed=embed)
    assert listed is not None
    assert [shot.row for shot in listed.shown(["x"])] == [3, 0]
    assert [shot.row for shot in listed.shown(["Here fever came again."])] == [0]
    with pytest.raises(ConfigError, match="there are 3 free rows of gold train"):
        open_shots(4, chosen="draw", gold=known, seed=0, embed=embed)
    assert open_shots(0, chosen=None, gold=known, seed=0, embed=embed) is None
    drawn = open_shots(3, chosen="draw", gold=known, seed=1, embed=embed)
    fewer = open_shots(1, chosen="draw", gold=known, seed=1, embed=embed)
    assert drawn is not None
    assert fewer is not None
    assert {shot.row for shot in drawn.shown([])} == {0, 1, 3}
    assert drawn.shown([])[:1] == fewer.shown([])


def test_the_nearest_shots_are_those_of_the_batch() -> None:
    near = open_shots(2, chosen="nearest", gold=gold(*TRAIN), seed=0, embed=embed)
    assert near is not None
    assert {shot.row % 4 for shot in near.shown(["A fever, not seen before."])} == {3}
    assert {shot.row % 4 for shot in near.shown(["ataxia"])} == {1}


def test_no_more_rows_are_compared_than_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request takes as long beside thousands of rows of train as beside ten."""
    near = open_shots(2, chosen="nearest", gold=gold(*TRAIN), seed=0, embed=embed)
    assert near is not None
    compared: list[str] = []

    def folded(text: str) -> tuple[str, ...]:
        compared.append(text)
        return tuple(text.split())

    monkeypatch.setattr(shots, "_folded", folded)
    assert len(near.shown(["gout and gout"])) == 2
    assert len(compared) == 3


@pytest.mark.parametrize("text", ['{"rows": [9]}', '["a"]', "1\nx", "", '{"other": 1}', "[true]"])
def test_what_is_no_list_of_rows_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows").write_text(text, encoding="utf-8")
    with pytest.raises(DataFormatError, match="rows"):
        read_row_numbers(tmp_path / "rows", below=9)


def test_rules_are_cut_at_headings_and_the_nearest_are_shown() -> None:
    names = "# Names\n\n## gout\ncount gout\n```\n# no heading\n```\n"
    text = f"Be brief.\n\n{names}## fever\nno fever\n## lupus\nsay lupus\n"
    sections = sections_of(text)
    assert sections == [
        "Be brief.",
        "# Names\n## gout\ncount gout\n```\n# no heading\n```",
        "## fever\nno fever",
        "## lupus\nsay lupus",
    ]
    rules = NearestRules(tuple(sections), 2, embed)
    assert rules.shown(["a fever", "gout"]) == f"{sections[1]}\n{sections[2]}"


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def counted(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return embed(texts)

    first = KeptEmbeddings(tmp_path, embed=counted)(["gout", "lupus", "gout"])
    again = KeptEmbeddings(tmp_path, embed=counted)(["lupus", "fever"])
    assert asked == ["gout", "lupus", "fever"]
    assert np.array_equal(first[1], again[0])


def asking(**told: Any) -> Asking:
    from clinsynth.config import named_prompt

    return Asking(**told, prompts={name: named_prompt(name) for name in (REASON, ANSWER, VERIFY)})


ASKED = ({"role": "user", "content": "List."},)
BASE = Request("d/mentions/gout#0", ASKED, {"prompt": "List."}, answer_schema={"a": 1})


def test_every_step_is_a_request_of_its_own() -> None:
    how = asking(passes=2, steps=2, verify=True)
    first, second = first_steps(BASE, asking=how)
    assert (first.request.id, second.request.id) == (
        "d/mentions_label_reasons/gout#0",
        "d/mentions_label_reasons/gout#1000",
    )
    assert first.request.answer_schema is None
    answer = next_step(second, Completion("", "", "Because.", "stop"), asking=how)
    assert answer is not None
    assert answer.request.id == "d/mentions_label_answer/gout#1000"
    assert [turn["role"] for turn in answer.request.messages] == ["user", "assistant", "user"]
    assert answer.request.messages[1]["content"] == "Because."
    other = next_step(second, Completion("", "", "Otherwise.", "stop"), asking=how)
    assert other is not None
    assert other.request.evidence != answer.request.evidence
    check = next_step(answer, Completion("", "", "1. Gout", "stop"), asking=how)
    assert check is not None
    assert (check.request.id, len(check.request.messages)) == ("d/mentions_label_check/gout#1000", 5)
    assert check.request.answer_schema == {"a": 1}
    assert next_step(check, Completion("", "", "1. Gout", "stop"), asking=how) is None


def test_one_pass_without_steps_is_the_request_itself() -> None:
    (only,) = first_steps(BASE, asking=Asking())
    assert only.request == BASE
    assert next_step(only, Completion("", "", "1. Gout", "stop"), asking=Asking()) is None
