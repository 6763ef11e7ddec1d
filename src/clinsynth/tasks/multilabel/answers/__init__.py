"""Reads the answers of LLMs to which criteria a text meets.

Every name in an answer, and every meaning that stands for one, becomes one private character, so that patterns see
lists, keys and denials and not the words of a name. An answer with a key (`Criteria: A1; B2`) is what counts; else the
lines of lists and tables, a verdict on each criterion included; else what the prose names and does not deny.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from clinsynth.tasks.multilabel.answers.names import NAME, Names
from clinsynth.tasks.multilabel.answers.verdicts import NO, VERDICT, cell_holds, first_verdict, holds, is_open
from clinsynth.tasks.multilabel.config import NONE
from clinsynth.text.lists import MARK
from clinsynth.text.peeling import bounded, peeled, sentences, table_cells, without
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading

_FLAGS = re.VERBOSE | re.IGNORECASE
_KIND = r"(?:criteri(?:on|a)|labels?|categor(?:y|ies)|class(?:es)?|codes?|symptoms?|domains?|items?)"
_NAMING = re.compile(rf"{_KIND}|name|id", re.IGNORECASE)
_BETWEEN = rf"(?:[\s,;:/&+|()\[\]{{}}.\-–—•]|(?:and|or|as\ well\ as|plus|also|the|both|dsm-?5|{_KIND})\b)"
_NAMES = rf"{NAME}(?:{_BETWEEN}*{NAME})*"
_PURE = re.compile(rf"{_BETWEEN}*{_NAMES}{_BETWEEN}*", _FLAGS)
_KEY = re.compile(
    rf"""\W*?(?:(?:so|thus|therefore|hence|in\ conclusion|overall|the|my|this|text|note)\b[\s,:]*)*
        (?:(?:final|correct|predicted|applicable|relevant|matching|identified|dsm-?5|met|present|true|positive|all)\s+)*
        (?:answers?|output|response|results?|prediction|classification|conclusion|{_KIND}|final|met|fulfilled|present)
        (?:\s+(?:that\s+|which\s+)?(?:it\s+meets|apply|applies|(?:(?:the|this)\s+)?(?:text|note)\s+meets
            |(?:is\s+|are\s+)?(?:met|present|fulfilled|satisfied|identified)(?:\s+(?:in|by)\s+the\s+(?:text|note))?))?
        \s*(?::|=|[-=]>|→|\b(?:is|are)\b:?)\s*""",
    _FLAGS,
)
_DENYING_KEY = re.compile(
    rf"\W*(?:the\s+)?(?:{_KIND}\s+)?(?:that\s+(?:is|are)\s+)?(?:not[\s_]+(?:\w+\b)|unmet|absent|excluded|ruled[\s_]out)"
    rf"(?:\s+{_KIND})?\s*:",
    re.IGNORECASE,
)
_NOT_TICKED = re.compile(rf"[-–—]|\W*?(?:{NO})(?!\w)", _FLAGS)
_STATED = re.compile(
    rf"(?:(?:dsm-?5|{_KIND})\s+)*(?P<names>{_NAMES})[\s)\]}}]*(?:\([^()]*\)\s*)?(?P<sign>:|=|[-=]>|→|\?|[-–—]\s|\(|\bis\b|(?=[✓✔☑✅✗✘❌]))",
    _FLAGS,
)
_PREFIXED = re.compile(rf"(?P<verdict>✓|✔|☑|✅|✗|✘|❌|☐|☒|\[[x\s]?\]|yes|no)[\s:.\-–—]*(?P<names>{_NAMES})", _FLAGS)
_NEXT = re.compile(rf"(?:[;,.|]\s*|\s+)(?={NAME}{{1,2}}\s*(?:[:=(?]|[-–—]\s))")
_FILLER = rf"""(?:\s+|(?:clearly|fully|quite|really|necessarily|seem|appear|to|be|been|meet|meets|meeting|fulfil|fulfill
    |satisfy|match|fit|support|indicate|suggest|show|describe|mention|address|demonstrate|qualify|count|as|for|of|in|under
    |the|any|clear|sufficient|enough|evidence|indication|information|signs?|consistent|with|either|both|dsm-?5|its|it|all
    |directly|explicitly|specifically|related|relevant|apply|{_KIND}|[\[("]))"""
_DENIED_BEFORE = re.compile(
    rf"""\b(?:not|\w+n't|no|never|neither|nor|none|without|cannot|rather\ than|instead\ of|excludes?|excluding
        |rul(?:es|ing|ed)\ out|insufficient|fails?|lacks?|absence|absent)\b
        (?:{_FILLER}|{NAME}|[,/&\])]|\b(?:and|or|nor|that|which|would|behaviours?)\b)*\Z""",
    _FLAGS,
)
_DENIED_AFTER = re.compile(
    rf"""(?:(?:[\s,/&()\[\]]|(?:and|or|nor|the|{_KIND})\b)*{NAME})*[\s)\]"]*(?:\([^()]*\)\s*)?(?:{_KIND}\s+)?(?:[:=–—-]+|,(?=\s*(?:which|not\s(?:met|present))))?
        \s*(?:which\s+)?(?:(?:is|are|was|were|does|do|did|has|have|would|could|can|seems?|appears?|be|been|clearly|to|also
        |probably|therefore|however)\s+)*(?:not|\w+n't|cannot|no\b(?!\w)|absent|unmet|excluded|ruled\ out|unlikely
        |insufficient|unsupported|lacking|missing|false|0|✗|✘|❌)(?!\w)""",
    _FLAGS,
)
_ASKED = re.compile(
    rf"\b{_KIND}(?:\s+(?:is|are|of|for|met|named|called|like))*[\s:=\"(]*(?:{NAME}{_BETWEEN}*)*\Z", _FLAGS
)
_NO_CRITERIA = re.compile(
    rf"""\bnone\b(?:\s(?:of|were|are|is|apply|applies)\b|\W*\Z)|\bno\s(?:\w+[\s-]){{0,3}}{_KIND}\b
        |\b(?:not|n't)\s(?:\w+\s){{0,2}}(?:meet|meeting|match|fulfil|satisfy|fit)\s(?:any|a\ single|one|the)\b
        |\bmeets?\s(?:none|no)\b|\A\W*(?:n/a|not\ applicable)\W*\Z""",
    _FLAGS,
)
_ALL = re.compile(
    rf"\W*all(?:\s(?:of|the|these|\w+|dsm-5))*\s{_KIND}(?:\s(?:are|were)\s(?:met|present|fulfilled))?"
    rf"(?:\s(?:but|except)(?:\sfor)?\s+(?P<but>{_NAMES}))?[\s.!]*",
    _FLAGS,
)
_NONE_FIRST = re.compile(r"\W*none\b\W*?(?:\Z|[,;.(\n]|\s[-–—])", re.IGNORECASE)
LONGEST = 5_000
"""Characters of an answer that are looked at, at either end."""
_NEAR = 300  # characters on each side of a name in which prose may deny it


def read_criteria(text: str, *, question: str, labels: Mapping[str, str], text_asked: str) -> Reading:
    """Return the labels that a completion names, in the order of the dataset, and names that it makes up, once each.

    `question` is the whole prompt, which the completion may repeat.
    """
    given = [name.strip() for name in text.split(";")]
    if given == [NONE] or (set(given) <= set(labels) and len(set(given)) == len(given)):
        return Reading(tuple(label for label in labels if label in given), CLEAN)
    names = Names(labels)
    parts = [part for part in sentences(question) if len(part.split()) > 5 and not names.stands_in(part)]
    plain = bounded(peeled(text, repeated=[question, text_asked, *parts]), most=LONGEST)
    listing = " ".join(f"{name} {meaning}" for name, meaning in labels.items())
    held = _read(names, without(plain, listing))
    if held is None:
        held = _read(names, plain)
    if held is None:
        return Reading((), UNUSABLE)
    known, made_up = names.sorted(held)
    return Reading(known, REPAIRED, made_up)


def _read(names: Names, text: str) -> dict[str, bool] | None:
    """Return each name that is given or denied; empty where none holds, `None` where nothing is said."""
    coded = names.coded("\n".join(_lines_of_json(text)))
    lines = coded.split("\n")
    if every := next(filter(None, map(_ALL.fullmatch, lines)), None):
        return dict.fromkeys(names.labels, True) | dict.fromkeys(names.names(every["but"] or "", everyday=True), False)
    keyed = _keyed(names, lines)
    if keyed is not None:
        return keyed
    found = _listed(names, lines) or ({} if _NONE_FIRST.match(coded) else _in_prose(names, coded))
    empty = re.fullmatch(r"(?:[^\[\]]*[:=]\s*)?\[\s*\]\W*", text.strip())
    return found if found or _NONE_FIRST.match(coded) or _NO_CRITERIA.search(coded) or empty else None


def _lines_of_json(text: str) -> list[str]:
    """Return the lines of a text, with every JSON object or list in it as lines such as `A1: true`."""
    lines, at, decoder = [""], 0, json.JSONDecoder()
    for found in re.finditer(r"[{\[]", text):
        if found.start() < at:
            continue
        try:
            value, end = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) or any(isinstance(item, str | dict) for item in value):
            lines[-1] += text[at : found.start()]
            lines += [line for item in _flat(value) for line in item.split("\n")] + [""]
            at = end
    lines[-1] += text[at:]
    return "\n".join(lines).split("\n")


def _flat(value: Any) -> Iterator[str]:
    """Yield lines that say the same as a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, dict):
        verdicts = [held for key, held in value.items() if _is_verdict(held) and not re.search("conf|prob|score", key)]
        named = [item for key, item in value.items() if _NAMING.fullmatch(key) and isinstance(item, str)]
        if len(verdicts) == len(named) == 1:  # {"criterion": "A1", "met": true}
            yield f"{named[0]}: {verdicts[0]}"
            return
        for key, item in value.items():
            if isinstance(item, dict) and (inner := [held for held in item.values() if _is_verdict(held)]):
                yield f"{key}: {inner[0]}"  # {"A1": {"met": true, "evidence": "..."}}
            elif isinstance(item, list):
                nothing = NONE if re.search(f"{_KIND}|answer|met", key, re.IGNORECASE) else ""
                yield f"{key}: {'; '.join(_flat(item)) or nothing}"
            elif isinstance(item, dict):
                yield from _flat(item)
            elif item is not None:
                yield f"{key}: {item}"


def _is_verdict(value: Any) -> bool:
    return isinstance(value, bool | int) or (isinstance(value, str) and bool(re.fullmatch(VERDICT, value.strip())))


def _keyed(names: Names, lines: list[str]) -> dict[str, bool] | None:
    """Return what the last key with a list of names, or with none, has: on its line, or on the lines below it."""
    for at in reversed(range(len(lines))):
        key = _KEY.match(_unmarked(lines[at]))
        if not key or _DENYING_KEY.match(lines[at]):
            continue
        value = _without_asides(_unmarked(lines[at])[key.end() :])
        if _PURE.fullmatch(value):
            return dict.fromkeys(names.names(value, everyday=True), True)
        if re.fullmatch(r"\W*none\b(?!\W+\w).*|\W*none\s(?:of|are|apply)\b.*|\[\s*\]", value, re.IGNORECASE):
            return {}
        if not value.strip() and (below := _listed(names, lines[at + 1 :])):
            return below
    return None


def _listed(names: Names, lines: list[str]) -> dict[str, bool]:
    """Return what lists, tables and lines with a verdict have; of several statements on a name the last."""
    held: dict[str, bool] = {}
    header: list[str] = []
    denying = False
    is_row = [line.count("|") > 1 or "\t" in line.strip() for line in lines]
    for line, row in zip(lines, is_row, strict=True):
        if row and not (sum(is_row) == 1 and _PURE.fullmatch(line)):
            cells = table_cells(line.strip())
            if not header and _is_header(cells):
                header = cells
            else:
                held |= _row(names, cells, header)
            continue
        denying = bool(_DENYING_KEY.match(line)) or (denying and bool(MARK.match(line.strip())))
        for said, value in _line(_DENYING_KEY.sub("", line) if denying else line):
            held |= dict.fromkeys(names.names(said, everyday=True), value and not denying)
    return held


def _line(line: str) -> Iterator[tuple[str, bool]]:
    """Yield names of a line of a list, and whether they hold; nothing of prose."""
    line = _unmarked(line)
    key, checked = _KEY.match(line), _PREFIXED.match(line)
    if checked:
        yield checked["names"], bool(re.match(r"✓|✔|☑|✅|\[x|yes", checked["verdict"], re.IGNORECASE))
        return
    if key and re.match(NAME, line[key.end() :]):
        line = line[key.end() :]
    if found := re.fullmatch(rf"({_NAMES})\s*[:=]\s*[-–—]+\s*", line, _FLAGS):
        yield found[1], False
        return
    if _PURE.fullmatch(_without_asides(line)):
        yield _without_asides(line), True
        return
    if found := re.fullmatch(rf"(?:not|no)\s({_NAMES})[\s.]*", line, re.IGNORECASE):
        yield found[1], False
        return
    pieces = _NEXT.split(line) if re.match(rf"(?:{_KIND}\s+)?{NAME}", line, re.IGNORECASE) else [line]
    for piece in pieces:
        stated = _STATED.match(piece)
        rest = piece[stated.end() :] if stated else ""
        alone = first_verdict(rest) is not None and not re.search(NAME, rest)
        if stated and (stated["sign"] != "is" or alone):
            yield stated["names"], holds(rest)
        elif len(pieces) > 1 and _PURE.fullmatch(piece):
            yield piece, True


def _unmarked(line: str) -> str:
    """Return a line without bullets and numbers, quotations and headings."""
    line = re.sub(r"\A[\s>]+", "", line)
    while mark := MARK.match(line):
        line = line[mark.end() :]
    return re.sub(r"\A[*_#\s]+|[*_\s]+\Z", "", line)


def _without_asides(line: str) -> str:
    """Return a line without brackets that hold no verdict and no name, or that deny one: `A1 (not A2)`."""
    return re.sub(r"\(([^()]*)\)", lambda found: found.group() if _counts(found[1]) else "", line)


def _counts(aside: str) -> bool:
    if re.search(NAME, aside):
        return not re.search(r"\b(?:not|no|nor|without|excluding)\b", aside, re.IGNORECASE)
    return first_verdict(aside) is not None


def _is_header(cells: list[str]) -> bool:
    """Say whether cells are names of columns: several criteria, or yes and no, and no verdict on a criterion."""
    verdicts = sum(bool(VERDICT.fullmatch(cell.rstrip("? "))) for cell in cells)
    named = sum(bool(re.fullmatch(NAME, cell)) for cell in cells)
    return (named > 1 and not verdicts) or (verdicts > 1 and not named)


def _row(names: Names, cells: list[str], header: list[str]) -> dict[str, bool]:
    polar = {
        at: bool(found["yes"]) for at, cell in enumerate(header) if (found := VERDICT.fullmatch(cell.rstrip("? ")))
    }
    if all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells):
        return {}
    named = next((cell for cell in cells if _PURE.fullmatch(_without_asides(cell))), "")
    columns = [at for at, column in enumerate(header[: len(cells)]) if re.fullmatch(NAME, column)]
    if columns and not polar and not named:
        ticks = {at: cell_holds(cells[at]) for at in columns}
        if None not in ticks.values():
            return {name: bool(ticks[at]) for at in columns for name in names.names(header[at], everyday=True)}
    filled = {at: cell for at, cell in enumerate(cells) if cell and not _NOT_TICKED.fullmatch(cell)}
    ticked = [value for at, value in polar.items() if at in filled]
    place = cells.index(named) if named else -1
    others = [cell for cell in (*cells[place + 1 :], *cells[: max(place, 0)]) if cell]
    verdicts = [said for cell in others if (said := cell_holds(cell)) is not None]
    if ticked and len(set(polar.values())) > 1:
        value = ticked[0]
    else:
        value = verdicts[0] if verdicts else all(map(holds, others))
    return dict.fromkeys(names.names(named, everyday=True), value)


def _in_prose(names: Names, text: str) -> dict[str, bool]:
    """Read sentences: names that they do not deny; everyday words only where the word for a criterion is near."""
    held: dict[str, bool] = {}
    for part in sentences(text):
        for clause in re.split(
            r";|,?\s\bbut\b|\bhowever\b|\bwhereas\b|\bwhile\b|\balthough\b", part, flags=re.IGNORECASE
        ):
            for found in () if is_open(clause) else re.finditer(NAME, clause):
                before = clause[max(found.start() - _NEAR, 0) : found.start()]
                after = clause[found.end() : found.end() + _NEAR]
                asked = _ASKED.search(before) or re.match(rf"\s+{_KIND}\b", after, re.IGNORECASE)
                denied = bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after))
                for name in names.names(found.group(), everyday=bool(asked)):
                    held[name] = not denied
    return held
