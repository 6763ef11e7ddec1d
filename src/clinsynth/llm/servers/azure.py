"""OpenAI's models on Azure, with addresses of both styles: `/openai/v1`, and deployments with an `api-version`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from clinsynth.errors import ConfigError
from clinsynth.llm.servers.base import Endpoint
from clinsynth.llm.servers.openai import NO_KEY, OpenAIServer, options
from clinsynth.llm.servers.openai_batch import OpenAIBatchServer

if TYPE_CHECKING:
    import openai


class AzureServer(OpenAIServer):
    """Asks deployments, which `llm.model` names."""

    def _open(self, endpoint: Endpoint, http: Any) -> openai.AsyncOpenAI:
        import openai

        if endpoint.api_version is None:
            return openai.AsyncOpenAI(**_current(endpoint), max_retries=0, http_client=http)
        return openai.AsyncAzureOpenAI(**_dated(endpoint), max_retries=0, http_client=http)


class AzureBatchServer(OpenAIBatchServer):
    """Asks global batch deployments."""

    def _open(self, endpoint: Endpoint, http: Any) -> openai.OpenAI:
        import openai

        if endpoint.api_version is None:
            return openai.OpenAI(**_current(endpoint), http_client=http)
        return openai.AzureOpenAI(**_dated(endpoint), http_client=http)


def _current(endpoint: Endpoint) -> dict[str, Any]:
    """Return the options of a client without an `api-version`."""
    headers = {**endpoint.extra_headers, "api-key": endpoint.key or NO_KEY}
    address = urlsplit(_address(endpoint))
    path = address.path if "/openai" in address.path else f"{address.path.rstrip('/')}/openai/v1"
    return options(endpoint) | {"base_url": urlunsplit(address._replace(path=path)), "default_headers": headers}


def _dated(endpoint: Endpoint) -> dict[str, Any]:
    """Return the options of a client whose addresses hold deployments and an `api-version`."""
    address = urlsplit(_address(endpoint))
    given = {name: value for name, value in options(endpoint).items() if name not in ("base_url", "project")}
    given["api_version"] = endpoint.api_version
    if "/deployments/" in address.path:
        return given | {"base_url": urlunsplit(address._replace(query=""))}
    root = address.path.partition("/openai")[0]
    return given | {"azure_endpoint": urlunsplit(address._replace(path=root, query=""))}


def _address(endpoint: Endpoint) -> str:
    if endpoint.base_url is None:
        raise ConfigError(
            "llm.protocol=azure needs the address of your resource: llm.base_url=https://NAME.openai.azure.com. "
            "Nothing was asked."
        )
    return endpoint.base_url
