from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.tasks.multilabel.answers import read_criteria
from clinsynth.types import Reading
from support import slowdown

ASD = {
    "A1": "deficits in social-emotional reciprocity",
    "A2": "deficits in nonverbal communicative behaviours used for social interaction",
    "A3": "deficits in developing, maintaining and understanding relationships",
    "B1": "stereotyped or repetitive motor movements, use of objects, or speech",
    "B2": "insistence on sameness, inflexible adherence to routines, or ritualised patterns",
    "B3": "highly restricted, fixated interests that are abnormal in intensity or focus",
    "B4": "hyper- or hypo-reactivity to sensory input or unusual interest in sensory aspects of the environment",
}
WORDS = {
    "sleep": "trouble sleeping",
    "pain": "pain of any kind",
    "low mood": "feeling sad",
    "weight-loss": "losing weight",
}
NOTE = "No eye contact with B1 staff, covers ears at x4 trials; sleep is fine and pain is denied."


def question(labels: Mapping[str, str] = ASD, note: str = NOTE) -> str:
    listing = "\n".join(f"{name}: {meaning}" for name, meaning in labels.items())
    return (
        "Here are criteria with their names.\n"
        f"{listing}\n"
        'Name all criteria that the text meets, separated by semicolons, or "none".\n'
        f"{note}"
    )


def read(text: str, *, labels: Mapping[str, str] = ASD) -> Reading:
    return read_criteria(text, question=question(labels), labels=labels, text_asked=NOTE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1", ("A1",)),
        ("A1; B2", ("A1", "B2")),
        ("B2;A1", ("A1", "B2")),
        (" A1 ;\tB4\n", ("A1", "B4")),
        ("none", ()),
        ("none\n", ()),
    ],
)
def test_an_answer_as_asked_for_is_clean(text: str, expected: tuple[str, ...]) -> None:
    assert read(text) == Reading(expected, "clean")


