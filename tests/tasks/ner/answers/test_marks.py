"""Marked sentences, marked fragments, lists and data in the forms that LLMs have written."""

from __future__ import annotations

import pytest

from clinsynth.tasks.ner.answers import read_entities
from clinsynth.types import CLEAN, UNUSABLE


def read(text: str, *, sentence: str, question: str = "") -> tuple[list[str], tuple[str, ...]]:
    tokens = sentence.split()
    found = read_entities(text, question=question, tokens=tokens, entity_type="Disease")
    return [" ".join(tokens[span.start : span.end]) for span in found.predicted], found.hallucinated


MARKS = [
    "<b>gout</b>",
    "<i>gout</i>",
    "<s>gout</s>",
    "<em>gout</em>",
    '<span class="x">gout</span>',
    "**gout**",
    "*gout*",
]
MARKS += ["__gout__", "`gout`", "[gout]", "[gout](Disease)", "[[gout]]", "@@gout##", "<gout>", "<<gout>>", "{{gout}}"]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("end", [".", " ."])
def test_marks_at_the_end_of_the_sentence(mark: str, end: str) -> None:
    sentence = "A boy of four years was seen with gout ."
    assert read(f"A boy of four years was seen with {mark}{end}", sentence=sentence) == (["gout"], ())


@pytest.mark.parametrize("mark", ["<mark>gout</mark>", "**gout**", '<span class="disease">gout</span>', "@@gout##"])
@pytest.mark.parametrize(
    "tail",
    [
        "theta = 0 .",
        "0 / 0 .",
        "results , none .",
        "score : 0 .",
        "type I .",
        "grade - 0 .",
        "vitamin E .",
        "value ( 0 )",
    ],
)
def test_sentences_that_end_like_a_tag_keep_their_marks(mark: str, tail: str) -> None:
    sentence = f"The gene for gout was mapped near a marker , with {tail}"
    assert read(sentence.replace("gout", mark), sentence=sentence) == (["gout"], ())


@pytest.mark.parametrize(
    "text",
    [
        "<em>gout</em> , <em>severe asthma</em> ( <em>SA</em> )",
        "<em>gout</em>\n<em>severe asthma</em>\n<em>SA</em>",
        "- <em>gout</em>\n- <em>severe asthma</em>\n- <em>SA</em>",
        "1. <b>gout</b>\n2. <b>severe asthma</b>\n3. <b>SA</b>",
        "**gout**, **severe asthma**, **SA**",
        "<disease>gout</disease>, <disease>severe asthma</disease> and <disease>SA</disease>",
        "Entities: <b>gout</b>, <b>severe asthma</b>, <b>SA</b>",
        "with <em>gout</em> , <em>severe asthma</em> ( <em>SA</em> ) and a long",
        "@@gout## @@severe asthma## @@SA##",
    ],
)
def test_marked_fragments_are_an_answer(text: str) -> None:
    sentence = "A boy with gout , severe asthma ( SA ) and a long history of falls at home and at school ."
    assert read(text, sentence=sentence) == (["gout", "severe asthma", "SA"], ())


PLAIN = "A boy of four years with gout and a cousin of his were followed for ten years ."
ASKING = ["Mark diseases with <mark>: {}", "Highlight each disease.\nSentence: {}\nHTML:", "Put @@ and ## round it: {}"]


@pytest.mark.parametrize("asked", ASKING)
def test_an_unmarked_sentence_says_that_nothing_is_to_be_marked(asked: str) -> None:
    tokens, question = PLAIN.split(), asked.format(PLAIN)
    clean = read_entities(PLAIN, question=question, tokens=tokens, entity_type="Disease")
    assert (clean.predicted, clean.status) == ((), CLEAN)
    for text in (f"HTML: {PLAIN}", f"Here it is:\n\n{PLAIN}", PLAIN.replace(" .", ".")):
        found = read_entities(text, question=question, tokens=tokens, entity_type="Disease")
        assert (found.predicted, found.status) == ((), "repaired")


