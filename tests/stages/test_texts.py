"""Real texts that are labelled: what is asked, paid once, refused, and left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support import CORPORA, TINY, Command, MockServer, Said, examples, needs_corpora, summary

Run = Callable[..., Said]
QUICK = [word for word in TINY if not word.startswith("source.")]
NAMES = ("gout", "ataxia", "lupus", "asthma", "fever")


@pytest.fixture
def texts(with_store: Path, clinsynth: Command, server: MockServer) -> Run:
    """Label the texts of a folder, 30 sentences in all, ten a request."""
    (with_store / "notes").mkdir()
    for note in range(3):
        lines = [
            f"In visit {place} of {10 * note + 9} there was {NAMES[place % 5]} seen by {note} men in week {place}."
            for place in range(10)
        ]
        (with_store / "notes" / f"{note}.txt").write_text("\n\n".join(lines), encoding="utf-8")

    def run(*words: str, stage: str = "generate", trusted: bool = True) -> Said:
        live = ["llm=local", "llm.model=m", f"llm.base_url={server.url}", f"llm.trusted={str(trusted).lower()}"]
        own = ["material=texts", "texts.path=notes", "generation.per_request=10", "quality.near_duplicates=null"]
        annotator = () if any(word.startswith("annotator=") for word in words) else ("annotator=llm",)
        return clinsynth(stage, *live, *own, *annotator, *words)

    return run


def paid(server: MockServer, said: Said) -> int:
    assert said.status == 0, said.err
    number = int(server.asked()["requests"])
    server.behave()
    return number


def test_texts_are_labelled_and_paid_for_once(texts: Run, server: MockServer, with_store: Path) -> None:
    first = texts()
    assert paid(server, first) == 3
    found = examples(first, with_store)
    assert len(found) == 30
    assert {row["unit"] for row in found} == {"texts-0000", "texts-0001", "texts-0002"}
    labelled = [[token for token, tag in zip(row["tokens"], row["tags"], strict=True) if tag != "O"] for row in found]
    assert all(len(names) == 1 and names[0] in NAMES for names in labelled)
    assert paid(server, texts("texts.number=20")) == 3
    assert paid(server, texts("seed_ratio=r050")) == 3
    assert paid(server, texts("annotator=gazetteer")) == 3
    assert paid(server, texts("annotator.verify=true")) == 6
    assert paid(server, texts("annotator.passes=3", "llm.temperature=0.5")) == 15
    assert paid(server, texts("annotator.passes=2", "llm.temperature=0.5")) == 15
    assert paid(server, texts("annotator.shots=2")) == 18
    assert paid(server, texts("annotator.steps=2", "annotator.verify=true")) == 27


def test_texts_are_labelled_in_parts(texts: Run, server: MockServer, with_store: Path) -> None:
    whole = examples(texts("annotator.verify=true"), with_store)
    before = server.asked()["requests"]
    (with_store / "artifacts").rename("other")
    for part in (2, 0, 1):
        assert texts("annotator.verify=true", f"shard={part}/3").status == 0
    assert examples(texts("annotator.verify=true", "shard=merge/3"), with_store) == whole
    assert server.asked()["requests"] == 2 * before == 12


def test_a_lexicon_finds_its_terms_in_texts(texts: Run, with_store: Path) -> None:
    """Those of the dataset's own, of gold train, or of a file: not the names of the batches that are units here."""
    (with_store / "terms.txt").write_text("gout\nlupus\n", encoding="utf-8")
    for lexicon, found in (("terms.txt", {"gout", "lupus"}), ("train", {"ataxia"}), ("units", {"ataxia"})):
        rows = examples(texts("annotator=gazetteer", f"annotator.lexicon={lexicon}"), with_store)
        labelled = [token for row in rows for token, tag in zip(row["tokens"], row["tags"], strict=True) if tag != "O"]
        assert set(labelled) >= found
        assert "in" not in labelled
    own = ("dataset.units=terms.txt", "annotator=gazetteer", "annotator.lexicon=units")
    rows = examples(texts(*own), with_store)
    tags = [tag for row in rows for token, tag in zip(row["tokens"], row["tags"], strict=True) if token in NAMES]
    assert sum(tag != "O" for tag in tags) == 12  # of 30, two of five names


def test_fewer_texts_stand_within_more(texts: Run, with_store: Path) -> None:
    words = ("seed_ratio=r100", "texts.number=12")
    more, fewer = (examples(texts(word, "annotator=gazetteer"), with_store) for word in words)
    assert [row["text"] for row in more][:12] == [row["text"] for row in fewer]


