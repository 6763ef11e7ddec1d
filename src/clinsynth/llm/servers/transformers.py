"""A causal model that transformers opens in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.llm import endings
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Usage
from clinsynth.llm.servers.local import MOST_TOKENS
from clinsynth.llm.servers.logprobs import aligned
from clinsynth.types import Logprobs, Request

TAIL = 16
"""Tokens at the end of an answer in which a text of `llm.stop` is looked for."""
BEFORE = 8
"""Tokens, this one among them, by which it is known which characters a token adds to a text."""


class TokenLogprobs:
    """Notes how likely each token was as it is drawn, so that the scores of one step alone are in memory.

    transformers calls `score` with what the model says of the next token, before temperature and the like, and then
    `stops` with the tokens that were drawn.
    """

    def __init__(self) -> None:
        self._last: Any = None
        self.steps: list[list[float]] = []
        """Of each step the logarithm of each row of the batch."""

    def score(self, ids: Any, scores: Any) -> Any:
        self._last = scores.float().log_softmax(-1)
        return scores

    def stops(self, ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        self.steps.append(self._last.gather(1, ids[:, -1:]).squeeze(1).tolist())
        return torch.zeros(ids.shape[0], dtype=torch.bool, device=ids.device)

    def of_row(self, row: int) -> list[float]:
        return [step[row] for step in self.steps]


class LocalModel:
    """A model with its tokenizer, on the accelerator where there is one."""

    def __init__(self, endpoint: Endpoint) -> None:
        import torch
        import transformers

        name = endpoint.model
        self.endpoint = endpoint
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                name, padding_side="left", trust_remote_code=False
            )
            dtype = "auto" if self.device == "cuda" else torch.float32
            self.model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                name, dtype=dtype, trust_remote_code=False, use_safetensors=True
            ).to(self.device)
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise ConfigError(
                f"llm.model={name} is no causal model that transformers can open: {said}. It has to be a folder with "
                "config.json, weights (safetensors) and tokenizer, or the name of one on the hub."
            ) from None
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.longest: int | None = getattr(self.model.config, "max_position_embeddings", None)
        if endpoint.seed is not None:
            torch.manual_seed(endpoint.seed)

    def answer(self, requests: Sequence[Request]) -> list[ServerAnswer | Exception]:
        """Return an answer to each request, or why there is none; a batch that does not fit into memory is halved."""
        import torch

        try:
            return self._answer(requests)
        except torch.OutOfMemoryError:
            if len(requests) == 1:
                return [ServerError(ErrorKind.declined, "it does not fit into memory", reason=endings.TOO_LONG)]
            half = len(requests) // 2
            return [*self.answer(requests[:half]), *self.answer(requests[half:])]

    def _answer(self, requests: Sequence[Request]) -> list[ServerAnswer | Exception]:
        import torch

        prompts = list(map(self.prompt, requests))
        room = max(self.endpoint.asked(request).get("max_tokens", MOST_TOKENS) for request in requests)
        sizes = [len(ids) for ids in self.tokenizer(prompts, add_special_tokens=False)["input_ids"]]
        fits = [self.longest is None or size < self.longest for size in sizes]
        asked = [prompt for prompt, fit in zip(prompts, fits, strict=True) if fit]
        texts: list[ServerAnswer | Exception] = []
        if asked:
            inputs = self.tokenizer(asked, return_tensors="pt", padding=True, add_special_tokens=False).to(self.device)
            inputs.pop("token_type_ids", None)
            width = inputs["input_ids"].shape[1]
            room = room if self.longest is None else min(room, self.longest - width)
            noted = TokenLogprobs() if self.endpoint.logprobs else None
            with torch.inference_mode():
                found = self.model.generate(**inputs, **self.sampling(room), **self._watched(width, noted))
            taken = [size for size, fit in zip(sizes, fits, strict=True) if fit]
            texts = [
                self._read(ids, size, noted.of_row(row) if noted else [])
                for row, (ids, size) in enumerate(zip(found[:, width:].tolist(), taken, strict=True))
            ]
        answers = iter(texts)
        said = f"its context holds {self.longest} tokens"
        too_long = ServerError(ErrorKind.declined, said, reason=endings.TOO_LONG)
        return [next(answers) if fit else too_long for fit in fits]

    def prompt(self, request: Request) -> str:
        """Return the messages by the model's chat template, or one after another where it has none."""
        messages = self.endpoint.messages(request)
        if not self.tokenizer.chat_template:
            return "\n".join(turn["content"] for turn in messages) + "\n"
        told = self.endpoint.extra_body.get("chat_template_kwargs", {})
        return str(
            self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **dict(told))
        )

    def sampling(self, room: int) -> dict[str, Any]:
        """Return the parameters of `generate`: the endpoint's, and those of `llm.extra_body` by their own names."""
        found = self.endpoint
        given: dict[str, Any] = {"max_new_tokens": room, "pad_token_id": self.tokenizer.pad_token_id}
        if found.temperature is not None:
            given |= {"do_sample": found.temperature > 0}
            given |= {"temperature": found.temperature} if found.temperature else {"temperature": None, "top_p": None}
        if found.top_p is not None:
            given["top_p"] = found.top_p
        if found.watermark is not None:
            from clinsynth.llm.green_lists import Marking

            given["watermarking_config"] = Marking(found.watermark)
        return given | {name: value for name, value in found.extra_body.items() if name != "chat_template_kwargs"}

    def _watched(self, width: int, noted: TokenLogprobs | None) -> dict[str, Any]:
        """Return what ends an answer at a text of `stop`, and what notes tokens; prompts are `width` tokens wide."""

        def ended(ids: Any, scores: Any, **_: Any) -> Any:
            import torch

            tails = self.tokenizer.batch_decode(ids[:, max(width, ids.shape[1] - TAIL) :])
            return torch.tensor([any(sign in tail for sign in self.endpoint.stop) for tail in tails]).to(ids.device)

        criteria = [*([ended] if self.endpoint.stop else []), *([noted.stops] if noted else [])]
        return ({"stopping_criteria": criteria} if criteria else {}) | (
            {"logits_processor": [noted.score]} if noted else {}
        )

    def _read(self, ids: list[int], prompt_tokens: int, logprobs: Sequence[float]) -> ServerAnswer:
        ends = self.model.generation_config.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends, self.tokenizer.eos_token_id}
        length = next((place for place, id in enumerate(ids) if id in ends), len(ids))
        text = str(self.tokenizer.decode(ids[:length], skip_special_tokens=True))
        places = [place for sign in self.endpoint.stop if (place := text.find(sign)) >= 0]
        text = text[: min(places)] if places else text
        ended = endings.STOP if length < len(ids) or places else endings.LENGTH
        return ServerAnswer(
            text,
            ended,
            served_model=self.endpoint.model,
            usage=Usage(prompt_tokens, min(length + 1, len(ids)), 0),
            logprobs=self._logprobs(ids[:length], logprobs, text=text),
        )

    def _logprobs(self, ids: list[int], logprobs: Sequence[float], *, text: str) -> Logprobs:
        """Return where each token ends in the text; what it adds to it hangs on a few tokens before it."""
        pieces = []
        for number, logprob in enumerate(logprobs[: len(ids)], 1):
            first = max(0, number - BEFORE)
            without, now = (self._decoded(ids[first:last]) for last in (number - 1, number))
            pieces.append((now[len(without) :].encode() if now.startswith(without) else b"", logprob))
        return aligned(pieces, text=text)

    def _decoded(self, ids: list[int]) -> str:
        """Return the text of tokens without a character at its end of which a part is lacking."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).rstrip("\ufffd")
