from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth import tasks
from clinsynth.text.lists import clean, read_list
from clinsynth.types import Completion
from support import Composed

TWO = ["Ataxia was seen early.", "Gout was not."]

LAYOUTS = {
    "1.": "1. {}\n2. {}",
    "1.x": "1.{}\n2.{}",
    "1)": "1) {}\n2) {}",
    "1:": "1: {}\n2: {}",
    "(1)": "(1) {}\n(2) {}",
    "1 -": "1 - {}\n2 - {}",
    "escaped": "1\\. {}\n2\\. {}",
    "bold number": "**1.** {}\n**2.** {}",
    "bold number, point outside": "**1**. {}\n**2**. {}",
    "bold line": "**1. {}**\n**2. {}**",
    "bold sentence": "1. **{}**\n2. **{}**",
    "heading": "### 1. {}\n### 2. {}",
    "dashes": "- {}\n- {}",
    "stars": "* {}\n* {}",
    "dots": "• {}\n• {}",
    "no marks": "{}\n{}",
    "paragraphs": "{}\n\n{}",
    "double quotes": '1. "{}"\n2. "{}"',
    "curly quotes": "1. “{}”\n2. “{}”",
    "quotes and comma": '1. "{}",\n2. "{}",',
    "quotes, no marks": '"{}"\n"{}"',
    "blank lines": "\n\n1. {}\n\n\n2. {}\n\n",
    "fence": "```\n1. {}\n2. {}\n```",
    "fence with a name": "```text\n1. {}\n2. {}\n```\n",
    "CRLF": "1. {}\r\n2. {}\r\n",
    "CR": "1. {}\r2. {}",
    "no-break spaces": "1.\u00a0{}\n2.\u202f{}",
    "byte order mark": "\ufeff1. {}\n2. {}",
    "indented": "  1. {}\n  2. {}",
    "numbers twice": "1. 1. {}\n2. 2. {}",
    "number and bullet": "1. - {}\n2. - {}",
    "skipped number": "1. {}\n3. {}",
    "starts at zero": "0. {}\n1. {}",
    "starts again": "1. {}\n1. {}",
    "1.)": "1.) {}\n2.) {}",
    "[1]": "[1] {}\n[2] {}",
    "Sentence 1:": "Sentence 1: {}\nSentence 2: {}",
    "bold Sentence 1:": "**Sentence 1:** {}\n**Sentence 2:** {}",
    "quotation": "> 1. {}\n> 2. {}",
    "rules": "---\n1. {}\n2. {}\n---",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_that_are_read_alike(layout: str) -> None:
    listing = read_list(layout.format(*TWO))
    assert [clean(item.text) for item in listing.items] == TWO
    assert not listing.remarks


@pytest.mark.parametrize(
    ("completion", "remarks"),
    [
        ("Sure! Here are 2 sentences:\n\n1. {}\n2. {}", ["Sure! Here are 2 sentences:"]),
        ("Sure! Here are 2 sentences:\n{}\n{}", ["Sure! Here are 2 sentences:"]),
        ("1. {}\n2. {}\n\nLet me know if you need more.", ["Let me know if you need more."]),
        ("1. {}\n2. {}\nI hope this helps!", ["I hope this helps!"]),
        ("1. {}\n2. {}\n\nThey mimic the style of PubMed.", ["They mimic the style of PubMed."]),
        ("### Findings\n1. {}\n\n### Outcomes\n2. {}", ["### Findings", "### Outcomes"]),
        ("1. Findings:\n   1.1 {}\n2. Outcomes:\n   2.1 {}", ["Findings:", "Outcomes:"]),
        ("1. Findings:\n   a) {}\n   b) {}", ["Findings:"]),
        ("1. Findings:\n   - {}\n   - {}", ["Findings:"]),
        ("1. {}\n2. {}\nWould you like more sentences on gout?", ["Would you like more sentences on gout?"]),
        ("1. {}\nGenetics\n2. {}", ["Genetics"]),
        ("<think>\n1. First, vary.\n</think>\n\n1. {}\n2. {}", ["<think>\n1. First, vary.\n</think>"]),
        ("1. {}\n2. {}\n<think>Was that", ["<think>Was that"]),
    ],
)
def test_remarks_are_told_from_sentences(completion: str, remarks: list[str]) -> None:
    listing = read_list(completion.format(*TWO))
    assert [clean(item.text) for item in listing.items] == TWO
    assert list(listing.remarks) == remarks


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("1. Ataxia was seen\nearly.\n2. Gout was not.", TWO),
        ("1. Ataxia was\n   seen early.\n\n2. Gout was not.", TWO),
        ("Ataxia was seen\nearly.\nGout was not.", TWO),
        ("1.\nAtaxia was seen early.\n2.\nGout was not.", TWO),
        ("1. They came in\n1998. Then they left.\n2. Gout.", ["They came in 1998. Then they left.", "Gout."]),
        ("1. She took\n2.5 mg of it.\n2. Gout.", ["She took 2.5 mg of it.", "Gout."]),
        ("1. In 14 of 22 it failed.\n2. Of 30. 5 were well.", ["In 14 of 22 it failed.", "Of 30. 5 were well."]),
        ("14 of 22 were well.\n8 were not.", ["14 of 22 were well.", "8 were not."]),
        ("1. 5 - 10 mg were given.\n2. 46 - year - old men.", ["5 - 10 mg were given.", "46 - year - old men."]),
        (
            "If you have gout, rest.\nI have gout.\nSurely it hurts.",
            ["If you have gout, rest.", "I have gout.", "Surely it hurts."],
        ),
        ("1. Ataxia was\n```\nseen early.\n```\n2. Gout was not.", TWO),
        ("1. Gout.\n~~~\nin men.\n2. Gout.", ["Gout. in men.", "Gout."]),
        ("1. So.\x0bOld.\x0cSo.\n2. Yes.\u2029So.", ["So. Old. So.", "Yes. So."]),
        ("So.\x0bOld.\nGout\x0c2. was.", ["So. Old.", "Gout 2. was."]),
        ("1. Ataxia was seen early.\u20282. Gout was not.", TWO),
        ("1. Ataxia was seen early.\x852. Gout was not.", TWO),
        ("\u200b1.\u00a0Ataxia was\u2009se\u00aden early.\n2.\u3000Gout was not.", TWO),
        ("→ Ataxia\n-> Gout\n=> None", ["→ Ataxia", "-> Gout", "=> None"]),
        ("- G12 → A was\n→ seen.", ["G12 → A was → seen."]),
        ("1. Gout\u200e ⚠\ufe0f was\u2005not.", ["Gout ⚠\ufe0f was not."]),
        ("", []),
        ("\n \n", []),
    ],
)
def test_line_ends_are_not_sentence_ends(completion: str, expected: list[str]) -> None:
    assert [clean(item.text) for item in read_list(completion).items] == expected


