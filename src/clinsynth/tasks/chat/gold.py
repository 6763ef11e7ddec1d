"""Gold data: seed questions, with a reference answer where there is one.

A text file has a question a line; CSV, TSV, JSON lines and Parquet (also of the hub) have columns `question` and
`answer`; XML is that of MedQuAD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.decoding import text_of
from clinsynth.files.json_lines import each_object
from clinsynth.files.tables import check_named_once, read_table
from clinsynth.files.utf8 import decode_lines
from clinsynth.tasks.chat import medquad
from clinsynth.tasks.chat.config import ChatDataset
from clinsynth.tasks.chat.examples import Dialogue

_ACCEPTED = (
    "a .txt has a question a line; .csv, .tsv, .jsonl and .parquet have the columns question and, if there are "
    "answers, answer (dataset.files.*.columns.text and .label name others); .xml is MedQuAD's."
)
Row = tuple[str, Any, Any]
"""Place, question, answer."""


def read_path(
    path: Path, *, format: str | None, encoding: str | None, columns: Mapping[str, str] | None, dataset: ChatDataset
) -> list[Dialogue]:
    """Return the questions of a file or folder; raises DataFormatError with file and line."""
    if format is not None:
        raise ConfigError(f"dataset.files of {dataset.name} name the format {format}; questions have none: {_ACCEPTED}")
    if path.is_dir() or path.suffix.lower() == ".xml":
        return [_dialogue(*row) for row in medquad.read_pairs(path, encoding=encoding)]
    named = {"text": "question", "label": "answer"} | dict(columns or {})
    if path.suffix.lower() == ".parquet":
        return [_dialogue(*row) for row in _of_parquet(path, named)]
    text = text_of(path, encoding=encoding) if encoding else decode_lines(path)
    return [_dialogue(*row) for row in _rows(text, path, named)]


def read_questions(text: str, *, path: Path, dataset: ChatDataset) -> list[Dialogue]:
    """Return the questions of a file that is read already."""
    return [_dialogue(*row) for row in _rows(text, path, {"text": "question", "label": "answer"})]


def _rows(text: str, path: Path, named: Mapping[str, str]) -> Iterator[Row]:
    kind = path.suffix.lower()
    if kind in (".jsonl", ".ndjson"):
        for place, row in each_object(text.split("\n"), path=path, accepted=_ACCEPTED):
            yield place, row.get(named["text"]), row.get(named["label"])
    elif kind in (".csv", ".tsv"):
        yield from _of_table(text, path, named)
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield f"{path}:{number}", line, None


def _of_table(text: str, path: Path, named: Mapping[str, str]) -> Iterator[Row]:
    lines = text.splitlines(keepends=True)
    names, rows = read_table(lines, path=path, delimiters="\t" if path.suffix.lower() == ".tsv" else ",;")
    check_named_once(names, *named.values(), path=path)
    if named["text"] not in names:
        raise DataFormatError(f"{path}:1: no column {named['text']!r} among {', '.join(names)}; {_ACCEPTED}")
    for place, cells in rows:
        row = dict(zip(names, cells, strict=False))
        yield place, row.get(named["text"]), row.get(named["label"])


def _of_parquet(path: Path, named: Mapping[str, str]) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise DataFormatError(f"{path} is no Parquet file that can be read; {_ACCEPTED}") from error
    if named["text"] not in table.column_names:
        there = ", ".join(table.column_names)
        raise DataFormatError(f"{path}: no column {named['text']!r} among {there}; {_ACCEPTED}")
    for number, row in enumerate(table.to_pylist()):
        yield f"{path}, row {number}", row[named["text"]], row.get(named["label"])


def _dialogue(place: str, question: Any, answer: Any) -> Dialogue:
    """Return a question with its answer; raises DataFormatError where there is no question."""
    for value in (question, answer):
        if value is not None and not isinstance(value, str):
            raise DataFormatError(f"{place}: {type(value).__name__} instead of a text; {_ACCEPTED}")
    question, answer = " ".join((question or "").split()), " ".join((answer or "").split())
    if not question:
        raise DataFormatError(f"{place}: the question is empty; {_ACCEPTED}")
    return Dialogue((question, answer) if answer else (question,))
