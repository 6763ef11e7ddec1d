"""Completions out of the cache into recordings, and back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinsynth import keys
from clinsynth.artifacts import write_whole
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_lines
from clinsynth.keys import digest
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.endings import ending, lack
from clinsynth.llm.recorded import ANSWER, read_recordings
from clinsynth.llm.servers.base import ServerAnswer
from clinsynth.llm.servers.logprobs import read_stored
from clinsynth.types import Request

SENT = ("messages", "requested_model", "sampling")
"""Fields of an exported row that say what was sent, and are no evidence."""


def export_recordings(cache: CompletionCache, path: Path, *, model: str | None, prompts: bool) -> int:
    """Write recordings that answer the same requests offline; returns how many.

    Raises ConfigError where two models have answered one request: a recording has one answer.
    """
    rows = [row for row in cache.rows() if model in (None, row["model"])]
    seen: set[str] = set()
    for row in rows:
        asked = digest([row["id"], row["evidence"]])
        if asked in seen:
            models = ", ".join(sorted({found["model"] for found in rows}))
            raise ConfigError(
                f"{row['id']!r} has several answers in {cache.path} (other model, prompt or sampling), and a recording "
                f"has one. Choose with model=... ({models})."
            )
        seen.add(asked)
    write_whole(path, json_lines(_recording(row, prompts=prompts) for row in rows))
    return len(rows)


def import_recordings(cache: CompletionCache, path: Path, *, model: str | None) -> tuple[int, int, int]:
    """Take recordings as answers that were paid for; returns how many, how many lack what was asked, and no answers."""
    taken = lacking = none = 0
    for row in read_recordings([path]):
        ended = ending(row["finish_reason"], text=row["completion"])
        if lack(row["completion"], ended=ended):
            none += 1
            continue
        messages = _messages(row)
        whose = model or row.get("requested_model")
        if messages is None:
            lacking += 1
            continue
        if not whose:
            raise ConfigError(f"{path} does not say which llm.model was asked: give it as model=...")
        evidence = {name: value for name, value in row.items() if name not in (*ANSWER, *SENT)}
        request = Request(row["id"], tuple(messages), evidence)
        sampling = row.get("sampling") or {}
        logprobs = read_stored(row.get("logprobs"))
        answer = ServerAnswer(row["completion"], ended, served_model=row["model"] or whose, logprobs=logprobs)
        key = keys.request(request, model=whose, sampling=sampling)
        cache.put(key, request, answer, model=whose, sampling=sampling, asked_at=time.time())
        taken += 1
    return taken, lacking, none


def _recording(row: dict[str, Any], *, prompts: bool) -> dict[str, Any]:
    asked: dict[str, Any] = {"requested_model": row["model"], "sampling": row["sampling"]}
    evidence = dict(row["evidence"])
    if not prompts:
        evidence.pop("prompt", None)
    elif evidence.get("prompt") != row["messages"][-1]["content"] or len(row["messages"]) > 1:
        asked["messages"] = row["messages"]
    answer = {"completion": row["completion"], "finish_reason": row["finish_reason"]}
    answer |= {"logprobs": row["logprobs"]} if row["logprobs"] else {}
    return {"id": row["id"], "model": row["served_model"]} | asked | evidence | answer


def _messages(row: dict[str, Any]) -> Sequence[dict[str, str]] | None:
    if row.get("messages"):
        found: Sequence[dict[str, str]] = row["messages"]
        return found
    if row.get("prompt") and "labels" not in row:  # such a prompt stands for sentences that it does not show
        return [{"role": "user", "content": row["prompt"]}]
    return None
