"""Negatives that hold the terms of a list: what they cost, how they nest, and who may see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import Command, MockServer, Said, digest, examples

Run = Callable[..., Said]
OBO = "".join(
    f"[Term]\nid: HP:{number}\nname: {name}\nis_a: HP:{above}\n\n"
    for number, name, above in ((1, "finding", 0), (2, "fever", 1), (3, "cough", 1), (4, "high gout", 1), (5, "car", 0))
)


@pytest.fixture
def generate(with_store: Path, clinsynth: Command, server: MockServer) -> Run:
    """Ask for six units, and beside them for sentences about symptoms, two a request."""
    (with_store / "hp.obo").write_text(OBO, encoding="utf-8")
    (with_store / "units.txt").write_text("gout\nataxia\nlupus\n", encoding="utf-8")

    def run(*words: str) -> Said:
        live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "size=n4", "generation.per_request=4")
        hard = (
            "dataset.units=units.txt",
            "negatives.terms=hp.obo",
            "negatives.below=finding",
            "negatives.per_request=2",
        )
        return clinsynth("generate", *live, *hard, "annotator=seed", *words)

    return run


def test_sentences_about_terms_of_an_ontology_are_labelled_as_without_a_mention(
    generate: Run, server: MockServer, with_store: Path
) -> None:
    server.behave(yield_of=0.5)  # the second sentence holds no term, and more is asked for
    said = generate("units.negatives=0.2")
    found = [row for row in examples(said, with_store) if row["unit"] == "none"]
    assert "1 of 3 terms of negatives.terms hold a disease of gold train or of dataset.units" in said.out
    assert [set(row["tags"]) for row in found] == [{"O"}] * len(found)
    assert {word for row in found for word in row["tokens"] if word in ("fever", "cough", "naught", "gout")} == {
        "fever"
    }


def test_more_of_them_hold_fewer_and_are_paid_for_once(generate: Run, server: MockServer, with_store: Path) -> None:
    few = examples(generate("units.negatives=0.2"), with_store)
    asked = server.asked()["requests"]
    many = examples(generate("units.negatives=0.4"), with_store)
    assert {row["text"] for row in few} < {row["text"] for row in many}
    assert server.asked()["requests"] - asked == 2  # three sentences of two requests, then eight of four
    assert examples(generate("units.negatives=0.4"), with_store) == many
    assert server.asked()["requests"] - asked == 2


def test_another_list_is_another_corpus_and_the_same_elsewhere_is_not(generate: Run, with_store: Path) -> None:
    (with_store / "copy.obo").write_text(OBO, encoding="utf-8")
    words = ("units.negatives=0.2",)
    first = digest(generate(*words))
    assert digest(generate(*words, "negatives.terms=copy.obo")) == first
    assert digest(generate(*words, "negatives.below=null")) != first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["negatives.terms=hp.obo"], "says what negatives are about, and there are none"),
        (["negatives.terms=null", "units.negatives=0.2"], "negatives.below=finding is out of range"),
        (["negatives.below=pain", "units.negatives=0.2"], "no concept has the id or the name 'pain'"),
        (["negatives.terms=no.txt", "units.negatives=0.2"], "no list of terms at no.txt"),
        (["dataset.public=false", "llm.trusted=false", "units.negatives=0.2"], "llm.trusted=true"),
    ],
)
def test_what_does_not_go_together_is_said(generate: Run, server: MockServer, words: list[str], said: str) -> None:
    found = generate(*words)
    assert (found.status, server.asked()["requests"]) == (2, 0)
    assert said in " ".join(found.err.split())
