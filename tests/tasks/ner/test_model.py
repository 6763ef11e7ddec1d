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
from clinsynth.learning.encoder.module import IGNORED
from clinsynth.tasks.ner import model
from clinsynth.text.entities import Origin, Sentence, Span
from support import dataset, sentence

LABELS = ("O", "B-Disease", "I-Disease")
SENTENCES = [
    sentence("Loss of dystrophin causes Duchenne/B muscular/I dystrophy/I ."),
    sentence("ataxia/B -/I telangiectasia/I and gout/B"),
    sentence("β/B -/I thalassaemia/I"),
    sentence("nothing"),
]


def encoded(examples: Sequence[Sentence], tokenizer: Any, *, max_length: int = 64) -> list[model.Encoded]:
    return model.encode(examples, tokenizer=tokenizer, labels=LABELS, max_length=max_length)


def certain(tags: Sequence[str]) -> NDArray[np.float32]:
    """Probabilities that say these tags."""
    return np.eye(3, dtype=np.float32)[[LABELS.index(tag) for tag in tags]] * 0.9 + 0.03


def test_labels_are_those_of_the_entity_type() -> None:
    assert tasks.open(dataset()).labels == LABELS


def test_the_first_piece_of_a_word_carries_its_label(tokenizer: Any) -> None:
    for example, item in zip(SENTENCES, encoded(SENTENCES, tokenizer), strict=True):
        targets = item.inputs["labels"]
        assert len(targets) == len(item) == len(item.inputs["attention_mask"])
        assert [LABELS[target] for target in targets if target != IGNORED] == example.tags
        assert item.words == tuple(range(len(example.tokens)))
        pieces = tokenizer.convert_ids_to_tokens(item.inputs["input_ids"])
        assert (targets[0], targets[-1]) == (IGNORED, IGNORED)
        assert {pieces[0], pieces[-1]} <= set(tokenizer.all_special_tokens)
        first = [piece for piece, target in zip(pieces, targets, strict=True) if target != IGNORED]
        assert len(first) < len(pieces) - 2 or len(example.tokens) == 1


def test_every_word_is_encoded_as_if_a_space_stood_before_it(tiny_roberta: Path) -> None:
    tokenizer = backbones.tokenizer(str(tiny_roberta), None)
    for example, item in zip(SENTENCES, encoded(SENTENCES, tokenizer), strict=True):
        pieces = tokenizer.convert_ids_to_tokens(item.inputs["input_ids"])
        first = [piece for piece, target in zip(pieces, item.inputs["labels"], strict=True) if target != IGNORED]
        assert all(piece.startswith("Ġ") for piece in first)
        assert tokenizer.decode(item.inputs["input_ids"], skip_special_tokens=True).split() == list(example.tokens)


def test_pieces_inside_a_word_are_ignored(tiny_bert: Path) -> None:
    tokenizer = backbones.tokenizer(str(tiny_bert), None)
    (item,) = encoded([sentence("telangiectasiatelangiectasia/B mild")], tokenizer)
    pieces = tokenizer.convert_ids_to_tokens(item.inputs["input_ids"])
    assert sum(piece.startswith("##") for piece in pieces) >= 2
    for piece, target in zip(pieces, item.inputs["labels"], strict=True):
        assert (target == IGNORED) is (piece.startswith("##") or piece in tokenizer.all_special_tokens)


def test_what_is_cut_off_is_counted(tokenizer: Any) -> None:
    long, short = sentence(" ".join(["gout/B"] * 100)), sentence("gout/B")
    items = encoded([long, short], tokenizer, max_length=12)
    assert [len(item) for item in items] == [12, len(encoded([short], tokenizer)[0])]
    assert 0 < len(items[0].words) <= 10
    assert model.lost([long, short], encoded=items) == 100 - len(items[0].words)
    assert model.lost(SENTENCES, encoded=encoded(SENTENCES, tokenizer)) == 0


def document(words: int) -> Sentence:
    """A sentence of a document, with a mention at every tenth word."""
    text = " ".join(["gout"] * words)
    places = tuple((5 * number, 5 * number + 4) for number in range(words))
    spans = tuple(Span(start, start + 2, "Disease") for start in range(0, words - 1, 10))
    return Sentence(("gout",) * words, spans, Origin("note", 0, text, places))


def test_a_long_sentence_of_a_document_is_read_in_windows(tokenizer: Any) -> None:
    examples = [sentence("gout/B"), document(100), document(3)]
    items = encoded(examples, tokenizer, max_length=32)
    assert [item.example for item in items] == [0, *[1] * (len(items) - 2), 2]
    assert len(items) > 4
    assert max(map(len, items)) <= 32
    assert [word for item in items if item.example == 1 for word in item.words] == list(range(100))
    assert model.lost(examples, encoded=items) == 0
    outputs = [certain([examples[item.example].tags[word] for word in item.words]) for item in items]
    found = model.predictions(examples, encoded=items, outputs=outputs, labels=LABELS)
    assert found == examples
    assert found[0].scores == pytest.approx((0.93,))


