from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.tasks.ner.answers import read_entities
from clinsynth.tasks.ner.answers.tags import read_tag
from clinsynth.text.entities import Sentence
from support import slowdown

SENTENCE = "Clustering of missense mutations in the ataxia - telangiectasia gene in a sporadic T - cell leukaemia ."
GOLD = SENTENCE.split()
QUESTION = f'Please do NER task for "{" ".join(GOLD)}" (output IOB format, the entity is Disease name)'
AT, TCL = "ataxia - telangiectasia", "T - cell leukaemia"
TAGS = {"O": "O", "B": "B-Disease", "I": "I-Disease"}
CLEAN = "\n".join(f"{word}\t{TAGS[tag]}" for word, tag in zip(GOLD, "OOOOOOBIIOOOOBIIIO", strict=True))


def read(text: str, *, tokens: str = " ".join(GOLD)) -> tuple[list[str], tuple[str, ...], str]:
    words = tokens.split(" ")
    found = read_entities(text, question=QUESTION, tokens=words, entity_type="Disease")
    return [" ".join(words[span.start : span.end]) for span in found.predicted], found.hallucinated, found.status


def test_what_was_asked_for_is_clean() -> None:
    assert read(CLEAN) == ([AT, TCL], (), "clean")
    assert read(f"\n{CLEAN}\n\n") == ([AT, TCL], (), "clean")


@pytest.mark.parametrize(
    "spoilt",
    [
        CLEAN.replace("\t", " "),
        CLEAN.replace("-Disease", "-disease"),
        CLEAN.replace("B-", "I-"),
        f"{CLEAN}\n\nThese are the tags.",
        f"```\n{CLEAN}\n```",
        f"{QUESTION}\n{CLEAN}",
        CLEAN.replace("Clustering", "clustering"),
    ],
)
def test_all_else_that_can_be_read_is_repaired(spoilt: str) -> None:
    assert read(spoilt) == ([AT, TCL], (), "repaired")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "```\n```",
        "[INST][/INST]",
        QUESTION,
        f"[INST] {QUESTION} [/INST]",
        " ".join(GOLD),
        f'"{" ".join(GOLD)}"',
        " ".join(GOLD[:12]),
        "Sentence: " + " ".join(GOLD),
        "I'm sorry, but I cannot perform this task.",
        "I cannot assist with that request.",
        "I am unable to provide NER results, as no entity model is available.",
        "As an AI language model, I can't process medical text.",
        "Es tut mir leid, das kann ich nicht tun.",
        "The sentence is about genes and cells.",
        "The text discusses ataxia telangiectasia and leukaemia.",
        "O O O",
        "B-Disease: beginning of a disease\nI-Disease: inside of one\nO: outside",
        "<think>ataxia B-Disease",
        '{"tokens": ["T"',
        "...",
    ],
)
def test_no_answer_is_unusable(text: str) -> None:
    assert read(text) == ([], (), "unusable")


@pytest.mark.parametrize(
    "text",
    [
        "none",
        "None.",
        "N/A",
        "[]",
        "{}",
        '{"entities": []}',
        "```json\n[]\n```",
        "Entities: none",
        "Disease: None",
        "Output:\n\n- None",
        "No diseases are mentioned.",
        "There are no disease entities in this sentence.",
        "I could not find any diseases in the text.",
        "I'm sorry, but there are no disease mentions in the text.",
        "Unfortunately, the text does not contain any disease names.",
        "missense\tO\nmutations\tB-Gene",
        "missense (Gene)",
    ],
)
def test_no_entity_is_an_answer(text: str) -> None:
    assert read(text) == ([], (), "repaired")


