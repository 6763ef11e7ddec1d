from __future__ import annotations

from dataclasses import replace

import pytest

from clinsynth import datasets, tasks
from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.types import Completion, Draft, Prompt
from support import CORPORA, Composed, dataset, gold, needs_corpora, sentence, writing

WRITER = NerWriter(dataset())
UNITS = {"ncbi_disease": 1577, "bc5cdr_disease": 1384, "bc5cdr_chemical": 1007}


def completion(text: str, *, finish_reason: str = "stop") -> Completion:
    return Completion("d/sentences/gout#0", "m", text, finish_reason)


def drafts(*texts: str, unit: str = "gout") -> list[Draft]:
    return [Draft(unit, 0, index, text) for index, text in enumerate(texts)]


def test_units_are_mentions_by_frequency_then_alphabet() -> None:
    train = [
        sentence("gout/B and Ataxia/B and X/B -/I linked/I gout/I"),
        sentence("ataxia/B or DMD/B or Gout/B"),
        sentence("ataxia/B and zoster/B"),
    ]
    found = WRITER.units(gold(*train), writing=writing())
    assert found == ["ataxia", "gout", "DMD", "X-linked gout", "zoster"]


def test_of_equally_frequent_forms_the_first_in_the_file_is_taken() -> None:
    found = WRITER.units(gold(sentence("GOUT/B"), sentence("gout/B or Gout/B")), writing=writing())
    assert found == ["GOUT"]


def test_a_list_of_units_takes_the_place_of_mentions() -> None:
    found = WRITER.units(gold(sentence("gout/B"), units=("lupus", "DMD")), writing=writing())
    assert found == ["lupus", "DMD"]


def test_no_mentions_and_no_list_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"neither gold train nor a list of units.*dataset\.units=terms\.txt"):
        WRITER.units(gold(sentence("nothing here")), writing=writing())


@pytest.mark.parametrize(
    "unit", ["痛风", "通風発作", "โรคเก๊าท์", "통풍 발작", "подагра", "गठिया", "ποδάγρα", "β-地中海贫血"]
)
def test_units_of_any_script_are_found_in_their_sentences(unit: str) -> None:
    assert WRITER.units(gold(units=(unit, "gout")), writing=writing()) == [unit, "gout"]
    assert WRITER.contains(Draft(unit, 0, 0, f"一{unit}，{unit}"))
    assert not WRITER.contains(Draft(unit, 0, 0, unit[:-1]))


@needs_corpora
@pytest.mark.parametrize("name", UNITS)
def test_units_of_the_gold_corpora(name: str, composed: Composed) -> None:
    settings = resolving.complete(composed("train", f"dataset={name}"))
    task = tasks.open(settings.dataset)
    found = datasets.open_gold(task, data=CORPORA)
    usual = resolving.writing(settings)
    assert len(task.writer.units(found, writing=usual, number=0)) == UNITS[name]
    assert task.writer.leaking(["gout"], writing=usual, gold=found) == set()


def test_a_request_depends_on_its_unit_and_replicate_alone() -> None:
    found = WRITER.request(
        "breast and/or ovarian cancer",
        replicate=2,
        writing=writing(per_request=15, prompt=named_prompt("sentences")),
        gold=gold(),
    )
    assert found.id == "mine/sentences/breast and/or ovarian cancer#2"
    (message,) = found.messages
    assert message["role"] == "user"
    assert message["content"].startswith(
        "Please act as a sentence generator for the biological domain and provide 15 sentences containing the words "
        '"breast and/or ovarian cancer". These sentences'
    )
    assert message["content"].endswith("using a variety of sentence structures:")
    assert found.evidence == {"prompt": message["content"]}


def test_a_completion_is_parsed_and_nothing_is_dropped_silently() -> None:
    kept, rejected = WRITER.parse(
        completion("Sure:\n1. Gout is old.\n2. Gout hurts.\n3. Gout is tre", finish_reason="length"),
        unit="gout",
        replicate=1,
    )
    assert kept == [Draft("gout", 1, 0, "Gout is old."), Draft("gout", 1, 1, "Gout hurts.")]
    assert [(item.reason, item.draft.text) for item in rejected] == [("remark", "Sure:"), ("cut", "Gout is tre")]


def test_typographic_writing_is_read_as_gold_writes() -> None:
    said = completion("1. Parkinson’s disease is X‑linked.\n2. Naïve it is not.")
    (first, second), _ = WRITER.parse(said, unit="Parkinson's disease", replicate=0)
    assert first.text == "Parkinson's disease is X-linked."
    assert second.text == "Naïve it is not."
    assert WRITER.contains(first)


