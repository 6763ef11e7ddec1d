# ruff: noqa: E501
from __future__ import annotations

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.tasks.ner.mention_lists import place_listed, read_mentions
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.text.words import detokenise, tokenise
from clinsynth.types import Completion, Draft
from support import dataset

TEXTS = (
    "Severe gout and ataxia were seen in men.",
    "The weather was fine in that year.",
    "Patients with lupus were treated late.",
)
DRAFTS = [Draft("gout", 0, index, text) for index, text in enumerate(TEXTS)]
RIGHT = {0: ["gout", "ataxia"], 1: [], 2: ["lupus"]}

FORMS = {
    "as asked": "1. gout | ataxia\n2. none\n3. lupus",
    "semicolons": "1. gout; ataxia\n2. none\n3. lupus",
    "commas": "1. gout, ataxia\n2. None.\n3. lupus.",
    "types in brackets": "1. gout (Disease) | ataxia (Disease)\n2. none\n3. lupus (Disease)",
    "types behind colons": "1. gout: Disease, ataxia: Disease\n2. N/A\n3. Disease: lupus",
    "types in square brackets": "1. gout [DISEASE], ataxia [DISEASE]\n2. []\n3. lupus - disease",
    "JSON by number": '{"1": ["gout", "ataxia"], "2": [], "3": ["lupus"]}',
    "JSON in a fence": '```json\n{"1": ["gout", "ataxia"], "2": [], "3": ["lupus"]}\n```',
    "lists of JSON": '[["gout", "ataxia"], [], ["lupus"]]',
    "objects of JSON": '[{"sentence": 1, "mentions": ["gout", "ataxia"]}, {"sentence": 2, "mentions": []}, {"sentence": 3, "mentions": ["lupus"]}]',
    "objects of JSON with echo and types": '{"sentences": [{"id": 1, "text": "Severe gout and ataxia were seen in men.", "diseases": [{"text":"gout","type":"Disease"},{"text":"ataxia","type":"Disease"}]}, {"id": 2, "text":"x", "diseases": []}, {"id": 3, "text":"y","diseases": [{"text":"lupus"}]}]}',
    "lines of JSON": '{"1": ["gout", "ataxia"]}\n{"2": []}\n{"3": ["lupus"]}',
    "JSON of lists in strings": '{"1": "gout | ataxia", "2": "none", "3": "lupus"}',
    "JSON, a mention an object": '[{"sentence":1,"mention":"gout"},{"sentence":1,"mention":"ataxia"},{"sentence":2,"mention":null},{"sentence":3,"mention":"lupus"}]',
    "a list of JSON a line": '1. ["gout", "ataxia"]\n2. []\n3. ["lupus"]',
    "JSON with named keys and null": '{"sentence_1": ["gout", "ataxia"], "sentence_2": null, "sentence_3": ["lupus"]}',
    "as Python writes it": "{1: ['gout', 'ataxia'], 2: [], 3: ['lupus']}",
    "a sentence for none": "1. gout | ataxia\n2. No diseases mentioned.\n3. lupus",
    "another one for none": "1. gout | ataxia\n2. There are no disease mentions in this sentence.\n3. lupus",
    "a note below": "1. gout | ataxia\n2. none\n3. lupus\n\nI treated ataxia as a disease.",
    "echo and arrow": "1. Severe gout and ataxia were seen in men. -> gout | ataxia\n2. The weather was fine in that year. -> none\n3. Patients with lupus were treated late. -> lupus",
    "echo and bullets": "1. Severe gout and ataxia were seen in men.\n   - gout\n   - ataxia\n2. The weather was fine in that year.\n   - none\n3. Patients with lupus were treated late.\n   - lupus",
    "echo and pipe": "1. Severe gout and ataxia were seen in men. | gout | ataxia\n2. The weather was fine in that year. | none\n3. Patients with lupus were treated late. | lupus",
    "echo and a key below": "1. Severe gout and ataxia were seen in men.\nMentions: gout, ataxia\n2. The weather was fine in that year.\nMentions: none\n3. Patients with lupus were treated late.\nMentions: lupus",
    "echo and colon": "1. Severe gout and ataxia were seen in men.: gout, ataxia\n2. none\n3. lupus",
    "echo in quotes": '1. "Severe gout and ataxia were seen in men." - gout, ataxia\n2. none\n3. lupus',
    "table": "| Sentence | Mentions |\n|---|---|\n| 1 | gout, ataxia |\n| 2 | none |\n| 3 | lupus |",
    "Sentence 1:": "Sentence 1: gout, ataxia\nSentence 2: none\nSentence 3: lupus",
    "headings and bullets": "**Sentence 1:**\n- gout\n- ataxia\n\n**Sentence 2:**\n- none\n\n**Sentence 3:**\n- lupus",
    "quotes": '1. "gout", "ataxia"\n2. none\n3. "lupus"',
    "one line": "1. gout | ataxia 2. none 3. lupus",
    "one line, semicolons": "1. gout, ataxia; 2. none; 3. lupus",
    "no numbers": "gout, ataxia\nnone\nlupus",
    "bullets": "- gout, ataxia\n- none\n- lupus",
    "thoughts and a token": "<think>1. x</think>\n1. gout | ataxia\n2. none\n3. lupus<|eot_id|>",
    "1 ->": "1 -> gout, ataxia\n2 -> none\n3 -> lupus",
    "a wrapper": "<answer>\n1. gout | ataxia\n2. none\n3. lupus\n</answer>",
    "CSV": "1,gout;ataxia\n2,none\n3,lupus",
    "tags round names": "1. <b>gout</b>, <b>ataxia</b>\n2. none\n3. <b>lupus</b>",
    "case": "1. Gout, Ataxia\n2. NONE\n3. Lupus",
    "one twice": "1. gout | gout | ataxia\n2. none\n3. lupus",
    "scores and places in brackets": "1. gout (0.9), ataxia (7-17)\n2. none (no diseases)\n3. lupus (autoimmune disease)",
    "YAML": "1:\n  - gout\n  - ataxia\n2: []\n3:\n  - lupus",
}


