"""Documents in parts, which machines read side by side: whole portions, so that no score hangs on their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from clinsynth.config import Shard
from clinsynth.errors import DataFormatError
from clinsynth.files.input_texts import InputText
from clinsynth.files.json_lines import each_json_line
from clinsynth.learning import reading


def documents_of(documents: Iterable[InputText], shard: Shard | None) -> Iterator[InputText]:
    """Return the documents of a part; all for `None` and where parts are joined."""
    if shard is None or shard.number is None:
        return iter(documents)
    return chain.from_iterable(islice(reading.portions(documents), shard.number, None, shard.of))


def output_of(path: Path, shard: Shard | None) -> Path:
    """Return where a part is written, beside the output of the whole."""
    if shard is None or shard.number is None:
        return path
    return path.with_name(f"{path.stem}.{shard.number}-of-{shard.of}{path.suffix}")


def joined(documents: Iterable[InputText], parts: Sequence[Path]) -> Iterator[reading.Lines]:
    """Yield the lines of the parts in the order of the documents; raises DataFormatError where they are of others."""
    rows = [each_json_line(part) for part in parts]
    for number, portion in enumerate(reading.portions(documents)):
        place = number % len(parts)
        lines: list[dict[str, Any]] = list(islice(rows[place], len(portion)))
        if [line["text"] for line in lines] != [document.text for document in portion]:
            raise DataFormatError(
                f"{parts[place]} does not hold the texts of its part of the input: remove it, and do that part again."
            )
        yield lines
