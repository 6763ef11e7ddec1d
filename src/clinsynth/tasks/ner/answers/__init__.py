"""Reads what an LLM's answer says about the entities of one sentence.

It was asked for lines of `token<TAB>tag`. What comes is read as tags, as marks in the sentence or as
a list of names, and placed on the gold tokens by `alignment`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from clinsynth.tasks.ner.answers.asked import Asked, Tagging
from clinsynth.tasks.ner.answers.layouts import read_tagging
from clinsynth.tasks.ner.answers.literals import read_literal
from clinsynth.tasks.ner.answers.marks import asks_for_marks, read_fragments, read_marks
from clinsynth.tasks.ner.answers.mentions import ITEM, groups, is_none, join_neighbours, read_names, says_none
from clinsynth.tasks.ner.answers.tags import BARE
from clinsynth.text.alignment import Place, place_entities, place_names, plainest
from clinsynth.text.entities import Span, to_spans
from clinsynth.text.peeling import bounded, normalised, said
from clinsynth.text.words import detokenise
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading

SHORTEST_QUESTION = 20
"""Characters from which a question in an answer is a repetition and no coincidence."""
LONGEST = 20
"""Characters of an answer for each of the sentence that are looked at, at either end."""

_INSTRUCTION = re.compile(r"\[INST\](?:(?!\[INST\]).)*?\[/INST\]", re.DOTALL | re.IGNORECASE)
_WRAPPER = re.compile(
    r"""</?(?:example|answer|output|result|response|text|sentence|iob|ner|code|pre)s?\s*/?>
        |^\ *<s>|</?s>(?=\ *(?:$|\[/?INST))
        |\[/?INST\]|<\|[\w ]+\|>|^\ *(?:```|~~~)[\w-]*\ *$|```""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def read_entities(
    text: str, *, question: str, tokens: Sequence[str], entity_type: str, others: frozenset[str] = frozenset()
) -> Reading:
    """Return spans over the gold tokens of a sentence, and entities that are named and not there.

    `question` is the message that was sent, `others` what other types are called that it asks for: see `several`.
    """
    clean = read_clean(text, tokens=tokens, entity_types=[entity_type])
    if clean is not None:
        return Reading(clean, CLEAN)
    asked = Asked(tuple(tokens), entity_type, _without_sentence(question, tokens), others)
    most = LONGEST * max(len(" ".join(tokens)), 100)
    bare = bounded(_bare(text, question=question, most=most), most=most)
    found = _places(bare, asked)
    if found is None:
        unmarked = asks_for_marks(asked.question) and any(map(asked.is_sentence, bare.split("\n")))
        return (
            Reading((), CLEAN if text.strip() == " ".join(tokens) else REPAIRED) if unmarked else Reading((), UNUSABLE)
        )
    places, absent = found
    return Reading(tuple(Span(start, end, entity_type) for start, end in places), REPAIRED, tuple(absent))


def read_clean(text: str, *, tokens: Sequence[str], entity_types: Sequence[str]) -> tuple[Span, ...] | None:
    """Return the spans of an answer that is as it was asked for: each token with its tag; `None` for any other."""
    rows = [line.split("\t") for line in text.strip().split("\n")]
    if not tokens or any(len(row) != 2 for row in rows) or [row[0] for row in rows] != list(tokens):
        return None
    tags = [row[1] for row in rows]
    known = {"O", *(f"{kind}-{name}" for name in entity_types for kind in "BI")}
    orphans = [tag for before, tag in pairwise(["O", *tags]) if tag[:2] == "I-" and before[1:] != tag[1:]]
    return None if orphans or not known.issuperset(tags) else to_spans(tags)


def _places(text: str, asked: Asked) -> tuple[list[Place], list[str]] | None:
    """Return tokens of the entities and names that are not there; `None` where nothing is said of them."""
    if not asked.text or plainest(text).strip("\"'") == asked.text:
        return None
    literal = read_literal(text, asked=asked)
    if isinstance(literal, list):
        return place_names([name for name in asked.names(literal) if not is_none(name)], tokens=asked.tokens)
    text = "\n".join(groups(text)) or text
    tagging = literal or _usable(read_tagging(text, asked=asked), asked)
    marked = read_marks(text, asked=asked)
    if marked and (not tagging or tagging.lists_names or asked.likeness(marked.words) > asked.likeness(tagging.words)):
        tagging = marked
    if tagging and not tagging.lists_names:
        return place_entities(tagging.words, entities=tagging.entities, tokens=asked.tokens)
    if not literal and (fragments := read_fragments(text, asked=asked)):
        return place_names(asked.names(fragments), tokens=asked.tokens)
    # With the type behind single words these are taken as they are, commas and all.
    single = tagging and all(tag == BARE and " " not in word for word, tag in tagging.pairs)
    names = None if literal or single else read_names(text, asked=asked)
    if names is None and (listed := literal or tagging):
        names = [word for word, tag in listed.pairs if tag == BARE]
    if names is not None:
        words = not literal and _are_words(names, text)
        return place_names(join_neighbours(names, tokens=asked.tokens) if words else names, tokens=asked.tokens)
    if part := read_marks(text, asked=asked, part=True):
        return place_entities(part.words, entities=part.entities, tokens=asked.tokens)
    return ([], []) if says_none(text, asked=asked) else None


def _are_words(names: Sequence[str], text: str) -> bool:
    """Say whether names may be words of names: each has its line, without a bullet, or one is but a sign."""
    lines = [line for line in text.split("\n") if line.strip()]
    signs = any(not any(map(str.isalnum, name)) for name in names)
    return signs or (len(lines) >= len(names) and not any(map(ITEM.match, lines)))


def _usable(tagging: Tagging | None, asked: Asked) -> Tagging | None:
    """Return neither the legend of the tags, nor anything else that is not of the sentence and names no entity."""
    if tagging is None or tagging.entities or asked.likeness(tagging.words) >= 0.2:
        return tagging
    if len(tagging.pairs) > 4 and 2 * len(tagging.pairs) > len(asked.tokens):  # rewritten
        return tagging
    known = all(map(asked.knows, tagging.words)) and any(len(word) > 2 for word in tagging.words)
    return tagging if known else None


def _without_sentence(question: str, tokens: Sequence[str]) -> str:
    for sentence in (" ".join(tokens), detokenise(tokens)):
        question = question.replace(sentence, " ") if sentence else question
    return question


def _bare(text: str, *, question: str, most: int) -> str:
    """Return an answer without its thoughts, the question, wrappers and fences; tags may mark entities, and stay."""
    text = bounded(said(normalised(text), gap="\n"), most=most + len(question))
    wanted = "".join(normalised(question).split())
    if len(wanted) >= SHORTEST_QUESTION and wanted in "".join(text.split()):
        text = re.sub(r"\s*".join(map(re.escape, wanted)), "\n", text)
    outside = _INSTRUCTION.sub("\n", text)
    text = _WRAPPER.sub("", outside if outside.strip() else text)
    if "\\t" in text and "\t" not in text:
        text = text.replace("\\t", "\t")
        text = text if "\n" in text.strip() else text.replace("\\n", "\n")
    return text.strip()
