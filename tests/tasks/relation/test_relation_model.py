from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clinsynth import tasks
from clinsynth.learning.encoder import backbones
from clinsynth.tasks.relation import model
from clinsynth.tasks.relation.config import RelationDataset
from clinsynth.tasks.relation.gold import Relation

LABELS = ("No", "Yes")
DATASET = RelationDataset(name="mine", task="relation")
MARKERS = {"@GENE$": "gene", "@DISEASE$": "disease"}
SENTENCES = [
    Relation("Loss of @GENE$ causes @DISEASE$ in most boys.", "Yes"),
    Relation("No link between @DISEASE$ and @GENE$-positive cells was found in this or any other cohort.", "No"),
    Relation("@GENE$/@DISEASE$", "Yes"),
]


@pytest.fixture(scope="module")
def tokenizer(tiny_backbone: Path) -> Any:
    return backbones.tokenizer(str(tiny_backbone), None, tuple(MARKERS))


@pytest.fixture(scope="module")
def built(tiny_backbone: Path, tokenizer: Any) -> Any:
    """A classifier that knows the markers; nobody changes it."""
    torch.manual_seed(1)
    found = backbones.load_backbone(model.build, str(tiny_backbone), revision=None, labels=LABELS)
    backbones.embed(found, markers=MARKERS, tokenizer=tokenizer)
    return found.eval()


def encoded(examples: Sequence[Relation], tokenizer: Any, *, max_length: int = 64) -> list[Any]:
    return model.encode(examples, tokenizer=tokenizer, labels=LABELS, max_length=max_length)


def pieces(text: str, tokenizer: Any) -> list[str]:
    found: list[str] = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    return found


def outputs(*yes: float) -> list[NDArray[np.float32]]:
    return [np.array([1 - score, score], dtype=np.float32) for score in yes]


def answers(built: Any, tokenizer: Any) -> list[NDArray[np.float32]]:
    """Probabilities of the sentences, as a run gets them."""
    tuner = model.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0).eval()
    items = encoded(SENTENCES, tokenizer)
    batch = model.collator(tokenizer)([item.inputs | {"index": place} for place, item in enumerate(items)])
    with torch.no_grad():
        found = tuner.predict_step(batch, 0)
    return [found[place] for place in range(len(SENTENCES))]


def test_a_marker_begins_as_the_word_that_it_stands_for() -> None:
    assert tasks.open(DATASET).markers == MARKERS
    others = RelationDataset(name="mine", task="relation", markers=["@DRUG$", "@SIDE_EFFECT$"])
    assert tasks.open(others).markers == {"@DRUG$": "drug", "@SIDE_EFFECT$": "side effect"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@GENE$ and @DISEASE$", ["@GENE$", "@DISEASE$"]),
        ("of (@DISEASE$) in @GENE$-positive", ["@DISEASE$", "@GENE$"]),
        ("@GENE$, @DISEASE$.", ["@GENE$", "@DISEASE$"]),
        ("@GENE$/@DISEASE$", ["@GENE$", "@DISEASE$"]),
        ("anti@GENE$s @DISEASE$2", ["@GENE$", "@DISEASE$"]),
        ("@GENE and DISEASE$ and @gene$", []),
    ],
)
def test_a_marker_is_one_piece(text: str, expected: list[str], tokenizer: Any) -> None:
    assert [piece for piece in pieces(text, tokenizer) if piece in MARKERS] == expected
    ids = [tokenizer.convert_tokens_to_ids(marker) for marker in MARKERS]
    assert len({*ids, tokenizer.unk_token_id}) == 3


def test_the_tokenizer_without_markers_stays_as_it_is(tiny_backbone: Path, tokenizer: Any) -> None:
    plain = backbones.tokenizer(str(tiny_backbone), None)
    assert plain is backbones.tokenizer(str(tiny_backbone), None)
    assert plain is not tokenizer
    assert len(tokenizer) == len(plain) + 2
    assert not MARKERS.keys() & plain.get_vocab().keys()
    assert not MARKERS.keys() & set(pieces("@GENE$ @DISEASE$", plain))


def test_a_new_word_starts_from_the_mean_of_what_stands_for_it(tiny_backbone: Path) -> None:
    words = {"@GENE$": "gene", "@DISEASE$": "telangiectasiatelangiectasia disease"}
    tokenizer = backbones.tokenizer(str(tiny_backbone), None, tuple(words))
    found = backbones.load_backbone(model.build, str(tiny_backbone), revision=None, labels=LABELS)
    before = found.get_input_embeddings().weight.detach().clone()
    backbones.embed(found, markers=words, tokenizer=tokenizer)
    after = found.get_input_embeddings().weight.detach()
    assert after.shape == (len(before) + 2, before.shape[1])
    assert torch.equal(after[: len(before)], before)
    plain = backbones.tokenizer(str(tiny_backbone), None)
    for marker, word in words.items():
        ids = plain(word, add_special_tokens=False)["input_ids"]
        assert len(ids) > (3 if " " in word else 0)
        row = after[tokenizer.convert_tokens_to_ids(marker)]
        assert row.numpy() == pytest.approx(before[ids].mean(dim=0).numpy(), abs=1e-6)
    assert found.config.vocab_size == len(tokenizer)


