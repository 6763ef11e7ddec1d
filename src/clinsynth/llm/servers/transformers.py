"""A causal model that transformers opens in this process: no server, and nothing leaves the machine.

Requests that wait together are answered together, in batches of up to `llm.concurrency`. The model is opened when the
first answer is asked for, in the thread that generates, so that what the cache has needs no model.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from clinsynth.errors import ConfigError
from clinsynth.llm import endings
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Usage
from clinsynth.types import Request

MOST_TOKENS = 2048
"""The longest answer where `llm.max_tokens` sets no bound."""
GATHERED_S = 0.02
"""Seconds in which requests that come together are gathered into one batch."""

TAIL = 16
"""Tokens at the end of an answer in which a text of `llm.stop` is looked for."""

Waiting = tuple[Request, "asyncio.Future[ServerAnswer]"]


class TransformersServer:
    """Answers in batches, one batch after another."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._waiting: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="transformers")
        self._worker: asyncio.Task[None] | None = None
        self._opened: LocalModel | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def ask(self, request: Request) -> ServerAnswer:
        future: asyncio.Future[ServerAnswer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        """Answer what waits, until nothing does; the next request begins anew."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(GATHERED_S)
            size = min(len(self._waiting), self.endpoint.concurrency)
            batch = [self._waiting.popleft() for _ in range(size)]
            try:
                answers = await loop.run_in_executor(self._thread, self._generate, [asked for asked, _ in batch])
            except Exception as error:
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    _settle(future, answer)

    def _generate(self, requests: Sequence[Request]) -> list[ServerAnswer | Exception]:
        if self._opened is None:
            self._opened = LocalModel(self.endpoint)
        return self._opened.answer(requests)


def _settle(future: asyncio.Future[ServerAnswer], answer: ServerAnswer | Exception) -> None:
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


class LocalModel:
    """A model with its tokenizer, on the accelerator where there is one."""

    def __init__(self, endpoint: Endpoint) -> None:
        import torch
        import transformers

        name = endpoint.model
        self.endpoint = endpoint
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name, padding_side="left")
            dtype = "auto" if self.device == "cuda" else torch.float32
            self.model: Any = transformers.AutoModelForCausalLM.from_pretrained(name, dtype=dtype).to(self.device)
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise ConfigError(
                f"llm.model={name} is no causal model that transformers can open: {said}. It has to be a folder with "
                "config.json, weights and tokenizer, or the name of one on the hub."
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
            with torch.inference_mode():
                found = self.model.generate(**inputs, **self.sampling(room), **self._ends(width))
            taken = [size for size, fit in zip(sizes, fits, strict=True) if fit]
            texts = [self._read(ids, size) for ids, size in zip(found[:, width:].tolist(), taken, strict=True)]
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
        return given | {name: value for name, value in found.extra_body.items() if name != "chat_template_kwargs"}

    def _ends(self, width: int) -> dict[str, Any]:
        """Return what ends an answer at one of the texts of `stop`; prompts are `width` tokens wide."""
        if not self.endpoint.stop:
            return {}

        def ended(ids: Any, scores: Any, **_: Any) -> Any:
            import torch

            tails = self.tokenizer.batch_decode(ids[:, max(width, ids.shape[1] - TAIL) :])
            return torch.tensor([any(sign in tail for sign in self.endpoint.stop) for tail in tails]).to(ids.device)

        return {"stopping_criteria": [ended]}

    def _read(self, ids: list[int], prompt_tokens: int) -> ServerAnswer:
        ends = self.model.generation_config.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends, self.tokenizer.eos_token_id}
        length = next((place for place, id in enumerate(ids) if id in ends), len(ids))
        text = str(self.tokenizer.decode(ids[:length], skip_special_tokens=True))
        places = [place for sign in self.endpoint.stop if (place := text.find(sign)) >= 0]
        text = text[: min(places)] if places else text
        ended = endings.STOP if length < len(ids) or places else endings.LENGTH
        return ServerAnswer(
            text, ended, served_model=self.endpoint.model, usage=Usage(prompt_tokens, min(length + 1, len(ids)), 0)
        )