MEANING = ASD["A2"]
LISTING = "\n".join(f"{name}: {meaning}" for name, meaning in ASD.items())
REPAIRED = [
    ("A1, B2", "A1 B2"),
    ("A1 and B2", "A1 B2"),
    ("A1, A2, and B2.", "A1 A2 B2"),
    ("A1; B2;", "A1 B2"),
    ("A1; A1; B2", "A1 B2"),
    ("A1 B2", "A1 B2"),
    ("A1/B2", "A1 B2"),
    ("A1 & B2", "A1 B2"),
    ("a1; b2", "A1 B2"),
    ("A1\nB2", "A1 B2"),
    ("- A1\n- B2", "A1 B2"),
    ("* A1\n* B2", "A1 B2"),
    ("• **A1**\n• **B2**", "A1 B2"),
    ("1. A1\n2. B2", "A1 B2"),
    ("1) A1\n2) B2", "A1 B2"),
    ("**A1**", "A1"),
    ("[A1]", "A1"),
    ("(A1, B2)", "A1 B2"),
    ('"A1"', "A1"),
    ("`A1`; `B2`", "A1 B2"),
    ("A-1", "A1"),
    ("Ａ１", "A1"),
    ('["A1", "B2"]', "A1 B2"),
    ("['A1', 'B2']", "A1 B2"),
    ("[A1, B2]", "A1 B2"),
    ('{"labels": ["A1", "B2"]}', "A1 B2"),
    ('{"labels": "A1; B2"}', "A1 B2"),
    ('{"labels": ["A1"], "reasoning": "no A2, B1 is there"}', "A1"),
    ('{"reasoning": "A2 might be met, but is not.", "labels": ["A1"]}', "A1"),
    ('{\n  "criteria": [\n    "A1",\n    "B2"\n  ]\n}', "A1 B2"),
    ('{"criteria": [\n "A1",', "A1"),
    ('{"A1": true, "A2": false, "B2": true}', "A1 B2"),
    ('{"A1": 1, "A2": 0}', "A1"),
    ('{"A1": "yes", "A2": "no"}', "A1"),
    ('{"A1": "met", "A2": "not met"}', "A1"),
    ("{'A1': True, 'A2': False}", "A1"),
    ('{"A1": {"met": true, "evidence": "no gaze"}, "A2": {"met": false, "evidence": "yes"}}', "A1"),
    ('[{"criterion": "A1", "met": true}, {"criterion": "A2", "met": false}]', "A1"),
    ('{"met": ["A1"], "not_met": ["A2", "B1"]}', "A1"),
    ("A1: Yes\nA2: No\nB2: Yes", "A1 B2"),
    ("A1: Yes - because of A2-like gaze\nA2: No - because he looks", "A1"),
    ("A1 - Yes\nA2 - No", "A1"),
    ("A1 – yes, he does\nA2 – no, he does not", "A1"),
    ("A1: met\nA2: not met\nA3: Not met.", "A1"),
    ("A1: ✓\nA2: ✗", "A1"),
    ("A1 ✓\nA2 ✗\nA3: ✓", "A1 A3"),
    ("✓ A1\n✗ A2", "A1"),
    ("- [x] A1\n- [ ] A2", "A1"),
    ("A1: 1, A2: 0, B2: 1", "A1 B2"),
    ("A1=1; A2=0; B2=1", "A1 B2"),
    ("A1 (yes), A2 (no)", "A1"),
    ("- A1: true\n- A2: false", "A1"),
    ("**A1**: Yes\n**A2**: No", "A1"),
    ("**A1:** Yes. He does.\n**A2:** No. He does not.", "A1"),
    (f"A1 ({ASD['A1']}): No\nA2 ({ASD['A2']}): Yes", "A2"),
    (f"A1: {ASD['A1']}: not met\nA2: {ASD['A2']}: met", "A2"),
    ("A1: no evidence of it\nA2: no eye contact", "A2"),
    ("A1: He looks at all -> not met\nA2: He looks at none -> met", "A2"),
    ("A2: no eye contact with staff", "A2"),
    ("- A2 (deficits in nonverbal communication)", "A2"),
    ("A2 (no eye contact); B4 (covers ears)", "A2 B4"),
    ("A2: no eye contact; B4: covers ears", "A2 B4"),
    (f"- A2: {MEANING}\n- B4: {ASD['B4']}", "A2 B4"),
    (MEANING, "A2"),
    (f"{MEANING.capitalize()}; {ASD['A3']}", "A2 A3"),
    (f"The text shows {MEANING}.", "A2"),
    ("| Criterion | Met |\n|---|---|\n| A1 | Yes |\n| A2 | No |", "A1"),
    ("| Criterion | Met? | Reason |\n|---|---|---|\n| A1 | ✓ | no gaze |\n| A2 | ✗ | yes |", "A1"),
    ("| A1 | deficits | yes |\n| A2 | deficits | no |", "A1"),
    ("| Criterion | Yes | No |\n|---|---|---|\n| A1 | x | |\n| A2 | | x |", "A1"),
    ("| Criterion | Yes | No |\n|---|---|---|\n| A1 | ✓ | ✗ |\n| A2 | - | ✓ |", "A1"),
    ("| A1 | A2 | B2 |\n|---|---|---|\n| Yes | No | ✓ |", "A1 B2"),
    ("| Criterion | Evidence |\n|---|---|\n| A2 | no eye contact |\n| B4 | covers ears |", "A2 B4"),
    ("A1\tYes\nA2\tNo", "A1"),
    ("Criterion A2", "A2"),
    ("criteria: A1, B2", "A1 B2"),
    ("Labels: A1; B2", "A1 B2"),
    ("**Criteria met:** A1; B2", "A1 B2"),
    ("Criteria met: A1\nCriteria not met: A2, A3", "A1"),
    ("Met: A1\nNot met: A2; A3", "A1"),
    ("Not met:\n- A2\n- A3\nMet:\n- A1", "A1"),
    ("Criteria not met: A2\n\nCriteria met:\n- A1\n- B2", "A1 B2"),
    ("Answer: A1; B2", "A1 B2"),
    ("The answer is A1; B2.", "A1 B2"),
    ("Final answer: A2\n\nA1 was considered.", "A2"),
    ("A1 might be met: he talks. A3 may be too.\nFinal answer: A2", "A2"),
    ("A1: Yes\nA2: Yes\n\nFinal answer: A2", "A2"),
    ("A1; B2\n\nExplanation: A3 is near, and B1 as well.", "A1 B2"),
    ("The criteria met are:\n\n1. A1\n2. B2", "A1 B2"),
    ("The text meets criterion A2 because he does not look.", "A2"),
    ("The text meets A1 and B2.", "A1 B2"),
    ("It meets A2, but not A3.", "A2"),
    ("It meets A2 and not A3.", "A2"),
    ("It meets A2 rather than A3.", "A2"),
    ("It does not meet A1. It meets A2.", "A2"),
    ("It does not meet A1, A3 or B1, but it meets A2.", "A2"),
    ("It meets neither A1 nor A3. However, A2 is met.", "A2"),
    ("A1 is met, A2 is not.", "A1"),
    ("A1 and A3 are not met; A2 is met.", "A2"),
    ("A2 is met because there is no eye contact; A1 isn't met.", "A2"),
    ("There is no eye contact, which meets A2.", "A2"),
    ("There is no eye contact (A2) and he does not sleep (B2).", "A2 B2"),
    ("Not A3.\nA2", "A2"),
    ("not A3, only A2", "A2"),
    ("No criteria are met except A2.", "A2"),
    ("A1-A3", "A1 A2 A3"),
    ("A1–A3; B2", "A1 A2 A3 B2"),
    ("A1 to A3", "A1 A2 A3"),
    ("All criteria are met.", "A1 A2 A3 B1 B2 B3 B4"),
    ("All criteria except A2 and B1", "A1 A3 B2 B3 B4"),
    ("A2; B4 (A1 not met)", "A2 B4"),
    ("A2; B4 (not A1)", "A2 B4"),
    ("A2: 0.9, A1: 0.1", "A2"),
    ("A1? No. A2? Yes. Final: A2", "A2"),
    ("A1? No. A2? Yes.", "A2"),
    ("The text describes no behaviour that meets A1.", ""),
    ("A1: The text shows no such deficit.\nA2: The text shows avoidance.", "A2"),
    ("### A2\nHe has no eye contact.\n### B4\nHe covers his ears.", "A2 B4"),
    ("N/A", ""),
    ("None. The text is near A1, but that is all.", ""),
    ("A1, which is not met, and A2", "A2"),
    ("None", ""),
    ("None.", ""),
    ("NONE", ""),
    ('"none"', ""),
    ("**none**", ""),
    ("Labels: none", ""),
    ("Answer: None of the criteria", ""),
    ("none of the criteria", ""),
    ("None of these criteria are met.", ""),
    ("No criteria are met.", ""),
    ("No criteria", ""),
    ("The text does not meet any criteria.", ""),
    ("The text meets none of the criteria.", ""),
    ("The text does not meet A1, A2 or A3.", ""),
    ("A1: No\nA2: No", ""),
    ('{"labels": []}', ""),
    ("[]", ""),
    ('{"labels": ["none"]}', ""),
    ('{"A1": false, "A2": false}', ""),
    ("not A3", ""),
    ("```\nA1; B2\n```", "A1 B2"),
    ('```json\n{"labels": ["A1"]}\n```', "A1"),
    ("<answer>A1; B2</answer>", "A1 B2"),
    ("<answer>none</answer>", ""),
    ("<think>A3? B1: yes. All but A3.</think>\nA1; B2", "A1 B2"),
    ("A3? B1: yes.</think>A1", "A1"),
    (f"{question()}\nA2; B4", "A2 B4"),
    (f"{question()}\n\nAnswer: A2; B4", "A2 B4"),
    (f"{question()}\n\nnone", ""),
    (f"{question().replace(chr(10), ' ')} A2", "A2"),
    (f"{question().replace(' ', chr(10))}\nA2", "A2"),
    (f"[INST] {question()} [/INST] A2</s>", "A2"),
    ("[INST] A1: met [/INST]\n[INST] A2: met [/INST]", "A1 A2"),
    ("[INST] Labels: A1; B2 [/INST]\n\nLet me know if you need more!", "A1 B2"),
    (f"{LISTING}\n\nA2", "A2"),
    (f"{LISTING}\n\nThe text meets A2.", "A2"),
    (f"{LISTING}", "A1 A2 A3 B1 B2 B3 B4"),
    (f"{NOTE}\nA2; B4", "A2 B4"),
    (f"Text: {NOTE}\nLabels: A2", "A2"),
    (f"| {NOTE} | A2; B4 |", "A2 B4"),
    (f'{{"text": {json.dumps(NOTE)}, "labels": ["A2"]}}', "A2"),
    ("Sure! A1; B2", "A1 B2"),
    ("Sure, here are the criteria:\n\nA1; B2", "A1 B2"),
]


