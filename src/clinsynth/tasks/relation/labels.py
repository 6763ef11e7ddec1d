"""Reads the words that say yes or no: in a cell, before or behind a sentence, in a heading."""

from __future__ import annotations

import re

from clinsynth.text.lists import MARK

POSITIVE, NEGATIVE = "Yes", "No"
LABEL_NAME = r"(?:label|answer|relation(?:ship)?|related|association|class(?:ification)?|output|response)"
LABEL_KEY = re.compile(rf"(?:[\w-]+[ _]){{0,3}}{LABEL_NAME}(?:[ _](?:exists?|present))?\??", re.IGNORECASE)
_LABEL = re.compile(
    r"""(?:(?P<no>no\ (?:clear\ )?(?:relation(?:ship)?|association)|no|negative|false|unrelated
            |(?:not|non)[-\ ](?:related|associated)|[0❌✗✘])
        |(?P<yes>yes|positive|true|related|associated|[1✅✔☑]))(?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:[\s/,;:.!()\[\]{}\"'“”‘’`*–—-]|(?:or|and|example|label)\b)*", re.IGNORECASE)
_LABEL_TICK = re.compile(r"([✅✔☑❌✗✘])\s*")
_LABEL_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,30})[)\]]\s*[:–—-]?\s+(?=\S)")
_HEAD = re.compile(r"[\s{\[\"'“(,]{0,5}([^:|@]{1,60}?)[\"'”)]?(?:\s?:|\?(?=\s)|\s(?:[-–—→]|->)(?=\s))\s*")
_NUMBERED = re.compile(r"(?:sentence|example|text|input|instance|sample)\s?#?\d{0,3}", re.IGNORECASE)
# After "Label:": the value, then nothing, an explanation or a sentence.
VALUE = re.compile(rf"[\s\"'“‘(\[]{{0,4}}(?P<value>{_LABEL.pattern})[\"'”’)\]}}]{{0,3}}", re.VERBOSE | re.IGNORECASE)
EXAMPLES = re.compile(r"\b(?:examples?|sentences?|instances?|samples?|pairs?|rows?)\b", re.IGNORECASE)
_HEADING_WORDS = re.compile(
    r"""an?|and|any|are|associat(?:ed|ions?)|between|both|but|cases?|class|contain(?:ing)?|describ(?:e|ing)|do|does
        |examples?|exists?|existing|explicit|express(?:ing|ed)?|false|following|for|group|has|have|having
        |here|in|instances?|is|label(?:l?ed)?|lacking|mention(?:ing)?|negatives?|no|non|not|of|only|or|pairs?|positives?
        |present|related|relation(?:ship)?s?|rows?|samples?|section|sentences?|set|show|showing|some|stated|that|the|there
        |these|to|true|two|three|four|five|unrelated|where|which|with|without|yes""",
    re.VERBOSE,
)
_NEGATIVE_WORDS = frozenset(("negative", "negatives", "no", "non", "not", "false", "unrelated", "without", "lacking"))
_RELATION_WORDS = frozenset(("relation", "relations", "relationship", "association", "associations"))
_POSITIVE_WORDS = frozenset(("positive", "positives", "yes", "true"))


def read_labels(text: str, *, digits: bool, rest: bool = False) -> set[str]:
    """Return the labels that a text consists of; with `rest` an explanation may follow ("Yes, because ...")."""
    text = text[:100].strip()
    labels: set[str] = set()
    key = _HEAD.match(text)
    if key and LABEL_KEY.fullmatch(key[1]):
        text, digits = text[key.end() :], True
    at = 0
    while (at := _BETWEEN.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches nothing, too
        found = _LABEL.match(text, at)
        if not found or (found.group() in "01" and not digits):
            return labels if rest and labels and re.search(r"[,;:.(–—-]", text[:at]) else set()
        labels.add(POSITIVE if found["yes"] else NEGATIVE)
        at = found.end()
    return labels


def cell_labels(cells: list[str], first: int) -> list[set[str]]:
    """Return the labels in each cell; digits count where there are no words, and only after the sentence."""
    values = [read_labels(cell, digits=False, rest=at > first) for at, cell in enumerate(cells)]
    if any(values):
        return values
    return [read_labels(cell, digits=True) if at > first else set() for at, cell in enumerate(cells)]


def opened(text: str) -> tuple[str, set[str], bool, bool]:
    """Return a line without what stands before its sentence; the labels there, whether marks were there, or a key."""
    labels: set[str] = set()
    marked = keyed = False
    for _ in range(6):
        value: str | None = None
        mark, head = MARK.match(text), _HEAD.match(text)
        tick = _LABEL_TICK.match(text) or _LABEL_IN_BRACKETS.match(text)
        if mark:
            text, marked = text[mark.end() :], True
            continue
        if tick and read_labels(tick[1], digits=False):
            value, text = tick[1], text[tick.end() :]
        elif head and LABEL_KEY.fullmatch(head[1]) and (found := _after_key(text, head.end())):
            value, text, keyed = found[0], found[1], True
            labels |= read_labels(value, digits=True)
        elif head and _is_opening(head[1]):
            value, text = head[1], text[head.end() :]
        if value is None:
            break
        named = polarity(words_of(value))
        labels |= read_labels(value, digits=False) or ({named} if named else set())
        marked = True
    return text.strip(), labels, marked, keyed


def _is_opening(head: str) -> bool:
    """Say whether words before a colon are no part of a sentence: "Sentence 1", "Positive", "Positive example 1"."""
    words = words_of(head)
    alone = bool(read_labels(head, digits=False)) and "association" not in head.lower()
    named = bool(EXAMPLES.search(head)) and are_heading_words(words) and polarity(words) is not None
    return alone or named or bool(_NUMBERED.fullmatch(head))


def words_of(text: str) -> set[str]:
    """Return the words of a text in lower case."""
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def are_heading_words(words: set[str]) -> bool:
    """Say whether all words are such as a heading over examples has."""
    return all(map(_HEADING_WORDS.fullmatch, words))


def polarity(words: set[str]) -> str | None:
    """Return the label that the words of a heading mean, where they mean one."""
    negative, positive = bool(words & _NEGATIVE_WORDS), bool(words & _POSITIVE_WORDS)
    if negative or positive:
        return None if negative and positive else NEGATIVE if negative else POSITIVE
    linked = words & {"related", "associated"} or ("with" in words and words & _RELATION_WORDS)
    return POSITIVE if linked else None


def _after_key(text: str, at: int) -> tuple[str, str] | None:
    """Return the label after its key, and what follows: nothing if it is an explanation."""
    found = VALUE.match(text, at)
    if not found:
        return None
    rest = text[found.end() :]
    if both := re.match(r"\s?(?:/|or)\s?\w+", rest):  # Yes/No
        return found["value"] + both.group(), rest[both.end() :]
    if not rest or re.match(r"\s*(?:\(|,\s*[^\W\dA-Z])", rest):
        return found["value"], ""
    follows = re.match(r"\s*[.,;:|–—-]+\s*|\s+(?=[\"']?(?:sentence|example|text)\b)", rest, re.IGNORECASE)
    return (found["value"], rest[follows.end() :]) if follows else None
