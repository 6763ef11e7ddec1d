"""Gold data: annotated texts of any format, and the task's own: `token<TAB>tag` lines in IOB2, blank lines between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from shlex import quote

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.formats import BINARY
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.utf8 import decode_lines
from clinsynth.tasks.ner.config import IGNORE, NerDataset
from clinsynth.tasks.ner.documents import read_documents, undeclared
from clinsynth.text.entities import Sentence, to_spans

_DOCUMENT = "-DOCSTART-"
"""The token by which CoNLL's files begin a document; it is none of its words."""

_TAG = re.compile(r"O|[BIESLUM]-\S+")
_TYPED = re.compile(r"[BI]-\S+")
_OTHER_SCHEMES = re.compile(r"[ESLUM]-\S+")
"""Tags of BIOES, BILOU and BMES."""


def read_path(
    path: Path,
    *,
    format: str | None,
    encoding: str | None,
    columns: Mapping[str, str] | None,
    dataset: NerDataset,
) -> list[Sentence]:
    """Return the sentences of a file or folder of any format; raises DataFormatError with file and line."""
    if path.is_file() and path.suffix.lower() not in BINARY and not (format or encoding or columns):
        text = decode_lines(path)
        if _is_own(text):
            return read_sentences(text, path=path, dataset=dataset)
    texts = read_annotated(path, format=format, encoding=encoding, columns=columns)
    return read_documents(texts, path=path, dataset=dataset)


def _is_own(text: str) -> bool:
    """Say whether a file begins with two columns, and no tag in them is of another scheme than IOB2."""
    lines = [line.removesuffix("\r").rstrip("\t ").split("\t") for line in text.split("\n")]
    rows = [line for line in lines if line[0].split(" ")[0] != _DOCUMENT]
    first = next((row for row in rows if row != [""]), None)
    if first is None or len(first) != 2:
        return first is None  # an empty one is as good as another
    tags = [row[1].strip() if len(row) == 2 else "O" for row in rows]
    orphan = any(tag[:2] == "I-" and before[2:] != tag[2:] for before, tag in pairwise(["O", *tags]))
    return not orphan and not any(map(_OTHER_SCHEMES.fullmatch, tags))


def read_sentences(text: str, *, path: Path, dataset: NerDataset) -> list[Sentence]:
    """Return the sentences of one split; raises DataFormatError with file and line."""
    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):  # other line ends may stand inside a token
        line = line.removesuffix("\r")
        if not line.strip() or re.split(r"\s", line, maxsplit=1)[0] == _DOCUMENT:
            if tokens:
                sentences.append(Sentence(tuple(tokens), to_spans(tags)))
                tokens, tags = [], []
            continue
        token, tag = _columns(line, path=path, number=number)
        if dataset.other_types == IGNORE and _TYPED.fullmatch(tag) and tag[2:] not in dataset.types:
            tag = "O"
        if tag not in dataset.labels:
            raise DataFormatError(f"{path}:{number}: {_unknown(tag, dataset=dataset)}")
        if tag.startswith("I-") and (not tags or tags[-1][2:] != tag[2:]):
            raise DataFormatError(
                f"{path}:{number}: {tag!r} at {token!r} follows no entity of its type; an entity begins with "
                f"'B-{tag[2:]}' (IOB2)."
            )
        tokens.append(token)
        tags.append(tag)
    return sentences


def _columns(line: str, *, path: Path, number: int) -> tuple[str, str]:
    """Return token and tag of a line; empty columns at its end are none."""
    columns = line.split("\t")
    while len(columns) > 2 and not columns[-1].strip():
        columns.pop()
    if len(columns) == 2 and columns[0].strip():
        return columns[0], columns[1].strip()
    place = f"{path}:{number}: {line!r}"
    if len(columns) == 2:
        command = _command(path, "awk -F '\\t' '!NF||$1~/[^[:space:]]/'")
        raise DataFormatError(
            f"{place} has an empty token where two are needed: token<TAB>tag, with a blank line between sentences. "
            f"Give it one, or leave such lines out: `{command}`."
        )
    raise DataFormatError(
        f"{place} has {len(columns)} column(s) where two are needed: token<TAB>tag, with a blank line between "
        f"sentences.{_two_columns(line, columns, path=path)}"
    )


def _two_columns(line: str, columns: Sequence[str], *, path: Path) -> str:
    """Return how to get token and tag out of other columns; empty where it is not known."""
    steps = []
    if len(columns) == 1:
        columns, steps = line.split(), ["tr -s '[:blank:]' '\\t'"]
    tag = next((place for place in range(len(columns), 1, -1) if _TAG.fullmatch(columns[place - 1])), None)
    if tag is None:
        return " No column of it is a tag such as O."
    if len(columns) == 2:
        return f" Its columns are parted by blanks. Convert the file: `{_command(path, *steps)}`."
    return f" Keep the first column and that of the tags: `{_command(path, *steps, f'cut -f 1,{tag}')}`."


def _unknown(tag: str, *, dataset: NerDataset) -> str:
    """Return what is wrong with a tag, and what mends it."""
    said = f"unknown tag {tag!r}; accepted are {', '.join((*dataset.labels[1:], 'O'))}."
    prefix, _, other = tag.partition("-")
    if prefix in ("B", "I") and other and dataset.entity_types:
        return undeclared(other, dataset=dataset)
    if prefix in ("B", "I") and other:
        return f"{said} For another entity type set dataset.entity_type: dataset.entity_type={quote(other)}."
    return f"{said} A tag says where an entity begins (B-) and goes on (I-), and its type."


def _command(path: Path, *steps: str) -> str:
    """Return the command that leads the file through the steps into a converted one."""
    first, *others = steps
    converted = quote(str(path.with_name(f"converted-{path.name}")))
    return " | ".join([f"{first} < {quote(str(path))}", *others]) + f" > {converted}"
