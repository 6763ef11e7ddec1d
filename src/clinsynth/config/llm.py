"""Settings of the LLM: where it is, what it costs, how fast it may be asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from omegaconf import MISSING

from clinsynth.config.marks import WatermarkConfig
from clinsynth.config.options import AT_LEAST_1, check, option
from clinsynth.errors import ConfigError


@dataclass
class PriceConfig:
    """US dollars per million tokens; null where it is not known, and then no cost is told."""

    input: float | None = option(None, "US dollars per million tokens of prompts", keyless=True)
    output: float | None = option(None, "per million tokens of answers", keyless=True)
    cached: float | None = option(None, "per million tokens of prompts that the server has seen before", keyless=True)
    batch: float | None = option(
        None, "share of these prices that is charged with llm.mode=batch, such as 0.5", keyless=True
    )
    written: float | None = option(
        None, "per million tokens of prompts that the server keeps for others; null is as input", keyless=True
    )

    def in_batch(self) -> PriceConfig:
        """Return the prices in batch mode; unknown where the share is."""

        def shared(price: float | None) -> float | None:
            return None if price is None or self.batch is None else price * self.batch

        return PriceConfig(shared(self.input), shared(self.output), shared(self.cached), written=shared(self.written))

    def __post_init__(self) -> None:
        for key in ("input", "output", "cached", "batch", "written"):
            value = getattr(self, key)
            check(value is None or value >= 0, f"llm.price.{key}", value, "null or 0 and more")


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRETS = {"api_key_env": ("key", "OPENAI_API_KEY"), "watermark.key_env": ("secret", "HOUSE_MARK")}
"""Settings that name a variable: what it holds, and a name for it."""

_LIKE_A_KEY = re.compile(r"(?=.*\d)(?=.*[a-z]).{20,}")
_HOLDS_PASSWORD = re.compile(r"[\w+]+://([^/\s]*:[^/\s]*@|.*[?&]password=)")


def check_names_no_secret(key: str, value: str) -> None:
    """Raise ConfigError, without the value, where `llm.<key>` is given a secret that would be written into files."""
    if "${" in value:  # such as ${oc.env:MY_SERVER}, which is written down as it stands
        return
    if key in SECRETS and (not _NAME.fullmatch(value) or _LIKE_A_KEY.fullmatch(value)) and value != "null":
        what, such_as = SECRETS[key]
        raise ConfigError(
            f"llm.{key} has to be the name of the variable that holds the {what}, such as {such_as}: letters, digits "
            f"and _. What it is given is no name. If it is the {what} itself, put it into a variable: nothing was "
            "written yet."
        )
    if key == "extra_headers":
        raise ConfigError(
            f"the header {value} of llm.extra_headers is one that holds a secret, which would be written into files. "
            "The key of a server is found by the name of its variable alone, llm.api_key_env=NAME. Nothing was written."
        )
    if key in ("base_url", "base_urls", "cache") and _HOLDS_PASSWORD.match(value):
        raise ConfigError(
            f"llm.{key} holds a password, which would be written into files. Put the address into a variable, and "
            f"give it as 'llm.{key}=${{oc.env:MY_SERVER}}'. Nothing was written yet."
        )


CAPS = ("max_cost_usd", "max_dataset_cost_usd", "max_total_cost_usd")
"""Settings that end a session before more is spent."""


class LLMMode(Enum):
    direct = "direct"
    batch = "batch"


class WhenCut(Enum):
    keep = "keep"
    again = "again"


class Structured(Enum):
    off = "off"
    auto = "auto"
    json_schema = "json_schema"
    json_object = "json_object"
    grammar = "grammar"


@dataclass
class LLMConfig:
    name: str = option(MISSING, "recorded: answers out of files, offline; others are asked over the network")
    recordings: list[str] = option(
        [], "files with completions; they take the place of dataset.recordings", keyless=True
    )
    model: str | None = option(None, "as its server calls it")
    protocol: str = option(
        "openai",
        "how its server is spoken to: openai (Chat Completions, which many servers speak), responses (OpenAI), azure, "
        "anthropic, bedrock; transformers, vllm (no server: the model is opened in this process)",
        keyless=True,
    )
    base_url: str | None = option(
        None, "address of the server, such as http://127.0.0.1:8000/v1; null is the protocol's own", keyless=True
    )
    base_urls: list[str] = option(
        [], "several addresses of one model: each request goes to the one that has least to do", keyless=True
    )
    api_key_env: str | None = option(
        None, "name of the variable that holds the key; null: the server wants none", keyless=True
    )
    trusted: bool = option(
        False, "true for a server inside the house, which may see gold text that is not public", keyless=True
    )
    temperature: float | None = option(None, "of sampling; null is the server's own")
    max_tokens: int | None = option(
        None, "longest answer; null is the server's own. Sent as max_completion_tokens where a server wants that"
    )
    when_cut: WhenCut = option(
        WhenCut.keep,
        "what becomes of an answer that is cut at llm.max_tokens: keep it, without its last text; or ask again, with "
        "twice and then four times the room",
        before=WhenCut.keep,
    )
    top_p: float | None = option(None, "of sampling; null is the server's own", before=None)
    seed: int | None = option(None, "random number of the sampling, where the server takes one", before=None)
    stop: list[str] = option([], "texts at which an answer ends", before=[])
    reasoning_effort: str | None = option(
        None, "none, minimal, low, medium or high, as the model knows it", before=None
    )
    system: str | None = option(None, "system prompt, before every request", before=None)
    extra_body: dict[str, Any] = option(
        {},
        "fields of a request that change its answer, as in {chat_template_kwargs: {enable_thinking: false}}",
        before={},
    )
    routing: dict[str, Any] = option(
        {}, "fields of a request that change no answer, as in {provider: {sort: price}}; in no key", keyless=True
    )
    extra_headers: dict[str, str] = option({}, "headers of every request; none that holds a secret", keyless=True)
    organization: str | None = option(None, "OpenAI: whose bill it is", keyless=True)
    project: str | None = option(None, "OpenAI: which project's", keyless=True)
    api_version: str | None = option(
        None, "Azure: such as 2024-10-21, for addresses with deployments; null is that of /openai/v1", keyless=True
    )
    region: str | None = option(None, "Bedrock: such as eu-central-1; null is that of AWS's own settings", keyless=True)
    structured: Structured = option(
        Structured.off,
        "how prompts of the project's own ask for their answers: off, as a text; else as JSON with a schema, in the "
        "best way that the server takes (auto), or in one way: json_schema, json_object, grammar (vLLM, llama.cpp)",
        before=Structured.off,
    )
    logprobs: bool = option(
        False,
        "true asks how likely the tokens of answers were, from which labels get a confidence; answers that are there "
        "already are not asked for again",
        keyless=True,
    )
    watermark: WatermarkConfig = field(default_factory=WatermarkConfig, metadata={"before": WatermarkConfig()})
    mode: LLMMode = option(
        LLMMode.direct,
        "direct; or batch: the batches of OpenAI, Azure or Anthropic, cheaper and within a day",
        keyless=True,
    )
    poll_s: float = option(30.0, "batch: seconds between two looks at it", keyless=True)
    cache: str | None = option(
        None,
        "where answers are kept: null is what the variable CLINSYNTH_CACHE says, else completions.db of "
        "paths.artifacts; postgresql://NAME@HOST/DATABASE is shared by many machines",
        keyless=True,
    )
    concurrency: int = option(32, "requests under way at once, at most", keyless=True)
    requests_per_minute: int | None = option(None, "ceiling", keyless=True)
    tokens_per_minute: int | None = option(None, "ceiling, of prompts and answers together", keyless=True)
    timeout_s: float = option(180.0, "for one answer", keyless=True)
    patience_s: float = option(
        300.0, "a request that fails for a passing reason is sent again for so long", keyless=True
    )
    max_cost_usd: float | None = option(
        None,
        "stop before this is spent on all that paths.artifacts holds, all sessions together; needs a price",
        keyless=True,
    )
    max_dataset_cost_usd: float | None = option(
        None, "stop before this is spent on the dataset, of all that paths.artifacts holds; needs a price", keyless=True
    )
    max_total_cost_usd: float | None = option(
        None, "stop before this is spent in all that tracking.uri has runs of; needs a price", keyless=True
    )
    max_total_tokens: int | None = option(
        None,
        "stop before so many tokens of prompts and answers are taken, of all that paths.artifacts holds; where no "
        "price is known",
        keyless=True,
    )
    price: PriceConfig = field(default_factory=PriceConfig, metadata={"keyless": True})
    price_table: dict[str, PriceConfig] = option({}, "prices by model, for where llm.price is null", keyless=True)
    price_provider: str | None = option(
        None,
        "whose prices of the list that clinsynth keeps are taken where there are none of these: openai, azure, "
        "anthropic, google, aws, openrouter ... (`clinsynth cache action=prices`)",
        keyless=True,
    )
    price_as: str | None = option(None, "the name of the model in that list, where it is not llm.model", keyless=True)

    @property
    def asks_for_json(self) -> bool:
        """Say whether prompts of the project's own ask for JSON with a schema."""
        return self.name != "recorded" and self.structured is not Structured.off

    def priced(self) -> PriceConfig:
        """Return the prices of the model in this mode: `price`, else its row of the table, else unknown."""
        given = self.price != PriceConfig()
        price = self.price if given else self.price_table.get(self.model or "", PriceConfig())
        return price.in_batch() if self.mode is LLMMode.batch else price

    def __post_init__(self) -> None:
        if self.name != "recorded" and not self.model:
            raise ConfigError(f"llm={self.name} needs the name of a model: give llm.model=...")
        if self.api_key_env is not None:
            check_names_no_secret("api_key_env", self.api_key_env)
        if self.watermark.key_env is not None:
            check_names_no_secret("watermark.key_env", self.watermark.key_env)
        check(self.top_p is None or 0 < self.top_p <= 1, "llm.top_p", self.top_p, "above 0 and up to 1")
        check(self.concurrency >= 1, "llm.concurrency", self.concurrency, "at least 1")
        for key in ("requests_per_minute", "tokens_per_minute", "max_tokens"):
            value = getattr(self, key)
            check(value is None or value >= 1, f"llm.{key}", value, AT_LEAST_1)
        for key in ("timeout_s", "patience_s", "poll_s"):
            check(getattr(self, key) > 0, f"llm.{key}", getattr(self, key), "above 0")
        for key in (*CAPS, "max_total_tokens"):
            cap = getattr(self, key)
            check(cap is None or cap >= 0, f"llm.{key}", cap, "null or 0 and more")
        if self.price_provider is None:
            self.check_priced(known=None not in (self.priced().input, self.priced().output))

    def check_priced(self, *, known: bool) -> None:
        """Raise ConfigError where a cap on costs is set and the prices are not `known`."""
        capped = [key for key in CAPS if getattr(self, key) is not None]
        if capped and not known:
            raise ConfigError(
                f"llm.{capped[0]}={getattr(self, capped[0])} needs the prices of {self.model}: give "
                f"llm.price.input=... and llm.price.output=... in US dollars per million tokens, and for "
                f"llm.mode=batch llm.price.batch=0.5; or llm.price_as=..., a model of the list `clinsynth cache "
                f"action=prices` prints. llm.max_total_tokens=... is a cap that needs none."
            )
