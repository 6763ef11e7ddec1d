from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinsynth
from clinsynth.tasks.relation.answers import read_verdict
from clinsynth.types import Reading
from support import CORPORA, needs_corpora, slowdown

INSTRUCTION = (
    'Given a sentence that introduces a gene (denoted as "@GENE$") and a disease (denoted as "@DISEASE$"), predict '
    "whether the gene and disease have a relation or not. The relation between the gene and disease can be any "
    "functional, causal, or associative connection. If there is a relation, then the label should be "
    '"Yes", otherwise "No".'
)
SENTENCE = "No allele of @GENE$ was associated with @DISEASE$ in men, yet there is a relation in women."


def question(sentence: str) -> str:
    return f"{INSTRUCTION}\n{sentence}"


def read(text: str, *, sentence: str = SENTENCE) -> Reading:
    return read_verdict(text, question=question(sentence), sentence=sentence)


def label(text: str) -> str | None:
    return read(text).predicted


@pytest.mark.parametrize("text", ["Yes", "No", " Yes\n", "\n\nNo  "])
def test_an_answer_as_asked_for_is_clean(text: str) -> None:
    assert read(text) == Reading(text.strip(), "clean")


YES = [
    "yes",
    "yes.",
    "YES",
    '"Yes"',
    "“Yes”",
    "'Yes'",
    "**Yes**",
    "__Yes__",
    "Yes!",
    "(Yes)",
    "[Yes]",
    "Ｙｅｓ",
    "\u200bYes\u00a0",
    "- Yes",
    "# Yes",
    "> Yes",
    "1",
    "1.",
    "True",
    "true.",
    "Positive",
    "Related",
    "Associated.",
    "✅",
    "✔️ Yes",
    "Yes (1)",
    "Yes, related",
    "Yes\nYes",
    "Label: Yes",
    "label = yes",
    "**Label:** Yes",
    "**Label**: **Yes**",
    "Label : 1",
    "Answer: True",
    "Label - Yes",
    "Label -> Yes",
    "Label → Yes",
    "Label\nYes",
    "Final Answer: Yes",
    "The final answer is: Yes.",
    "The label is Yes.",
    'The label should be "Yes".',
    'The correct label for this sentence is "Yes".',
    "The answer to the question is yes.",
    "The answer is $\\boxed{\\text{Yes}}$.",
    "Relation: Yes",
    "relation_exists: true",
    "Is there a relation? Yes",
    "Yes or No? Yes",
    "Label (Yes/No): Yes",
    "Answer with Yes or No: Yes",
    "I would label this as Yes.",
    "The sentence is classified as Yes.",
    "I predict Yes.",
    "Sure! Yes.",
    "Sure, here is my answer: Yes",
    "Based on the sentence, yes.",
    "assistant\nYes",
    "Yes, there is no question that the two are related.",
    "Yes, no doubt about it.",
    "Yes there is a relation.",
    "Yes, because the gene is not only linked to it but causes it; no other gene is.",
    "Yes. No other gene was studied.",
    "Yes - the sentence says so, no more is needed.",
    "Yes\n\nExplanation: there is no relation in men, but there is one in women.",
    "Yes\n\nSentence: @GENE$ has no role in @DISEASE$.\nLabel: No",
    "Yes\n\nQ: And @GENE$?\nA: No",
    "No doubt, the gene and disease are related.",
    "There is a relation",
    "There is a relation.",
    "There is a relation between the gene and disease.",
    "There is an association between @GENE$ and @DISEASE$.",
    "There is a clear causal relationship between the gene and the disease because no one doubts it.",
    "The gene and disease have a relation.",
    "The gene and the disease are related.",
    "@GENE$ is associated with @DISEASE$.",
    "A relation exists.",
    "The sentence describes a functional relation between the gene and disease.",
    "The relation between the gene and disease is: Yes",
    "Nothing speaks against it: there is a relation.",
    "The gene is mentioned. The disease is, too. Therefore, there is a relation.",
    '{"label": "Yes"}',
    '{"label": 1}',
    '{"relation": true, "confidence": 0}',
    '{"explanation": "No link is denied.", "label": "Yes"}',
    "{'label': 'Yes'}",
    '["Yes"]',
    '[{"sentence": "...", "label": "Yes"}]',
    f'{{"sentence": {json.dumps(SENTENCE)}, "label": "Yes"}}',
    f"| {SENTENCE} | Yes |",
    f"| 1 | {SENTENCE} | Yes | no doubt |",
    f"| sentence | label |\n|---|---|\n| {SENTENCE} | Yes |",
    f"| Sentence | Relation (Yes/No) |\n|---|---|\n| {SENTENCE} | **Yes** |",
    f"{SENTENCE}\tYes",
    f"0\t{SENTENCE}\t1",
    f'"{SENTENCE}","Yes"',
    f"{SENTENCE} Yes",
    f"{SENTENCE}\nLabel: Yes",
    f"Sentence: {SENTENCE}\n\nLabel: Yes",
    f'The sentence "{SENTENCE}" is labelled Yes.',
    "```\nYes\n```",
    "```json\n{\"label\": \"Yes\"}\n```",
    "```Yes```",
    "<answer>Yes</answer>",
    "<example>\nYes\n</example>",
    "<label>Yes</label>",
    '<answer type="label">Yes</answer>',
    "[INST] Yes [/INST]",
    "[INST] Label: Yes [/INST]\n\nI hope this helps!",
    f"[INST]| Sentence | Label |\n|---|---|\n| {SENTENCE} | Yes[/INST]/INST]",
    f"[INST] {question(SENTENCE)} [/INST] Yes</s>",
    f"<|im_start|>user\n{question(SENTENCE)}<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>",
    "<think>The answer is No. No? No.</think>Yes",
    "So the answer may be No.\n</think>\n\nYes",
    "<thinking>\nNo\n</thinking>\nLabel: Yes",
    f"{question(SENTENCE)}\nYes",
    f"{question(SENTENCE)} Yes",
    f"{INSTRUCTION}\n\nYes",
    f"{' '.join(question(SENTENCE).split())}\n\nLabel: Yes",
    f"{question(SENTENCE).replace(' ', chr(10))}\nYes",
    f"**{INSTRUCTION.upper()}**\n\n> {SENTENCE}\n\nYes",
    'If there is a relation, then the label should be "Yes", otherwise "No".\nYes',
    'If there is a relation, I say Yes, otherwise No. Here I say: Yes',
    "The sentence says that no allele is associated. But women show a relation. Therefore, the label is Yes.",
    "Step 1: no relation in men.\nStep 2: a relation in women.\nTherefore, yes.",
    "Label: No? The women are to be considered.\nFinal answer: Yes",
    "At first the answer is No. On reflection, the answer is Yes.",
    "The label is not No. The label is Yes.",
    "The answer cannot be No.",
    "There is no link in men.\n\nYes",
    "There is no link in men, there is one in women. Yes.",
    "A link in women only -> Yes",
    "Confidence 0.9: Yes",
]  # fmt: skip
NO = [
    "no",
    "No.",
    "NO",
    '"No"',
    "**No**",
    "`No`",
    "*No.*",
    "0",
    "False",
    "negative",
    "Not related",
    "not associated",
    "Unrelated.",
    "❌",
    "No relation.",
    "No relation",
    "No association",
    "No (no relation)",
    "No, no relation.",
    "Label: No",
    "label = No",
    "Label: 0",
    "Label: No relation",
    "Label: not related",
    "label=no",
    "The answer is No because the gene is associated with something else.",
    "The answer is **No**, since yes would need a link.",
    "The answer is not Yes.",
    "The label is not yes, as the gene is only mentioned.",
    "No, there is no evidence that the two are linked, although yes, both are mentioned.",
    "No, although the gene is associated with the disease in mice.",
    "No because there is a relation to another gene only.",
    "No - the gene and disease are only mentioned",
    "No\nThere is a relation to another gene.",
    "No there is not",
    "No; if there was one the label would be Yes.",
    "No. The answer would be Yes if it had been tested.",
    "No\n\nSentence: @GENE$ causes @DISEASE$.\nLabel: Yes",
    "No\n[INST] And what of @GENE$ in mice? [/INST]\nYes",
    "There is no relation between the gene and disease.",
    "There is no relation.",
    "There is not a relation between @GENE$ and @DISEASE$.",
    "There's no clear association between the two.",
    "No significant association between the gene and the disease was found.",
    "The gene and disease do not have a relation",
    "The gene and disease do not have a relation.",
    "The gene and the disease don't have any relation, because the gene is related to another disease.",
    "The gene and disease are not related.",
    "The gene and disease are unrelated.",
    "@GENE$ is not associated with @DISEASE$ here.",
    "The sentence does not describe a relation between the gene and the disease.",
    "A relation does not exist.",
    "The gene is mentioned as a control. Thus, there is no relation.",
    '{"label": "No"}',
    '{"label": 0}',
    '{"has_relation": false}',
    '{\n  "reasoning": "Yes, both are mentioned, and the gene is related to another.",\n  "answer": "No"\n}',
    "['No']",
    f"| {SENTENCE} | No |",
    f"|{SENTENCE}|no|",
    f"| {SENTENCE} | No | both are associated with age |",
    f"| # | Text | Label |\n|---|---|---|\n| 1 | {SENTENCE} | 0 |",
    f"{SENTENCE}\tNo",
    f"{SENTENCE}\t0",
    f"{SENTENCE}: No",
    f"{SENTENCE} -> No",
    f"{SENTENCE} [No]",
    f"Sentence: {SENTENCE}\nLabel: No",
    "```\nNo\n```",
    "<answer>No</answer>",
    "<answer> no </answer>\n<explanation>There is a relation in mice.</explanation>",
    "<think>Yes. There is a relation.</think>\nNo",
    "<reasoning>yes</reasoning> No",
    f"{question(SENTENCE)}\nNo",
    f"{question(SENTENCE)}No",
    f"{SENTENCE}\nNo",
    "The sentence says that both are associated with age. Therefore, the label is No.",
    "The two are associated with age. So, no.",
    "Both are related to age. Hence the answer is \"No\".",
    "First, the gene is associated with age. Label: Yes? It is not. Label: No",
    "It may be associated with age.\n\n**No**",
    "I cannot determine a link from this, so the label is No.",
    "Yes or No? No.",
    "Relation: None",
    'The label for this sentence would be "No".',
    "My answer is a firm no.",
    "No evidence of a relation is given.",
    "Not yes but no. Label: No",
]  # fmt: skip
UNUSABLE = [
    "",
    " \n\t",
    "Yes/No",
    "Yes or No",
    "Yes or no?",
    "(Yes/No)",
    "Label: Yes/No",
    "Label: Yes or No",
    "Yes No",
    "Yes\nNo",
    "Yes, no",
    "Yes and no.",
    '["Yes", "No"]',
    "1/0",
    "Maybe",
    "Unknown",
    "Nothing",
    "Nothing.",
    "Norway",
    "Yesterday",
    "None",
    "N/A",
    "...",
    "Label:",
    "Label: unclear",
    "{}",
    "[]",
    "```\n```",
    "2",
    "10",
    "I cannot determine whether there is a relation.",
    "I cannot determine whether the gene and disease are related.",
    "I can't answer with yes or no.",
    "I'm sorry, but I can't help with that.",
    "I'm sorry, I am unable to say; the gene is associated with many things.",
    "As an AI language model, I cannot judge whether there is a relation.",
    "It is unclear whether the gene and disease have a relation.",
    "There is not enough information to determine a relation.",
    "There is no way to know whether they are related.",
    "If there is a relation, the label is Yes.",
    'If there is a relation, then the label should be "Yes", otherwise "No".',
    "The sentence introduces a gene and a disease.",
    "The sentence is about the relation between @GENE$ and @DISEASE$.",
    "There are two groups. There is a relation in women. There is no relation in men. Both were tested.",
    "No doubt.",
    "not only",
    SENTENCE,
    question(SENTENCE),
    INSTRUCTION,
    f"Sentence: {SENTENCE}\nLabel:",
    f"| {SENTENCE} | |",
    "<think>Yes</think>",
    "<think>Yes, the label is Yes",
    "<answer></answer>",
]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_positive(text: str) -> None:
    assert read(text) == Reading("Yes", "repaired")