TEXTS = ("Gout and ataxia met DMD.", "No dmd in gouts.", "Nothing here.")


def annotated(name: str, *, lexicon: list[str] | None = None, answer: str | None = None) -> list[list[str]]:
    found, _ = WRITER.annotate(
        drafts(*TEXTS),
        annotator=name,
        lexicon=lexicon or [],
        answer=None if answer is None else completion(answer),
    )
    assert [candidate.draft.text for candidate in found] == list(TEXTS)
    assert all(span.label == "Disease" for candidate in found for span in candidate.example.spans)
    return [candidate.example.mentions for candidate in found]


def test_the_seed_annotator_labels_the_unit_alone() -> None:
    assert annotated("seed") == [["Gout"], ["gouts"], []]


def test_the_gazetteer_labels_what_is_known() -> None:
    assert annotated("gazetteer", lexicon=["ataxia", "DMD"]) == [["ataxia", "DMD"], [], []]


def test_a_gazetteer_without_terms_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no terms: see annotator\.lexicon"):
        annotated("gazetteer")


def test_the_llm_labels_what_it_lists() -> None:
    assert annotated("llm", answer="1. ataxia | DMD\n2. gouts\n3. none") == [["ataxia", "DMD"], ["gouts"], []]


def test_a_mention_has_the_very_words_of_its_sentence() -> None:
    answer = completion("1. GOUT | atáxia | D-MD\n2. gout s\n3. none")
    found, rejected = WRITER.annotate(drafts(*TEXTS), annotator="llm", lexicon=[], answer=answer)
    assert [candidate.draft.index for candidate in found] == [2]
    assert [(item.draft.index, item.reason, item.detail) for item in rejected] == [
        (0, "mention_not_in_sentence", "atáxia"),
        (1, "mention_not_in_sentence", "gout s"),
    ]


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("gout", "Gouts hurt.", True),
        ("AS", "It was as it is.", False),
        ("AS", "It was AS.", True),
        ("Tay-Sachs disease", "Infantile Tay-Sachs disease.", True),
        ("gout", "Nothing here.", False),
    ],
)
def test_whether_a_sentence_contains_its_unit(unit: str, text: str, expected: bool) -> None:
    assert WRITER.contains(Draft(unit, 0, 0, text)) is expected


def test_the_second_request_shows_all_sentences_as_parsed() -> None:
    request = NerWriter(replace(dataset(), guidelines="Count classes.")).label_request(
        drafts("Gout.", "Nothing."),
        completion=completion(""),
        writing=writing(annotator="llm", label_prompt=named_prompt("mentions")),
    )
    assert request is not None
    assert request.id == "mine/mentions/gout#0"
    head, sentences = request.messages[0]["content"].split("\n", 1)
    assert "list every disease mention exactly as it is written" in head
    assert head.endswith("Count classes.")
    assert sentences == "1. Gout.\n2. Nothing."
    assert request.evidence == {
        "prompt": f"{head}\n{{the 2 numbered sentences}}",
        "labels": "d/sentences/gout#0",
    }


@pytest.mark.parametrize("name", ["seed", "gazetteer"])
def test_annotators_without_an_llm_ask_nothing(name: str) -> None:
    usual = writing(annotator=name, label_prompt=named_prompt("mentions"))
    assert WRITER.label_request(drafts("Gout."), completion=completion(""), writing=usual) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Write $n sentences.", "lacks $entity. It may use $entity, $n"),
        ("Write about $entity.", "lacks $n"),
        ("$n of $entity in $manner", "has the unknown $manner"),
        ("Write $number.", "lacks $entity, $n and has the unknown $number"),
        ("$n about $entity for 5 $", "lone `$`"),
    ],
)
def test_a_template_names_what_is_missing_and_unknown(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        WRITER.request("gout", replicate=0, writing=writing(prompt=Prompt("own", text)), gold=gold())
    assert "the template of the prompt 'own'" in str(raised.value)
    assert said in str(raised.value)


def test_a_dollar_sign_can_be_written() -> None:
    own = writing(prompt=Prompt("own", "$n of $entity for 5 $$"))
    found = WRITER.request("gout", replicate=0, writing=own, gold=gold())
    assert found.messages[0]["content"] == "5 of gout for 5 $"
