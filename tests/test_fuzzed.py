"""Readers of files and of answers, given what is nearly right: they read or refuse it, in our words, and do not hang.

The environment variable CLINSYNTH_FUZZ says how many strings each gets.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinsynth.errors import ClinsynthError
from clinsynth.files.annotated.formats import FORMATS
from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.files.annotated.writing import write_annotated
from clinsynth.tasks.classes.answers import read_class
from clinsynth.tasks.multilabel.answers import read_criteria
from clinsynth.tasks.ner.answers import read_entities
from clinsynth.tasks.relation.answers import read_verdict
from clinsynth.tasks.relation.completions import read_rows
from clinsynth.text.lists import read_list
from clinsynth.text.records import read_values
from layouts import LAYOUTS

FEW = settings(max_examples=int(os.environ.get("CLINSYNTH_FUZZ", "12")), deadline=None)
MOST = 2.0
"""Seconds of a core for a text of some thousand characters."""

SIGNS = [b"\x00", b"\xff", b"\xed\xa0\x80", b"\r", b"\n\n", b"\t", b'"', b"{", b"]" * 300, b"[" * 5000, b"-1"]
SIGNS += [b"9" * 5000, b"<", b"&#0;", b"<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", b"null", b"1e999", b"\\ud83d", b"|"]
SIGNS += [b"`" * 300, b" " * 3000]
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(SIGNS)), min_size=1, max_size=4)
MENTIONS = (Mention(0, 7, "Drug", "T1"), Mention(12, 16, "Disease", "T2"))
NOTE = AnnotatedText("Aspirin for gout.\nNo fever today.", "note", MENTIONS)
SUFFIX = {"csv": ".csv", "docbin": ".spacy", "parquet": ".parquet", "jsonl": ".jsonl"}
NEEDS = {"docbin": "spacy"}
FILES = [name for name, known in FORMATS.items() if not known.FOLDER and name != "datasets"]


def edited(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """Put signs at places of a text, in the place of so many bytes."""
    for share, gone, sign in edits:
        place = int(share * len(content))
        content = content[:place] + sign + content[place + gone :]
    return content


@pytest.fixture(scope="module")
def seeds() -> dict[str, bytes]:
    """A file of each format."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            if name in NEEDS:
                pytest.importorskip(NEEDS[name])
            path = Path(folder) / f"{name}{SUFFIX.get(name, '.txt')}"
            write_annotated([NOTE, NOTE], path, format=name)
            found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("name", FILES)
@FEW
@given(edits=EDITS)
def test_a_file_is_read_or_refused(name: str, seeds: dict[str, bytes], edits: list[tuple[float, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{SUFFIX.get(name, '.txt')}"
        path.write_bytes(edited(seeds[name], edits))
        began = time.process_time()
        with contextlib.suppress(ClinsynthError):
            FORMATS[name].read(path, encoding=None, columns={})
        assert time.process_time() - began < MOST


ASKED = "Is there a gene-disease relation? Answer Yes or No."
READERS: dict[str, Callable[[str], Any]] = {
    "list": read_list,
    "values": lambda text: read_values(text, mend=True),
    "rows": read_rows,
    "verdict": lambda text: read_verdict(text, question=ASKED, sentence="@GENE$ causes @DISEASE$."),
    "class": lambda text: read_class(text, question="Which?", classes={"A": "yes", "B": "no"}, asked="He had gout."),
    "criteria": lambda text: read_criteria(text, question="Which?", labels={"A1": "gout"}, text_asked="He had gout."),
    "entities": lambda text: read_entities(
        text, question="List diseases.", tokens=("He", "had", "gout", "."), entity_type="Disease"
    ),
}


@pytest.mark.parametrize("name", READERS)
@FEW
@given(layout=st.sampled_from(sorted(LAYOUTS.values())), edits=EDITS, times=st.sampled_from([1, 40]))
def test_an_answer_is_read_whatever_stands_there(
    name: str, layout: str, edits: list[tuple[float, int, bytes]], times: int
) -> None:
    text = edited((layout * times)[:4000].encode(), edits).decode("utf-8", "replace")
    began = time.process_time()
    READERS[name](text)
    assert time.process_time() - began < MOST
