"""Answers that stray from what was asked are no examples: told apart from those that do not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.endings import ECHO, LANGUAGE, LOOP
from clinsynth.llm.straying import strays
from clinsynth.types import Request
from standins import Asked, Reply, StandIn, chat, said
from support import Command, summary

PROMPT = (
    'Please act as a sentence generator for the biological domain and provide 30 sentences containing the words "gout".'
    " These sentences should not include any additional information or explanation. Generated sentences should mimic "
    "the style of PubMed journal articles, using a variety of sentence structures:"
)
SENTENCE = "Gout was confirmed in patients with raised serum urate after polarised light microscopy."
SPANISH = (
    "1. La gota fue confirmada en los pacientes con ácido úrico elevado en sangre después de la microscopía.\n"
    "2. El tratamiento de la gota con alopurinol redujo la frecuencia de las crisis durante el primer año.\n"
    "3. Los pacientes con gota crónica presentaron depósitos de cristales en las articulaciones de los pies.\n"
)


def request(prompt: str = PROMPT, *, language: str | None = "en", **evidence: object) -> Request:
    return Request("d/sentences/gout#0", ({"role": "user", "content": prompt},), dict(evidence), language=language)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("\n".join(f"{number}. {SENTENCE}" for number in range(1, 31)), LOOP),
        (" ".join([SENTENCE] * 30), LOOP),
        (json.dumps({"texts": [SENTENCE] * 30}), LOOP),
        (PROMPT, ECHO),
        (f"<think>What is asked?</think>{PROMPT.split('Generated')[0]}", ECHO),
        (SPANISH, LANGUAGE),
    ],
    ids=["numbered", "in one line", "json", "the prompt", "most of the prompt", "Spanish"],
)
def test_an_answer_that_strays_is_named(text: str, how: str) -> None:
    assert strays(text, request()) == how


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "\n".join(f"{number}. In visit {number} gout was seen by {number * 7} observers." for number in range(30)),
            {},
        ),
        ("\n".join(["1. " + SENTENCE] * 9 + [f"{n}. Gout of kind {n} was seen then." for n in range(20)]), {}),
        ("\n".join(f"{number}. no disease is mentioned here" for number in range(30)), {"labels": "x"}),
        ("\n".join(f"{number}. no disease is mentioned here" for number in range(30)), {"texts_sha256": "x"}),
        ("\n".join(["of\tO"] * 40), {"test_index": 3}),
        ("Yes.", {}),
        ("gout", {}),
    ],
    ids=[
        "sentences",
        "some twice",
        "labels of negatives",
        "labels of real texts",
        "tags",
        "a word",
        "a word of the prompt",
    ],
)
def test_an_answer_that_does_not_stray_is_left(text: str, asked: dict[str, object]) -> None:
    assert strays(text, request(**asked)) is None


def test_another_language_is_one_only_where_it_was_not_asked_for() -> None:
    assert strays(SPANISH, request(language="es")) is None
    assert strays(SPANISH, request(language=None)) is None
    assert strays(SPANISH, request(language="de")) == LANGUAGE


def test_it_takes_no_time() -> None:
    text = "\n".join(f"{number}. In visit {number} gout was seen by {number * 7} observers." for number in range(30))
    strays(SPANISH, request())  # loads what it needs
    began = time.process_time()
    for _ in range(100):
        strays(text, request())
    assert time.process_time() - began < 0.2


CORPUS = ["generation.per_request=10", "units.max=6", "annotator=seed", "size=n10", "llm=local", "llm.model=m"]


def test_answers_that_stray_are_counted_asked_again_and_no_examples(with_store: Path, clinsynth: Command) -> None:
    strayed = iter(["\n".join([SENTENCE] * 30), "the prompt", SPANISH * 3])

    def says(asked: Asked) -> str:
        text = next(strayed, None)
        return asked.prompt if text == "the prompt" else text or said(asked.prompt)

    with StandIn(chat, says=says) as server:
        found = clinsynth("generate", *CORPUS, f"llm.base_url={server.url}", "llm.concurrency=1")
    assert found.status == 0, found.err
    told = " ".join(found.out.split())
    assert "3 of the requests came back without an answer" in told
    assert all(f"1 {how}" in told for how in (LOOP, ECHO, LANGUAGE))
    assert summary(with_store)["examples"] == 60


def test_a_cut_answer_is_asked_for_again_with_more_room(with_store: Path, clinsynth: Command) -> None:
    def voice(asked: Asked, text: str) -> Reply:
        most = asked.body["max_tokens"]
        return chat(asked, text[: 8 * most], finish="length" if len(text) > 8 * most else "stop")

    path = with_store / "artifacts" / "completions.db"
    with StandIn(voice) as server:
        words = [*CORPUS, f"llm.base_url={server.url}", "llm.max_tokens=60"]
        kept = clinsynth("generate", *words)
        assert {row["finish_reason"] for row in CompletionCache(path).rows()} == {"length"}
        asked = len(server.asked)
        again = clinsynth("generate", *words, "llm.when_cut=again", "llm.temperature=0.5")
    assert (kept.status, again.status) == (0, 0), again.err
    rows = [row for row in CompletionCache(path).rows() if row["sampling"].get("temperature") == 0.5]
    assert {row["finish_reason"] for row in rows} == {"stop"}
    assert {row["sampling"]["max_tokens"] for row in rows} == {60}
    assert sorted({found.body["max_tokens"] for found in server.asked[asked:]}) == [60, 120]
    assert "cut off" in again.out
