"""Templates of prompts: `$name` stands for a value, `$$` for a dollar sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template

from clinsynth.errors import ConfigError
from clinsynth.types import Prompt


def filled(prompt: Prompt, values: Mapping[str, object], *, optional: Sequence[str] = ()) -> str:
    """Return the text with its values, without lines that are one value alone which is empty."""
    empty = {f"${name}" for name, value in values.items() if value == ""}
    lines = [line for line in (prompt.text or "").split("\n") if line.strip() not in empty]
    return render(Prompt(prompt.name, "\n".join(lines)), values, optional=(*optional, *(name[1:] for name in empty)))


def render(prompt: Prompt, values: Mapping[str, object], *, optional: Sequence[str] = ()) -> str:
    """The text with its values; raises ConfigError that lists what the template lacks and what it does not know."""
    template = Template(prompt.text or "")
    if not template.is_valid():
        raise ConfigError(
            f"the template of the prompt {prompt.name!r} has a lone `$`: write $$ for a dollar sign, $name for a value."
        )
    used = set(template.get_identifiers())
    missing = sorted(set(values) - set(optional) - used)
    unknown = sorted(used - set(values))
    if missing or unknown:
        parts = [
            f"{what} {', '.join(f'${name}' for name in names)}"
            for what, names in (("lacks", missing), ("has the unknown", unknown))
            if names
        ]
        known = ", ".join(f"${name}" for name in sorted(values))
        raise ConfigError(f"the template of the prompt {prompt.name!r} {' and '.join(parts)}. It may use {known}.")
    return template.substitute({name: str(value) for name, value in values.items()})
