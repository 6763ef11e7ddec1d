"""Long forms and their abbreviations."""

from __future__ import annotations

import pytest

from clinsynth.text.abbreviations import definitions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Patients with ataxia-telangiectasia (A-T) were seen.", [("ataxia-telangiectasia", "A-T")]),
        ("Adenomatous polyposis coli (APC; a tumour gene) and more.", [("Adenomatous polyposis coli", "APC")]),
        ("von Willebrand disease (vWD) was seen.", [("von Willebrand disease", "vWD")]),
        ("In type 2 diabetes ( T2D ) it was.", [("type 2 diabetes", "T2D")]),
        ("The mean was 12.5 (SD 3.1) in all (see below).", []),
        ("It was mild (n = 12) and rare (2).", []),
        ("Hereditary cancer (XYZ) has no such letters.", []),
    ],
)
def test_definitions_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(text[slice(*long)], text[slice(*short)]) for long, short in definitions(text)] == found