@pytest.mark.parametrize("text", NO)
def test_negative(text: str) -> None:
    assert read(text) == Reading("No", "repaired")


@pytest.mark.parametrize("text", UNUSABLE)
def test_unusable(text: str) -> None:
    assert read(text) == Reading(None, "unusable")


def _echoed(answer: str, asked: str) -> str:
    return f"{asked}\n\n{answer}"


CORRUPTIONS: dict[str, Callable[[str, str], str]] = {
    "lower case": lambda answer, _: answer.lower(),
    "upper case": lambda answer, _: answer.upper(),
    "full stop": lambda answer, _: f"{answer}.",
    "spaces": lambda answer, _: f"\n \t{answer}\u00a0\r\n",
    "quotes": lambda answer, _: f'"{answer}"',
    "bold": lambda answer, _: f"**{answer}**",
    "fence": lambda answer, _: f"```text\n{answer}\n```",
    "tag": lambda answer, _: f"<answer>{answer}</answer>",
    "example": lambda answer, _: f"<example>\n{answer}\n</example>",
    "key": lambda answer, _: f"Label: {answer}",
    "equals": lambda answer, _: f"label={answer}",
    "JSON": lambda answer, _: json.dumps({"label": answer}),
    "JSON list": lambda answer, _: json.dumps([answer]),
    "JSON row": lambda answer, asked: json.dumps({"sentence": asked.split("\n")[1], "label": answer}),
    "pretty JSON": lambda answer, asked: json.dumps([{"sentence": asked.split("\n")[1], "label": answer}], indent=2),
    "boolean": lambda answer, _: json.dumps({"relation": answer == "Yes"}),
    "digit": lambda answer, _: str(int(answer == "Yes")),
    "words": lambda answer, _: f"There is {'a' if answer == 'Yes' else 'no'} relation between the gene and disease.",
    "verb": lambda answer, _: f"The gene and disease {'are' if answer == 'Yes' else 'are not'} related.",
    "sentence": lambda answer, _: f"The answer is {answer} because of what the sentence says.",
    "explanation after": lambda answer, _: f"{answer}, because other genes are associated or not associated with it.",
    "lines after": lambda answer, _: f"{answer}\n\nExplanation: no other is related, and yes, that is meant.",
    "explanation before": lambda answer, _: f"Some are associated, some are not. Therefore, the label is {answer}.",
    "thoughts": lambda answer, _: f"<think>Yes? No? The label is Yes or No: No.</think>\n{answer}",
    "end of thoughts": lambda answer, _: f"Yes? No?</think>\n{answer}",
    "prompt": _echoed,
    "prompt, one line": lambda answer, asked: _echoed(f"Label: {answer}", " ".join(asked.split())),
    "prompt, wrapped": lambda answer, asked: _echoed(answer, "\n".join(asked.split())),
    "prompt, quoted": lambda answer, asked: _echoed(answer, "> " + asked.replace("\n", "\n> ")),
    "instruction": lambda answer, asked: _echoed(answer, asked.split("\n")[0]),
    "sentence first": lambda answer, asked: _echoed(answer, asked.split("\n")[1]),
    "keyed sentence": lambda answer, asked: f"Sentence: {asked.split(chr(10))[1]}\nLabel: {answer}",
    "chat": lambda answer, asked: f"[INST] {asked} [/INST] {answer}</s>",
    "row": lambda answer, asked: f"| {asked.split(chr(10))[1]} | {answer} |",
    "table": lambda answer, asked: f"| Sentence | Label |\n|---|---|\n| {asked.split(chr(10))[1]} | {answer} |",
    "tab": lambda answer, asked: f"{asked.split(chr(10))[1]}\t{answer}",
    "next example": lambda answer, _: (
        f"{answer}\n\nSentence: @GENE$ is related to @DISEASE$ or not.\nLabel: Yes\nLabel: No"
    ),
}


