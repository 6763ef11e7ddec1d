"""Gold text leaves the house only where the user has said so."""

from __future__ import annotations

from collections.abc import Sequence

from clinsynth.config import AskingConfig, DatasetConfig, LLMConfig
from clinsynth.errors import ConfigError
from clinsynth.types import Request


def check_consent(
    dataset: DatasetConfig, requests: Sequence[Request], *, asking: AskingConfig, llm: LLMConfig, what: str
) -> None:
    """Raises ConfigError where gold text of a dataset that is not public would be sent unasked.

    `what` names that text: its units, its test texts.
    """
    if dataset.public or asking.send_gold_text or llm.trusted:
        return
    if not any(request.gold_characters for request in requests):  # such as the criteria of an instrument
        return
    raise ConfigError(
        f"{dataset.name} is not public (dataset.public=false), and {what} would be sent to "
        f"{llm.base_url or 'OpenAI'}. Say that they may with generation.send_gold_text=true, or that the server is "
        "inside the house with llm.trusted=true."
    )