@pytest.mark.parametrize(("text", "expected"), REPAIRED)
def test_repaired(text: str, expected: str) -> None:
    assert read(text) == Reading(tuple(expected.split()), "repaired")


@pytest.mark.parametrize(
    ("text", "expected", "hallucinated"),
    [
        ("A1; C1", "A1", "C1"),
        ("A1; A4; A4", "A1", "A4"),
        ("C1", "", "C1"),
        ("c1; a1", "A1", "C1"),
        ("The text meets A1 and A4.", "A1", "A4"),
        ("The text meets criterion C1.", "", "C1"),
        ("It meets A1, not A4.", "A1", ""),
        ("A1: Yes\nA4: Yes\nA5: No", "A1", "A4"),
        ('{"labels": ["A1", "C1"]}', "A1", "C1"),
        ("A1; a vitamin B12 level of 3", "A1", ""),
        ("The text meets A1 after T2 imaging at x4 and DSM-5.", "A1", ""),
        ("A3-A5", "A3", "A4 A5"),
    ],
)
def test_names_that_are_none(text: str, expected: str, hallucinated: str) -> None:
    found = read(text)
    assert (found.predicted, found.hallucinated) == (tuple(expected.split()), tuple(hallucinated.split()))
    assert found.status == "repaired"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sleep; pain", ("sleep", "pain")),
        ("Sleep, Pain", ("sleep", "pain")),
        ("Low mood", ("low mood",)),
        ("low_mood; weight loss", ("low mood", "weight-loss")),
        ("- sleep\n- low mood", ("sleep", "low mood")),
        ("sleep: yes\npain: no", ("sleep",)),
        ('{"sleep": true, "low mood": false}', ("sleep",)),
        ("Labels: pain", ("pain",)),
        ("The label is pain.", ("pain",)),
        ("The text meets the criterion pain.", ("pain",)),
        ("The text meets the criteria sleep and pain.", ("sleep", "pain")),
        ('The text meets "pain" because he says so.', ("pain",)),
        ("The text meets **pain**, as he cannot sleep.", ("pain",)),
        ("The sleep criterion is met.", ("sleep",)),
        ('The text meets "pain", not "sleep".', ("pain",)),
        ("trouble sleeping", ("sleep",)),
        ("Trouble sleeping; feeling sad", ("sleep", "low mood")),
        ("pain (pain of any kind)", ("pain",)),
    ],
)
def test_everyday_names(text: str, expected: tuple[str, ...]) -> None:
    found = read(text, labels=WORDS)
    assert (found.predicted, found.hallucinated) == (expected, ())