def gold_rows(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


SAMPLE = Path(clinsynth.__file__).parent / "assets" / "sample_relation" / "test.tsv"


@pytest.mark.parametrize("corrupted", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_what_loses_no_information_reads_the_same(corrupted: Callable[[str, str], str]) -> None:
    for row in gold_rows(SAMPLE):
        sentence = row.split("\t")[0]
        for answer in ("Yes", "No"):
            assert read(corrupted(answer, question(sentence)), sentence=sentence).predicted == answer, sentence


RECORDED = CORPORA.parent / "recordings" / "gad.zero_shot.jsonl"


@pytest.fixture(scope="module")
def recorded() -> list[tuple[str, str, bool]]:
    """Sentence, answer and gold label of the test sentences that were asked about."""
    if not RECORDED.is_file():
        pytest.skip(f"no recorded answers at {RECORDED}")
    rows = csv.DictReader(gold_rows(CORPORA / "gad" / "1" / "test.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE)
    gold = {int(row["index"]): row for row in rows}
    asked = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    return [
        (gold[one["test_index"]]["sentence"], one["completion"], gold[one["test_index"]]["label"] == "1")
        for one in asked
    ]


@needs_corpora
def test_recorded_answers_score_as_reported(recorded: list[tuple[str, str, bool]]) -> None:
    assert len(recorded) == 120
    said = [read(answer, sentence=sentence) for sentence, answer, _ in recorded]
    assert {one.status for one in said} == {"clean"}
    right = sum(one.predicted == "Yes" and positive for one, (_, _, positive) in zip(said, recorded, strict=True))
    found = sum(one.predicted == "Yes" for one in said)
    positives = sum(positive for _, _, positive in recorded)
    scores = (right / found, right / positives, 2 * right / (found + positives))
    assert scores == pytest.approx((0.549, 0.534, 0.542), abs=0.0005)


@needs_corpora
@pytest.mark.parametrize("corrupted", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_recorded_answers_corrupted_read_the_same(
    corrupted: Callable[[str, str], str], recorded: list[tuple[str, str, bool]]
) -> None:
    for sentence, answer, _ in recorded:
        assert read(corrupted(answer, question(sentence)), sentence=sentence).predicted == answer, sentence


@given(st.text(), st.text(max_size=40))
def test_any_text_is_read(text: str, sentence: str) -> None:
    found = read(text, sentence=sentence)
    assert (found.predicted is None) == (found.status == "unusable")


PIECES = (
    "Yes",
    "No",
    "label",
    ":",
    " ",
    "\n",
    "not",
    "if",
    "|",
    "\t",
    "<think>",
    "```",
    '"',
    "relation",
    "is",
    "1",
    ",",
)


@given(st.lists(st.sampled_from([*PIECES, SENTENCE, INSTRUCTION]), max_size=12))
def test_any_pieces_of_answers_are_read(pieces: list[str]) -> None:
    assert label(" ".join(pieces)) in ("Yes", "No", None)


def test_a_long_answer_is_read_where_it_begins_and_ends() -> None:
    argument = "The gene is related to age, and the disease is not related to it. " * 500
    assert (label(f"No. {argument}"), label(f"{argument}\nLabel: No")) == ("No", "No")


@pytest.mark.parametrize("piece", ["label is ", "not related, ", "relation between ", "<think", "yes or ", "a b c. "])
def test_long_answers_are_read_in_time(piece: str) -> None:
    started = time.perf_counter()
    read(piece * 10_000)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("piece", ["\n", " \n", "label is ", "yes or ", "not ", "[INST] a ", "| ", "Y "])
def test_time_grows_with_the_answer_and_no_faster(piece: str) -> None:
    assert slowdown(read, piece=piece) < 3.5


LETTERS = [
    "Y",
    "y",
    "Y.",
    "**Y**",
    "(Y)",
    "Answer: Y",
    "answer = Y",
    "The answer is Y.",
    "Y - both are named",
    "Y\n\nIt is.",
]
LETTERS += ["Class 1", "class 1.", "Class: 1", "Label 1", "LABEL_1", "Class 1 (related)", "It belongs to class 1."]
LETTERS += ["Predicted class: 1", '{"label": "Y"}', "Class 1\n\nThe gene is related to it."]


@pytest.mark.parametrize("text", LETTERS)
def test_letters_and_numbers_of_classes(text: str) -> None:
    negative = re.sub(r"\bY\b", "N", text).replace("y", "n" if text == "y" else "y").replace("1", "0")
    assert (label(text), label(negative.replace("related", "unrelated"))) == ("Yes", "No")


@pytest.mark.parametrize(
    "text", ["N = 20 patients", "the N terminus", "an HLA class 1 gene", "Class 2", "chromosome Y"]
)
def test_letters_and_numbers_of_other_things(text: str) -> None:
    assert label(text) is None
