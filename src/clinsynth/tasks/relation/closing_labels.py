"""The label that an LLM writes behind a sentence."""

from __future__ import annotations

import re

from clinsynth.tasks.markers import Markers
from clinsynth.tasks.relation.labels import LABEL_NAME, VALUE, read_labels

_KEYED_LABEL = re.compile(
    rf"\b{LABEL_NAME}[\"']?\s?[:=]\s?{VALUE.pattern}(?:\s?(?:/|or\b)\s?\w+)?(?=\s*(?:$|[.,;()\[\]}}|–—-]))",
    re.VERBOSE | re.IGNORECASE,
)
_WORD = (
    r"(?P<value>[Yy]es|YES|[Nn]o|NO|Positive|POSITIVE|Negative|NEGATIVE|True|False"
    r"|Related|Not [Rr]elated|No [Rr]elation|Unrelated|[✅✔☑❌✗✘])"
)
_CAPITAL = r"(?P<value>Yes|No|Positive|Negative|True|False)"
# A label at the end of a sentence. The shorter the sign, the fewer the words: "of NO", "was positive", "vs no".
_CLOSINGS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\s*[(\[]\s*[\"']?{_WORD}[\"']?\s*[)\]]\s*\.?$",
        rf"\s*(?:\s[-–—=/]+>?|\s?[→⇒])\s*[\"'“]?{_WORD}[\"'”]?\.?$",
        rf"(?<=[.!?…\"”])[\"”'’)]?(?:[,;:]?\s+|,(?=\"))[\"'“]?{_WORD}[\"'”]?\.?$",
        rf"[,;:]\s+[\"'“]?{_CAPITAL}[\"'”]?\.?$",
        r"\s(?P<value>Yes|No|[✅✔☑❌✗✘])$",
    )
)
_TAIL = 60  # characters in which a closing label is looked for


def closed(text: str, *, markers: Markers) -> tuple[str, set[str]]:
    """Split off the label at a sentence's end."""
    keyed = list(_KEYED_LABEL.finditer(text))
    before = markers.counts(text[: keyed[0].start()]) if keyed else ()
    after = markers.counts(text[keyed[0].end() :]) if keyed else ()
    if keyed and (not any(after) or (all(before) and not all(after))):  # no second sentence, at most an explanation
        labels = set[str]().union(
            *(read_labels(text[found.start("value") : found.end()], digits=True) for found in keyed)
        )
        sentence = text[: keyed[0].start()].rstrip(" ([{–—-=→|")
        if sentence.endswith(('"', "'")) and sentence[:-1].rstrip().endswith((",", ";")):  # ..., "label": "Yes"
            sentence = sentence[:-1].rstrip()
        return sentence.rstrip(",; "), labels
    for closing in _CLOSINGS:
        found = closing.search(text[-_TAIL:])
        if found and (closing is not _CLOSINGS[-1] or any(markers.counts(text))):
            cut = len(text) - len(text[-_TAIL:]) + found.start()
            # A quotation mark before the label may be matched with it: it belongs to the sentence.
            kept = found.group()[0] if found.group()[0] in "\"”'’)" else ""
            return (text[:cut] + kept).rstrip(), read_labels(found["value"], digits=False)
    return text, set()