@pytest.mark.parametrize(
    "text",
    [
        "painting",
        "He likes painting.",
        "He is in pain and wants to sleep.",
        "Patients with pain often sleep badly, which the text is about.",
        "oversleep; painful",
    ],
)
def test_everyday_words_in_prose_are_no_answer(text: str) -> None:
    assert read(text, labels=WORDS) == Reading((), "unusable")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "...",
        "I'm sorry, but I can't help with that.",
        "I cannot diagnose a child from a note.",
        "The text is about a child in school.",
        "{}",
        "```\n```",
        "<think>A1; B2</think>",
        "<think>A1; B2",
        NOTE,
        question(),
        f"{question()}\nAnswer:",
        "A123; xA1; A1x",
        "DSM-5",
        "Yes",
    ],
)
def test_unusable(text: str) -> None:
    assert read(text) == Reading((), "unusable")


HEDGES = ["unclear", "unknown", "5%", "10 %", "0.3", "3/10", "insufficient information", "not enough information"]
HEDGES += ["maybe", "possibly", "uncertain", "cannot be determined", "can't say", "hard to tell", "unsure", "?", "n/a"]
HEDGES += ["not assessed", "partially", "low", "possible", "null", "to be determined", "I am not sure", "doubtful"]
HEDGES += ["Unclear - he may", "unclear (no gaze)", "could not be assessed", "there is not enough information"]
YES = ["95%", "90 %", "0.9", "9/10", "yes", "met", "likely", "clearly met", "80 % sure"]


