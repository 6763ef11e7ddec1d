"""Whatever is written, in any format, is read again as it was: `write_annotated` compares it, sign by sign."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinsynth.errors import ConfigError
from clinsynth.files.annotated.formats import FORMATS
from clinsynth.files.annotated.losses import EVERYTHING
from clinsynth.files.annotated.recognition import recognise
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention
from clinsynth.files.annotated.writing import check_alike, write_annotated

NEEDS = {"docbin": "spacy", "xmi": "cassis"}
SUFFIX = {"csv": ".csv", "docbin": ".spacy", "brat": "", "i2b2": "", "xmi": ""}
WRITTEN = [name for name in FORMATS if name != "datasets"]

TEXT = st.text(alphabet=st.sampled_from("ab. \n\r\t\"'|;<&é痛ा\u2028\U0001f600\x0b\ufeff,#-"), min_size=1, max_size=30)
NAME = st.text(alphabet='abé B-;|\t\n"', min_size=1, max_size=5).map(str.strip).filter(bool)


@st.composite
def annotated(draw: st.DrawFn) -> AnnotatedText:
    """A text with mentions that may overlap or be in two parts, relations, attributes, labels."""
    text = draw(TEXT.filter(lambda found: bool(found.strip())))
    mentions = []
    for number in range(draw(st.integers(0, 4))):
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=4)))
        parts = tuple(zip(cuts[::2], cuts[1::2], strict=False))
        named = st.sampled_from(["concept", "assertion", "type"])
        attributes = draw(st.dictionaries(NAME | named, NAME, max_size=2))
        several = parts if len(parts) > 1 else ()
        mentions.append(Mention(cuts[0], parts[-1][1], draw(NAME), f"m{number}", several, attributes))
    mentions.sort(key=lambda found: (found.start, found.end))
    ids = st.sampled_from([found.id for found in mentions] or [""])
    links = draw(st.lists(st.builds(Link, NAME, ids, ids), max_size=2)) if mentions else []
    labels = tuple(draw(st.lists(NAME, max_size=2, unique=True)))
    return AnnotatedText(text, draw(st.sampled_from(["", "a/b", "note 1"])), tuple(mentions), tuple(links), labels)


def needed(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated(), min_size=1, max_size=3))
def test_what_is_written_is_read_again(name: str, texts: list[AnnotatedText]) -> None:
    needed(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mine{SUFFIX.get(name, '.txt')}"
        held, lost = write_annotated(texts, path, format=name)
        assert all(number >= 0 for number in lost.values())
        if FORMATS[name].HOLDS == EVERYTHING:
            check_alike(texts, held)
            assert not any(lost.values())


NOTE = AnnotatedText(
    "Aspirin for gout,\nand left renal failure.",
    "note",
    (
        Mention(0, 7, "Drug", "T1", attributes={"concept": "D:1"}),
        Mention(12, 16, "Problem", "T2"),
        Mention(22, 40, "Problem", "T3", ((22, 26), (33, 40))),
        Mention(27, 40, "Problem", "T4"),
    ),
    (Link("Treats", "T1", "T2"),),
    ("urgent",),
)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_written_file_is_recognised(name: str, tmp_path: Path) -> None:
    needed(name)
    path = tmp_path / f"mine{SUFFIX.get(name, '.txt')}"
    write_annotated([NOTE, NOTE], path, format=name)
    assert recognise(path) == name


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("jsonl", {}),
        ("brat", {"labels of whole texts": 1}),
        ("bioc", {}),
        ("bioc_json", {}),
        ("parquet", {}),
        ("pubtator", {"labels of whole texts": 1, "mentions in several parts": 1}),
        ("label_studio", {"attributes of mentions": 1, "mentions in several parts": 1}),
        ("docbin", {"attributes of mentions": 1, "mentions in several parts": 1, "relations": 1}),
        ("xmi", {"attributes of mentions": 1, "mentions in several parts": 1, "labels of whole texts": 1}),
        (
            "i2b2",
            {
                "labels of whole texts": 1,
                "mentions in several parts": 1,
                "attributes of mentions but for their assertion": 1,
                "mentions that grow to whole words": 3,
            },
        ),
        (
            "conll",
            {
                "attributes of mentions": 1,
                "labels of whole texts": 1,
                "mentions in several parts": 1,
                "overlapping mentions": 1,
                "relations": 1,
                "texts whose blanks and line ends become single blanks, and a line a sentence": 1,
            },
        ),
        ("csv", {"mentions": 4, "relations": 1}),
    ],
)
def test_what_a_format_cannot_hold_is_counted(name: str, lost: dict[str, int], tmp_path: Path) -> None:
    needed(name)
    _, found = write_annotated([NOTE], tmp_path / f"mine{SUFFIX.get(name, '.txt')}", format=name)
    assert {what.partition(" (")[0]: number for what, number in found.items() if number} == lost


def test_data_sets_of_the_library_are_written_as_parquet(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="format=parquet writes what the library reads"):
        write_annotated([NOTE], tmp_path / "mine", format="datasets")