@pytest.mark.parametrize("asked", ["Do it in IOB format, with <tab>: {}", "Which diseases does this name? {}"])
def test_an_unmarked_sentence_is_no_answer_where_no_marks_were_asked_for(asked: str) -> None:
    found = read_entities(PLAIN, question=asked.format(PLAIN), tokens=PLAIN.split(), entity_type="Disease")
    assert found.status == UNUSABLE


@pytest.mark.parametrize(
    "text",
    [
        *("[Asthma (Disease), gout (Disease)]", "Named Entities: [Asthma (Disease)], [gout (Disease)]"),
        *("[Asthma], [gout]", "[Asthma][gout]", "{Asthma, gout}", "Diseases: [Asthma, gout]", "[“Asthma”, “gout”]"),
        *("{“diseases”: [“Asthma”, “gout”]}", '{"diseases": ["Asthma", "gout",], "drugs": null,}'),
        *('["Asthma", # first\n"gout"]', '{"diseases": ["Asthma", // first\n"gout"]}'),
        *('/* a */ ["Asthma", /* b */ "gout"]', '{"diseases": "Asthma, gout"}'),
        *('{"diseases": "Asthma; gout"}', '{\\"diseases\\": [\\"Asthma\\", \\"gout\\"]}'),
        *("diseases:\n- Asthma\n- gout", "- name: Asthma\n  type: Disease\n- name: gout\n  type: Disease"),
        *('[{"start": 0, "end": 6}, {"start": 11, "end": 15}]', '[{"begin": 0, "end": 5}, {"begin": 11, "end": 14}]'),
    ],
)  # fmt: skip
def test_lists_and_data(text: str) -> None:
    assert read(text, sentence="Asthma and gout were seen .") == (["Asthma", "gout"], ())


@pytest.mark.parametrize("text", ["[gout (Disease)]", '[{"start": 11, "end": 15, "label": "Disease"}]'])
def test_lists_of_one(text: str) -> None:
    assert read(text, sentence="Asthma and gout were seen .") == (["gout"], ())


def test_offsets_say_which_of_two_equal_words_is_meant() -> None:
    tokens = ("no", "gout", ",", "gout")
    found = read_entities('[{"start": 10, "end": 14}]', question="", tokens=tokens, entity_type="Disease")
    assert [(span.start, span.end) for span in found.predicted] == [(3, 4)]


@pytest.mark.parametrize(
    "text",
    [
        *('{"entities": null}', '{"diseases": null}', "null", "{'diseases': None}", '{"diseases": [], "drugs": ["x"]}'),
        *('{"diseases": ""}', '{"diseases": "none"}', '{"diseases": ["none"]}', '{"diseases": [null]}', "[null]"),
    ],
)
def test_data_without_entities(text: str) -> None:
    assert read(text, sentence="Asthma and gout were seen .") == ([], ())


@pytest.mark.parametrize(
    "text",
    [
        *(
            "- asthma (Disease)\n- eczema (Disease)",
            "asthma, eczema",
            "Diseases: asthma, eczema",
            '["asthma", "eczema"]',
        ),
        *("1. asthma\n2. eczema", "asthma; eczema", '{"asthma": "Disease", "eczema": "Disease"}'),
    ],
)
def test_neighbours_that_are_listed_apart_are_two(text: str) -> None:
    assert read(text, sentence="Acute asthma eczema and gout were seen .") == (["asthma", "eczema"], ())


def test_words_of_a_name_that_have_a_line_each_are_one() -> None:
    sentence = "Acute breast cancer and gout were seen ."
    assert read("breast\tDisease\ncancer\tDisease", sentence=sentence) == (["breast cancer"], ())


ESCAPED = '{\\"entities\\": [\\"familial breast cancer\\", \\"Alzheimer\'s disease\\", \\"β-thalassaemia\\"]}'
COMMENT = '{"entities": ["familial breast cancer", // hereditary\n "Alzheimer\'s disease", "β-thalassaemia"]}'


@pytest.mark.parametrize("text", [ESCAPED, COMMENT])
def test_apostrophes_and_greek_in_data(text: str) -> None:
    sentence = "The patient has familial breast cancer and Alzheimer ' s disease but no β - thalassaemia ."
    assert read(text, sentence=sentence) == (
        ["familial breast cancer", "Alzheimer ' s disease", "β - thalassaemia"],
        (),
    )
