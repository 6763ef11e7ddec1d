"""Rows of tables, and JSON and CSV as rows of one."""

from __future__ import annotations

import json
import re

from clinsynth.tasks.markers import Markers
from clinsynth.tasks.relation.labels import LABEL_KEY, cell_labels, read_labels
from clinsynth.text.lists import ENDS

# JSON (and what nearly is): an object without further objects in it, and its fields.
_OBJECT = re.compile(r"\{[^{}]*\}")
_FIELD = re.compile(
    r"""(?P<quote>["'])(?P<key>\w[\w ]*)(?P=quote)\s*:\s*
        (?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,{}\[\]"']+)""",
    re.VERBOSE | re.DOTALL,
)
SENTENCE_KEY = re.compile(r"(?:sentence|text|example|input|content)s?", re.IGNORECASE)
_CSV_ROW = re.compile(r'(?:"?\d{1,4}"?\s*[,;\t]\s*)?(?<!")"((?:[^"]|"")*+)"\s*[,;\t]\s*"?(\w[\w ]{0,20})"?$')
_PIPE = re.compile(r"(?<!\\)\|")
_INDEX = re.compile(r"\W{0,3}(?:(?:sentence|example|row|no)\W{0,3})?\d{1,4}\W{0,3}", re.IGNORECASE)


def objects_as_rows(text: str) -> str:
    """Return a text with each JSON object that holds a sentence as a line `| sentence | label |`."""
    return _OBJECT.sub(_as_row, text)


def csv_as_row(line: str) -> str:
    """Return a line `"sentence",label` as a row of a table, others as they are."""
    return _CSV_ROW.sub(r"| \1 | \2 |", line)


def read_row(line: str, *, markers: Markers, columns: int | None) -> tuple[str, set[str]]:
    """Return sentence and labels of a table's row; a pipe does not end a sentence if the label comes later."""
    found = cells(line)
    if len(found) == 1:
        return found[0].strip(), set()
    counts = [markers.counts(cell) for cell in found]
    whole = next((at for at, count in enumerate(counts) if all(count)), None)
    first = next((at for at, count in enumerate(counts) if any(count)), None) if whole is None else whole
    if first is None:
        first = max(range(len(found)), key=lambda at: 0 if read_labels(found[at], digits=False) else len(found[at]))
    values = cell_labels(found, first)
    start = max((at + 1 for at in range(first) if values[at]), default=0)
    end = next((at for at in range(first + 1, len(found)) if values[at]), len(found))
    labels = set[str]().union(*values[:start], *values[end:])
    if values[first]:
        return "", labels | values[first]
    while start < first and (_INDEX.fullmatch(found[start]) or found[start].strip() in markers.markers):
        start += 1
    if whole is not None:
        tabled = len(found) == columns  # then the sentence has one cell
        start = whole if tabled else start
        end = whole + 1 if tabled or found[whole].strip().endswith(ENDS) else end
        while end > whole + 1 and found[end - 1].strip() in markers.markers:
            end -= 1
    return ("|" if "|" in line else " ").join(found[start:end]).strip(" |\t"), labels


def _as_row(found: re.Match[str]) -> str:
    """Return a JSON object as a row of a table."""
    fields = {pair["key"].lower(): _value(pair["value"]) for pair in _FIELD.finditer(found.group())}
    sentence = next((value for key, value in fields.items() if SENTENCE_KEY.fullmatch(key)), None)
    if sentence is None:
        return found.group()
    label = next((value for key, value in fields.items() if LABEL_KEY.fullmatch(key)), "")
    return f"\n| {sentence} | {label} |\n"


def _value(written: str) -> str:
    if written[0] not in "\"'":
        return written
    try:
        text = str(json.loads(written, strict=False))
    except ValueError:  # a single quote, or an escape that JSON does not know
        text = re.sub(r"\\([\"'\\])", r"\1", written[1:-1])
    return " ".join(text.split()).replace("|", "\\|")


def cells(line: str) -> list[str]:
    """Return the cells of a row, without empty ones at its ends."""
    found = _PIPE.split(line) if "|" in line else line.split("\t")
    while len(found) > 1 and not found[-1].strip():
        found.pop()
    while len(found) > 1 and not found[0].strip():
        del found[0]
    return found
