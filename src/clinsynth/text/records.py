"""Reads texts that an LLM gives as data: JSON, and tables with pipes, commas or tabs between their cells."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from clinsynth.text.markup import TEXT_NAME
from clinsynth.text.schemas import mended

ATTEMPTS = 20
"""Places at which JSON is looked for."""
LONGEST = 200_000
"""Characters of what is read as a literal of Python."""
_OPENED = re.compile(r"[\[{](?=\s*[\[{\"'])|\{(?=\s*\d+\s*:)")
_ASKED_FOR = re.compile(r"\{\s*[\"'](?:sentences|texts|prompts)[\"']\s*:")
_STRING = re.compile(r'"((?:[^"\\]|\\.|"(?!\s*(?:[,:\]}]|\Z)))*)(?:"|\Z)\s*(?P<key>:)?', re.DOTALL)
_NUMBERED = re.compile(r"\D{0,20}\d{1,3}")
_WORDY = 4
"""Words from which a cell holds a text."""
_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_COLUMN = re.compile(
    r"#|n[or]?\.?|id|index|row|number|nummer|label|class|category|type|unit|term|disease|chemical|entity|mention|"
    r"criterion|explanation|reason|comment|note|translation|structure|style|length|words?(?: count)?",
    re.IGNORECASE,
)
_INDEX = re.compile(r'\s*"?(?P<number>\d{1,3})"?\s*(?P<sign>[,;\t])\s*(?=\S)')
_QUOTED = re.compile(r'\s*"(?:[^"]|"")*"(?:\s*[,;\t]\s*"(?:[^"]|"")*")+\s*')


def read_json(text: str) -> tuple[list[str], str] | None:
    """Return the texts that JSON holds, with what stands round it; `None` where it holds none."""
    values, rest = read_values(text)
    found = [one for value in values for one in texts_in(value)]
    if not found and (opened := _OPENED.search(text)):
        found, rest = _strings(text[opened.start() :]), text[: opened.start()]
    return (found, rest) if found and sum(map(len, found)) >= len(rest) else None


def read_values(text: str, *, mend: bool = False) -> tuple[list[Any], str]:
    """Return the lists and objects of JSON in a text, one after another, and what stands round them.

    `mend`: an object that begins as `schemas` ask for it, and is broken or cut, is read as far as it goes.
    """
    decoder, values, rest, at = json.JSONDecoder(strict=False), [], [], 0
    for _ in range(ATTEMPTS):
        opened = _OPENED.search(text, at)
        if opened is None:
            break
        try:
            value, end = decoder.raw_decode(text, opened.start())
        except (ValueError, RecursionError):
            value, end = _literal(text[opened.start() :]), len(text)
            if value is None and mend and (begun := _ASKED_FOR.search(text)):
                value = mended(text[begun.start() :])
            if value is None:
                break
        values.append(value)
        rest.append(text[at : opened.start()])
        at = end
    return values, "\n".join([*rest, text[at:]]).strip(" \n,;")


def _literal(text: str) -> Any:
    """Return a list or a dictionary as Python writes it; `None` where there is none."""
    end = max(text.rfind("]"), text.rfind("}")) + 1
    try:
        return ast.literal_eval(text[:end]) if end <= LONGEST else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts of a value of JSON: strings of lists, and of each object the one that is its text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)
    elif isinstance(value, dict):
        named = [part for key, part in value.items() if TEXT_NAME.fullmatch(str(key)) and isinstance(part, str)]
        strings = {key: part for key, part in value.items() if isinstance(part, str)}
        nested = [part for part in value.values() if isinstance(part, list | dict)]
        if named and not _are_numbered(strings):
            yield named[0]
        elif any(list(texts_in(part)) for part in nested):
            yield from texts_in(nested)
        elif _are_numbered(strings):
            yield from strings.values()
        elif strings:
            yield max(strings.values(), key=len)


def _are_numbered(strings: dict[str, str]) -> bool:
    """Say whether the keys are a list's numbers: 1, sentence_2."""
    return bool(strings) and all(_NUMBERED.fullmatch(str(key)) for key in strings)


def _strings(text: str) -> list[str]:
    """Return the texts of JSON that is cut off or not quite right: its strings, or those that a key calls texts."""
    found: list[tuple[str, str]] = []
    key = ""
    for string in _STRING.finditer(text):
        if string["key"]:
            key = string[1]
        else:
            found.append((key, _unescaped(string[1])))
    named = [one for key, one in found if TEXT_NAME.fullmatch(key) or _NUMBERED.fullmatch(key)]
    return named or [one for key, one in found if not key]


