from __future__ import annotations

import pytest

from clinsynth.papers.findings import changes_beside_paper
from clinsynth.papers.published import published_figures, published_heading, published_scores
from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.tasks.chat.scores import HEADLINE


def test_what_the_paper_reports_is_found_by_backbone() -> None:
    assert published_scores("table7", dataset="ncbi_disease", source="synthetic", backbone="bert") == {
        "p": 39.41,
        "r": 59.15,
        "f1": 47.30,
    }
    beside = published_scores("table7", dataset="ncbi_disease", source="synthetic", backbone="minilm")
    assert beside == published_scores("table7", dataset="ncbi_disease", source="synthetic", backbone="biobert")
    zero = published_scores("table8", dataset="gad", source="zero_shot", backbone="recorded")
    assert zero is not None
    assert zero["f1"] == 78.03
    assert published_scores("table7", dataset="ncbi_disease", source="augmented", backbone="bert") is None
    assert published_scores("figure2", dataset="ncbi_disease", source="synthetic", backbone="bert") is None
    assert published_scores("table-asd", dataset="sample_asd", source="original", backbone="bert") is None


@pytest.mark.parametrize(
    ("source", "backbone", "heading"),
    [
        ("original", "bert", "paper F1"),
        ("original", "minilm", "paper F1 (biobert)"),
        ("zero_shot", "claude", "paper F1"),
    ],
)
def test_the_papers_backbone_is_named_where_it_is_another_one(source: str, backbone: str, heading: str) -> None:
    arm = Arm("a", source=source, backbone=backbone, published={"f1": 50.0})
    assert published_heading([arm, Arm("b", backbone="minilm")]) == heading
    assert published_heading([Arm("b", backbone="minilm")]) == ""


def test_changes_are_in_points_and_relative_beside_the_papers() -> None:
    scores = ("test/precision", "test/recall", "test/f1")
    arms = [
        Arm(name, source=name, runs=[ScoredRun("1", dict.fromkeys(scores, f1))])
        for name, f1 in (("original", 0.5), ("augmented", 0.6))
    ]
    table = changes_beside_paper(arms, target="table-asd", caption="")
    assert table is not None
    ours, theirs = ([cell.text for cell in line] for line in table.lines)
    assert ours == ["augmented", "+10.0 (+20%)", "+10.0 (+20%)", "+10.0 (+20%)"]
    assert theirs[1:] == ["-16%", "+13%", "–"]
    assert changes_beside_paper(arms, target="table7", caption="") is None


def test_single_figures_of_a_paper_are_beside_ours() -> None:
    metrics = {"corpus/kept": 1200.0, "test/judge_mean": 55.5, "test/rouge_l": 0.251}
    arms = [
        Arm("original", source="original", headline=HEADLINE, runs=[ScoredRun("a", {"test/rouge_l": 0.5})]),
        Arm("synthetic n1", source="synthetic", headline=HEADLINE, runs=[ScoredRun("b", metrics)]),
    ]
    table = published_figures("baize", arms)
    assert table is not None
    assert table.heads[-1] == "ours (synthetic n1)"
    said = {row[0].text: [cell.text for cell in row[1:]] for row in table.lines}
    assert said["dialogues (theirs: from MedQuAD's questions)"] == ["46,867", "table 2", "1,200"]
    assert said["a judge's mean score of medical answers"] == ["not stated", "–", "55.5"]
    assert said["ROUGE-L of medical answers"] == ["not stated", "–", "25.1"]
    assert said["perplexity of medical answers"] == ["not stated", "–", "–"]
    assert published_figures("table7", arms) is None
    bare = published_figures("baize", [])
    assert bare is not None
    assert bare.heads[-1] == "ours"
