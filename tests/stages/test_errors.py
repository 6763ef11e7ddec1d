"""What a model gets wrong in devel is asked for next."""

from __future__ import annotations

from pathlib import Path

from clinsynth.tasks.ner.missed import missed_units
from clinsynth.types import Predictions
from support import TINY, Command, MockServer, dataset, examples, sentence

DEVEL = (
    "He\tO\nhas\tO\ngout\tB-Disease\n.\tO\n\nRare\tB-Disease\nataxia\tI-Disease\ncame\tO\n\nGout\tB-Disease\nwent\tO\n"
)


def test_missed_mentions_are_units_the_most_frequent_first() -> None:
    gold = [sentence("gout/B and lupus/B ."), sentence("Gout/B ."), sentence("gout/B is mild/B ataxia/I .")]
    said = [sentence("gout and lupus/B ."), sentence("Gout ."), sentence("gout is mild ataxia/B .")]
    assert missed_units(Predictions(gold, said), dataset=dataset()) == ["gout", "mild ataxia"]
    assert missed_units(Predictions(gold, gold), dataset=dataset()) == []


def test_the_next_round_asks_for_what_is_wrong_in_devel(
    clinsynth: Command, with_store: Path, server: MockServer, tiny_bert: Path
) -> None:
    trained = clinsynth("train", "source=original", f"backbone.name_or_path={tiny_bert}", *TINY)
    assert trained.status == 0, trained.err
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
