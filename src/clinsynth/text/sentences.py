"""Where sentences of a document begin and end: by its layout (headings, lists, blank lines), then by a library's rules.

The library (sentencex) knows abbreviations of some 300 languages, and not the layout of clinical notes; what its list
lacks of their abbreviations stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import sentencex

Place = tuple[int, int]

_BULLET = re.compile(r"[-*•◦▪●‣·–—+\uf0b7]|\(?(?:\d{1,3}|[a-zA-Z])[.)]")
_ITEM = re.compile(rf"[ \t]*(?:{_BULLET.pattern})[ \t]+\S")
"""The beginning of a line that is an item of a list."""

_HEADING = re.compile(
    r"[ \t]*(?:[^\W\d_][^:.;!?\n]{0,60}:[ \t]*$"  # a line that ends with a colon
    r"|(?:[^\W\d_a-z][^a-z:.;!?\n]{2,60}|[^\W\d_a-z][\w/&' -]{2,40}):(?=[ \t])"  # HISTORY: of present illness
    r"|[^a-z.:;!?\n]{4,60}$)"  # a line in capitals
)
"""The beginning of a line that opens a section."""

_ABBREVIATED = re.compile(
    r"(?:^|[\s(/])(?:[a-z]\.(?:[a-z]\.)+"  # b.i.d. p.o. e.g.
    r"|(?:approx|cf|ca|dept|diag|dx|ed|eq|est|ext|fig|figs|freq|gen|hosp|hr|hrs|hx|inj|int|lat|lab|labs|max|med|meds|min"
    r"|mins|neg|no|nos|pos|post|pt|pts|ref|refs|resp|rt|rx|sec|sol|subcut|susp|sx|tab|tabs|cap|caps|temp|tx|var|vol|vs"
    r"|wk|wks|wt|yr|yrs|sp|spp|dr|drs|mr|mrs|ms|prof|st|jr|sr|et al)\.)\s*$",
    re.IGNORECASE,
)
"""The end of what is no sentence, where a small letter or a number goes on."""

_GOES_ON = re.compile(r"[^\W\d_A-Z]|\d")


def sentence_places(text: str, *, language: str | None = None, whole: Iterable[Place] = ()) -> list[Place]:
    """Return start and end of each sentence, in order, without the blanks around them.

    No sentence ends inside one of the places that are to stay `whole`. Without a language the rules are those of
    English.
    """
    kept = list(whole)
    found: list[Place] = []
    for start, end in _cut(text, language=(language or "en").partition("-")[0]):
        if found and any(first < start < last for first, last in kept):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [stripped(text, start, end) for start, end in found if text[start:end].strip()]


def _cut(text: str, *, language: str) -> Iterator[Place]:
    """Yield the sentences of each block; a piece that goes on belongs to the one before it."""
    for first, last in _blocks(text):
        start = first
        for part in sentencex.get_sentence_boundaries(language, text[first:last]):
            end = first + part["end_index"]
            if end < last and not _is_end(text[start:end], text[end:last]):
                continue
            yield start, end
            start = end
        if start < last:
            yield start, last


def _is_end(before: str, after: str) -> bool:
    """Say whether a sentence ends between two pieces: not behind a bullet, nor behind an abbreviation that goes on."""
    if _BULLET.fullmatch(before.strip()):
        return False
    return not (_ABBREVIATED.search(before) and _GOES_ON.match(after.lstrip()))


def _blocks(text: str) -> Iterator[Place]:
    """Yield runs of lines that go on with each other: a heading, an item of a list, a paragraph.

    A heading that has text behind it on its line begins a block with it.
    """
    start = end = 0
    alone = False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip()
        heading = _HEADING.match(bare)
        if start < end and (alone or not bare or heading or _ITEM.match(line)):
            yield start, end
            start = end
        end += len(line)
        alone = not bare or (heading is not None and heading.end() == len(bare))
    if start < end:
        yield start, end


def stripped(text: str, start: int, end: int) -> Place:
    """Return start and end of a part of a text without the blanks around it."""
    sentence = text[start:end]
    return start + len(sentence) - len(sentence.lstrip()), start + len(sentence.rstrip())
