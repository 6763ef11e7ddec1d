from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.terms import read_terms

OBO = """format-version: 1.2

[Term]
id: DOID:4
name: disease

[Term]
id: DOID:1
name: cancer
synonym: "malignant \\"tumour\\"" EXACT []
synonym: "growth" BROAD []
is_a: DOID:4 ! disease

[Term]
id: DOID:2
name: breast cancer
is_a: DOID:1 {source="x"} ! cancer

[Term]
id: DOID:3
name: lung cancer
is_a: DOID:1 ! cancer

[Term]
id: DOID:5
name: gout
synonym: "podagra" EXACT [MESH:1]
is_a: DOID:4 ! disease

[Term]
id: DOID:9
name: old one
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""

MESH = """*NEWRECORD
RECTYPE = D
MH = Neoplasms
ENTRY = Cancer|T191|NON|EQV|UNK
MN = C04

*NEWRECORD
RECTYPE = D
MH = Fever, Typhoid
PRINT ENTRY = Typhoid|T047|NON|EQV|UNK
ENTRY = Enteric Fever
MN = C01.100
MN = C07.200

*NEWRECORD
MH = Infections
MN = C01
"""

TABLE = "id;prefLabel;altLabel;broader\n1;disease;;\n2;gout;podagra|the gout;1\n3;cancer;;1\n4;lung cancer;;3\n"
SEVERAL = (
    "id,name,broader\nD2,gout,joints\nD1,joints,disease\nD2,gout,K\nD0,disease,\nK,kidneys,disease\nD3,tophus,gout\n"
)
"""A row for each broader term, by its name or id."""

CIRCLE = "name,broader\nfever,\nchicken,egg\negg,chicken\n"


@pytest.mark.parametrize(
    ("name", "text", "below", "synonyms", "terms"),
    [
        (
            "do.obo",
            OBO,
            None,
            True,
            ["disease", "cancer", "gout", "breast cancer", "lung cancer", 'malignant "tumour"', "podagra"],
        ),
        ("do.obo", OBO, "Cancer", True, ["breast cancer", "lung cancer"]),
        ("do.obo", OBO, "DOID:1", False, ["breast cancer", "lung cancer"]),
        ("d.bin", MESH, "C01", True, ["Typhoid Fever", "Typhoid", "Enteric Fever"]),
        ("d.bin", MESH, None, False, ["Neoplasms", "Typhoid Fever", "Infections"]),
        ("skos.csv", TABLE, "disease", True, ["gout", "cancer", "lung cancer", "podagra", "the gout"]),
        ("skos.csv", TABLE, "3", True, ["lung cancer"]),
        ("rows.csv", SEVERAL, None, True, ["disease", "joints", "kidneys", "gout", "tophus"]),
        ("rows.csv", SEVERAL, "joints", True, ["gout", "tophus"]),
        ("rows.csv", SEVERAL, "kidneys", True, ["gout", "tophus"]),
        ("circle.csv", CIRCLE, None, True, ["fever", "chicken", "egg"]),
        ("cells.csv", 'name,broader\r\n"gout,\r\nacute",fever\r\n', None, True, ["gout, acute"]),
    ],
)
def test_names_and_synonyms_of_a_subtree(
    tmp_path: Path, name: str, text: str, below: str | None, synonyms: bool, terms: list[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_terms(tmp_path / name, below=below, synonyms=synonyms) == terms


def test_the_first_terms_are_of_all_branches(tmp_path: Path) -> None:
    stanzas = ["[Term]\nid: R\nname: root\n"]
    for branch in "ABC":
        stanzas.append(f"[Term]\nid: {branch}\nname: {branch}\nis_a: R\n")
        stanzas += [f"[Term]\nid: {branch}{n}\nname: {branch}{n}\nis_a: {branch}\n" for n in range(3)]
    (tmp_path / "tree.obo").write_text("\n".join(stanzas), encoding="utf-8")
    found = read_terms(tmp_path / "tree.obo", below="root")
    assert found[:6] == ["A", "B", "C", "A0", "B0", "C0"]
    assert len(found) == 12


def test_a_tree_may_be_of_any_depth(tmp_path: Path) -> None:
    rows = [f"C{n},C{n - 1}\n" for n in range(1, 3000)]
    (tmp_path / "deep.csv").write_text("name,broader\nC0,\n" + "".join(rows), encoding="utf-8")
    assert read_terms(tmp_path / "deep.csv", below="C0") == [f"C{n}" for n in range(1, 3000)]


@pytest.mark.parametrize(
    ("name", "text", "below", "said"),
    [
        ("do.obo", OBO, "DOID:77", "no concept has the id or the name 'DOID:77'"),
        ("do.obo", OBO, "DOID:5", "there is nothing below 'DOID:5'"),
        ("do.obo", "nothing", None, "holds no concept"),
        ("terms.txt", "gout\n", "x", "x \\(dataset.units_below, .* is of an ontology"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, name: str, text: str, below: str | None, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataFormatError, match=said):
        read_terms(tmp_path / name, below=below)


def test_terms_of_an_ontology_have_a_type_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "do.obo").write_text(OBO, encoding="utf-8")
    found = read_terms(tmp_path / "do.obo", types=("Disease",), below="DOID:1")
    assert found == ["Disease:breast cancer", "Disease:lung cancer"]
    with pytest.raises(DataFormatError, match="whose terms are of one type"):
        read_terms(tmp_path / "do.obo", types=("Disease", "Drug"))