@pytest.mark.parametrize(
    ("text", "spans", "hallucinated"),
    [
        # lists
        ("Entities: ataxia-telangiectasia; T-cell leukaemia", [AT, TCL], ()),
        ("Disease: gout, T-cell leukaemia", [TCL], ("gout",)),
        ("The disease entities are: ataxia-telangiectasia and T-cell leukaemia.", [AT, TCL], ()),
        ("Diseases: gout\nGenes: ataxia", [], ("gout",)),
        ("**Diseases:**\n1. ATAXIA-telangiectasia\n2. gout", [AT], ("gout",)),
        ("Here are the entities:\n\n* ataxia-telangiectasia\n* gout\n\nLet me know!", [AT], ("gout",)),
        ("1. ataxia-telangiectasia (Disease)\n2. T-cell leukaemia (Disease)\n3. missense (Gene)", [AT, TCL], ()),
        ("1. **ataxia-telangiectasia** - Disease\n2. **T-cell leukaemia** - Disease", [AT, TCL], ()),
        ("ataxia-telangiectasia\nT-cell leukaemia", [AT, TCL], ()),
        ("- gout\n- T-cell leukaemia", [TCL], ("gout",)),
        ("T-cell leukaemia [Disease]; ataxia-telangiectasia [Disease]", [AT, TCL], ()),
        ("Entity: T-cell leukaemia, Type: Disease", [TCL], ()),
        ("Entity: T-cell leukaemia\nType: Disease", [TCL], ()),
        ("| Disease | Type |\n|---|---|\n| T-cell leukaemia | Disease |", [TCL], ()),
        ('The disease mentioned in the text is "T-cell leukaemia".', [TCL], ()),
        ("The disease is **T-cell leukaemia**.", [TCL], ()),
        ("Entities: " + " ".join(GOLD[:-1]), [" ".join(GOLD[:-1])], ()),
        # data
        ('["ataxia-telangiectasia", "gout"]', [AT], ("gout",)),
        ("['ataxia-telangiectasia', 'T-cell leukaemia']", [AT, TCL], ()),
        ('{"Disease": ["ataxia-telangiectasia"], "Gene": ["gene"]}', [AT], ()),
        ('{"ataxia-telangiectasia": "Disease"}', [AT], ()),
        ('[("ataxia-telangiectasia", "Disease"), ("gene", "Gene")]', [AT], ()),
        ('{"entities": [{"text": "T-cell leukaemia", "start": 3, "type": "Disease"}]}', [TCL], ()),
        (
            'Here you are:\n[{"entity": "T-cell leukaemia", "type": "DISORDER"}, {"entity": "T", "type": "Gene"}]',
            [TCL],
            (),
        ),
        ('{"text": "T-cell leukaemia", "label": "Disease"}\n{"text": "gout", "label": "Disease"}', [TCL], ("gout",)),
        # lines of entities alone
        ("ataxia-telangiectasia\tB-Disease\ngout\tB-Disease", [AT], ("gout",)),
        ("ataxia B-Disease\n- I-Disease\ntelangiectasia I-Disease", [AT], ()),
        ("ataxia\tDisease\n-\tDisease\ntelangiectasia\tDisease", [AT], ()),
        ("leukaemia.\tB-Disease\n(gout)\tB-Disease", ["leukaemia"], ("(gout)",)),
        ("B-Disease: T-cell leukaemia", [TCL], ()),
        ("ataxia-telangiectasia/B-Disease gene/O", [AT], ()),
        # marks
        ("the <gene>ataxia-telangiectasia</gene> gene in a sporadic <disease>T-cell leukaemia</disease>.", [TCL], ()),
        (
            "Clustering of missense mutations in the ataxia-telangiectasia/B-Disease gene in a sporadic "
            "T-cell/B-Disease leukaemia/I-Disease .",
            [AT, TCL],
            (),
        ),
        # several at once
        (f"{CLEAN}\n\nThus ataxia is tagged B-Disease.", [AT, TCL], ()),
        (f"<think>none</think>\n[INST] {QUESTION} [/INST]\n```\n{CLEAN}\n```", [AT, TCL], ()),
        (CLEAN.replace("B-Disease", "B-Gene").replace("I-Disease", "I-Gene"), [], ()),
        (CLEAN.replace("telangiectasia\tI", "telangiectasia\tS"), ["ataxia -", "telangiectasia", TCL], ()),
        (CLEAN.replace("gene\tO", "gout\tB-Disease\ngene\tO"), [AT, TCL], ("gout",)),
        (CLEAN.replace("\n-\tI-Disease", ""), [AT, TCL], ()),
        (CLEAN[: CLEAN.index("leukaemia") + 4], [AT, "T - cell"], ()),
        # the question once more
        (json.dumps({"input": QUESTION, "output": CLEAN.split("\n")}), [AT, TCL], ()),
        (json.dumps({"input": QUESTION, "entities": ["T-cell leukaemia", "gout"]}), [TCL], ("gout",)),
        (json.dumps({"answer": f"{QUESTION}\n{CLEAN}"}), [AT, TCL], ()),
        (f"| Question | Answer |\n|---|---|\n| {QUESTION} | T-cell leukaemia |", [TCL], ()),
        (f"{QUESTION.replace(' ', chr(10), 9)}{CLEAN}", [AT, TCL], ()),
        # what stands round an answer
        (f"Sentence 1: <s>[INST] Name the ataxia. [/INST]{CLEAN}</s>", [AT, TCL], ()),
        (f"Sentence 1: <s>[INST] Do it. [/INST]{' '.join(f'{word}_O' for word in GOLD)}</s>", [], ()),
        (f"{CLEAN}\n[INST] Is gout one, B-Disease? [/INST]", [AT, TCL], ()),
        (f"<s>[INST] Is that all? [/INST]Sentence 1: {CLEAN.replace(chr(9), ' | ')}</s>", [AT, TCL], ()),
        (f"<|im_start|>assistant\n{CLEAN}<|im_end|>", [AT, TCL], ()),
        (f"```iob\n{CLEAN}\n```", [AT, TCL], ()),
        ("Disease: \\boxed{T-cell leukaemia}", [], ("\\boxed{T-cell leukaemia}",)),
        ("$\\boxed{" + CLEAN + "}$", [AT, TCL], ()),
    ],
)
def test_other_answers_are_repaired(text: str, spans: list[str], hallucinated: tuple[str, ...]) -> None:
    assert read(text) == (spans, hallucinated, "repaired")


