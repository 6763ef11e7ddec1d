"""Recognises answers that stray: those that repeat themselves or the prompt, or are in another language."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any

from clinsynth.llm.endings import ECHO, LANGUAGE, LOOP
from clinsynth.text.peeling import said
from clinsynth.types import Request

REPEATED = 20
"""Times that one sentence stands in an answer that goes round and round; half of it where it is most of the answer."""
FEWEST_WORDS = 4
"""Words from which on a line is a sentence, and no label."""
ECHOED = 12
"""Words of an answer that are no chance where they stand in the prompt."""
LOOKED_AT = 800
"""Characters by which a language is told."""
SHORTEST = 200
SURE = 0.99

_ANSWERED_BRIEFLY = frozenset({"labels", "texts_sha256", "test_index"})
"""Evidence of requests for labels, whose answers may well say the same twenty times."""
_SENTENCE_END = re.compile(r"\n|(?<=[.?!])[\"')\]]*[,;]?\s")
_NUMBER = re.compile(r"^\W*\d{1,4}\W+")
_WORD = re.compile(r"[^\W_]+")
_ENGLISH = re.compile(r"\b(?:the|of|and|in|with|was|were|is|are|to|a|that|for|he|she|his|her|by|on)\b", re.IGNORECASE)


def strays(text: str, request: Request) -> str | None:
    """Return how an answer strays from what was asked; `None` where it does not."""
    spoken = said(text)
    if _is_echo(spoken, prompt=request.messages[-1]["content"]):
        return ECHO
    if _ANSWERED_BRIEFLY & request.evidence.keys():
        return None
    if _is_loop(spoken):
        return LOOP
    return LANGUAGE if request.language and _is_foreign(spoken, language=request.language) else None


def _is_loop(text: str) -> bool:
    lines = [_NUMBER.sub("", line).strip().casefold() for line in _SENTENCE_END.split(text)]
    lines = [line for line in lines if len(line.split()) >= FEWEST_WORDS]
    ((_, most),) = Counter(lines).most_common(1) or [("", 0)]
    return most >= REPEATED or (most >= REPEATED // 2 and 2 * most > len(lines))


def _is_echo(text: str, *, prompt: str) -> bool:
    """Say whether an answer is nothing but a good part of the prompt."""
    words, asked = _WORD.findall(text.casefold()), _WORD.findall(prompt.casefold())
    if len(words) < ECHOED or not len(asked) // 2 <= len(words) <= len(asked):
        return False
    return f" {' '.join(words)} " in f" {' '.join(asked)} "


def _is_foreign(text: str, *, language: str) -> bool:
    shown = " ".join(text[:LOOKED_AT].split())
    wanted = language.partition("-")[0].casefold()
    if len(shown) < SHORTEST or (wanted == "en" and _is_english(shown)):
        return False
    found, share = _identifier().classify(shown)
    return bool(found != wanted and share >= SURE)


def _is_english(text: str) -> bool:
    return len(_ENGLISH.findall(text)) > 0.12 * len(_WORD.findall(text))


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