def completion(text: str) -> Completion:
    return Completion("d/mentions/gout#0", "m", text, "stop")


def labelled(text: str, *, finish_reason: str = "stop") -> tuple[dict[int, list[str]], list[tuple[int, str, str]]]:
    answer = Completion("d/mentions/gout#0", "m", text, finish_reason)
    found, rejected = NerWriter(dataset()).annotate(DRAFTS, annotator="llm", lexicon=[], answer=answer)
    mentions = {candidate.draft.index: candidate.example.mentions for candidate in found}
    return mentions, [(item.draft.index, item.reason, item.detail) for item in rejected]


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_forms_that_are_read_alike(text: str) -> None:
    assert labelled(text) == (RIGHT, [])


@pytest.mark.parametrize(
    ("text", "kept", "rejected"),
    [
        ("1. gout | cancer\n2. none\n3. lupus", [1, 2], [(0, "mention_not_in_sentence", "cancer")]),
        ("1. gout, cancer\n2. none\n3. lupus", [1, 2], [(0, "mention_not_in_sentence", "cancer")]),
        ("1. gout | ataxia\n2. none\n3. lupus nephritis", [0, 1], [(2, "mention_not_in_sentence", "lupus nephritis")]),
        ("1. gout | ataxia\n2. none", [0, 1], [(2, "labels_unreadable", "")]),
        (f"1. {TEXTS[0]}\n2. none\n3. lupus", [1, 2], [(0, "labels_unreadable", "")]),
        (
            f"1. Severe **gout** and **ataxia** were seen in men.\n2. none\n3. {TEXTS[2]}",
            [0, 1],
            [(2, "labels_unreadable", "")],
        ),
        ('{"1": ["gout", "ataxia"], "3": ["lupus"]}', [0, 2], [(1, "labels_unreadable", "")]),
        ('{"1": ["gout"], "2": ["cancer"], "3": []}', [0, 2], [(1, "mention_not_in_sentence", "cancer")]),
    ],
)
def test_a_sentence_goes_whose_labels_have_no_place(text: str, kept: list[int], rejected: list[object]) -> None:
    """It would teach a model to miss what it does not label."""
    mentions, refused = labelled(text)
    assert list(mentions) == kept
    assert refused == rejected