@pytest.mark.parametrize("hedge", HEDGES)
def test_a_hedge_is_no_yes(hedge: str) -> None:
    layouts = [
        "A1: {}\nA2: yes\nB1: yes",
        "- A1 - {}\n- A2 - yes\n- B1 - yes",
        "A1 ({}), A2 (yes), B1 (yes)",
        "| Criterion | Met |\n|---|---|\n| A1 | {} |\n| A2 | yes |\n| B1 | yes |",
        "| A1 | A2 | B1 |\n|---|---|---|\n| {} | yes | yes |",
        '{{"A1": "{}", "A2": "yes", "B1": "yes"}}',
    ]
    assert [read(layout.format(hedge)) for layout in layouts] == [Reading(("A2", "B1"), "repaired")] * len(layouts)


@pytest.mark.parametrize("verdict", YES)
def test_a_likely_criterion_is_met(verdict: str) -> None:
    layouts = [
        "A1: {}\nA2: no",
        "| A1 | {} |\n| A2 | no |",
        '{{"A1": "{}", "A2": "no"}}',
        "| 1 | A1 | {} |\n| 1 | A2 | no |",
    ]
    assert [read(layout.format(verdict)) for layout in layouts] == [Reading(("A1",), "repaired")] * len(layouts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| A1 | A2 | B1 |\n|---|---|---|\n| | x | x |", "A2 B1"),
        ("| A1 | A2 | B1 |\n|---|---|---|\n| - | X | X |", "A2 B1"),
        ("| | A1 | A2 | B1 |\n|---|---|---|---|\n| met | | x | x |", "A2 B1"),
        ("| A1 | A2 | B1 |\n|---|---|---|\n| 5% | 90% | 80% |", "A2 B1"),
        ("| A1 | A2 | B1 |\n|---|---|---|\n| | | |", ""),
        ("A1: -\nA2: yes", "A2"),
        ('{"A1": 0.05, "A2": 0.9}', "A2"),
        ('{"A1": null, "A2": true}', "A2"),
        ("I'm not a doctor, but the text meets A1.", "A1"),
        ("I cannot diagnose, but A2 and B1 are met.", "A2 B1"),
        ("As an AI I may err. Answer: A2; B1", "A2 B1"),
        ("It is unclear whether A1 is met, but A2 is.", "A2"),
        ("A1 is unclear; A2 is met.", "A2"),
        ("A1 is possible but A2 is met.", "A2"),
        ("He cannot follow a talk, which meets A2.", "A2"),
    ],
)
def test_ticks_numbers_and_doubts(text: str, expected: str) -> None:
    assert read(text) == Reading(tuple(expected.split()), "repaired")


