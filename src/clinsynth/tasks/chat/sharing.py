"""Dialogues in the forms that tools for chat models read: `messages` a line, and ShareGPT's."""

from __future__ import annotations

import json
from collections.abc import Sequence

from clinsynth.files.json_lines import json_lines
from clinsynth.tasks.chat.examples import Dialogue

MESSAGES, SHARE_GPT = "messages.jsonl", "sharegpt.json"


def files(dialogues: Sequence[Dialogue]) -> dict[str, str]:
    """Return the dialogues in each form, by the name of its file."""
    lines = [{"messages": _said(one, ("role", "content"), ("user", "assistant"))} for one in dialogues]
    share = [
        {"id": f"dialogue-{number}", "conversations": _said(one, ("from", "value"), ("human", "gpt"))}
        for number, one in enumerate(dialogues)
    ]
    return {MESSAGES: json_lines(lines), SHARE_GPT: json.dumps(share, indent=1, ensure_ascii=False) + "\n"}


def _said(one: Dialogue, names: tuple[str, str], roles: tuple[str, str]) -> list[dict[str, str]]:
    who, what = names
    return [{who: roles[place % 2], what: turn} for place, turn in enumerate(one.turns)]
