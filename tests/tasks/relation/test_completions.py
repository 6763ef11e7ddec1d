from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.tasks.relation.completions import NEGATIVE, POSITIVE, LabelledRow, Stray, read_rows

RECORDINGS = Path(__file__).parents[3].parent / "shared" / "recordings" / "gad.examples.jsonl"

ONE = "Variants of @GENE$ raise the risk of @DISEASE$."
TWO = "No link between @DISEASE$ and @GENE$-positive cells was found."
BOTH = [LabelledRow(ONE, POSITIVE), LabelledRow(TWO, NEGATIVE)]

TABLES = {
    "row": "| {} | Yes |\n| {} | No |",
    "no outer pipes": "{} | Yes\n{} | No",
    "no last pipe": "| {} | Yes\n| {} | No",
    "no spaces": "|{}|yes|\n|{}|no|",
    "tabs": "{}\tYes\n{}\tNo",
    "tabs and an index": "1\t{}\tYes\n2\t{}\tNo",
    "index": "| 1 | {} | Yes |\n| 2 | {} | No |",
    "label first": "| Yes | {} |\n| No | {} |",
    "index, label first": "| 1 | Yes | {} |\n| 2 | No | {} |",
    "explanation": "| {} | Yes | because it is said |\n| {} | No | no link was seen |",
    "explanation with markers": "| {} | Yes | @GENE$ raises @DISEASE$ |\n| {} | No | @GENE$ has no role |",
    "explanation before": "| {} | it is said | Yes |\n| {} | it is denied | No |",
    "explained label": "| {} | Yes, since it is said |\n| {} | No (it is denied) |",
    "entities": "| {} | @GENE$ | @DISEASE$ | Yes |\n| @GENE$ | @DISEASE$ | {} | No |",
    "header": "| sentence | label |\n|---|---|\n| {} | Yes |\n| {} | No |",
    "other header": "| # | Sentence | Relation (Yes/No) |\n|:-:|:--|--:|\n| 1 | {} | Yes |\n| 2 | {} | No |",
    "header with No.": "| No. | Text | Relation? | Reason |\n|--|--|--|--|\n| 1 | {} | Yes | a |\n| 2 | {} | No | b |",
    "header with entities": "| Gene | Disease | Text | Label |\n|-|-|-|-|\n| a | b | {} | Yes |\n| c | d | {} | No |",
    "header with markers": "| Sentence with @GENE$ and @DISEASE$ | Label |\n|---|---|\n| {} | Yes |\n| {} | No |",
    "header, tabs": "Sentence\tLabel\n{}\tYes\n{}\tNo",
    "one column": "Positive:\n| Sentence |\n|---|\n| {} |\n\nNegative:\n| # | Sentence |\n|---|---|\n| 1 | {} |",
    "key in the cell": "| {} | Label: Yes |\n| Sentence: {} | Label: No |",
    "csv": '"{}","Yes"\n"{}", "No"',
}
VALUES = {
    "capitals": ("YES", "NO"),
    "full stop": ("Yes.", "no."),
    "bold": ("**Yes**", "**No**"),
    "italic": ("*Yes*", "_No_"),
    "backticks": ("`Yes`", "`No`"),
    "quotes": ('"Yes"', "“No”"),
    "brackets": ("(Yes)", "[No]"),
    "positive": ("positive", "Negative"),
    "digits": ("1", "0"),
    "true": ("True", "false"),
    "related": ("Related", "not related"),
    "ticks": ("✅", "❌"),
    "tick and word": ("Yes ✅", "❌ No"),
    "twice": ("Yes (related)", "No (no relation)"),
}
NO_PIPES = {
    "label at the end": "{} Label: Yes\n{} Label: No",
    "label in brackets": "{} (Label: Yes)\n{} [Label: No]",
    "lower-case key": "{} (relation: yes)\n{} (relation: no)",
    "bold key": "{} **Label:** Yes\n{} **Label: No**",
    "label and explanation": "{} Label: Yes. Reason: so\n{} Label: No (it is denied)",
    "hyphen": "{} - Yes\n{} - no",
    "dash": "{} – Yes\n{} — **No**",
    "arrow": "{} → Yes\n{} -> No",
    "brackets": "{} [Yes]\n{} (no)",
    "full stop": "{} Yes\n{} No.",
    "tick": "{} ✅\n❌ {}",
    "colon": "{}: Yes\n{}; No",
    "line after": "{}\nLabel: Yes\n\n{}\nLabel: No",
    "blank line between": "{}\n\nLabel: Yes\n\n{}\n\nLabel: No",
    "bare line after": "{}\nYes\n{}\n**No**",
    "arrow on the line after": "{}\n→ Yes\n{}\n→ No",
    "bullet below": "1. {}\n   - Label: Yes\n2. {}\n   - Label: No",
    "pairs": "Sentence: {}\nLabel: Yes\n\nSentence: {}\nLabel: No",
    "bold pairs": "**Sentence:** {}\n**Label:** Yes\n**Sentence:** {}\n**Label:** No",
    "numbered pairs": "Example 1:\nSentence: {}\nLabel: Yes\n\nExample 2:\nSentence: {}\nLabel: No",
    "yaml": '- sentence: "{}"\n  label: "Yes"\n- sentence: "{}"\n  label: "No"',
    "label first": "Label: Yes\nSentence: {}\n\nLabel: No\nSentence: {}",
    "one line": "Label: Yes Sentence: {}\nLabel: No. Sentence: {}",
    "answer": "{}\nAnswer: Yes\n{}\nAnswer: No, it is denied.",
    "relation": "{}\nRelation: Yes\n{}\nIs there a relation? No",
    "digits behind a key": "{} Label: 1\n{}\nLabel: 0",
    "prefix": "Yes: {}\nNo: {}",
    "prefix with a dash": "Yes - {}\nNo – {}",
    "prefix in brackets": "(Yes) {}\n[Negative] {}",
    "positive": "Positive: {}\n**Negative:** {}",
    "positive example": "Positive example 1: {}\n**Negative Example 1:** {}",
    "example (positive)": "Example 1 (Positive): {}\nExample 2 - No: {}",
}
DECORATIONS = {
    "1.": "1. {} | Yes\n2. {} | No",
    "1)": "1) {} | Yes\n2) {} | No",
    "(1)": "(1) {} | Yes\n(2) {} | No",
    "**1.**": "**1.** {} | Yes\n**2.** {} | No",
    "number, table": "1. | {} | Yes |\n2. | {} | No |",
    "number in the cell": "| 1. {} | Yes |\n| 2. {} | No |",
    "number of its own": "1.\n{} | Yes\n2.\n{} | No",
    "bullets": "- {} | Yes\n• {} | No",
    "stars": "* {} - Yes\n* {} - No",
    "quotes": '"{}" | Yes\n| “{}” | No |',
    "single quotes": "'{}' - Yes\n'{}' - No",
    "quotes round all": '"{} | Yes"\n"{} | No"',
    "bold": "| **{}** | Yes |\n| __{}__ | No |",
    "italic": "| *{}* | Yes |\n| _{}_ | No |",
    "backticks": "`{}` → `Yes`\n`| {} | No |`",
    "fence": "```\n| {} | Yes |\n| {} | No |\n```",
    "fence with a name": "```markdown\n| {} | Yes |\n| {} | No |\n```",
    "quotation": "> | {} | Yes |\n>{} | No",
    "CRLF": "| {} | Yes |\r\n| {} | No |\r\n",
    "odd spaces": "\ufeff|\u00a0{}\u00a0|\u202fYes |\n| {}\u200b | N\u200bo |",
    "wide pipes and invisible signs": "｜\u00ad{}｜Y\u200des\ufe0f｜\x0b\x0c| {} |\u3000No |\u2029",
    "rules": "---\n{} | Yes\n***\n{} | No\n___",
    "example 1": "Example 1: {} | Yes\nSentence 2: {} | No",
}
HEADINGS = {
    "colon": "Positive examples:\n{}\nNegative examples:\n{}",
    "bold": "**Positive Examples**\n\n1. {}\n\n**Negative Examples:**\n\n1. {}",
    "hashes": "### Positive\n{}\n### Negative\n- {}",
    "label in the heading": "Positive examples (label: Yes):\n| {} |\nNegative examples (label: No):\n| {} |",
    "relation": "Examples with a relation:\n{}\nExamples without a relation:\n{}",
    "of the entities": "Rows where @GENE$ is related to @DISEASE$:\n{}\nNo gene-disease relation in these rows:\n{}",
    "label only": "Yes:\n{}\nNo:\n{}",
    "bare label": "Yes\n{}\nNo\n{}",
    "key": "Label: Yes\n{}\nLabel: No\n{}",
    "greeting": "Here are 3 positive examples:\n{}\nHere are 3 negative examples (unrelated to those above):\n{}",
    "numbered": "1. Positive examples:\n   - {}\n2. Negative examples:\n   - {}",
    "one each": "Positive example 1:\n{}\nNegative example 1:\n{}",
    "in a table": "| **Positive** | |\n| {} | |\n| **Negative** | |\n| {} | |",
    "label repeated": "Positive:\n{} | Yes\nNegative:\n{}\nLabel: No",
}
JSON = {
    "list": '[{{"sentence": "{}", "label": "Yes"}}, {{"sentence": "{}", "label": "No"}}]',
    "lines": '{{"text": "{}", "answer": "yes"}}\n{{"text": "{}", "answer": "no"}}',
    "fence": '```json\n[\n  {{\n    "text": "{}",\n    "relation": 1\n  }},\n  {{"relation": 0, "text": "{}"}}\n]\n```',
    "wrapped": '{{"examples": [{{"sentence": "{}", "related": true}},\n{{"sentence": "{}", "related": false}}]}}',
    "groups": '{{"positive": [{{"sentence": "{}"}}], "negative": [{{"sentence": "{}"}}]}}',
    "strings": '{{\n"positive": [\n  "{}"\n],\n"negative": [\n  "{}"\n]\n}}',
    "Python": "{{'sentence': '{}', 'label': 'Yes'}},\n{{'sentence': \"{}\", 'label': 'No'}},",
    "cut off": '[\n{{\n"sentence": "{}",\n"label": "Yes"\n}},\n{{\n"sentence": "{}",\n"label": "No"',
}
LAYOUTS = {
    f"{group}: {name}": layout
    for group, layouts in {
        "table": TABLES,
        "value": {name: f"| {{}} | {yes} |\n| {{}} | {no} |" for name, (yes, no) in VALUES.items()},
        "no pipes": NO_PIPES,
        "decoration": DECORATIONS,
        "heading": HEADINGS,
        "JSON": JSON,
    }.items()
    for name, layout in layouts.items()
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_that_are_read_alike(layout: str) -> None:
    assert read_rows(layout.format(ONE, TWO)) == BOTH


@pytest.mark.parametrize(
    "sentence",
    [
        "No association between @GENE$ and @DISEASE$ was found.",
        "Yes, @GENE$ is related to @DISEASE$, and the test was positive.",
        "Negative results for @GENE$ in @DISEASE$: no effect, not related.",
        "Positive and negative controls - no fewer than two - had @GENE$ and @DISEASE$",
        "@DISEASE$ depends on @GENE$ and NO",
        "Is it @GENE$ (yes or no) in @DISEASE$?",
        "Relation: @GENE$ and @DISEASE$",
        "5 - 10 mg of @GENE$ cured @DISEASE$.",
        "2.5 mg of @GENE$ cured 14 of 22 with @DISEASE$.",
        "> 50 copies of @GENE$ in @DISEASE$.",
        "HLA-@GENE$*07 and HLA-B*27 in @DISEASE$",
        "@GENE$'s allele in @DISEASE$s",
        "@GENE$/X and (@DISEASE$)",
        "-174 G|C of @GENE$ in @DISEASE$",
        "The A | B allele of @GENE$ in @DISEASE$.",
        "The @GENE$ | @DISEASE$ pair",
        'The "silent" @GENE$ and the "loud" @DISEASE$',
        "'Silent' variants of @GENE$ in Crohn's @DISEASE$",
        "Here are shown @GENE$ and @DISEASE$.",
        "snake_case_name of @GENE$ in @DISEASE$",
    ],
)
@pytest.mark.parametrize("label", [POSITIVE, NEGATIVE])
def test_words_and_signs_of_a_sentence_are_kept(sentence: str, label: str) -> None:
    assert read_rows(f"| {sentence} | {label} |") == [LabelledRow(sentence, label)]
    assert read_rows(f"{sentence} | {label}") == [LabelledRow(sentence, label)]


@pytest.mark.parametrize(
    "sentence",
    [
        "No association between @GENE$ and @DISEASE$ was found.",
        "Yes, @GENE$ is related to @DISEASE$, and the test was positive.",
        "@GENE$ was not related to @DISEASE$",
        "@GENE$ in @DISEASE$ was HIV - negative.",
        "@DISEASE$ depends on @GENE$ and NO",
    ],
)
def test_a_word_of_a_sentence_is_no_label(sentence: str) -> None:
    assert read_rows(sentence) == [Stray(sentence, "no_label")]
    assert read_rows(f"Positive examples:\n1. {sentence}") == [LabelledRow(sentence, POSITIVE)]


@pytest.mark.parametrize("form", ["@GENE", "GENE$", "@gene$", "@Gene$", "@gene", r"\@GENE\$", r"@GENE\$", "**@GENE$**"])
@pytest.mark.parametrize(
    "sentence", ["{} in @DISEASE$.", "The {}-positive (@DISEASE$)", "A {}'s @DISEASE$", "@DISEASE$, {}"]
)
def test_markers_are_mended(form: str, sentence: str) -> None:
    assert read_rows(f"| {sentence.format(form)} | No |") == [LabelledRow(sentence.format("@GENE$"), NEGATIVE)]


@pytest.mark.parametrize(
    "form",
    ["`@GENE$`", '"@GENE$"', "<@GENE$>", "[@GENE$]", "@ GENE $", "@@GENE$$", "GENE", "**@GENE**", "*@GENE$*", "“GENE”"],
)
def test_wrapped_markers_are_mended(form: str) -> None:
    assert read_rows(f"Loss of {form} (rare) in @DISEASE$. Yes") == [
        LabelledRow("Loss of @GENE$ (rare) in @DISEASE$.", POSITIVE)
    ]
    assert read_rows(f'"{form} is rare in @DISEASE$" | No') == [LabelledRow("@GENE$ is rare in @DISEASE$", NEGATIVE)]


@pytest.mark.parametrize("form", ["@GENES", "@GENE1", "@GENE1$"])
def test_a_suffix_is_mended_where_there_is_one_marker(form: str) -> None:
    assert read_rows(f"| {form} in @DISEASE$ | No |") == [LabelledRow("@GENE$ in @DISEASE$", NEGATIVE)]


def test_a_name_beside_its_marker_is_a_word() -> None:
    assert read_rows("| @GENE$ (GENE) in @DISEASE$ | No |") == [LabelledRow("@GENE$ (GENE) in @DISEASE$", NEGATIVE)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("| Variants of @GENE$ were seen. | Yes |", "marker_missing"),
        ("Variants of @GENE$ were seen.", "marker_missing"),
        ("| Nothing was seen. | Yes |", "marker_missing"),
        ("| The gene and the disease | Yes |", "marker_missing"),
        ("| GENE and GENE in @DISEASE$ | Yes |", "marker_missing"),
        ("| GENES and GENE1 in @DISEASE$ | Yes |", "marker_missing"),
        ("| @GENE$ and @GENE$ in @DISEASE$ | Yes |", "marker_doubled"),
        ("| @GENE and GENE$ in @DISEASE$ | Yes |", "marker_doubled"),
        ("| @GENE1$ and @GENE2$ in @DISEASE$ | Yes |", "marker_doubled"),
        ("| @GENE$1 and @GENE$2 in @DISEASE$ | Yes |", "marker_doubled"),
        ("| @GENES and @GENE$ in @DISEASE$ | Yes |", "marker_doubled"),
        (ONE, "no_label"),
        (f"| {ONE} |", "no_label"),
        (f"| {ONE} | Maybe |", "no_label"),
        (f"| 1 | {ONE} |", "no_label"),
        (f"Yes. {ONE}", "no_label"),
        (f"| {ONE} | Yes/No |", "two_labels"),
        (f"| {ONE} | Yes or No |", "two_labels"),
        (f"| Yes | {ONE} | No |", "two_labels"),
        (f"{ONE} (Label: Yes) Label: No", "two_labels"),
        (f"{ONE} Label: Yes/No", "two_labels"),
        (f"Positive: {ONE} | No", "two_labels"),
        (f"{ONE} Label: Yes {ONE} Label: No", "marker_doubled"),
    ],
)
def test_lines_that_are_no_usable_example(line: str, reason: str) -> None:
    assert read_rows(line) == [Stray(line, reason)]


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        (f"Positive examples:\n{ONE} | No", [Stray(f"{ONE} | No", "two_labels")]),
        (f"Positive:\n{ONE}\nLabel: No", [Stray(f"{ONE} Label: No", "two_labels")]),
        (f"{ONE} | No\nLabel: Yes", [Stray(f"{ONE} | No Label: Yes", "two_labels")]),
        (f"{ONE}\nYes or No", [Stray(f"{ONE} Yes or No", "two_labels")]),
        (f"Sentence: {ONE}\nSentence: {TWO}\nLabel: No", [Stray(f"Sentence: {ONE}", "no_label"), BOTH[1]]),
        (f"Yes:\n{ONE}\n### Others\n{ONE}", [BOTH[0], Stray("### Others", "remark"), Stray(ONE, "no_label")]),
        (f"Yes:\n{ONE}\nMixed:\n{ONE}", [BOTH[0], Stray("Mixed:", "remark"), Stray(ONE, "no_label")]),
        (f"Yes:\n{ONE}\nHere are more:\n{ONE}", [BOTH[0], Stray("Here are more:", "remark"), BOTH[0]]),
        (f"Example 1 (Yes):\n{ONE}\nExample 2:\n{ONE}", [BOTH[0], Stray(ONE, "no_label")]),
        (f"Positive:\n1. {ONE}\n2. Nothing.", [BOTH[0], Stray("2. Nothing.", "marker_missing")]),
        (f"Positive:\n{ONE}\n{ONE}\n\nNegative:\n{TWO}", [BOTH[0], *BOTH]),
    ],
)
def test_reach_of_headings_and_labels(completion: str, expected: list[LabelledRow | Stray]) -> None:
    assert read_rows(completion) == expected