@pytest.mark.parametrize(
    "text",
    [
        "I'm not a doctor and cannot diagnose A1 or A2.",
        "I'm sorry, but I can't assess criteria such as A1 and A2.",
        "As an AI, I am not able to say whether A1 or A2 is met.",
        "I am unable to determine if the text meets A1, A2 or B1.",
        "It is not possible to judge A1 or A2 from this text.",
        "I won't classify this into A1 or B1.",
        "I do not feel comfortable assigning A1 or A2.",
        "Only a clinician can decide whether A1 is met.",
        "I cannot provide a diagnosis. Criteria such as A1 and A2 need a clinician.",
        "I'm not qualified to assess A1 or B2.",
        "It is unclear whether A1 or A2 is met.",
        "I don't know if A1 is met.",
    ],
)
def test_a_refusal_that_names_criteria_is_unusable(text: str) -> None:
    assert read(text) == Reading((), "unusable")


@pytest.mark.parametrize("piece", ["\n", " \n", "A1 ", "A1: ", "[INST] a ", "not ", "- \n", "unclear "])
def test_time_grows_with_the_answer_and_no_faster(piece: str) -> None:
    assert slowdown(read, piece=piece) < 3.5


def _lines(mark: str) -> Callable[[list[str], Mapping[str, str]], str]:
    return lambda held, _: "\n".join(mark + name for name in held or ["none"])


def _joined(between: str, wrap: str = "{}") -> Callable[[list[str], Mapping[str, str]], str]:
    return lambda held, _: wrap.format(between.join(held or ["none"]))


def _stated(line: str, yes: str, no: str, between: str = "\n") -> Callable[[list[str], Mapping[str, str]], str]:
    return lambda held, labels: between.join(line.format(name, yes if name in held else no) for name in labels)


def _object(held: list[str], labels: Mapping[str, str]) -> str:
    return json.dumps({name: name in held for name in labels})


CORRUPTIONS: dict[str, Callable[[list[str], Mapping[str, str]], str]] = {
    "semicolons": _joined("; "),
    "commas": _joined(", "),
    "and": _joined(" and "),
    "bars": _joined(" | "),
    "full stop": _joined("; ", "{}."),
    "bold": _joined("; ", "**{}**"),
    "each bold": _joined("**; **", "**{}**"),
    "quotes": _joined("; ", '"{}"'),
    "each quoted": _joined('", "', '"{}"'),
    "brackets": _joined(", ", "[{}]"),
    "fence": _joined("; ", "```\n{}\n```"),
    "tag": _joined("; ", "<answer>{}</answer>"),
    "key": _joined("; ", "Labels: {}"),
    "criteria met": _joined(", ", "**Criteria met:** {}"),
    "final answer": _joined("; ", "No criterion is easy here.\n\nFinal answer: {}"),
    "upper case": lambda held, _: "; ".join(held or ["none"]).upper(),
    "lower case": lambda held, _: "; ".join(held or ["none"]).lower(),
    "spaces": _joined(" \u00a0;\n ", "\n{}\t"),
    "lines": _lines(""),
    "bullets": _lines("- "),
    "stars": _lines("* "),
    "numbers": lambda held, _: "\n".join(f"{at}. {name}" for at, name in enumerate(held or ["none"], 1)),
    "meanings": lambda held, labels: "; ".join(labels[name] for name in held) or "none",
    "names and meanings": lambda held, labels: "\n".join(f"- {name}: {labels[name]}" for name in held) or "none",
    "meanings in brackets": lambda held, labels: "; ".join(f"{name} ({labels[name]})" for name in held) or "none",
    "JSON": lambda held, _: json.dumps({"labels": held}),
    "JSON list": lambda held, _: json.dumps(held),
    "pretty JSON": lambda held, _: json.dumps({"labels": held, "confidence": 1}, indent=2),
    "JSON with reasons": lambda held, labels: json.dumps({"reasoning": f"Not {', '.join(labels)}.", "labels": held}),
    "JSON of booleans": _object,
    "JSON of objects": lambda held, labels: json.dumps([{"label": one, "met": one in held} for one in labels]),
    "yes and no": _stated("{}: {}", "Yes", "No"),
    "explained": _stated("- **{}**: {}, as it says", "yes", "no"),
    "dashes": _stated("{} - {}", "Yes", "No"),
    "met": _stated("{}: {}", "met", "not met"),
    "digits": _stated("{}={}", "1", "0", ", "),
    "ticks": _stated("{}: {}", "✓", "✗"),
    "table": lambda held, labels: (
        "| Criterion | Met |\n|---|---|\n" + _stated("| {} | {} |", "Yes", "No")(held, labels)
    ),
    "thoughts": lambda held, labels: f"<think>{'; '.join(labels)}? None?</think>\n{'; '.join(held or ['none'])}",
    "prompt": lambda held, labels: f"{question(labels)}\n{'; '.join(held or ['none'])}",
    "prompt, one line": lambda held, labels: f"{' '.join(question(labels).split())} {'; '.join(held or ['none'])}",
    "listing": lambda held, labels: f"{question(labels).rsplit(chr(10), 2)[0]}\n\n{'; '.join(held or ['none'])}",
    "chat": lambda held, labels: f"[INST] {question(labels)} [/INST] {'; '.join(held or ['none'])}</s>",
    "explanation": lambda held, labels: f"{'; '.join(held or ['none'])}\n\nExplanation: {NOTE}",
}

