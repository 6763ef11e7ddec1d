"""Servers of LLMs, a file a protocol; each imports its library when a server is opened, and not before."""

from __future__ import annotations

from clinsynth.errors import ConfigError
from clinsynth.llm.servers import openai, openai_batch
from clinsynth.llm.servers.base import BatchServer, Endpoint, LLMProtocol

PROTOCOLS = {
    "openai": LLMProtocol("OpenAI", "https://api.openai.com/v1", openai.OpenAIServer, openai_batch.OpenAIBatchServer),
}
"""By the names that `llm.protocol` has for them."""


def protocol_named(name: str) -> LLMProtocol:
    """Return the protocol of a name; raises ConfigError where there is none."""
    if name not in PROTOCOLS:
        raise ConfigError(f"llm.protocol={name} is not a protocol. Protocols: {', '.join(sorted(PROTOCOLS))}.")
    return PROTOCOLS[name]


def connect_batches(endpoint: Endpoint) -> BatchServer:
    """Open a server for batches; raises ConfigError where its protocol has none."""
    if endpoint.protocol.connect_batches is None:
        able = ", ".join(sorted(name for name, found in PROTOCOLS.items() if found.connect_batches))
        raise ConfigError(
            f"llm.mode=batch does not go with the protocol of {endpoint.protocol.owner}, which has no batches: leave "
            f"it out, or choose llm.protocol={able}."
        )
    return endpoint.protocol.connect_batches(endpoint)