def test_votes_are_kept(texts: Run, with_store: Path) -> None:
    said = texts("annotator.passes=3")
    assert {score for row in examples(said, with_store) for score in row["scores"]} == {1.0}
    assert "confidences of labels are those of the LLM's passes, by their votes" in said.out


def test_the_estimate_is_what_is_asked(texts: Run, server: MockServer) -> None:
    said = texts("annotator.passes=2", "annotator.verify=true", "annotator.steps=2", "generation.dry_run=true")
    assert said.status == 0, said.err
    assert re.search(r"requests to send +18", said.out)
    assert server.asked()["requests"] == 0
    assert paid(server, texts("annotator.passes=2", "annotator.verify=true", "annotator.steps=2")) == 18


def test_own_texts_go_to_trusted_servers_alone(texts: Run, server: MockServer) -> None:
    said = texts(trusted=False)
    assert said.status == 2
    assert "texts.path=notes is not public (texts.public=false), and its texts would be sent to" in said.err
    assert server.asked()["requests"] == 0
    assert texts("annotator=gazetteer", trusted=False).status == 0
    assert texts("texts.public=true", trusted=False).status == 0
    assert server.asked()["requests"] == 3
    beside = texts("texts.public=true", "dataset.public=false", "annotator.shots=2", trusted=False)
    assert "sample_ner is not public (dataset.public=false)" in beside.err


def test_training_asks_nobody_and_counts_labels(
    texts: Run, server: MockServer, tiny_bert: Path, with_store: Path
) -> None:
    asked = paid(server, texts("annotator.shots=2"))
    said = texts("annotator.shots=2", f"backbone.name_or_path={tiny_bert}", *QUICK, stage="train")
    assert said.status == 0, said.err
    assert server.asked()["requests"] == asked
    found = summary(with_store)
    assert found["examples"] == 30
    from mlflow import MlflowClient

    run = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db").get_run(found["run_id"])
    assert run.data.metrics["labels"] == run.data.metrics["corpus/labels"] == 2
    assert run.data.tags["arm"] == "synthetic texts llm shots=2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["size=n5"], "size is of texts that an LLM writes"),
        (["annotator.passes=2", "llm.temperature=0"], "asks for the same answer again"),
        (["annotator=gazetteer", "annotator.shots=2"], "are of annotator=llm"),
        (["texts.pick=uncertain"], "texts.model="),
        (["texts.path=nowhere"], "no texts at"),
        (["texts.rows=rows.json", "texts.pick=novel"], "random with texts.rows, whose order counts"),
        (["texts.rows=rows.json", "units.from_errors=latest"], "both say which texts come first"),
        (["material=written"], "give material=texts, or leave them out"),
        (["annotator.threshold=0.5"], "give annotator=model, or leave them out"),
        (["annotator=default", "annotator.model=latest"], "give annotator=model, or leave them out"),
        (["dataset=sample_chat", "annotator=none"], "chat has no labels for texts that are there"),
    ],
)
def test_what_does_not_go_together_is_said(texts: Run, words: list[str], said: str) -> None:
    found = texts(*words)
    assert found.status == 2
    assert said in " ".join(found.err.split())


@needs_corpora
def test_ncbi_sentences_are_recorded_with_their_labels(clinsynth: Command, with_store: Path) -> None:
    words = ("dataset=ncbi_disease", "material=texts", "annotator=llm", f"paths.data={CORPORA}")
    said = clinsynth("generate", *words, "annotator.shots=24", "seed_ratio=r050")
    assert "labels of 50 of 50 batches of texts are recorded" in said.out, said.err
    assert len(examples(said, with_store)) == 500
    missed = clinsynth("generate", *words, "annotator.shots=23")
    assert missed.status == 2
    assert "its `shots` differs" in missed.err
    assert json.loads(max(with_store.glob("artifacts/corpus-*/manifest.json")).read_text())["counts"]["labels"] == 24


def test_a_way_to_pick_goes_before_the_texts_of_the_dataset(texts: Run, with_store: Path) -> None:
    (with_store / "rows.json").write_text("[5, 4, 3]", encoding="utf-8")
    own = ("texts.path=train", "dataset.texts=rows.json", "annotator=gazetteer")
    assert len(examples(texts(*own), with_store)) == 3
    assert len(examples(texts(*own, "texts.pick=novel"), with_store)) > 100
