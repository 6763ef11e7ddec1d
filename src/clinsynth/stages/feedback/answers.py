"""The answers of a chat model, which are written down once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from clinsynth import keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.files.json_lines import read_json_lines, write_json_lines
from clinsynth.learning import hardware, saved
from clinsynth.learning.encoder.lightning import load_lightning
from clinsynth.reports.console import say
from clinsynth.stages.feedback.material import Answers, Material
from clinsynth.tasks.chat.examples import Dialogue

FILE = "answers.jsonl"


def model_answers(material: Material, *, store: ArtifactStore) -> Answers:
    """Return the model's answers, which are written down once, so that a judge is asked about the same ones again."""
    told = material.settings.distill
    content = {
        "model": saved.folder_digest(material.folder),
        "gold": material.gold.hashes,
        "drawn": [told.answers, told.pieces, told.temperature, told.seed],
    }
    folder = store.build(
        "answers", version=keys.DISTILL, content=content, builder=lambda folder: _write_answers(folder, material)
    )
    rows = read_json_lines(folder / FILE)
    drawn: dict[str, tuple[str, ...]] = {}
    others: dict[str, dict[str, str]] = {"first": {}, "base": {}}
    for row in rows:
        if row["of"] == "drawn":
            drawn[row["question"]] = tuple(row["answers"])
        else:
            others[row["of"]][row["question"]] = row["answers"][0]
    return Answers(drawn, **others)


def _write_answers(folder: Path, material: Material) -> dict[str, Any]:
    load_lightning()
    from clinsynth.learning.causal.opening import open_chat

    settings, told = material.settings, material.settings.distill
    model = open_chat(
        str(material.folder),
        task=material.task.name,
        batch_size=settings.backbone.batch_size * told.answers,
        device=hardware.device(settings.trainer.accelerator),
        precision=hardware.precision(settings.trainer),
    )
    questions, tests = _questions(material.gold.trainable), _questions(material.gold.test)
    say(f"{told.answers} answers to each of {len(questions)} questions are drawn, and one to each of {len(tests)}")
    asked = [[{"role": "user", "content": question}] for question in questions for _ in range(told.answers)]
    found = model.answers(asked, pieces=told.pieces, temperature=told.temperature, seed=told.seed)
    rows = [
        {"of": "drawn", "question": question, "answers": found[at * told.answers : (at + 1) * told.answers]}
        for at, question in enumerate(questions)
    ]
    asked = [[{"role": "user", "content": question}] for question in tests]
    for name, within in (("first", nullcontext()), ("base", model.without_adapter())):
        if within is not None:
            with within:
                said = model.answers(asked, pieces=told.pieces)
            rows += [
                {"of": name, "question": question, "answers": [answer]}
                for question, answer in zip(tests, said, strict=True)
            ]
    write_json_lines(folder / FILE, rows)
    return {}


def _questions(dialogues: Sequence[Dialogue]) -> list[str]:
    return list(dict.fromkeys(dialogue.question for dialogue in dialogues))
