"""Formats of documents, as tools write them: BioC, PubTator, i2b2, Label Studio, XMI, DocBin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.texts import AnnotatedText

Files = dict[str, str]

BIOC = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE collection SYSTEM "BioC.dtd">
<collection><source>PubTator</source><date/><key/>
<document><id>12</id><infon key="journal">J</infon>
<passage><infon key="type">title</infon><offset>0</offset><text>Aspirin for gout</text>
<annotation id="0"><infon key="identifier">D:1</infon><infon key="type">Drug</infon>
<location offset="0" length="7"/><text>Aspirin</text></annotation></passage>
<passage><offset>17</offset><text>It helps gout.</text>
<annotation id="1"><infon key="type">Problem</infon><location offset="26" length="4"/><text>gout</text></annotation>
<relation id="R1"><infon key="type">Treats</infon><node refid="0" role="a"/><node refid="1" role="b"/></relation>
</passage></document></collection>
"""

BIOC_JSON = json.dumps(
    {
        "source": "",
        "documents": [
            {
                "id": "12",
                "infons": {},
                "passages": [
                    {
                        "offset": 0,
                        "infons": {},
                        "text": "Aspirin for gout",
                        "sentences": [],
                        "annotations": [
                            {
                                "id": "0",
                                "infons": {"type": "Drug", "identifier": "D:1"},
                                "text": "Aspirin",
                                "locations": [{"offset": 0, "length": 7}],
                            }
                        ],
                        "relations": [],
                    },
                    {
                        "offset": 17,
                        "infons": {},
                        "text": "It helps gout.",
                        "sentences": [],
                        "annotations": [
                            {
                                "id": "1",
                                "infons": {"type": "Problem"},
                                "text": "gout",
                                "locations": [{"offset": 26, "length": 4}],
                            }
                        ],
                        "relations": [],
                    },
                ],
                "relations": [
                    {
                        "id": "R1",
                        "infons": {"type": "Treats"},
                        "nodes": [{"refid": "0", "role": "a"}, {"refid": "1", "role": "b"}],
                    }
                ],
            }
        ],
    }
)

PUBTATOR = (
    "12|t|Aspirin for gout\n12|a|It helps gout.\n12\t0\t7\tAspirin\tDrug\tD:1\n"
    "12\t26\t30\tgout\tProblem\tP:1\n12\tTreats\tD:1\tP:1\n\n"
)

I2B2 = {
    "txt/12.txt": "Aspirin for gout\nIt helps gout .\n",
    "concept/12.con": 'c="aspirin" 1:0 1:0||t="Drug"\nc="gout" 2:2 2:2||t="Problem"\n',
    "ast/12.ast": 'c="gout" 2:2 2:2||t="Problem"||a="present"\n',
    "rel/12.rel": 'c="aspirin" 1:0 1:0||r="Treats"||c="gout" 2:2 2:2\n',
}

LABEL_STUDIO = json.dumps(
    [
        {
            "id": 12,
            "data": {"text": "Aspirin for gout\nIt helps gout."},
            "annotations": [
                {"id": 1, "was_cancelled": True, "result": []},
                {
                    "id": 2,
                    "completed_by": {"id": 1},
                    "was_cancelled": False,
                    "result": [
                        {
                            "id": "x",
                            "from_name": "ner",
                            "to_name": "text",
                            "type": "labels",
                            "value": {"start": 0, "end": 7, "text": "Aspirin", "labels": ["Drug"]},
                        },
                        {
                            "id": "y",
                            "type": "labels",
                            "value": {"start": 26, "end": 30, "text": "ut", "labels": ["Problem"]},
                        },
                        {"from_id": "x", "to_id": "y", "type": "relation", "direction": "right", "labels": ["Treats"]},
                        {"id": "z", "type": "choices", "value": {"choices": ["urgent"]}},
                    ],
                },
            ],
        },
        {"id": 13, "data": {"text": "not yet"}, "annotations": []},
    ]
)