NASTY = "1 patient ( AGU ) with I , O or B / - : 0 | x = _ gout type I ."
NASTY_TAGS = "OOOBOOOOOOOOOOOOOOOBIIO"


@pytest.mark.parametrize(
    "layout",
    [
        *("{}\t{}", "{}\\t{}", "{}   {}", "{} {}", "{}/{}", "{}: {}", "{} : {}", "{} - {}", "{} -> {}", "{} = {}"),
        *("{},{}", "{} ({})", "{} | {}", "| {} | {} |", "1. {} {}", '"{}": {}', "{} **{}**", "* {} - {}", "{}_{}"),
    ],
)
@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n"])
def test_words_that_look_like_tags_or_layout(layout: str, between: str) -> None:
    lines = []
    for number, (word, tag) in enumerate(zip(NASTY.split(), NASTY_TAGS, strict=True), 1):
        written = word.replace("|", "\\|") if layout.startswith("|") else word
        lines.append(layout.replace("1.", f"{number}.").format(written, TAGS[tag]))
    text = between.join(lines)
    assert read(text, tokens=NASTY)[:2] == (["AGU", "gout type I"], ())


@pytest.mark.parametrize("layout", ["{} {}", "{}/{}", "{}\t{}", "{}({})"])
def test_words_that_look_like_tags_in_one_line(layout: str) -> None:
    words = NASTY.split()
    text = " ".join(layout.format(word, tag) for word, tag in zip(words, NASTY_TAGS, strict=True))
    assert read(text, tokens=NASTY)[:2] == (["AGU", "gout type I"], ())


