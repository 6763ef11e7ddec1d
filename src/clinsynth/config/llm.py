"""Settings of the LLM: where it is, what it costs, how fast it may be asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

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

    def in_batch(self) -> PriceConfig:
        """Return the prices in batch mode; unknown where the share is."""
        prices = (self.input, self.output, self.cached)
        return PriceConfig(*(None if None in (price, self.batch) else price * self.batch for price in prices))  # type: ignore[operator]

    def __post_init__(self) -> None:
        for key in ("input", "output", "cached", "batch"):
            value = getattr(self, key)
            check(value is None or value >= 0, f"llm.price.{key}", value, "null or 0 and more")


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(r"(?=.*\d)(?=.*[a-z]).{20,}")
_HOLDS_PASSWORD = re.compile(r"\w+://[^/\s]*:[^/\s]*@")


def check_names_no_secret(key: str, value: str) -> None:
    """Raise ConfigError, without the value, where `llm.<key>` is given a secret that would be written into files."""
    if "${" in value:  # such as ${oc.env:MY_SERVER}, which is written down as it stands
        return
    if key == "api_key_env" and (not _NAME.fullmatch(value) or _LIKE_A_KEY.fullmatch(value)) and value != "null":
        raise ConfigError(
            "llm.api_key_env has to be the name of the variable that holds the key, such as OPENAI_API_KEY: letters, "
            "digits and _. What it is given is no name. If it is the key itself, put it into a variable: nothing was "
            "written yet."
        )
    if key == "base_url" and _HOLDS_PASSWORD.match(value):
        raise ConfigError(
            "llm.base_url holds a password, which would be written into files. Put the address into a variable, and "
            "give it as 'llm.base_url=${oc.env:MY_SERVER}'. Nothing was written yet."
        )


class LLMMode(Enum):
    direct = "direct"
    batch = "batch"


@dataclass
class LLMConfig:
    name: str = option(MISSING, "recorded: answers out of files, offline; others are asked over the network")
    recordings: list[str] = option(
        [], "files with completions; they take the place of dataset.recordings", keyless=True
    )
    model: str | None = option(None, "as its server calls it")
    protocol: str = option(
        "openai", "how its server is spoken to: openai (Chat Completions, which many servers speak)", keyless=True
    )
    base_url: str | None = option(
        None, "address of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1", keyless=True
    )
    api_key_env: str | None = option(
        None, "name of the variable that holds the key; null: the server wants none", keyless=True
    )
    trusted: bool = option(
        False, "true for a server inside the house, which may see gold text that is not public", keyless=True
    )
    temperature: float | None = option(None, "of sampling; null is the server's own")
    max_tokens: int | None = option(None, "longest answer; null is the server's own")
    mode: LLMMode = option(
        LLMMode.direct, "direct; or batch: OpenAI's Batch API, cheaper and within a day", keyless=True
    )
    poll_s: float = option(30.0, "batch: seconds between two looks at it", keyless=True)
    concurrency: int = option(32, "requests under way at once, at most", keyless=True)
    requests_per_minute: int | None = option(None, "ceiling", keyless=True)
    tokens_per_minute: int | None = option(None, "ceiling, of prompts and answers together", keyless=True)
    timeout_s: float = option(180.0, "for one answer", keyless=True)
    patience_s: float = option(
        300.0, "a request that fails for a passing reason is sent again for so long", keyless=True
    )
    max_cost_usd: float | None = option(
        None,
        "stop before this is spent on all that paths.artifacts holds, all sessions together; needs llm.price",
        keyless=True,
    )
    price: PriceConfig = field(default_factory=PriceConfig, metadata={"keyless": True})
    price_table: dict[str, PriceConfig] = option({}, "prices by model, for where llm.price is null", keyless=True)

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
        check(self.concurrency >= 1, "llm.concurrency", self.concurrency, "at least 1")
        for key in ("requests_per_minute", "tokens_per_minute", "max_tokens"):
            value = getattr(self, key)
            check(value is None or value >= 1, f"llm.{key}", value, AT_LEAST_1)
        for key in ("timeout_s", "patience_s", "poll_s"):
            check(getattr(self, key) > 0, f"llm.{key}", getattr(self, key), "above 0")
        cap = self.max_cost_usd
        check(cap is None or cap >= 0, "llm.max_cost_usd", cap, "null or 0 and more")
        if cap is not None and None in (self.priced().input, self.priced().output):
            raise ConfigError(
                f"llm.max_cost_usd={cap} needs the prices of {self.model}: give llm.price.input=... and "
                "llm.price.output=... in US dollars per million tokens, and for llm.mode=batch llm.price.batch=0.5."
            )
