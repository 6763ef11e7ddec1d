"""A causal model answers, and says how likely it finds an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Thread
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import TextIteratorStreamer

from clinsynth.learning.causal.templates import IGNORED, Encoded, ends, prompt

Messages = Sequence[dict[str, str]]


def answers(
    network: Any,
    asked: Sequence[Messages],
    *,
    tokenizer: Any,
    pieces: int,
    batch_size: int,
    temperature: float = 0.0,
    seed: int = 0,
) -> list[str]:
    """Return what the model says to each conversation; with a temperature of 0 its likeliest pieces.

    Drawn answers hang on `seed`, and on which conversations share a batch.
    """
    found: list[str] = []
    for start in range(0, len(asked), batch_size):
        batch = [prompt(messages, tokenizer=tokenizer) for messages in asked[start : start + batch_size]]
        inputs = tokenizer.pad({"input_ids": batch}, return_tensors="pt").to(network.device)
        with torch.inference_mode(), torch.random.fork_rng(devices=_devices(network)):
            torch.manual_seed(seed + start)
            told = network.generate(**inputs, **how(network, tokenizer, pieces=pieces, temperature=temperature))
        found += tokenizer.batch_decode(told[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return [text.strip() for text in found]


class Speech:
    """An answer that is written while it is read, piece by piece; once, for it is not kept."""

    def __init__(self, network: Any, said: Messages, *, tokenizer: Any, pieces: int, temperature: float) -> None:
        self.asked = _fitting(network, said, tokenizer=tokenizer, pieces=pieces)
        self.written: list[int] = []
        """The pieces of the answer, when it has ended."""
        self._network, self._tokenizer = network, tokenizer
        self._streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=600)
        self._options = how(network, tokenizer, pieces=pieces, temperature=temperature)
        self._failed: list[Exception] = []

    def __iter__(self) -> Iterator[str]:
        writer = Thread(target=self._write, daemon=True)
        writer.start()
        begun = False
        for text in self._streamer:
            text = text if begun else text.lstrip()
            begun = begun or bool(text)
            if text:
                yield text
        writer.join()
        if self._failed:
            raise self._failed[0]

    @property
    def ended(self) -> str:
        """Return why the answer has ended, in the words of servers: `stop`, or `length` where it was cut."""
        return "stop" if self.written and self.written[-1] in self._options["eos_token_id"] else "length"

    @property
    def usage(self) -> dict[str, int]:
        """Return the numbers of pieces, under the names that servers give them."""
        asked, written = len(self.asked), len(self.written)
        return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}

    def _write(self) -> None:
        inputs = self._tokenizer.pad({"input_ids": [self.asked]}, return_tensors="pt").to(self._network.device)
        try:
            with torch.inference_mode():
                told = self._network.generate(**inputs, **self._options, streamer=self._streamer)
            self.written = told[0, len(self.asked) :].tolist()
        except Exception as error:  # handed on to who reads
            self._failed.append(error)
            self._streamer.end()


def _fitting(network: Any, said: Messages, *, tokenizer: Any, pieces: int) -> list[int]:
    """Return the prompt of a conversation, without its oldest turns where the model has no room for all of them."""
    room = int(getattr(network.config, "max_position_embeddings", 0) or 2048) - pieces
    said = list(said)
    found = prompt(said, tokenizer=tokenizer)
    while len(found) > room and len(said) > 1:
        said = said[2:] or said[-1:]
        found = prompt(said, tokenizer=tokenizer)
    return found[-max(room, 1) :]


def how(network: Any, tokenizer: Any, *, pieces: int, temperature: float) -> dict[str, Any]:
    """Return the options of `generate`; those that a backbone brings do not count."""
    drawn = {"do_sample": True, "temperature": temperature, "top_p": 1.0, "top_k": 0} if temperature else {}
    usual = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    return {
        "max_new_tokens": pieces,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": ends(tokenizer=tokenizer, generation=network.generation_config),
        "num_beams": 1,
        **(drawn or usual),
    }


def losses(network: Any, dialogues: Sequence[Encoded], *, batch_size: int, padding: int) -> list[float]:
    """Return the negative log-likelihood of the learnt pieces of each dialogue, summed."""
    found: list[float] = []
    for start in range(0, len(dialogues), batch_size):
        batch = dialogues[start : start + batch_size]
        width = max(map(len, batch))
        pieces = torch.tensor([[*one.pieces, *[padding] * (width - len(one))] for one in batch])
        seen = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in batch])
        targets = torch.tensor([[*one.targets, *[IGNORED] * (width - len(one))] for one in batch])
        with torch.inference_mode():
            logits = network(input_ids=pieces.to(network.device), attention_mask=seen.to(network.device)).logits
        rows = cross_entropy(
            logits[:, :-1].float().transpose(1, 2),
            targets[:, 1:].to(network.device),
            ignore_index=IGNORED,
            reduction="none",
        )
        found += rows.sum(dim=1).tolist()
    return found


def _devices(network: Any) -> list[int]:
    return [network.device.index or 0] if network.device.type == "cuda" else []
