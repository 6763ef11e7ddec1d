"""What may name a person is found by its form, and counted without being said."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from clinsynth.text.identifiers import RULES, counted, identifiers, with_rules
from clinsynth.text.presidio import recogniser
from support import Command, MockServer

FOUND = {
    "seen on 12/03/2021 and 2021-04-05": "2 dates",
    "since 3 March 2019, again May 4th, 2020.": "2 dates",
    "call (617) 555-0123 or +44 20 7946 0958, +1 (617) 555 0123": "3 telephone numbers",
    "SSN 078-05-1120": "1 social security number",
    "write to anna.b@ward.example.org": "1 mail address",
    "see https://ward.example/p/12": "1 web address",
    "MRN: 00123456; patient id AB-99812": "2 record numbers",
    "Mrs. O'Neill saw Dr Jane Smith. Patient: John Doe": "3 names",
    "Gout since 2019, HbA1c 7.2, BP 120/80, 5-HT 1.2.3, p < 0.05 (n = 1,234)": "",
    "The patient denies fever; the name of the drug is aspirin. BRCA1 c.68_69delAG": "",
    "codons 120-130-140 were deleted in 10-20 patients": "",
}


@pytest.mark.parametrize("text", FOUND, ids=range(len(FOUND)))
def test_forms_are_found(text: str) -> None:
    assert counted(identifiers(text)) == FOUND[text]


def test_places_are_those_of_the_text() -> None:
    text = "Dr. Smith, 12/03/2021"
    assert {found.kind: text[found.start : found.end] for found in identifiers(text)} == {
        "name": "Dr. Smith",
        "date": "12/03/2021",
    }


@pytest.mark.parametrize("piece", ["1", "12/", "a@", "A ", "Mr A", "(1", "www.", "patient:", "may ", "MRN ", "1-2"])
def test_a_long_text_is_read_in_time(piece: str) -> None:
    begin = time.process_time()
    for rule in RULES.values():
        list(rule.finditer(piece * 50_000))
    assert time.process_time() - begin < 2


def test_texts_that_name_somebody_are_not_sent(clinsynth: Command, with_store: Path, server: MockServer) -> None:
    (with_store / "terms.txt").write_text("gout\nDr. Jane Smith\n", encoding="utf-8")
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.api_key_env=null", "size=n1")
    words = ("generate", "dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease", *live)
    said = clinsynth(*words, "generation.send_gold_text=true")
    told = " ".join(said.err.split())
    assert (said.status, server.asked()["requests"]) == (2, 0)
    assert "1 requests to" in told
    assert "request 2: 1 name" in told or "request 1: 1 name" in told
    assert "Smith" not in told
    assert clinsynth(*words, "generation.send_gold_text=true", "generation.send_identifiers=true").status == 0
    assert server.asked()["requests"] > 0


@pytest.mark.parametrize("chosen", ["draw", "nearest"])
def test_rows_that_name_somebody_are_not_shown(
    chosen: str, clinsynth: Command, with_store: Path, server: MockServer
) -> None:
    """Requests for labels show them, which are asked when the sentences have come: it is said before anything is."""
    row = "Dr. O\nJane O\nSmith O\nhas O\ngout B-Disease\n\n"
    (with_store / "train.tsv").write_text(row.replace(" ", "\t"), encoding="utf-8")
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.api_key_env=null", "size=n1")
    mine = ("dataset.public=false", "dataset.files.train.path=train.tsv", "dataset.files.train.sha256=null")
    labels = ("annotator=llm", "annotator.shots=1", f"annotator.shots_from={chosen}")
    said = clinsynth("generate", *live, *mine, *labels, "generation.send_gold_text=true")
    assert (said.status, server.asked()["requests"]) == (2, 0)
    assert "row 0 of gold train: 1 name" in " ".join(said.err.split())


ENGINE = """
supported_languages: [en]
nlp_configuration:
  nlp_engine_name: spacy
  models: [{{lang_code: en, model_name: "{model}"}}]
"""


def test_presidio_finds_more_than_the_rules(tmp_path: Path) -> None:
    """Its patterns what has a form; a language model of its engine names, too."""
    import spacy

    text = "Mail a@b.org. Jane Smith paid for p.Arg117His from DE89370400440532013000."
    assert counted(identifiers(text)) == "1 mail address"
    assert counted(with_rules(recogniser("presidio"))(text)) == "1 mail address, 1 iban code"
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Jane Smith"}])
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "analyzer.yaml").write_text(ENGINE.format(model=tmp_path / "model"), encoding="utf-8")
    named = with_rules(recogniser(str(tmp_path / "analyzer.yaml")))
    assert counted(named(text)) == "1 mail address, 1 iban code, 1 person"


def test_presidio_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser.cache_clear()
    monkeypatch.setattr(requests.Session, "get", lambda *_, **__: pytest.fail("asked the network"))
    assert [found.kind for found in recogniser("presidio")("jo@example.org")] == ["email address"]


def test_a_request_that_presidio_finds_fault_with_is_not_sent(
    clinsynth: Command, with_store: Path, server: MockServer
) -> None:
    (with_store / "terms.txt").write_text("gout\nDE89370400440532013000\n", encoding="utf-8")
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.api_key_env=null", "size=n1")
    words = ("generate", "dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease", *live)
    said = clinsynth(*words, "generation.send_gold_text=true", "generation.identifiers=presidio")
    assert (said.status, server.asked()["requests"]) == (2, 0)
    assert "1 iban code" in said.err
    assert "DE89" not in said.err
    said = clinsynth(*words, "generation.send_gold_text=true", "generation.identifiers=nowhere.yaml")
    assert said.status == 2
    assert "generation.identifiers=nowhere.yaml: there is no such file" in " ".join(said.err.split())