@pytest.mark.parametrize(
    "remark",
    [
        "Sure! Here are 3 positive and 3 negative examples:",
        "Here are the examples with @GENE$ and @DISEASE$:",
        "I hope this helps!",
        "Note: @GENE$ and @DISEASE$ stand for any entities.",
        "Explanation: @GENE$ is said to raise @DISEASE$.",
        "Each of them is invented.",
        "<think>\n| Of @GENE$ and @DISEASE$ | No |\n</think>",
        "<thinking>No.</thinking>",
    ],
)
def test_remarks_are_told_from_examples(remark: str) -> None:
    stray = Stray(remark, "remark")
    assert read_rows(f"{remark}\n\n| {ONE} | Yes |\n{TWO} | No") == [stray, *BOTH]
    assert read_rows(f"Positive:\n{ONE}\n\n{remark}") == [BOTH[0], stray]


@pytest.mark.parametrize(
    ("completion", "thought"),
    [
        ("Two are needed.\n</think>\n| {} | Yes |\n| {} | No |", "Two are needed.\n</think>"),
        ("| {} | Yes |\n| {} | No |\n<think>Was that", "<think>Was that"),
    ],
)
def test_thoughts_may_lack_an_end(completion: str, thought: str) -> None:
    read = read_rows(completion.format(ONE, TWO))
    assert [entry for entry in read if isinstance(entry, LabelledRow)] == BOTH
    assert [entry for entry in read if isinstance(entry, Stray)] == [Stray(thought, "remark")]


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("Variants of @GENE$ raise\nthe risk of @DISEASE$. | Yes", [BOTH[0]]),
        ("| Variants of @GENE$ raise\nthe risk of @DISEASE$. | Yes |", [BOTH[0]]),
        ("1. Variants of\n   @GENE$ raise\n   the risk of @DISEASE$. Label: Yes", [BOTH[0]]),
        ("Variants of @GENE$ raise\nthe risk of @DISEASE$.\nLabel: Yes", [BOTH[0]]),
        ("Variants of\n@GENE$ raise the risk of @DISEASE$. | Yes", [Stray("Variants of", "remark")]),
        ("Example 1 (Yes):\nVariants of @GENE$ raise\nthe risk of @DISEASE$.", [BOTH[0]]),
        (
            "Positive:\nVariants of @GENE$ vs.\ncontrols in @DISEASE$",
            [LabelledRow("Variants of @GENE$ vs. controls in @DISEASE$", "Yes")],
        ),
        ("No:\n@GENE$ spares\nAsian @DISEASE$", [LabelledRow("@GENE$ spares Asian @DISEASE$", "No")]),
        ("No:\n@GENE$ spares @DISEASE$\n@GENE$ in @DISEASE$", [LabelledRow("@GENE$ spares @DISEASE$", "No")]),
        ("No:\n@GENE$ spares @DISEASE$\nAll are new.", [LabelledRow("@GENE$ spares @DISEASE$", "No")]),
        (f"No:\n{TWO}\np53 is near @GENE$ in @DISEASE$.", [BOTH[1]]),
    ],
)
def test_line_ends_are_not_sentence_ends(completion: str, expected: list[LabelledRow | Stray]) -> None:
    assert read_rows(completion)[: len(expected)] == expected


