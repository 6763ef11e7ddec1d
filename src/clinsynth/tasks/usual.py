"""The usual prompts of a task, in the language that is chosen for prompts."""

from __future__ import annotations

from collections.abc import Mapping

from clinsynth.config import named_prompt
from clinsynth.errors import ConfigError
from clinsynth.types import Prompt


def usual_prompt(name: str, *, language: Mapping[str, Prompt], typed: bool = False) -> Prompt:
    """Return the prompt of this name, out of `language` where that is another than English (`Choices.language`).

    `typed`: the one for several types, of which English has one of its own beside that for a single type. Raises
    ConfigError for a language that lacks the prompt.
    """
    if not language:
        return named_prompt(f"{name}_types" if typed else name)
    if name not in language:
        raise ConfigError(
            f"prompt_language has the prompts {', '.join(sorted(language))}, and no {name!r}: give one as in "
            "conf/prompt_language/es.yaml, or choose a prompt of your own, as prompt.name=mine prompt.text=..."
        )
    return language[name]


def step_prompt(name: str, *, language: Mapping[str, Prompt]) -> Prompt:
    """Return the prompt of a step of labelling; a language without one of its own takes the English one."""
    return language.get(name) or named_prompt(name)
