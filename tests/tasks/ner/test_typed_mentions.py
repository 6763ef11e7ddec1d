from __future__ import annotations

import pytest

from clinsynth.tasks.ner.mention_lists import read_mentions
from clinsynth.tasks.ner.typed_mentions import known_types, place_mentions
from clinsynth.text.words import detokenise, tokenise
from clinsynth.types import Completion

NOUNS = {"Problem": "medical problem", "Treatment": "treatment", "Test": "test"}
KNOWN = known_types(frozenset(NOUNS.items()))
SENTENCES = ("Aspirin relieved her chest pain after a normal ECG.", "No change, and pain at night.")


def read(answer: str) -> list[str]:
    """What is read of the two sentences: `mention/Type`, or the reason of a refusal."""
    found = []
    listed = read_mentions(Completion("d/m/u#0", "m", answer, "stop"), sentences=2, types=KNOWN)
    for text, parts in zip(SENTENCES, listed, strict=True):
        tokens = tokenise(text)
        spans, (reason, mention) = place_mentions(parts, tokens=tokens, nouns=NOUNS)
        said = [f"{detokenise(tokens[span.start : span.end])}/{span.label}" for span in spans or ()]
        found.append(" ".join(said) if spans is not None else f"{reason}: {mention}")
    return found


RIGHT = ["Aspirin/Treatment chest pain/Problem ECG/Test", "pain/Problem"]


@pytest.mark.parametrize(
    "answer",
    [
        "1. Aspirin (Treatment) | chest pain (Problem) | ECG (Test)\n2. pain (Problem)",
        "1. Aspirin [treatment] | chest pain [PROBLEM] | ECG [tests]\n2. pain [problem]",
        "1. Aspirin (Treatment), chest pain (Problem), ECG (Test)\n2. pain (Problem)",
        "1. Aspirin - Treatment | chest pain - Problem | ECG - Test\n2. pain: medical problem",
        "1. Treatment: Aspirin | Problem: chest pain | Test: ECG\n2. Problem: pain",
        "1. Problem: chest pain; Treatment: Aspirin; Test: ECG\n2. Problem: pain; Treatment: none; Test: none",
        "1.\n- Treatment: Aspirin\n- Problems: chest pain\n- Test: ECG\n2.\n- Problem: pain",
        "1. <Treatment>Aspirin</Treatment> relieved her <Problem>chest pain</Problem> after a normal <Test>ECG</Test>."
        "\n"
        "2. No change, and <Problem>pain</Problem> at night.",
        '[{"Treatment": ["Aspirin"], "Problem": ["chest pain"], "Test": ["ECG"]}, {"Problem": ["pain"], "Test": []}]',
        '{"1": {"problem": ["chest pain"], "treatment": ["Aspirin"], "test": ["ECG"]}, "2": {"problem": ["pain"]}}',
        '{"1": [{"mention": "Aspirin", "type": "Treatment"}, {"mention": "chest pain", "type": "Problem"}, '
        '{"mention": "ECG", "type": "Test"}], "2": [{"mention": "pain", "type": "Problem"}]}',
        '{"1": [["Aspirin", "Treatment"], ["chest pain", "Problem"], ["ECG", "Test"]], "2": [["pain", "Problem"]]}',
        '{"1": {"Aspirin": "Treatment", "chest pain": "Problem", "ECG": "Test"}, "2": {"pain": "Problem"}}',
    ],
)
def test_each_mention_has_the_type_that_stands_with_it(answer: str) -> None:
    assert read(answer) == RIGHT


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("none", ""),
        ("none (Problem)", ""),
        ("aspirin", "mention_without_type: aspirin"),
        ("Aspirin (Drug)", "mention_of_unknown_type: Aspirin (Drug)"),
        ("Aspirin (Treatment) | chest pain", "mention_without_type: chest pain"),
        ("aspirin 100 mg (Treatment)", "mention_not_in_sentence: aspirin 100 mg"),
        ("chest pain (Problem) | pain (Problem)", "chest pain/Problem"),
        ("Problem: chest pain | pain", "chest pain/Problem"),
    ],
)
def test_a_mention_without_a_declared_type_rejects_its_sentence(answer: str, expected: str) -> None:
    assert read(f"1. {answer}\n2. none") == [expected, ""]


def test_what_nothing_is_listed_for_is_unreadable() -> None:
    assert read("2. pain (Problem)") == ["labels_unreadable: ", "pain/Problem"]


def test_the_same_words_may_be_of_two_types() -> None:
    tokens = tokenise("Her cold got better, and the cold pack helped.")
    spans, _ = place_mentions(["cold (Problem)", "cold pack (Treatment)"], tokens=tokens, nouns=NOUNS)
    assert [(span.start, span.end, span.label) for span in spans or ()] == [(1, 2, "Problem"), (7, 9, "Treatment")]