def test_a_header_tells_columns_from_pipes_in_a_sentence() -> None:
    row = "| Of @GENE$ | in @DISEASE$ | No |\n| @GENE$ in @DISEASE$ | so | No |"
    joined = LabelledRow("Of @GENE$ | in @DISEASE$", NEGATIVE)
    assert read_rows(row) == [joined, LabelledRow("@GENE$ in @DISEASE$ | so", NEGATIVE)]
    assert read_rows(f"| Sentence | Reason | Label |\n{row}") == [joined, LabelledRow("@GENE$ in @DISEASE$", NEGATIVE)]


def test_lines_that_stand_for_themselves_are_not_joined() -> None:
    assert read_rows("No:\n@GENE$ spares @DISEASE$\nAll are new.")[1:] == [Stray("All are new.", "remark")]
    assert len(read_rows("No:\n@GENE$ spares @DISEASE$\n@GENE$ in @DISEASE$")) == 2
    assert len(read_rows(f"{ONE} | Yes\nand no more")) == 2


@pytest.mark.parametrize("markers", [("@CHEM$", "@SIDE_EFFECT$"), ("@DRUG1$", "@DRUG2$")])
def test_other_markers(markers: tuple[str, str]) -> None:
    first, second = markers
    row = [LabelledRow(f"Of {first} and {second}", POSITIVE)]
    assert read_rows(f"| Of {first.lower()} and {second[:-1]} | Yes |", markers=markers) == row
    assert read_rows(f"| Of {first[1:-1]} and {second[1:]} | Yes |", markers=markers) == row
    assert read_rows(f"| {first[1:-1]} | Text | Label |\n| x | Of {first} and {second} | Yes |", markers=markers) == row
    assert [type(entry) for entry in read_rows(f"| {ONE} | Yes |", markers=markers)] == [Stray]


