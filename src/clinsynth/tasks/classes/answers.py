"""Reads the answers of LLMs to which one of several classes a text belongs to.

Every name of a class in an answer, and every whole meaning, becomes one private character, so that patterns see keys,
lists and denials and not the words of a name. Strongest first: data; a verdict on each class; an answer that is one
name, or the number of an option; a name behind its key (`Class: effect`; of several the last); a name on a line of its
own; one that opens the answer; and the one name that the prose gives and does not deny.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from clinsynth.text.peeling import bounded, normalised, peeled, phrase, sentences, without
from clinsynth.text.refusals import is_refusal
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading

LONGEST = 2_000
"""Characters of an answer that are looked at, at either end."""

_FLAGS = re.VERBOSE | re.IGNORECASE
_FIRST = 0xF0000
_NAME = "[\U000f0000-\U000ffffd]"
_KIND = r"(?:class(?:es)?|labels?|categor(?:y|ies)|types?|options?)"
# Names are no letters: `\W` stands for them too, and for nothing else beside them, or a search would be exponential.
_PURE = re.compile(rf"(?:\W|\d|_|\b(?:the|answer|is|it|its|this|text|final|correct|best|{_KIND})\b)*", re.IGNORECASE)
_OPTION = re.compile(
    r"\W*(?:(?:the|my|final|correct|answer|is|option|class|label|choice|category|number|no)\b\W*)*(?P<number>\d{1,2})\W*",
    re.IGNORECASE,
)
_KEY = re.compile(
    rf"""\b(?:{_KIND}|answer|prediction|predicted|classification|verdict|conclusion|choice|classif(?:y|ied)
            |labell?ed|assigned|therefore|thus|hence|belongs?|falls?|choose|select(?:ed)?|(?:text|sentence|it|this)\s+is)\b
        (?:[\s:=*\"'`()\[\]>_-]|\b(?:{_KIND}|the|this|text|sentence|it|is|as|to|be|would|should|must|under|into|in|of|most
            |likely|best|correct|final|clearly|named|called|described|answer|that|an?|probably)\b){{0,20}}?
        (?P<name>{_NAME})(?P<more>\s*(?:,|/|\bor\b|\band\b|\bor\ the\b)+\s*(?:{_KIND}\s+)?{_NAME})?""",
    _FLAGS,
)
_VERDICT = re.compile(
    rf"[^\w\n]*(?P<name>{_NAME})[\s*\"']*(?:[:=?|–—-]|->|\bis\b)[\s*|]*(?:(?P<yes>yes|true|✓|✔|✅|1(?!\.)|applies)|"
    r"(?:no|false|not|✗|✘|❌|0(?!\.\d)))",
    re.IGNORECASE,
)
_LEADING = re.compile(
    rf"(?:(?!{_NAME})[\W\d_])*(?P<name>{_NAME})[\"'*`)\]]*\s*(?:[:.;,(–—\n-]|\Z|\b(?:because|since|as|for|it|the|this)\b)",
    _FLAGS,
)
_OTHERS = re.compile(r"\bnone\s+of\s+the\s+(?:other|remaining|rest)\w*\b", re.IGNORECASE)
_FILLER = rf"""(?:[\W_]|\b(?:an?|the|of|as|to|be|is|any|under|into|in|about|clearly|just|merely|simply|really|belong
    |fall|describe|express|state|give|{_KIND}|or|and|nor)\b)*"""
_DENIED_BEFORE = re.compile(
    rf"""\b(?:not|\w+n't|no|never|neither|nor|cannot|rather\ than|instead\ of|than|without|unlike|exclud\w+
        |rul\w+\ out)\b{_FILLER}\Z""",
    _FLAGS,
)
_DENIED_AFTER = re.compile(
    rf"""[\s\"')\]]*(?:{_KIND}\s+)?(?:is|are|was|does|would|can|could|seems?)\s*(?:\w+\s)?
        (?:not\b|n't|ruled\ out|excluded)""",
    _FLAGS,
)
_OPEN = re.compile(
    r"""\b(?:unclear|uncertain|unsure|undetermined|ambiguous|inconclusive|insufficient|either|depends?|might|may|could
        |maybe|perhaps|possibly|whether|if|hard\ to|difficult\ to|impossible\ to|unable
        |(?:not|n't|cannot|can\ not)\s(?:\w+\s)?(?:sure|clear|certain|enough|sufficient|possible|say|tell|know
            |determine|decide|classify|assign))\b""",
    _FLAGS,
)
_SO = re.compile(r"\W*(?:therefore|thus|hence|so|overall|consequently|in\ (?:conclusion|summary))\b", _FLAGS)


def read_class(text: str, *, question: str, classes: Mapping[str, str], asked: str) -> Reading:
    """Return the class that a completion names, or an empty name; it may repeat the whole prompt `question`."""
    if text.strip() in classes:
        return Reading(text.strip(), CLEAN)
    names = _Names(classes)
    repeated = [part for part in sentences(question) if len(part.split()) > 5 and not names.stand_in(part)]
    plain = bounded(peeled(text, repeated=[question, asked, *repeated]), most=LONGEST)
    listing = " ".join(f"{name} {meaning}" for name, meaning in classes.items())
    label = names.of(_read(names, without(plain, listing)) or _read(names, plain))
    return Reading(label, REPAIRED if label else UNUSABLE)


class _Names:
    """Turns names of classes and their meanings into private characters and back."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self.classes = [*classes]
        self._signs = {
            _folded(alias): chr(_FIRST + place)
            for place, item in enumerate(classes.items())
            for alias in reversed(item)
            if _folded(alias)
        }
        aliases = sorted((alias for item in classes.items() for alias in item if _folded(alias)), key=len, reverse=True)
        self._alias = re.compile("|".join(phrase(_words(alias)) for alias in aliases), re.IGNORECASE)

    def stand_in(self, text: str) -> bool:
        """Say whether a text has a name or a meaning."""
        return bool(self._alias.search(normalised(text)))

    def coded(self, text: str) -> str:
        """Return a text with a private character in the place of each name and whole meaning, without emphasis."""
        text = "".join(sign for sign in _OTHERS.sub(" ", text) if ord(sign) < _FIRST)
        return re.sub(r"\*\*|__|`", "", self._alias.sub(lambda found: self._signs[_folded(found.group())], text))

    def of(self, sign: str | None) -> str:
        """Return the class of a private character; empty where there is none."""
        return self.classes[ord(sign) - _FIRST] if sign else ""

    def option(self, number: int) -> str | None:
        """Return the private character of the class with a number, from 1, in the order of the dataset."""
        return chr(_FIRST + number - 1) if 1 <= number <= len(self.classes) else None


def _read(names: _Names, text: str) -> str | None:
    """Return the private character of the class that is named; `None` where none is, or several."""
    if data := _of_data(names, text):
        return _only(data)
    coded = names.coded(text)
    if judged := _judged(coded):
        return judged
    if _PURE.fullmatch(coded) and (found := set(re.findall(_NAME, coded))):
        return _only(found)
    if option := _OPTION.fullmatch(coded):
        return names.option(int(option["number"]))
    if keyed := list(_KEY.finditer(coded)):
        usable = [key for key in keyed if not _is_open(coded, key)]
        if usable:
            return None if usable[-1]["more"] else str(usable[-1]["name"])
    return _on_a_line(coded) or _leading(coded) or (None if is_refusal(text) else _in_prose(coded))


def _is_open(text: str, found: re.Match[str]) -> bool:
    """Say whether the sentence of a key leaves open what holds: `It is unclear whether the class is effect.`"""
    before = re.split(r"[.!?\n]", text[: found.start()])[-1]
    return bool(_OPEN.search(before) or _DENIED_BEFORE.search(before))


def _only(found: set[str]) -> str | None:
    return found.pop() if len(found) == 1 else None


def _of_data(names: _Names, text: str) -> set[str]:
    """Return what JSON in a text says: `{"label": "effect"}`, `{"effect": 0.9, "none": 0.1}`, `["effect"]`."""
    for found in re.finditer(r"[{\[]", text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        return set(_of_value(names, value))
    return set()


def _of_value(names: _Names, value: Any) -> Iterator[str]:
    """Yield the classes that a value of JSON gives."""
    if isinstance(value, str):
        coded = names.coded(value)
        if _PURE.fullmatch(coded):
            yield from re.findall(_NAME, coded)
    elif isinstance(value, list):
        for item in value:
            yield from _of_value(names, item)
    elif isinstance(value, dict):
        scores = {key: held for key, held in value.items() if isinstance(held, bool | int | float)}
        named = {key: float(held) for key, held in scores.items() if re.fullmatch(_NAME, names.coded(key))}
        best = [key for key, held in named.items() if held and held == max(named.values())]
        for item in best or value.values():
            yield from _of_value(names, item)


def _judged(text: str) -> str | None:
    """Return the one class that a list with a verdict on each affirms."""
    lines = [found for line in text.split("\n") if (found := _VERDICT.match(line))]
    return _only({found["name"] for found in lines if found["yes"]}) if len(lines) > 1 else None


def _on_a_line(text: str) -> str | None:
    """Return the class on a line that is nothing else: the last line, or else the first."""
    lines = [line for line in text.split("\n") if line.strip()]
    for line in (lines[-1], lines[0]) if lines else ():
        if _PURE.fullmatch(line) and (found := _only(set(re.findall(_NAME, line)))):
            return found
    return None


def _leading(text: str) -> str | None:
    found = _LEADING.match(text)
    if found is None or re.match(rf"\s*{_NAME}", text[found.end() :]):
        return None
    return str(found["name"])


def _in_prose(text: str) -> str | None:
    """Return the one class that sentences name and do not deny; a conclusion counts before the others."""
    said: list[tuple[str, bool]] = []
    for part in sentences(text):
        if not _OPEN.search(part):
            held = (found for found in re.finditer(_NAME, part) if not _is_denied(part, found))
            said += [(found.group(), bool(_SO.match(part))) for found in held]
    concluded = {name for name, so in said if so}
    return _only(concluded or {name for name, _ in said})


def _is_denied(text: str, found: re.Match[str]) -> bool:
    return bool(_DENIED_BEFORE.search(text[: found.start()]) or _DENIED_AFTER.match(text, found.end()))


def _folded(alias: str) -> str:
    """Return what is alike in all spellings of a name or meaning."""
    return "".join(_words(alias)).casefold()


def _words(alias: str) -> list[str]:
    return re.findall(r"[^\W_]+", normalised(alias))