@pytest.mark.parametrize("odd", ["\u200b", "\u2003x", "a\u00a0b", "\x1f\u200d", "ﬁ", "…", "İ"])
def test_odd_tokens(odd: str) -> None:
    tokens = ["mild", odd, "gout", odd]
    for answer in (f"mild\tO\n{odd}\tO\ngout\tB-Disease\n{odd}\tO", "mild O\ngout B-Disease", "Disease: gout"):
        found = read_entities(answer, question=QUESTION, tokens=tokens, entity_type="Disease")
        assert [(span.start, span.end) for span in found.predicted] == [(2, 3)]


@pytest.mark.parametrize(
    ("tag", "entity_type", "expected"),
    [
        ("B-Disease", "Disease", "B"),
        ("B-DIS", "Disease", "B"),
        ("B_disease", "Disease", "B"),
        ("**I-Disease**", "Disease", "I"),
        ("`O`.", "Disease", "O"),
        ("0", "Disease", "O"),
        ("B", "Disease", "B"),
        ("S-Disease", "Disease", "B"),
        ("L-Disease", "Disease", "I"),
        ("Disease", "Disease", "T"),
        ("Disease-B", "Disease", "B"),
        ("B-Drug", "Disease", "O"),
        ("B-Drug", "Chemical", "B"),
        ("B-CHEM", "Chemical", "B"),
        ("B-MEDICATION", "Chemical", "B"),
        ("I-Condition", "Disease", "I"),
        ("B-SpecificDisease", "Disease", "B"),
        ("B-Disease_or_Syndrome", "Disease", "B"),
        ("B-Gene", "Disease", "O"),
        ("B-MISC", "Disease", "B"),
        ("B-Widget", "Widget", "B"),
        ("Gene", "Disease", "X"),
        ("mutations", "Gene", "T"),
        ("patients", "Disease", None),
        ("ataxia", "Disease", None),
        ("", "Disease", None),
    ],
)
def test_tags(tag: str, entity_type: str, expected: str | None) -> None:
    assert read_tag(tag, entity_type=entity_type) == expected


PIECES = st.sampled_from(
    [
        *(*GOLD, "B-Disease", "I-Disease", "O", "I", "0", "Disease", "gout", "Entities:", "none", QUESTION),
        *("\t", "\n", " ", "\n\n", "|", "/", ":", "[", "]", "{", "}", "(", ")", '"', "'", ",", ";", "->", "- ", "1. "),
        *("**", "<disease>", "</disease>", "<think>", "[[", "]]", "@@", "##", "```", "|---|---|", "\\t", "\\", "\x00"),
        *("[INST]", "[/INST]"),
    ]
)


@given(
    st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join), st.lists(PIECES, max_size=40).map(" ".join)),
    st.one_of(st.just(GOLD), st.lists(st.text(max_size=4), max_size=6)),
    st.one_of(st.just(QUESTION), st.text()),
)
def test_any_text_gives_a_valid_sentence(text: str, tokens: list[str], question: str) -> None:
    found = read_entities(text, question=question, tokens=tokens, entity_type="Disease")
    sentence = Sentence(tuple(tokens), found.predicted)
    assert {span.label for span in sentence.spans} <= {"Disease"}
    assert found.status != "unusable" or not (found.predicted or found.hallucinated)


@pytest.mark.parametrize("sign", ["[", "{", "‹", "- ", ". ", "|", "B-Disease ", "x/"])
def test_a_model_that_repeats_itself_costs_no_time(sign: str) -> None:
    began = time.monotonic()
    read_entities(sign * 16_000, question="", tokens=("no", "ataxia"), entity_type="Disease")
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("piece", ["\n", " \n", "\n\n\t", "[INST]", "</s> ", "```\n", "\n- ", "a\n"])
def test_time_grows_with_the_answer_and_no_faster(piece: str) -> None:
    def read_once(text: str) -> object:
        return read_entities(text, question="", tokens=("no", "ataxia"), entity_type="Disease")

    assert slowdown(read_once, piece=piece) < 3.5
