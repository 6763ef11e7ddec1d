"""vLLM's offline engine: it is opened in this process, and works on all requests that wait at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.llm import endings
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Structured, Usage
from clinsynth.llm.servers.extras import extra
from clinsynth.llm.servers.local import MOST_TOKENS
from clinsynth.llm.servers.logprobs import aligned
from clinsynth.types import Logprobs, Request

_ENDS = {"stop": endings.STOP, "length": endings.LENGTH, "abort": endings.BROKEN}

OF_THE_ENGINE, OF_THE_TEMPLATE = "engine", "chat_template_kwargs"
"""Fields of `llm.extra_body` that are no parameters of sampling."""


class VllmModel:
    """A model in vLLM's engine; `llm.extra_body` has further parameters of its `SamplingParams`."""

    def __init__(self, endpoint: Endpoint) -> None:
        with extra("vllm", protocol="vllm"):
            import vllm
        self.endpoint, self._library = endpoint, vllm
        given = dict(endpoint.routing.get(OF_THE_ENGINE, {}))
        try:
            self.engine: Any = vllm.LLM(
                **{"model": endpoint.model, "dtype": "auto", "seed": endpoint.seed or 0} | given
            )
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            said = " ".join(str(error).split())[:300]
            raise ConfigError(
                f"llm.model={endpoint.model} cannot be opened by vLLM: {said}. It has to be a folder with config.json, "
                "weights and tokenizer, or the name of one on the hub, and to fit into the GPU: "
                "+llm.routing.engine={max_model_len: 8192, gpu_memory_utilization: 0.8} are arguments of vllm.LLM."
            ) from None

    def answer(self, requests: Sequence[Request]) -> list[ServerAnswer | Exception]:
        """Return an answer to each request, or why there is none: where the engine refuses all, each is asked alone."""
        try:
            found = self.engine.chat(
                [self.endpoint.messages(request) for request in requests],
                [self.sampling(request) for request in requests],
                use_tqdm=False,
                **self._template(),
            )
        except ValueError as error:  # of one of them, which vLLM does not name
            if len(requests) == 1:
                return [_declined(error)]
            return [answer for request in requests for answer in self.answer([request])]
        return [self._read(output) for output in found]

    def sampling(self, request: Request) -> Any:
        """Return what vLLM calls SamplingParams for a request."""
        found = self.endpoint
        given = {"temperature": found.temperature, "top_p": found.top_p, "seed": found.seed}
        chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        chosen |= {"max_tokens": found.asked(request).get("max_tokens", MOST_TOKENS)}
        chosen |= {"stop": list(found.stop)} if found.stop else {}
        chosen |= {"logprobs": 1} if found.logprobs else {}
        if request.answer_schema is not None:
            chosen |= {"structured_outputs": self._held_to(request.answer_schema)}
        further = {name: value for name, value in found.extra_body.items() if name != OF_THE_TEMPLATE}
        return self._library.SamplingParams(**chosen | further)

    def _held_to(self, schema: Mapping[str, Any]) -> Any:
        from vllm.sampling_params import StructuredOutputsParams

        if self.endpoint.structured is Structured.json_object:
            return StructuredOutputsParams(json_object=True)
        return StructuredOutputsParams(json=dict(schema))

    def _template(self) -> dict[str, Any]:
        told = self.endpoint.extra_body.get(OF_THE_TEMPLATE)
        return {OF_THE_TEMPLATE: dict(told)} if told else {}

    def _read(self, output: Any) -> ServerAnswer:
        (found,) = output.outputs
        return ServerAnswer(
            found.text,
            endings.ending(_ENDS.get(found.finish_reason, found.finish_reason), text=found.text),
            served_model=self.endpoint.model,
            usage=Usage(len(output.prompt_token_ids or ()), len(found.token_ids), output.num_cached_tokens),
            request_id=output.request_id,
            logprobs=_logprobs(found),
        )


def _logprobs(found: Any) -> Logprobs:
    """Return the probabilities of the tokens that were drawn; each step may have those of others, too."""
    steps = zip(found.token_ids, found.logprobs or (), strict=False)
    drawn = [step[id] for id, step in steps if id in step]
    return aligned([((one.decoded_token or "").encode(), float(one.logprob)) for one in drawn], text=found.text)


def _declined(error: ValueError) -> ServerError:
    said = " ".join(str(error).split())[:300]
    too_long = "maximum model length" in said or "max_model_len" in said or "context length" in said
    return ServerError(ErrorKind.declined, said, reason=endings.TOO_LONG if too_long else None)