@pytest.mark.parametrize(
    "completion", ["", "\n \n", "```\n```", "---", "| Sentence | Label |\n|---|---|", "Yes:\n", "[]"]
)
def test_layout_alone_is_nothing(completion: str) -> None:
    assert read_rows(completion) == []


WORDS = st.lists(
    st.sampled_from(["raised", "no", "not related", "positive", "in", "p53", "cells"]), min_size=1, max_size=4
)
SENTENCES = st.builds(
    lambda before, between, swapped: (
        " ".join(
            [
                "In",
                *before,
                "@GENE$" if not swapped else "@DISEASE$",
                *between,
                "@DISEASE$" if not swapped else "@GENE$",
            ]
        )
        + "."
    ),
    WORDS,
    WORDS,
    st.booleans(),
)
DECORATED = st.sampled_from(
    [
        "| {text} | {label} |",
        "{text} | {label}",
        "1. {text} | {label}",
        "- **{text}** → {label}",
        '"{text}" ({label})',
        "> | 7 | {text} | **{label}** |",
        "{text} Label: {label}",
        "Sentence: {text}\nLabel: {label}",
        '{{"sentence": "{text}", "label": "{label}"}}',
        "{label}: {text}",
    ]
)
EXAMPLES = st.builds(
    lambda form, text, label: (form.format(text=text, label=label), LabelledRow(text, label)),
    DECORATED,
    SENTENCES,
    st.sampled_from([POSITIVE, NEGATIVE]),
)
REMARKS = st.sampled_from(
    [
        "I hope this helps!",
        "They are all invented.",
        "Sure! Here you are:",
        "Note: no more.",
        "Which is which?",
        "@GENE$ only.",
    ]
)
STRAYS = REMARKS.map(lambda text: (text, Stray(text, "marker_missing" if text.startswith("@") else "remark")))


