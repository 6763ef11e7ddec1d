"""Prompts in other languages: each file has what a corpus and a baseline of ner ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinsynth import tasks
from clinsynth.errors import ConfigError
from clinsynth.stages import resolving
from clinsynth.text.entities import Sentence
from clinsynth.types import Completion, Draft
from support import Composed, gold


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "es",
            [
                "5 frases en español",
                "Para cada frase numerada",
                "NO mencionen en absoluto: medical problem, treatment,",
            ],
        ),
        ("de", ["5 deutsche Sätze", "Nenne zu jedem nummerierten Satz", "nichts davon vorkommt: medical problem,"]),
    ],
)
def test_prompts_of_a_language_ask_for_all_that_english_ones_do(
    language: str, said: list[str], composed: Composed
) -> None:
    words = ("dataset=sample_types", f"prompt_language={language}", "annotator=llm")
    settings = resolving.complete(composed("train", *words, "units.negatives=0.1"))
    writing, writer = resolving.writing(settings), tasks.open(settings.dataset).writer
    asked = [
        writer.request("Problem:chest pain", replicate=0, writing=writing, gold=gold()),
        writer.label_request(
            [Draft("Problem:chest pain", 0, 0, "Chest pain.")],
            completion=Completion("x/y/z#0", "m", "", "stop"),
            writing=writing,
        ),
        writer.request("none", replicate=0, writing=writing, gold=gold()),
    ]
    listed = resolving.complete(composed("train", *words, "units.negatives=0.1", "negatives.terms=x.txt"))
    hard = replace(writer, distractors=("CT",)).request(
        "none", replicate=0, writing=resolving.writing(listed), gold=gold()
    )
    assert hard.messages[0]["content"].endswith("40. CT")
    for request, words_of_it in zip([*asked, hard], [*said, "medical problem, treatment, test"], strict=True):
        assert request is not None
        assert request.id.split("/")[1].endswith(f"_{language}")
        assert words_of_it in request.messages[0]["content"]
    baseline = resolving.asked(composed("zero_shot", *words[:2]))
    asker = tasks.open(baseline.dataset).asker
    question = asker.question(Sentence(("Dolor", ".")), prompt=resolving.part(baseline).prompt)
    assert "B-Problem" in question
    assert "- Problem (medical problem): " in question


def test_a_task_without_prompts_in_a_language_says_so(composed: Composed) -> None:
    for stage, name in (("train", "examples"), ("zero_shot", "zero_shot_relation")):
        settings = composed(stage, "dataset=sample_relation", "prompt_language=es")
        with pytest.raises(ConfigError, match=f"prompt_language has the prompts .*mentions, .* no '{name}'"):
            (resolving.complete if stage == "train" else resolving.asked)(settings)
