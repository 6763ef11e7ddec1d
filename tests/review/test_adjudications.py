"""Labels that come with the project stand in for a review."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from clinsynth import tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import DataFormatError
from clinsynth.reports.adjudication import adjudication_text, logged, of_metrics
from clinsynth.review import adjudications, results
from clinsynth.stages import resolving
from clinsynth.tasks.relation.config import RelationDataset
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Gold
from support import CORPORA, Composed, needs_corpora

TRAIN = [Relation(f"@GENE$ {number} causes @DISEASE$", "Yes") for number in range(4)]
TEST = [Relation(f"@GENE$ {number} is not linked to @DISEASE$", "No") for number in range(4)]


def labelled(path: Path, *rows: tuple[Relation, str, bool]) -> RelationDataset:
    """A dataset whose file of labels says of each row what the majority of three says, and whether prompts show it."""
    lines = [
        {
            "fold": 1,
            "test_index": place,
            "text_sha256": hashlib.sha256(row.text.encode()).hexdigest()[: adjudications.PREFIX],
            "answers": {"llm-1": answer, "llm-2": answer, "llm-3": row.label},
            "majority": answer,
            "shown": shown,
        }
        for place, (row, answer, shown) in enumerate(rows)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return RelationDataset(name="mine", task="relation", adjudicated=str(path))


def adjudicated(dataset: RelationDataset, folder: Path) -> Gold:
    gold = Gold(TRAIN, test=TEST, devel=(), hashes={"train": "a", "test": "b"})
    return results.adjudicated(gold, task=tasks.open(dataset), store=ArtifactStore(folder))


def test_rows_of_any_split_are_tested_with_the_majoritys_label_but_for_those_that_prompts_show(tmp_path: Path) -> None:
    dataset = labelled(
        tmp_path / "labels.jsonl", (TEST[1], "Yes", False), (TRAIN[2], "Yes", False), (TRAIN[3], "No", True)
    )
    gold = adjudicated(dataset, tmp_path)
    assert gold.test == [replace(TEST[1], label="Yes"), TRAIN[2]]
    assert gold.trainable == [TRAIN[0], TRAIN[1], TRAIN[3]]
    assert gold.adjudication is not None
    assert (gold.adjudication.rows, gold.adjudication.shown, gold.adjudication.stands) == (3, 1, 1)
    assert "no people" in adjudication_text(gold.adjudication)
    assert of_metrics(logged(gold.adjudication)) == gold.adjudication


def test_labels_of_other_gold_are_refused(tmp_path: Path) -> None:
    dataset = labelled(tmp_path / "labels.jsonl", (Relation("@GENE$ and @DISEASE$", "Yes"), "Yes", False))
    with pytest.raises(DataFormatError, match="1 of 1 rows"):
        adjudicated(dataset, tmp_path)


@needs_corpora
@pytest.mark.parametrize(
    ("dataset", "tested", "yes", "stands", "shown", "kappa"),
    [("gad", 200, 124, 91, 0, 0.93), ("euadr", 148, 116, 141, 52, 0.99)],
)
def test_gad_and_euadr_come_with_labels(
    dataset: str, tested: int, yes: int, stands: int, shown: int, kappa: float, composed: Composed
) -> None:
    settings = composed("train", f"dataset={dataset}", "dataset.test=adjudicated", f"paths.data={CORPORA}")
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    assert len(gold.test) == tested
    assert sum(row.label == "Yes" for row in gold.test) == yes
    assert gold.adjudication is not None
    assert (gold.adjudication.stands, gold.adjudication.shown) == (stands, shown)
    assert gold.adjudication.kappa == pytest.approx(kappa, abs=0.005)