def test_a_model_without_markers_is_left_alone(tiny_backbone: Path) -> None:
    found = backbones.load_backbone(model.build, str(tiny_backbone), revision=None, labels=LABELS)
    before = found.get_input_embeddings()
    backbones.embed(found, markers={}, tokenizer=backbones.tokenizer(str(tiny_backbone), None))
    assert found.get_input_embeddings() is before


def test_a_sentence_has_its_label_as_target(tokenizer: Any) -> None:
    for example, item in zip(SENTENCES, encoded(SENTENCES, tokenizer), strict=True):
        assert item.inputs["labels"] == LABELS.index(example.label)
        assert item.inputs["input_ids"] == tokenizer(example.text)["input_ids"]
        assert len(item) == len(item.inputs["input_ids"]) == len(item.inputs["attention_mask"])
        assert set(item.inputs) <= {*tokenizer.model_input_names, "labels"}


def test_no_sentences_are_encoded_to_nothing(tokenizer: Any) -> None:
    assert encoded([], tokenizer) == []
    assert model.predictions([], encoded=[], outputs=[], labels=LABELS) == []
    assert model.lost([], encoded=[]) == 0


@pytest.mark.parametrize(("words", "lost"), [(1, 0), (10, 0), (11, 1), (100, 90)])
def test_words_that_are_cut_off_are_counted(words: int, lost: int, tokenizer: Any) -> None:
    """Twelve pieces are ten words of one piece each, and the two that frame a sentence."""
    assert len(pieces("the", tokenizer)) == 3
    long = Relation(" ".join(["the"] * words), "Yes")
    items = encoded([long, SENTENCES[2]], tokenizer, max_length=12)
    assert len(items[0]) == min(12, words + 2)
    assert [item.words_lost for item in items] == [lost, 0]
    assert model.lost([long, SENTENCES[2]], encoded=items) == lost


def test_a_word_of_which_some_pieces_are_cut_off_is_lost(tokenizer: Any) -> None:
    long = Relation("the " * 8 + "telangiectasiatelangiectasia the the", "No")
    (item,) = encoded([long], tokenizer, max_length=12)
    assert item.words_lost == 3


def test_outputs_become_labels_with_their_score(tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    found = model.predictions(SENTENCES, encoded=items, outputs=outputs(0.9, 0.75, 0.25), labels=LABELS)
    assert [row.label for row in found] == ["Yes", "Yes", "No"]
    assert [row.score for row in found] == pytest.approx([0.9, 0.75, 0.25])
    assert [row.text for row in found] == [row.text for row in SENTENCES]
    assert [row.score for row in SENTENCES] == [None] * 3


def test_outputs_that_do_not_pair_are_refused(tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    with pytest.raises(ValueError, match="zip"):
        model.predictions(SENTENCES, encoded=items, outputs=outputs(0.9), labels=LABELS)


def test_a_batch_is_padded(tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    batch = model.collator(tokenizer)([item.inputs | {"index": place} for place, item in enumerate(items)])
    longest = max(map(len, items))
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (3, longest)
    assert batch["labels"].tolist() == [1, 0, 1]
    assert batch["index"].tolist() == [0, 1, 2]
    for row, item in enumerate(items):
        assert batch["attention_mask"][row].sum() == len(item)
        assert (batch["input_ids"][row, len(item) :] == tokenizer.pad_token_id).all()


def test_an_output_is_the_probability_of_each_label(built: Any, tokenizer: Any) -> None:
    found = answers(built, tokenizer)
    for place, item in enumerate(encoded(SENTENCES, tokenizer)):
        alone = {name: torch.tensor([item.inputs[name]]) for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            logits = built(**alone).logits
        assert found[place].shape == (2,)
        assert found[place] == pytest.approx(logits[0].softmax(-1).numpy(), abs=1e-5)


def test_the_loss_is_that_of_the_labels(built: Any, tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    with torch.no_grad():
        loss = built(**model.collator(tokenizer)([item.inputs for item in items])).loss
    probable = [found[LABELS.index(row.label)] for found, row in zip(answers(built, tokenizer), SENTENCES, strict=True)]
    assert float(loss) == pytest.approx(-np.log(probable).mean(), abs=1e-5)


def test_a_saved_model_answers_alike(built: Any, tokenizer: Any, tmp_path: Path) -> None:
    from transformers import pipeline

    built.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    related = pipeline("text-classification", str(tmp_path), device="cpu", top_k=None)
    for expected, example in zip(answers(built, tokenizer), SENTENCES, strict=True):
        (said,) = related([example.text])
        found = {answer["label"]: answer["score"] for answer in said}
        assert found == pytest.approx(dict(zip(LABELS, map(float, expected), strict=True)), abs=1e-5)
    for example in SENTENCES:
        assert pieces(example.text, related.tokenizer) == pieces(example.text, tokenizer)


def test_the_model_knows_the_names_of_its_labels(built: Any) -> None:
    assert built.config.id2label == {0: "No", 1: "Yes"}
    assert built.config.label2id == {"No": 0, "Yes": 1}


def test_the_usage_is_python(tmp_path: Path) -> None:
    lines = model.usage(tmp_path)
    compile(lines, "usage", "exec")
    assert f'"{tmp_path}"' in lines