def test_numbers_are_kept() -> None:
    assert [item.number for item in read_list("1. a\n2. b\n4. c").items] == [1, 2, 4]
    assert [item.number for item in read_list("- a\n- b").items] == [None, None]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("The **ataxia** gene", "The ataxia gene"),
        ("The *BRCA1* gene", "The BRCA1 gene"),
        ("HLA-B*27 and HLA-B*51 alleles", "HLA-B*27 and HLA-B*51 alleles"),
        ("P* < 0.05 and q* > 1", "P* < 0.05 and q* > 1"),
        ('"Silent" strokes and "loud" ones', '"Silent" strokes and "loud" ones'),
        ("a  b\tc", "a b c"),
        ("'Ataxia'", "Ataxia"),
        ("'Parkinson's disease'", "'Parkinson's disease'"),
        ("\"'“«`Ataxia`»”'\"", "Ataxia"),
        ('"Ataxia",;', "Ataxia"),
        ('";', ""),
        ("Parkinson's patients'", "Parkinson's patients'"),
        ("snake_case_name", "snake_case_name"),
    ],
)
def test_what_is_cleaned(written: str, text: str) -> None:
    assert clean(written) == text


@given(st.lists(st.text("abc XYZ,", min_size=1, max_size=20).map(lambda text: f"S{text}."), min_size=1, max_size=30))
def test_a_plain_numbered_list_is_read_back(sentences: list[str]) -> None:
    expected = [" ".join(sentence.split()) for sentence in sentences]
    completion = "\n".join(f"{number}. {text}" for number, text in enumerate(expected, 1))
    assert [clean(item.text) for item in read_list(completion).items] == expected


@given(st.text(max_size=200))
def test_no_completion_breaks_the_reader(completion: str) -> None:
    for item in read_list(completion).items:
        clean(item.text)


@pytest.mark.parametrize("name", ["think", "thinking", "reasoning", "scratchpad"])
@pytest.mark.parametrize("opened", [True, False])
def test_thoughts_are_no_items_though_the_template_has_opened_them(name: str, opened: bool) -> None:
    """A template that opens the thoughts leaves their end alone in the completion."""
    thoughts = f"{f'<{name}>' * opened}I list ideas first:\n1. First, vary the drugs.\n2. Then the doses.\n</{name}>"
    listing = read_list(f"{thoughts}\n\n1. {TWO[0]}\n2. {TWO[1]}")
    assert [clean(item.text) for item in listing.items] == TWO
    assert list(listing.remarks) == [thoughts]


@pytest.mark.parametrize("dataset", ["sample_ner", "sample_asd"])
def test_no_task_learns_from_thoughts(dataset: str, composed: Composed) -> None:
    writer = tasks.open(composed("generate", f"dataset={dataset}").dataset).writer
    said = Completion("d/p/u#0", "m", f"We need two.\n1. Gout is old?\n</think>\n1. {TWO[0]}\n2. {TWO[1]}", "stop")
    drafts, rejected = writer.parse(said, unit="u", replicate=0)
    assert [draft.text for draft in drafts] == TWO
    assert [(found.reason, found.draft.text) for found in rejected] == [
        ("remark", "We need two.\n1. Gout is old?\n</think>")
    ]
