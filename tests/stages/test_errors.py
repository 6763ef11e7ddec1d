"""What a model gets wrong in devel is asked for next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from clinsynth import corpora
from clinsynth.artifacts import ArtifactStore
from clinsynth.review import results
from clinsynth.review.verdicts import Judgement
from clinsynth.tasks.ner.missed import missed_units
from clinsynth.types import Predictions
from support import TINY, Command, MockServer, dataset, digest, examples, sentence

DEVEL = (
    "He\tO\nhas\tO\ngout\tB-Disease\n.\tO\n\nRare\tB-Disease\nataxia\tI-Disease\ncame\tO\n\nGout\tB-Disease\nwent\tO\n"
)


def test_missed_mentions_are_units_the_most_frequent_first() -> None:
    gold = [sentence("gout/B and lupus/B ."), sentence("Gout/B ."), sentence("gout/B is mild/B ataxia/I .")]
    said = [sentence("gout and lupus/B ."), sentence("Gout ."), sentence("gout is mild ataxia/B .")]
    assert missed_units(Predictions(gold, said), dataset=dataset()) == ["gout", "mild ataxia"]
    assert missed_units(Predictions(gold, gold), dataset=dataset()) == []


@pytest.fixture
def trained(clinsynth: Command, with_store: Path, tiny_bert: Path) -> Path:
    """A store with a model that has learnt next to nothing."""
    said = clinsynth("train", "source=original", f"backbone.name_or_path={tiny_bert}", *TINY)
    assert said.status == 0, said.err
    return with_store


def test_the_next_round_asks_for_what_is_wrong_in_devel(clinsynth: Command, trained: Path, server: MockServer) -> None:
    with_store = trained
    (with_store / "devel.tsv").write_text(DEVEL, encoding="utf-8")
    words = ["units.from_errors=latest", "size=n5", "generation.per_request=5"]
    missing = clinsynth("generate", *words)
    assert missing.status == 2
    assert "which sample_ner has not, and never at test" in " ".join(missing.err.split())
    live = ["llm=local", "llm.model=m", f"llm.base_url={server.url}", "dataset.files.devel.path=devel.tsv"]
    said = clinsynth("generate", *live, *words, "annotator=llm")
    assert "2 units are those that the model of latest gets wrong in gold devel." in said.out, said.err
    assert {row["unit"].casefold() for row in examples(said, with_store)} == {"gout", "rare ataxia"}
    real = ("material=texts", "annotator=gazetteer", "texts.number=5")
    near = clinsynth("generate", *live, "units.from_errors=latest", *real)
    assert len(examples(near, with_store)) <= 5
    pick = ("texts.pick=uncertain", "texts.model=latest", "texts.number=5", "annotator=gazetteer")
    unsure = clinsynth("generate", *live[:3], "material=texts", *pick)
    assert len(examples(unsure, with_store)) <= 5


def judge(corpus: str, texts: Sequence[str], verdicts: Sequence[dict[str, Any]]) -> None:
    """Put a review of the first examples of a corpus into the store."""
    found = [
        Judgement(str(place), place, text, "", "", **{"answer": None, "disputed": False, "votes": {}} | told)
        for place, (text, told) in enumerate(zip(texts, verdicts, strict=True))
    ]
    content = {"subject": "corpus", "of": corpus, "answers": list(verdicts)}
    results.keep_result(
        content, judgements=list(map(asdict, found)), entries={}, store=ArtifactStore(Path("artifacts"))
    )


def test_the_next_round_asks_for_what_is_wrong_in_a_review(
    clinsynth: Command, trained: Path, server: MockServer
) -> None:
    """What people called right or mended counts; not what is disputed, and not what stands in test."""
    made = clinsynth("generate", "units.max=4", "size=n1", "annotator=seed")
    right, wrong, disputed, tested = examples(made, trained)
    words = zip(tested["tokens"], tested["tags"], strict=True)
    (trained / "test.tsv").write_text("".join(f"{word}\t{tag}\n" for word, tag in words), encoding="utf-8")
    own = ("dataset.files.test.path=test.tsv", "dataset.files.test.sha256=null", "annotator=seed")
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}")
    tried = (
        "size=n5",
        "generation.per_request=5",
        *own,
        *live,
        "units.from_errors=latest",
        f"units.errors_on={digest(made)}",
    )
    assert f"nobody has reviewed the corpus {digest(made)}" in clinsynth("generate", *tried).err
    mended = " ".join(wrong["tokens"][:4])
    verdicts = [{"agrees": True}, {"agrees": False, "answer": mended}, {"agrees": None, "disputed": True}]
    judge(digest(made), [row["text"] for row in (right, wrong, disputed, tested)], [*verdicts, {"agrees": True}])
    said = clinsynth("generate", *tried)
    assert f"2 units are those that the model of latest gets wrong in the review of {digest(made)}." in said.out, (
        said.err
    )
    assert {row["unit"] for row in examples(said, trained)} == {right["unit"], mended}
    others = clinsynth("generate", "dataset=sample_relation", "size=t5", *tried[5:])
    assert "is a corpus for ner with the labels O, B-Disease, I-Disease; sample_relation" in " ".join(
        others.err.split()
    )
    store = ArtifactStore(Path("artifacts"))
    corpora.note_in_manifest(corpora.find_corpus(digest(made), store=store), store=store, public=False)
    assert "are private, and names out of them would be asked for" in " ".join(
        clinsynth("generate", *tried).err.split()
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dataset=sample_types", "units.from_errors={}"], "sample_types is ner with O, B-Problem"),
        (["dataset=sample_relation", "units.from_errors={}", "material=texts"], "sample_relation is relation with"),
        (["dataset=sample_relation", "texts.pick=uncertain", "texts.model={}", "material=texts"], "relation with"),
    ],
)
def test_a_model_of_other_labels_is_refused(
    words: list[str], said: str, clinsynth: Command, marking_model: Path, with_store: Path
) -> None:
    name = words[0].partition("=")[2]
    devel = next((Path(corpora.__file__).parents[1] / "assets" / name).glob("train.*"))
    found = clinsynth("generate", *(word.format(marking_model) for word in words), f"dataset.files.devel.path={devel}")
    assert found.status == 2
    assert "has learnt ner with the labels O, B-Disease, I-Disease" in " ".join(found.err.split())
    assert said in " ".join(found.err.split())