def test_of_an_answer_that_is_cut_off_the_last_line_does_not_count() -> None:
    mentions, rejected = labelled("1. gout | ataxia\n2. none\n3. lu", finish_reason="length")
    assert mentions == {0: ["gout", "ataxia"], 1: []}
    assert rejected == [(2, "labels_unreadable", "")]


@pytest.mark.parametrize(
    ("listed", "sentence", "expected"),
    [
        (
            "ovarian, gastric and lung cancers",
            "We saw ovarian, gastric and lung cancers.",
            ["ovarian, gastric and lung cancers"],
        ),
        (
            "ovarian, gastric and lung cancers, gout",
            "Ovarian, gastric and lung cancers met gout.",
            ["Ovarian, gastric and lung cancers", "gout"],
        ),
        ("G6PD (deficiency), gout", "A G6PD (deficiency) with gout.", ["G6PD (deficiency)", "gout"]),
        ("ataxia (A-T)", "Here ataxia with its sign A-T was seen.", ["ataxia", "A-T"]),
        ("[3H]MK-801", "Binding of [3H]MK-801 was seen.", ["[3H] MK-801"]),
        ("NO", "Release of NO was seen.", ["NO"]),
        ("gout and lupus", "Both gout or lupus were seen.", ["gout", "lupus"]),
        ("breast cancer | cancer", "The breast cancer was seen.", ["breast cancer"]),
        ("cancer | breast cancer", "The breast cancer was seen.", None),
        ("gout | gout", "The gout was seen.", ["gout"]),
        ("gout | gout", "The gout was gout.", ["gout", "gout"]),
        ("Gout", "Gout", ["Gout"]),
    ],
)
def test_what_is_listed_is_parted_by_what_stands_there(listed: str, sentence: str, expected: list[str] | None) -> None:
    tokens = tokenise(sentence)
    places, _ = place_listed(listed.split("|"), tokens=tokens, types=["Disease"])
    assert (None if places is None else [detokenise(tokens[start:end]) for start, end in places]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. gout | breast cancer\n2. none", [["gout", "breast cancer"], []]),
        ("1. gout|breast cancer\n2. None", [["gout", "breast cancer"], []]),
        ("1) gout | breast cancer |\n2) ", [["gout", "breast cancer"], []]),
        ("Here are the mentions:\n1. gout | breast cancer\n2. -", [["gout", "breast cancer"], []]),
        ('1. "gout" | **breast cancer**\r\n2. n/a', [["gout", "breast cancer"], []]),
        ("gout | breast cancer\nnone", [["gout", "breast cancer"], []]),
        ("1. gout | gout\n2. gout", [["gout", "gout"], ["gout"]]),
        ("1. gout. | ataxia.\n2. (none)", [["gout", "ataxia"], []]),
        ("1. gout\n2. None mentioned.", [["gout"], []]),
    ],
)
def test_lists_of_mentions_are_read(text: str, expected: list[list[str]]) -> None:
    sentences = [tokenise(text) for text in ("Old gout and gout, breast cancer or ataxia.", "No gout here.")]
    for parts, tokens, mentions in zip(read_mentions(completion(text), sentences=2), sentences, expected, strict=True):
        places, _ = place_listed(parts or [], tokens=tokens, types=["Disease"])
        assert places is not None
        assert [detokenise(tokens[start:end]) for start, end in places] == mentions


@pytest.mark.parametrize(
    "text", ["1. gout\n2. none\n3. none", "1. gout\n3. none", "1. a\n1. b", "gout", "", "I see none here."]
)
def test_a_wrong_number_of_lines_is_refused(text: str) -> None:
    with pytest.raises(DataFormatError, match=r"'d/mentions/gout#0' lists mentions for \d sentences where 2 were"):
        read_mentions(completion(text), sentences=2)