def written(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder / "mine"


def marked(text: AnnotatedText) -> list[tuple[int, str, str]]:
    return [(found.start, text.covered(found), found.type) for found in text.mentions]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"a.xml": BIOC}, "bioc"),
        ({"a.json": BIOC_JSON}, "bioc_json"),
        ({"a.txt": PUBTATOR}, "pubtator"),
        ({"a.txt": PUBTATOR.replace("\n", "\r\n")}, "pubtator"),
        (I2B2, "i2b2"),
        ({"a.json": LABEL_STUDIO}, "label_studio"),
    ],
)
def test_formats_of_documents_say_the_same(
    files: Files, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (text,) = read_annotated(written(tmp_path, files))
    assert f"format={name}" in capsys.readouterr().out
    assert (text.id, text.text.split()[:5]) == ("12", ["Aspirin", "for", "gout", "It", "helps"])
    assert marked(text) == [(0, "Aspirin", "Drug"), (26, "gout", "Problem")]
    (link,) = text.links
    assert (link.type, [link.head, link.tail]) == ("Treats", [found.id for found in text.mentions])


@pytest.mark.parametrize(
    ("files", "attributes"),
    [
        ({"a.xml": BIOC}, [{"identifier": "D:1"}, {}]),
        ({"a.txt": PUBTATOR}, [{"concept": "D:1"}, {"concept": "P:1"}]),
        (I2B2, [{}, {"assertion": "present"}]),
    ],
)
def test_attributes_are_kept(files: Files, attributes: list[dict[str, str]], tmp_path: Path) -> None:
    (text,) = read_annotated(written(tmp_path, files))
    assert [found.attributes for found in text.mentions] == attributes


def test_what_a_task_of_label_studio_says_of_the_whole_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = read_annotated(written(tmp_path, {"a.json": LABEL_STUDIO}))
    assert text.labels == ("urgent",)
    assert "1 tasks that nobody has annotated are left out" in capsys.readouterr().out


def test_sentences_of_bioc_are_one_text(tmp_path: Path) -> None:
    sentences = "<sentence><offset>3</offset><text>It helps.</text></sentence>"
    sentences += (
        '<sentence><offset>13</offset><text>Gout.</text><annotation id="1"><infon key="type">P</infon>'
        '<location offset="13" length="4"/><text>Gout</text></annotation></sentence>'
    )
    content = (
        f"<collection><document><id>1</id><passage><offset>3</offset>{sentences}</passage></document></collection>"
    )
    (text,) = read_annotated(written(tmp_path, {"a.xml": content}))
    assert (text.text, marked(text)) == ("   It helps. Gout.", [(13, "Gout", "P")])


DROP = '<location offset="26" length="4"/>'


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"a.xml": BIOC.replace(DROP, '<location offset="96" length="4"/>')},
            r"document 12, annotation 1: .* beyond its",
        ),
        ({"a.xml": BIOC.replace("gout</text></a", "gold</text></a")}, r"text says 'gout', and not 'gold'"),
        ({"a.xml": BIOC.replace('refid="1"', 'refid="9"')}, r"document 12: the relation R1 names the entity 9"),
        ({"a.xml": BIOC[:-40]}, r"a.xml:10: broken XML"),
        ({"a.json": BIOC_JSON[:-9]}, r"a.json:1: broken JSON"),
        ({"a.json": BIOC_JSON.replace('"length"', '"long"')}, r"document 12 is none of BioC's: KeyError 'length'"),
        ({"a.txt": PUBTATOR.replace("D:1\tP:1", "D:1\tP:2")}, r"a.txt:5: the relation names P:2, which no entity"),
        ({"a.txt": PUBTATOR.replace("26\t30", "26\t99")}, r"a.txt:4: a mention from 26 to 99, beyond its text"),
        ({"a.txt": PUBTATOR.replace("12\t26", "13\t26")}, r"a.txt:4: .* is no line of PubTator's"),
        ({"a.txt": "12|t|A\n13|a|B\n"}, r"a.txt:2: an abstract of 13 without its title"),
        ({**I2B2, "concept/13.con": ""}, r"13.con has no text: 13.txt is missing beside it"),
        ({**I2B2, "concept/12.con": 'c="gout" 2:9 2:9||t="P"'}, r"12.con:1: words 2:9 to 2:9 lie beyond the text"),
        (
            {**I2B2, "concept/12.con": 'c="gold" 2:2 2:2||t="P"'},
            r"12.con:1: the text says 'gout' there, and not 'gold'",
        ),
        ({**I2B2, "concept/12.con": "gout 2:2"}, r"12.con:1: 'gout 2:2' is no line of i2b2's"),
        (
            {**I2B2, "concept/12.con": 'c="gout" 2:2 2:2||t="P"'},
            r"12.rel:1: the relation names 'Aspirin', which is no con",
        ),
        ({"a.json": LABEL_STUDIO.replace('"end": 30', '"end": 99')}, r"task 12: a mention from 26 to 99, beyond"),
        (
            {"a.json": LABEL_STUDIO.replace('"to_id": "y"', '"to_id": "q"')},
            r"task 12: the relation .* names the entity q",
        ),
        (
            {"a.json": LABEL_STUDIO.replace('{"text": "Asp', '{"body": "Asp')},
            r"task 12: there is no text 'text' in its",
        ),
        ({"a.json": LABEL_STUDIO[:-5]}, r"a.json:1: broken JSON"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(files: Files, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=said):
        read_annotated(written(tmp_path, files))


XMI = """<?xml version="1.0" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
 xmlns:custom="http:///webanno/custom.ecore" xmi:version="2.0"><cas:NULL xmi:id="0"/>
<custom:Concept xmi:id="1" sofa="9" begin="2" end="9" kind="Drug"/>
<custom:Concept xmi:id="2" sofa="9" begin="14" end="18" kind="Problem"/>
<custom:Link xmi:id="3" sofa="9" begin="14" end="18" Governor="1" Dependent="2"/>
<cas:Sofa xmi:id="9" sofaNum="1" sofaID="_InitialView" mimeType="text" sofaString="&#128512;Aspirin for gout"/>
<cas:View sofa="9" members="1 2 3"/></xmi:XMI>
"""

FEATURE = "<featureDescription><name>{}</name><description/><rangeTypeName>{}</rangeTypeName></featureDescription>"


def types(**features: tuple[str, ...]) -> str:
    described = "".join(
        f"<typeDescription><name>webanno.custom.{name}</name><description/><supertypeName>uima.tcas.Annotation"
        f"</supertypeName><features>{''.join(found)}</features></typeDescription>"
        for name, found in features.items()
    )
    space = "http://uima.apache.org/resourceSpecifier"
    return f'<typeSystemDescription xmlns="{space}"><types>{described}</types></typeSystemDescription>'


TYPES = types(
    Concept=(FEATURE.format("kind", "uima.cas.String"),),
    Link=tuple(FEATURE.format(name, "webanno.custom.Concept") for name in ("Governor", "Dependent")),
)


def test_layers_of_inception_are_read(tmp_path: Path) -> None:
    pytest.importorskip("cassis")
    (text,) = read_annotated(written(tmp_path, {"12.xmi": XMI, "TypeSystem.xml": TYPES}))
    assert marked(text) == [(1, "Aspirin", "Drug"), (13, "gout", "Problem")]
    (link,) = text.links
    assert (link.type, [link.head, link.tail]) == ("Link", [found.id for found in text.mentions])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"12.xmi": XMI}, r"12.xmi has no types: TypeSystem.xml is missing"),
        ({"12.xmi": XMI[:-30], "TypeSystem.xml": TYPES}, r"12.xmi is no XMI that can be read"),
    ],
)
def test_a_damaged_xmi_is_refused(files: Files, said: str, tmp_path: Path) -> None:
    pytest.importorskip("cassis")
    with pytest.raises(DataFormatError, match=said):
        read_annotated(written(tmp_path, files))


def test_docs_of_spacy_are_read(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    doc: Any = spacy.blank("en")("Aspirin for gout.")
    doc.ents = [doc.char_span(0, 7, label="Drug")]
    doc.spans["sc"] = [doc.char_span(12, 16, label="Problem")]
    doc.cats = {"urgent": 1.0, "routine": 0.0}
    spacy.tokens.DocBin(docs=[doc]).to_disk(tmp_path / "mine.spacy")
    (text,) = read_annotated(tmp_path / "mine.spacy")
    assert marked(text) == [(0, "Aspirin", "Drug"), (12, "gout", "Problem")]
    assert (text.labels, len(text.words)) == (("urgent",), 4)
    (tmp_path / "mine.spacy").write_bytes(b"nothing")
    with pytest.raises(DataFormatError, match=r"mine.spacy is no DocBin that can be read"):
        read_annotated(tmp_path / "mine.spacy")