def test_words_that_the_tokenizer_drops_are_counted(tiny_bert: Path) -> None:
    example = Sentence(("mild", "\u200b", "gout"), sentence("a b c/B").spans)
    items = encoded([example], backbones.tokenizer(str(tiny_bert), None))
    assert items[0].words == (0, 2)
    assert model.lost([example], encoded=items) == 1
    output = certain(["O", "B-Disease"])
    assert model.predictions([example], encoded=items, outputs=[output], labels=LABELS) == [example]


def test_outputs_become_sentences(tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    outputs = [certain(example.tags) for example in SENTENCES]
    assert model.predictions(SENTENCES, encoded=items, outputs=outputs, labels=LABELS) == SENTENCES


def test_words_that_are_cut_off_are_outside(tokenizer: Any) -> None:
    gold = sentence(" ".join(["gout/B"] * 100))
    items = encoded([gold], tokenizer, max_length=12)
    kept = len(items[0].words)
    (found,) = model.predictions([gold], encoded=items, outputs=[certain(["B-Disease"] * kept)], labels=LABELS)
    assert found.tokens == gold.tokens
    assert found.tags == ["B-Disease"] * kept + ["O"] * (100 - kept)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ([[0.9, 0.1, 0.0], [0.1, 0.3, 0.6]], "mild gout/B"),
        ([[0.6, 0.4, 0.0], [0.1, 0.0, 0.9]], "mild/B gout/I"),
        ([[0.9, 0.1, 0.0], [0.4, 0.1, 0.5]], "mild gout"),
        ([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], "mild/B gout/I"),
    ],
)
def test_an_inside_tag_always_goes_on_with_an_entity(tokenizer: Any, output: list[list[float]], expected: str) -> None:
    gold = sentence("mild gout")
    outputs = [np.array(output, dtype=np.float32)]
    (found,) = model.predictions([gold], encoded=encoded([gold], tokenizer), outputs=outputs, labels=LABELS)
    assert found == sentence(expected)


def test_a_word_without_a_piece_parts_what_stands_on_its_sides() -> None:
    gold = sentence("one \u200d two")
    item, output = model.Encoded({"input_ids": [0, 0]}, (0, 2)), certain(["B-Disease", "I-Disease"])
    (found,) = model.predictions([gold], encoded=[item], outputs=[output], labels=LABELS)
    assert [(span.start, span.end) for span in found.spans] == [(0, 1)]


def test_outputs_that_do_not_pair_are_refused(tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    with pytest.raises(ValueError, match="zip"):
        model.predictions(SENTENCES, encoded=items, outputs=[], labels=LABELS)
    with pytest.raises(ValueError, match="zip"):
        model.predictions(SENTENCES[:1], encoded=items[:1], outputs=[certain(["O"])], labels=LABELS)


def test_no_sentences_are_encoded_to_nothing(tokenizer: Any) -> None:
    assert encoded([], tokenizer) == []
    assert model.predictions([], encoded=[], outputs=[], labels=LABELS) == []


def test_a_batch_is_padded(tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    batch = model.collator(tokenizer)([item.inputs | {"index": place} for place, item in enumerate(items)])
    longest = max(map(len, items))
    assert batch["input_ids"].shape == batch["labels"].shape == (4, longest)
    assert batch["index"].tolist() == [0, 1, 2, 3]
    for row, item in enumerate(items):
        assert (batch["labels"][row, len(item) :] == IGNORED).all()
        assert batch["attention_mask"][row].sum() == len(item)
        assert (batch["input_ids"][row, len(item) :] == tokenizer.pad_token_id).all()


def test_the_model_knows_the_names_of_its_labels(tiny_backbone: Path) -> None:
    built = backbones.load_backbone(model.build, str(tiny_backbone), revision=None, labels=LABELS)
    assert built.config.id2label == dict(enumerate(LABELS))
    assert built.config.label2id == {label: index for index, label in enumerate(LABELS)}
    assert built.config.num_labels == 3


def test_an_output_is_a_row_for_every_word(tiny_backbone: Path, tokenizer: Any) -> None:
    items = encoded(SENTENCES, tokenizer)
    built = backbones.load_backbone(model.build, str(tiny_backbone), revision=None, labels=LABELS)
    tuner = model.FineTuner(built, lr=1e-3, warmup=0.0, weight_decay=0.0).eval()
    batch = model.collator(tokenizer)([item.inputs | {"index": place} for place, item in enumerate(items)])
    with torch.no_grad():
        found = tuner.predict_step(batch, 0)
        logits = built(batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert [found[place].shape for place in range(4)] == [(len(example.tokens), 3) for example in SENTENCES]
    for place, item in enumerate(items):
        assert found[place].sum(axis=1) == pytest.approx(1.0, abs=1e-5)
        first = [position for position, target in enumerate(item.inputs["labels"]) if target != IGNORED]
        assert found[place] == pytest.approx(logits[place].softmax(-1)[first].numpy(), abs=1e-5)


def test_the_usage_is_python(tmp_path: Path) -> None:
    lines = model.usage(tmp_path)
    compile(lines, "usage", "exec")
    assert f'"{tmp_path}"' in lines
