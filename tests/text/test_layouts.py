"""Answers in many layouts: a kept text is a sentence and nothing but that, and all else has a reason."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from importlib.resources import files

import pytest

from clinsynth.config import QualityConfig
from clinsynth.quality import control
from clinsynth.tasks.multilabel.writer import MultilabelWriter
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.text.leftovers import flaw
from clinsynth.text.lists import read_drafts
from clinsynth.text.remarks import without_notes
from clinsynth.text.words import tokenise
from clinsynth.types import Candidate, Completion
from layouts import AROUND, LAYOUTS, NOTHING, filled
from support import dataset

SENTENCES = (
    "Gout was diagnosed in a farmer who came last year.",
    "Severe gout, in men, hurts the toe (P < 0.001).",
    "We studied HLA-B*27 and gout in 40 adults.",
)
REASONS = {"remark", "markup", "cut", "not_a_sentence", "too_short", "too_long"}


def completion(text: str, *, finish_reason: str = "stop") -> Completion:
    return Completion("d/sentences/gout#0", "m", text, finish_reason)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_sentences_and_nothing_else(layout: str) -> None:
    drafts, rejected = read_drafts(completion(filled(layout, SENTENCES)), unit="gout", replicate=0)
    assert [draft.text for draft in drafts] == list(SENTENCES)
    assert [draft.index for draft in drafts] == [0, 1, 2]
    assert {item.reason for item in rejected} <= {"remark", "markup"}


@pytest.mark.parametrize("layout", NOTHING.values(), ids=NOTHING.keys())
def test_an_answer_without_a_sentence_says_why(layout: str) -> None:
    drafts, rejected = read_drafts(completion(filled(layout, SENTENCES)), unit="gout", replicate=0)
    assert not drafts
    assert {item.reason for item in rejected} == {"remark"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. Myositis &amp; pain in p&lt;0.05 farmers.", "Myositis & pain in p<0.05 farmers."),
        ("1. Here $p < 0.05$ and 50\\% of \\textit{E. coli}.", "Here p < 0.05 and 50% of E. coli."),
        ("1. It cost $20 and $30 in the *BRCA1* study.", "It cost $20 and $30 in the BRCA1 study."),
        ("1. The <disease>gout</disease> of <b>men</b> hurts.", "The gout of men hurts."),
        ("1. [Gout](https://example.org/gout) hurts.", "Gout hurts."),
        ("1. Salmonella spp. - an outbreak in men.", "Salmonella spp. - an outbreak in men."),
        ("1. Ataxia - a review of cases.", "Ataxia - a review of cases."),
        ("1. E. coli (O157) was seen.", "E. coli (O157) was seen."),
        ("1. Counts of 20 x 10(9)/L [HPRT] were low.", "Counts of 20 x 10(9)/L [HPRT] were low."),
        ("A. baumannii was seen in men.\nC. difficile was not.", "A. baumannii was seen in men."),
        ("1. Gout (i.e. podagra) vs. lupus - who wins?", "Gout (i.e. podagra) vs. lupus - who wins?"),
        ("1. I was unable to complete the tests with him.", "I was unable to complete the tests with him."),
    ],
)
def test_what_belongs_to_a_sentence_stays(text: str, expected: str) -> None:
    drafts, _ = read_drafts(completion(text), unit="gout", replicate=0)
    assert [draft.text for draft in drafts][:1] == [expected]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gout <gene was seen</gene> in men.", "a tag"),
        ("Gout<|eot_id|> was seen in men.", "a chat template's token"),
        ("Gout &foo; was seen in men.", "an entity of HTML"),
        ("Gout was \\alpha seen in men.", "a backslash"),
        ("Gout `was seen in men.", "Markdown"),
        ("• Gout was seen in men.", "a bullet"),
        ("12. Gout was seen in men.", "a number"),
        ("Gout was seen. 2. Lupus was not.", "a number"),
        ("Gout was seen | in men.", "a table"),
        ('"sentence": "Gout was seen in men.', "JSON"),
        ("[insert disease] was seen in men.", "a placeholder"),
        ("User: gout was seen in men.", "a speaker"),
        ("Gout was \ufffd seen in men.", "signs that are no text"),
        ("Gout was \u202eseen in men.", "signs that are no text"),
        ("I cannot write about gout.", "a remark"),
        ("Note: gout is in the middle.", "a remark"),
    ],
)
def test_what_is_left_of_markup_is_found(text: str, found: str) -> None:
    wrong = flaw(text)
    assert wrong is not None
    assert wrong[1].partition(":")[0] == found


def recorded() -> list[str]:
    """The sentences of a recording, in plain numbered lists."""
    folder = files("clinsynth") / "assets" / "recordings"
    texts: list[str] = []
    for name in ("ncbi_disease.sentences.jsonl", "bc5cdr_chemical.sentences.jsonl", "asd.behaviours.jsonl"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            texts += re.findall(r"^\d+\. (.*)$", json.loads(line)["completion"], re.MULTILINE)
    return texts


def test_no_recorded_sentence_is_lost() -> None:
    texts = recorded()
    assert len(texts) > 4000
    assert [text for text in texts if flaw(text) or without_notes(text) != (text, [])] == []


def test_of_500_odd_answers_nothing_is_kept_but_sentences() -> None:
    """Each answer is a layout, at times within another one, with sentences of a recording; some say nothing."""
    draw, texts = random.Random(17), recorded()
    drafts, rejected, kinds = [], [], Counter[str]()
    asked: set[str] = set()
    for number in range(500):
        sentences = draw.sample(texts, 3)
        name, layout = draw.choice([*LAYOUTS.items(), *NOTHING.items()])
        around = draw.choice(AROUND) if name in LAYOUTS and draw.random() < 0.5 else "{}"
        answer = completion(
            around.replace("{}", filled(layout, sentences)), finish_reason=draw.choice(["stop"] * 9 + ["length"])
        )
        writer = draw.choice([NerWriter(dataset()), MultilabelWriter(dataset())])  # type: ignore[arg-type]
        found, refused = writer.parse(answer, unit="u", replicate=number)
        assert found or refused, name
        kinds["answers" if found else "nothing"] += 1
        drafts += found
        rejected += refused
        asked |= set(sentences)
    quality = QualityConfig(
        unit=False,
        sentence=True,
        min_words=5,
        max_words=150,
        duplicates=False,
        near_duplicates=None,
        test_copies=False,
    )
    kept, refused = control(
        [Candidate(draft, draft.text) for draft in drafts],
        config=quality,
        contains=lambda draft: True,
        words=lambda text: tokenise(str(text)),
        test_texts=frozenset(),
    )
    assert [candidate.draft.text for candidate in kept if candidate.draft.text not in asked] == []
    assert {item.reason for item in [*rejected, *refused]} <= REASONS
    assert kinds["nothing"] > 20
    assert len(kept) > 0.9 * 3 * kinds["answers"]


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "{",
        '["',
        '{"a":',
        "<",
        "<a ",
        "<!--",
        "&a",
        "*",
        "_",
        "(",
        "- ",
        "1. A. ",
        "a - voice ",
        "[/INST]",
        "$a",
        "|",
    ],
)
def test_long_answers_are_read_in_time(unit: str) -> None:
    started = time.process_time()
    read_drafts(completion(f"1. Gout was seen. {unit * (20_000 // len(unit))}"), unit="gout", replicate=0)
    assert time.process_time() - started < 3
