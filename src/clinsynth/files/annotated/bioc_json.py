"""BioC as JSON: the same documents as in its XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.bioc_documents import HOLDS, adapt, from_document, to_document
from clinsynth.files.annotated.decoding import json_of, write_text
from clinsynth.files.annotated.texts import AnnotatedText

FOLDER = False

__all__ = ["FOLDER", "HOLDS", "adapt", "read", "recognises", "write"]


def recognises(path: Path, head: str) -> bool:
    """Say whether a file holds documents with passages that have offsets."""
    return head.lstrip()[:1] in ("{", "[") and all(
        re.search(rf'"{name}"\s*:', head) for name in ("infons", "passages", "offset")
    )


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a document; raises DataFormatError with the line of broken JSON."""
    content = json_of(path, encoding=encoding)
    documents = content.get("documents") if isinstance(content, dict) and "documents" in content else content
    documents = documents if isinstance(documents, list) else [documents]
    found: list[AnnotatedText] = []
    for document in documents:
        if not isinstance(document, dict):
            raise DataFormatError(f"{path}: {str(document)[:60]!r} is no document of BioC, which has passages.")
        found.append(from_document(document, path=path))
    return found


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write a collection of documents of one passage each."""
    documents: list[Any] = [to_document(text, number=number) for number, text in enumerate(texts, 1)]
    content = {"source": "", "date": "", "key": "", "version": "1.0", "infons": {}, "documents": documents}
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
