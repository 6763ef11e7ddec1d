"""Gold data: `token<TAB>tag` lines with IOB2 tags, a blank line between sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from clinsynth.errors import DataFormatError
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.text.entities import Sentence, to_spans

_DOCUMENT = "-DOCSTART-"
"""The token by which CoNLL's files begin a document; it is none of its words."""

_TAG = re.compile(r"O|[BIESLUM]-\S+")
_OTHER_SCHEMES = re.compile(r"[ESLUM]-\S+")
"""Tags of BIOES, BILOU and BMES."""

_IOB1 = """awk -F'\\t' -v OFS='\\t' '$2~/^I-/&&substr(l,3)!=substr($2,3){sub(/^I/,"B",$2)}{l=$2;print}'"""
"""Makes IOB2 of it: the `I-` that begins an entity becomes its `B-`. Messages are wrapped at blanks: none in quotes."""


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
        if tag not in dataset.labels:
            raise DataFormatError(f"{path}:{number}: {_unknown(tag, path=path, dataset=dataset)}")
        if tag.startswith("I-") and (not tags or tags[-1][2:] != tag[2:]):
            raise DataFormatError(
                f"{path}:{number}: {tag!r} at {token!r} follows no entity of its type; an entity begins with "
                f"'B-{tag[2:]}' (IOB2). A file in IOB1, where B- stands between neighbours alone, is "
                f"converted with `{_command(path, _IOB1)}`."
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


def _unknown(tag: str, *, path: Path, dataset: NerDataset) -> str:
    """Return what is wrong with a tag, and what mends it."""
    said = f"unknown tag {tag!r}; accepted are {', '.join((*dataset.labels[1:], 'O'))}."
    if _OTHER_SCHEMES.fullmatch(tag):
        command = _command(path, "sed -E 's/\\t[SU]-/\\tB-/;s/\\t[ELM]-/\\tI-/'")
        return f"{said} It is one of BIOES or BILOU: convert the file to IOB2, `{command}`."
    prefix, _, other = tag.partition("-")
    if prefix in ("B", "I") and other:
        return f"{said} For another entity type set dataset.entity_type: dataset.entity_type={quote(other)}."
    return f"{said} A tag says where an entity begins (B-) and goes on (I-), and its type."


def _command(path: Path, *steps: str) -> str:
    """Return the command that leads the file through the steps into a converted one."""
    first, *others = steps
    converted = quote(str(path.with_name(f"converted-{path.name}")))
    return " | ".join([f"{first} < {quote(str(path))}", *others]) + f" > {converted}"
