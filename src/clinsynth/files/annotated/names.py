"""Names of files for texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clinsynth.files.annotated.texts import AnnotatedText


def free_names(texts: Sequence[AnnotatedText]) -> list[str]:
    """Return a name for each text, which no other has: its id as far as a file can be called so, or its number."""
    width = len(str(len(texts)))
    names: list[str] = []
    taken: set[str] = set()
    for number, text in enumerate(texts, 1):
        plain = re.sub(r"[^\w.-]+", "_", text.id.removesuffix(".txt")).strip("._")[:100]
        name = plain or f"{number:0{width}}"
        name = name if name.casefold() not in taken else f"{name}-{number:0{width}}"
        taken.add(name.casefold())
        names.append(name)
    return names
