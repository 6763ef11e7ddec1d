"""Long texts in windows: every word is read once, with context on both sides."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.learning.encoder import whole_texts
from clinsynth.learning.encoder.windows import ranges
from clinsynth.task import Reader
from clinsynth.tasks.ner import inference as ner

LABELS = ("O", "B-Disease", "I-Disease")
MARKERS = ("@GENE$", "@DISEASE$")


def reader(tokenizer: Any, *, size: int, overlap: float = 0.25, markers: tuple[str, ...] = ()) -> Reader:
    return Reader(tokenizer, LABELS, markers, size=size, overlap=overlap)


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 12), st.floats(0, 0.9))
def test_every_word_is_read_exactly_once(lengths: list[int], room: int, overlap: float) -> None:
    found = ranges(lengths, room=room, overlap=overlap)
    assert [word for _, read in found for word in read] == list(range(len(lengths)))
    for words, read in found:
        assert set(read) <= set(words)
        assert sum(lengths[word] for word in words) <= room or len([n for n in words if lengths[n]]) == 1


def test_two_windows_meet_in_the_middle_of_what_they_share() -> None:
    assert ranges([1] * 10, room=6, overlap=0.34) == [(range(6), range(5)), (range(4, 10), range(5, 10))]
    assert ranges([1] * 10, room=5, overlap=0) == [(range(5), range(5)), (range(5, 10), range(5, 10))]
    assert ranges([2, 9, 2], room=4, overlap=0.5) == [
        (range(1), range(1)),
        (range(1, 2), range(1, 2)),
        (range(2, 3),) * 2,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X-linked, 5mg_b", ["X", "-", "linked", ",", "5mg", "_", "b"]),
        ("a\tb\r\n\u00a0c\u2003d", ["a", "b", "c", "d"]),
        ("Sjo\u0308gren", ["Sj\u00f6gren"]),
        ("dia\u00adbe\u200btes\u200b.", ["diabetes", "."]),
        ("\u9ad8\u8840\u538b5", ["\u9ad8", "\u8840", "\u538b", "5"]),
        ("\U0001f9ec\ufe0f ok", ["\U0001f9ec\ufe0f", "ok"]),
        ("\x00\x07 \u2028", []),
        ("\u0308x", ["x"]),
    ],
)
def test_words_are_split_as_gold_is(text: str, words: list[str]) -> None:
    assert [word for word, _, _ in ner.words(text)] == words


@given(st.text(max_size=80))
def test_words_stand_where_they_say(text: str) -> None:
    end = 0
    for word, start, stop in ner.words(text):
        assert end <= start < stop <= len(text)
        assert not text[start].isspace()
        assert not text[stop - 1].isspace()
        assert word == unicodedata.normalize("NFC", word)
        end = stop


@given(
    st.lists(st.sampled_from(["Breast", "cancer", "-", "a\u0308", "\n", "\u00ad", " ", "!", "ovarian"]), max_size=50)
)
def test_pieces_and_places_agree_in_any_window(tiny_bert: Path, parts: list[str]) -> None:
    from clinsynth.learning.encoder import backbones

    text = " ".join(parts)
    cut = ner.cut([text], reader=reader(backbones.tokenizer(str(tiny_bert), None), size=12))[0]
    assert sum(len(window.pieces or ()) for window in cut.windows) == len(cut.places)
    assert all(len(window) <= 12 for window in cut.windows)


def test_a_window_reads_its_own_words(tokenizer: Any) -> None:
    """Outputs that name the word: they come together as if there had been one window."""
    text = " ".join(f"w{number}" for number in range(100)) + " averyveryverylongwordthatismorethanawindowofpieces" * 2
    whole = ner.cut([text], reader=reader(tokenizer, size=10_000))[0]
    cut = ner.cut([text], reader=reader(tokenizer, size=16))[0]
    assert len(whole.windows) == 1
    assert len(cut.windows) > 10
    assert cut.places == whole.places
    ids = [window.inputs["input_ids"][place] for window in cut.windows for place in window.pieces or ()]
    one = whole.windows[0]
    assert ids == [one.inputs["input_ids"][place] for place in one.pieces or ()]


def test_spans_go_on_over_words_that_have_no_piece(tokenizer: Any) -> None:
    text = "Breast \x07\u200d cancer"
    cut = ner.cut([text], reader=reader(tokenizer, size=32))[0]
    outputs = [np.eye(3, dtype=np.float32)[[1, 2][: len(cut.places)]] for _ in cut.windows]
    assert ner.answer(cut, outputs=outputs, labels=LABELS) == {
        "spans": [{"start": 0, "end": len(text), "label": "Disease", "score": 1.0, "text": text}]
    }


def test_the_markers_are_in_the_window(tiny_bert: Path) -> None:
    from clinsynth.learning.encoder import backbones

    tokenizer = backbones.tokenizer(str(tiny_bert), None, MARKERS)
    near = " ".join(["of"] * 300 + ["@GENE$ in @DISEASE$"] + ["of"] * 300)
    end = " ".join(["cancer-free,"] * 300 + ["@GENE$ in @DISEASE$"])
    far = f"@GENE$ {near.replace('@GENE$', 'x')}"
    cuts = whole_texts.around(
        ["@GENE$ in @DISEASE$.", near, end, far, "none", "@GENE$ @GENE$ @DISEASE$"],
        reader=reader(tokenizer, size=32, markers=MARKERS),
    )
    wanted = set(tokenizer.convert_tokens_to_ids(list(MARKERS)))
    for cut in cuts[:3]:
        assert len(cut.windows) == 1
        assert wanted <= set(cut.windows[0].inputs["input_ids"])
        assert len(cut.windows[0]) <= 32
    assert [cut.windows for cut in cuts[3:]] == [()] * 3
    assert "30 word pieces" in cuts[3].error
    assert "0 times" in cuts[4].error
    assert "2 times" in cuts[5].error


def test_all_of_a_long_text_is_read(tokenizer: Any) -> None:
    long = " ".join(f"w{number}" for number in range(50))
    cuts = whole_texts.overlapping(["short", long, " \n"], reader=reader(tokenizer, size=24))
    assert [len(cut.windows) > 1 for cut in cuts] == [False, True, False]
    assert cuts[2].error
    read = {piece for window in cuts[1].windows for piece in window.inputs["input_ids"]}
    assert set(tokenizer(long)["input_ids"]) <= read