SETS = st.lists(
    st.sampled_from(
        ["A1", "A2", "B1", "B10", "C3", "F84.0", "sleep", "low mood", "weight-loss", "ADHD", "pain", "T2D"]
    ),
    min_size=2,
    unique=True,
)


@pytest.mark.parametrize("corrupted", CORRUPTIONS.values(), ids=CORRUPTIONS)
@given(names=SETS, data=st.data())
def test_what_loses_no_information_reads_the_same(
    corrupted: Callable[[list[str], Mapping[str, str]], str], names: list[str], data: st.DataObject
) -> None:
    labels = {name: f"signs of the {at}th kind, such as {'x' * (at + 1)}" for at, name in enumerate(names)}
    held = data.draw(st.lists(st.sampled_from(names), unique=True))
    text = corrupted(held, labels)
    found = read(text, labels=labels)
    expected = tuple(name for name in names if name in held)
    assert (found.predicted, found.hallucinated) == (expected, ()), text
    assert found.status in ("clean", "repaired")


@given(st.text(), st.dictionaries(st.from_regex(r"\A\w(?:[\w. -]{0,5}\w)?\Z"), st.text(max_size=9), max_size=4))
def test_any_text_is_read(text: str, labels: dict[str, str]) -> None:
    found = read_criteria(text, question=text[:9], labels=labels, text_asked=text[2:])
    assert set(found.predicted) <= set(labels)
    assert not (found.status == "unusable" and (found.predicted or found.hallucinated))


PIECES = (
    "A1",
    "B9",
    "not",
    ":",
    "|",
    "\n",
    "- ",
    "{",
    '"',
    "}",
    "[",
    "]",
    "true",
    "criterion",
    "none",
    "Yes",
    "(",
    ";",
)


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_pieces_of_answers_are_read(pieces: list[str]) -> None:
    found = read(" ".join(pieces))
    assert set(found.predicted) <= {"A1"}
    assert set(found.hallucinated) <= {"B9"}


@pytest.mark.parametrize("piece", ["A1, ", "not ", "[", '{"A1": ', "A1: no ", "criteria ", "| A1 ", "meets A1 "])
def test_long_answers_are_read_in_time(piece: str) -> None:
    started = time.perf_counter()
    read(piece * 3_000)
    assert time.perf_counter() - started < 5
