"""Texts in other languages and scripts: from a list of terms and recorded sentences to spans in a text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinsynth.text.words import tokenise
from support import BERT_SPECIAL, SMALL, Command, examples, rows, summary

OWN_PROMPTS = {
    "sentences": {"name": "sentences_zh", "text": "请写出$n个包含“$entity”（$noun）的句子，风格为$style，用编号列表："}
}
"""A language that has no prompts yet, as a user writes them."""


def backbone(folder: Path, words: Sequence[str]) -> Path:
    """A BERT of one layer, with random weights, that knows these words."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocabulary = {word: number for number, word in enumerate(dict.fromkeys([*BERT_SPECIAL, *words]))}
    BertTokenizerFast(vocab=vocabulary, do_lower_case=False).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(vocabulary), **SMALL)).save_pretrained(folder)
    return folder


def dataset(told: dict[str, Any]) -> dict[str, Any]:
    known = {name: told[name] for name in ("language", "noun", "style")}
    own = {"name": "mine", "task": "ner", "entity_type": "Disease", "units": "terms.txt", "public": True}
    return {"defaults": ["/schema/dataset/ner@_here_"]} | own | known


@pytest.mark.parametrize("language", ["es", "zh"])
def test_a_list_of_terms_in_another_language_becomes_a_model(
    language: str, clinsynth: Command, with_store: Path
) -> None:
    told: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("languages").joinpath(f"{language}.yaml").read_text()
    )
    sentences: dict[str, list[str]] = told["sentences"]
    Path("terms.txt").write_text("\n".join(sentences))
    Path("own/prompt_language").mkdir(parents=True)
    Path("own/prompt_language/zh.yaml").write_text(json.dumps(OWN_PROMPTS))
    written = [sentence for listed in sentences.values() for sentence in listed]
    words = [word for text in [*written, told["text"]] for word in tokenise(text)]
    Path("mine.yaml").write_text(yaml.safe_dump(dataset(told)))
    train = (
        *("train", "--config-dir=own", "dataset=mine.yaml", f"prompt_language={language}", "trainer.accelerator=cpu"),
        *(
            "generation.per_request=5",
            "size=n5",
            "trainer.epochs=30",
            "trainer.min_steps=0",
            "backbone.lr=0.01",
            "backbone.batch_size=4",
        ),
        f"backbone.name_or_path={backbone(with_store / 'bert', words)}",
    )
    assert "none of the 3 units of mine is recorded" in clinsynth(*train).err
    (path,) = Path("outputs").rglob("requests.jsonl")
    asked = rows(path)
    assert [row["id"].rpartition("/")[2] for row in asked] == [f"{term}#0" for term in sentences]
    for row in asked:
        term = row["id"].rpartition("/")[2].removesuffix("#0")
        assert term in row["prompt"]
        assert told["noun"] in row["prompt"]
        row["completion"] = "\n".join(f"{number}. {text}" for number, text in enumerate(sentences[term], 1))
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, asked)))
    said = clinsynth(*train, "llm.recordings=[mine.jsonl]")
    made = examples(said, with_store)
    assert [row["text"] for row in made if row["unit"] == asked[0]["id"].rpartition("/")[2][:-2]]
    assert all(any(tag != "O" for tag in row["tags"]) for row in made)
    Path("note.txt").write_text(told["text"])
    said = clinsynth(
        "predict", f"model={summary(with_store)['model']}", "input=note.txt", "predict.html=true", "output=o.jsonl"
    )
    (read,) = rows(Path("o.jsonl"))
    assert [told["text"][span["start"] : span["end"]] for span in read["spans"]] == told["found"], said.err
