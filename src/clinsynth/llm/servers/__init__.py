"""Servers of LLMs, a file a protocol; each imports its library when a server is opened, and not before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from clinsynth.errors import ConfigError
from clinsynth.llm.servers import anthropic, anthropic_batch, azure, bedrock, openai, openai_batch, transformers, vllm
from clinsynth.llm.servers.base import BatchServer, Endpoint, LLMProtocol, Server
from clinsynth.llm.servers.local import LocalServer
from clinsynth.llm.servers.several import Member, SeveralServers

OPENAI = "https://api.openai.com/v1"
IN_PROCESS = "this process"

PROTOCOLS = {
    "openai": LLMProtocol("OpenAI", OPENAI, openai.OpenAIServer, openai_batch.OpenAIBatchServer),
    "responses": LLMProtocol("OpenAI", OPENAI, partial(openai.OpenAIServer, responses=True)),
    "azure": LLMProtocol("Azure", "https://NAME.openai.azure.com", azure.AzureServer, azure.AzureBatchServer),
    "anthropic": LLMProtocol(
        "Anthropic",
        "https://api.anthropic.com",
        anthropic.AnthropicServer,
        anthropic_batch.AnthropicBatchServer,
        has_logprobs=False,
    ),
    "transformers": LLMProtocol("transformers", IN_PROCESS, partial(LocalServer, opens=transformers.LocalModel)),
    "vllm": LLMProtocol("vLLM", IN_PROCESS, partial(LocalServer, opens=vllm.VllmModel)),
    "bedrock": LLMProtocol(
        "Bedrock", "https://bedrock-runtime.amazonaws.com", bedrock.BedrockServer, has_logprobs=False
    ),
}
"""By the names that `llm.protocol` has for them."""


def protocol_named(name: str) -> LLMProtocol:
    """Return the protocol of a name; raises ConfigError where there is none."""
    if name not in PROTOCOLS:
        raise ConfigError(f"llm.protocol={name} is not a protocol. Protocols: {', '.join(sorted(PROTOCOLS))}.")
    return PROTOCOLS[name]


def connect(endpoint: Endpoint) -> Server:
    """Open a server, or several of one model as one; raises ConfigError where it is asked for what it never says."""
    _check_logprobs(endpoint)
    _check_watermark(endpoint)
    if not endpoint.base_urls:
        return endpoint.protocol.connect(endpoint)
    return SeveralServers([Member(one.server, one.protocol.connect(one)) for one in each(endpoint)])


def each(endpoint: Endpoint) -> list[Endpoint]:
    """Return the endpoint of each of its addresses."""
    if not endpoint.base_urls:
        return [endpoint]
    return [replace(endpoint, base_url=address, base_urls=()) for address in endpoint.base_urls]


def connect_batches(endpoint: Endpoint) -> BatchServer:
    """Open a server for batches; raises ConfigError where its protocol has none."""
    _check_logprobs(endpoint)
    _check_watermark(endpoint)
    if endpoint.base_urls:
        raise ConfigError("llm.mode=batch asks one server: give llm.base_url, and leave llm.base_urls out.")
    if endpoint.protocol.connect_batches is None:
        able = ", ".join(sorted(name for name, found in PROTOCOLS.items() if found.connect_batches))
        raise ConfigError(
            f"llm.mode=batch does not go with the protocol of {endpoint.protocol.owner}, which has no batches: leave "
            f"it out, or choose llm.protocol={able}."
        )
    return endpoint.protocol.connect_batches(endpoint)


def _check_watermark(endpoint: Endpoint) -> None:
    if endpoint.watermark is not None and endpoint.protocol is not PROTOCOLS["transformers"]:
        raise ConfigError(
            f"llm.watermark.key_env: {endpoint.protocol.owner} puts no mark of ours into its answers. llm=transformers "
            "does; leave llm.watermark out for others."
        )


def _check_logprobs(endpoint: Endpoint) -> None:
    if endpoint.logprobs and not endpoint.protocol.has_logprobs:
        raise ConfigError(
            f"llm.logprobs=true does not go with the protocol of {endpoint.protocol.owner}, whose answers never say "
            "how likely they were: leave it out."
        )
