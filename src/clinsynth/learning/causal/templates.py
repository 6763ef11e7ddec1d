"""Dialogues as pieces: the chat template of a backbone, and which of the pieces are learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.errors import ConfigError

IGNORED = -100
"""Target of a piece that has no loss."""

PLAIN = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'assistant' %}[AI] {{ message.content }}"
    "{{ eos_token }}\n{% else %}[Human] {{ message.content }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[AI]{% endif %}"
)
"""The template of a backbone that has none of its own."""


@dataclass(frozen=True)
class Encoded:
    """A dialogue as pieces."""

    pieces: tuple[int, ...]
    targets: tuple[int, ...]
    """The same pieces where the assistant speaks, with the one that ends its turn; `IGNORED` elsewhere."""

    def __len__(self) -> int:
        return len(self.pieces)

    def cut(self, length: int) -> Encoded:
        """Return its beginning."""
        return Encoded(self.pieces[:length], self.targets[:length])

    @property
    def learnt(self) -> int:
        """Return how many of the pieces are learnt."""
        return sum(target != IGNORED for target in self.targets)


def messages(turns: Sequence[str]) -> list[dict[str, str]]:
    """Return turns, of which the human has the first, as chat templates and servers take them."""
    return [{"role": ("user", "assistant")[place % 2], "content": turn} for place, turn in enumerate(turns)]


def encode(turns: Sequence[str], *, tokenizer: Any) -> Encoded:
    """Return a dialogue as pieces; those of the assistant's turns are learnt.

    The turns are looked for in what the template makes of them, one after another, whatever stands between them.
    Raises ConfigError for a template that changes them.
    """
    turns = [turn.strip() for turn in turns]
    text = tokenizer.apply_chat_template(messages(turns), tokenize=False)
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    pieces, places = found["input_ids"], found["offset_mapping"]
    special = set(tokenizer.all_special_ids) | set(tokenizer.get_added_vocab().values())
    learnt = set[int]()
    at = 0
    for number, turn in enumerate(turns):
        start = text.find(turn, at)
        if start < 0:
            raise ConfigError(
                f"the chat template of the backbone does not say {turn[:40]!r} as it is written, so "
                "that nobody can tell which pieces are the assistant's. Take a backbone with another template."
            )
        at = start + len(turn)
        if number % 2:
            learnt |= _spoken(places, pieces, start=start, end=at, special=special)
    targets = tuple(piece if place in learnt else IGNORED for place, piece in enumerate(pieces))
    return Encoded(tuple(pieces), targets)


def _spoken(
    places: Sequence[tuple[int, int]], pieces: Sequence[int], *, start: int, end: int, special: set[int]
) -> set[int]:
    """Return the numbers of the pieces between two characters, and of the special one behind them, if there is one."""
    found = {number for number, (first, last) in enumerate(places) if first < end and last > start}
    following = max(found, default=-1) + 1
    if found and following < len(pieces) and pieces[following] in special:
        found.add(following)
    return found


def prompt(turns: Sequence[dict[str, str]], *, tokenizer: Any) -> list[int]:
    """Return the pieces after which the assistant speaks."""
    text = tokenizer.apply_chat_template(list(turns), tokenize=False, add_generation_prompt=True)
    found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return found


def ends(*, tokenizer: Any, generation: Any) -> list[int]:
    """Return the pieces that end an answer: what the backbone says, and what its template puts behind a turn."""
    said = generation.eos_token_id
    known = {*(said if isinstance(said, list) else [said]), tokenizer.eos_token_id} - {None}
    last = [target for target in encode(("a", "b"), tokenizer=tokenizer).targets if target != IGNORED][-1]
    special = set(tokenizer.all_special_ids) | set(tokenizer.get_added_vocab().values())
    return sorted(known | ({last} & special))