@given(EXAMPLES)
def test_decorations_change_nothing(example: tuple[str, LabelledRow]) -> None:
    written, row = example
    assert read_rows(written) == [row]


@given(st.lists(EXAMPLES | STRAYS, max_size=12), st.sampled_from(["\n\n", "\n---\n", "\r\n\r\n"]))
def test_no_line_is_lost(written: list[tuple[str, LabelledRow | Stray]], between: str) -> None:
    assert read_rows(between.join(text for text, _ in written)) == [expected for _, expected in written]


@given(st.text("@GENDISA$ |\n\t*_`\"'[]{}()<>#-:.,YesNo019Labl→", max_size=300))
def test_no_completion_breaks_the_reader(completion: str) -> None:
    for entry in read_rows(completion):
        if isinstance(entry, LabelledRow):
            assert entry.label in (POSITIVE, NEGATIVE)
            assert entry.text.count("@GENE$") == entry.text.count("@DISEASE$") == 1
            assert entry.text == " ".join(entry.text.split())


UNITS = [*"|@_('\"{`$ \\\tx", "-:", "*a ", "1. ", "> ", '{"a":', "{'a ", "Yes | ", "@GENE$ ", "label: ", "label:(("]
UNITS += ["<think>", "</think>", "No ", "Yes,", "positive ", "a$", "a:", "[a]"]


@pytest.mark.parametrize("unit", UNITS)
def test_long_lines_take_no_long_time(unit: str) -> None:
    line = unit * (200_000 // len(unit))
    start = time.process_time()
    read_rows(f"a{line}b | Yes")
    read_rows(line)
    assert time.process_time() - start < 10  # of two lines; a quadratic search takes minutes


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recordings are not part of the repository")
def test_recordings_are_read_whole() -> None:
    completions = [json.loads(line)["completion"] for line in RECORDINGS.read_text(encoding="utf-8").splitlines()]
    assert completions
    for completion in completions:
        written = [line.strip("| ").rsplit(" | ", 1) for line in completion.splitlines()]
        assert read_rows(completion) == [LabelledRow(text, label) for text, label in written]
        assert [label for _, label in written] == [POSITIVE] * 3 + [NEGATIVE] * 3