def _unescaped(written: str) -> str:
    try:
        return str(json.loads(f'"{written}"', strict=False))
    except ValueError:
        return written


def read_table(lines: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Return the texts of a table, with the lines beside it; `None` where lines are no table."""
    rows = [_cells(line) for line in lines]
    number = sum(row is not None for row in rows)
    if number < 2 and not any(row and len(row) > 1 and _is_boxed(line) for row, line in zip(rows, lines, strict=True)):
        return _read_commas(lines)
    ruled = any(_RULE.fullmatch(line) and "|" in line for line in lines)
    table = [row for row, line in zip(rows, lines, strict=True) if row and not _RULE.fullmatch(line)]
    rest = [line for row, line in zip(rows, lines, strict=True) if row is None]
    return _chosen(table, headed=ruled), rest


def _cells(line: str) -> list[str] | None:
    """Return the cells of a line with pipes between them; `None` where it has none."""
    boxed = _is_boxed(line)
    if not boxed and not re.search(r"\S\s+\|\s+\S", line):
        return None
    cells = re.split(r"(?<!\\)\|", re.sub(r"^\s*\||(?<!\\)\|\s*$", "", line))
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _is_boxed(line: str) -> bool:
    line = line.strip()
    return len(line) > 2 and line.startswith("|") and line.endswith("|")


def _read_commas(lines: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Read CSV: a header of known columns, lines that begin with their number, or cells in quotes."""
    filled = [line for line in lines if line.strip()]
    heads = [at for at, line in enumerate(filled[:3]) if _is_header(re.split(r"[,;\t]", line))]
    body = filled[heads[0] + 1 :] if heads else filled
    numbers = [found for line in body if (found := _INDEX.match(line))]
    counted = [int(found["number"]) for found in numbers]
    in_order = len(numbers) > 1 and counted == list(range(counted[0], counted[0] + len(counted)))
    quoted = [line for line in body if _QUOTED.fullmatch(line)]
    if not (heads or in_order or (len(quoted) > 1 and len(quoted) == len(body))):
        return None
    sign = numbers[0]["sign"] if numbers else next((sign for sign in "\t;" if body and sign in body[0]), ",")
    rest = [line for line in body if sign not in line]
    header = [cell.strip('" ') for cell in filled[heads[0]].split(sign)] if heads else []
    rows = [_parsed(line, sign=sign, width=len(header)) for line in body if sign in line]
    return _chosen([header, *rows] if header else rows, headed=bool(header)), [
        *filled[: heads[0] if heads else 0],
        *rest,
    ]


def _parsed(line: str, *, sign: str, width: int) -> list[str]:
    """Return the cells of a line of CSV; a text without quotes may hold the sign that parts cells."""
    if '"' in line:
        return [cell.strip() for cell in next(csv.reader([line.strip()], delimiter=sign, skipinitialspace=True))]
    if _INDEX.match(line):
        return [cell.strip() for cell in line.split(sign, max(1, width - 1))]
    return [cell.strip() for cell in line.rsplit(sign, max(1, width - 1))]


def _is_header(cells: Sequence[str]) -> bool:
    names = [cell.strip(' "*_') for cell in cells]
    known = [name for name in names if _COLUMN.fullmatch(name) or TEXT_NAME.fullmatch(name)]
    return len(names) > 1 and len(known) == len(names)


def _chosen(rows: list[list[str]], *, headed: bool) -> list[str]:
    """Return the cells of the column of texts: by its name, else the first with some words in most cells."""
    if not rows:
        return []
    headed = headed or _is_header(rows[0])
    header, body = (rows[0], rows[1:]) if headed else ([], rows)
    named = [at for at, name in enumerate(header) if TEXT_NAME.fullmatch(name.strip(" *_"))]
    width = max(map(len, rows))
    columns = [[row[at] if at < len(row) else "" for row in body] for at in range(width)]
    wordy = [at for at in range(width) if 2 * sum(len(cell.split()) >= _WORDY for cell in columns[at]) >= len(body)]
    at = (named or wordy or [max(range(width), key=lambda at: sum(map(len, columns[at])))])[0]
    return [cell for cell in columns[at] if cell]
