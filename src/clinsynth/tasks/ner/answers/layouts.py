"""Reads words with tags, in the many layouts of LLMs.

An answer is read in every layout; what is most like the sentence is what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise, zip_longest

from clinsynth.tasks.ner.answers.asked import Asked, Pair, Tagging
from clinsynth.tasks.ner.answers.tags import BARE, OUTSIDE, Tag, is_strong
from clinsynth.text.alignment import occurrences

TaggedLine = list[Pair] | None
"""The words with tags of one line; `None`: it is prose, a heading, a rule."""

_TITLE = re.compile(r"(?:entity|named)?[ _]?(?:type|label|tag|class|category|format|name)s?", re.IGNORECASE)
_INDEX = re.compile(r"[(\[#]?(\d{1,4})[.):\]]*\s+(?=\S)")
_BULLET = re.compile(r"[-*•·–>]\s+(?=\S)")
_QUOTED = re.compile(r"([\"'`“‘]|\*\*)(.+)(?:\1|[”’])", re.DOTALL)
_LIKE = 0.6
"""From here on a line of words is the sentence."""


def read_tagging(text: str, *, asked: Asked) -> Tagging | None:
    """Return the words with tags that are most like the sentence."""
    lines = [line.strip(" \r") for line in text.split("\n")]
    candidates = [*_tagged_lines(lines, asked), *_rows(lines, asked), *_bare_tags(lines, asked)]
    pairs = max(filter(None, candidates), key=lambda pairs: asked.likeness(word for word, _ in pairs), default=None)
    return asked.tagging(pairs) if pairs else None


def _tagged_lines(lines: Sequence[str], asked: Asked) -> Iterator[list[Pair]]:
    readings = [
        [_plausible(row, line, asked) for row, line in zip(read(lines, asked), lines, strict=True)] for read in _STYLES
    ]
    for number, first in enumerate(readings):
        if any(first):
            others = [first, *readings[:number], *readings[number + 1 :]]
            rows = [next((row for row in choice if row), None) for choice in zip(*others, strict=True)]
            blocks = [[pair for row in block for pair in row or ()] for _, block in groupby(rows, key=bool)]
            sizes = [len(block) for block in blocks if block]
            pairs = [pair for block in blocks for pair in block]
            yield from (_chosen(variant, sizes, asked) for variant in _variants(pairs))


def _plausible(row: TaggedLine, line: str, asked: Asked) -> TaggedLine:
    """Return the words of a line, or `None` for prose, or the sentence, that ends in something like a tag."""
    if not row:
        return None
    word, tag = row[0]
    words = word.split()
    known = sum(asked.knows(part.strip("*`_\"'.,")) for part in words)
    legend = is_strong(word) and not asked.knows(word)
    if len(row) == 1 and (legend or (len(words) > 2 and 2 * known < len(words))):
        return None
    if (
        len(row) == 1
        and len(words) > 4
        and occurrences(line[line.rfind(words[-1]) + len(words[-1]) :], tokens=asked.tokens)
    ):
        return None  # ... with theta = 0 .
    title = tag == BARE and _TITLE.fullmatch(word) and not asked.knows(word)  # Type: Disease
    return None if title else row


def _chosen(pairs: list[Pair], sizes: Sequence[int], asked: Asked) -> list[Pair]:
    """Return all blocks of tagged lines, given their sizes, or one, where others are drafts of it."""
    if len(sizes) == 1:
        return pairs
    ends = list(accumulate(sizes))
    blocks = [pairs[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    likeness, number = max((asked.likeness(word for word, _ in block), at) for at, block in enumerate(blocks))
    return blocks[number] if asked.likeness(word for word, _ in pairs) < likeness else pairs


def _variants(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """Yield the words as they are, then without what stands before or round every one of them."""
    yield pairs
    for take in (_unnumbered, _unmarked, _unquoted):
        words = take([word for word, _ in pairs])
        if words:
            pairs = [(word, tag) for word, (_, tag) in zip(words, pairs, strict=True)]
            yield pairs
    marked = [(_QUOTED.sub(r"\2", word) if word[:1] in ("*", "`") else word, tag) for word, tag in pairs]
    if marked != pairs:
        yield marked


def _unnumbered(words: list[str]) -> list[str] | None:
    found = [_INDEX.match(word) for word in words]
    numbers = [int(match[1]) for match in found if match]
    rising = sum(later == earlier + 1 for earlier, later in pairwise(numbers))
    if not numbers or len(numbers) < 0.8 * len(words) or rising < 0.8 * (len(numbers) - 1):
        return None
    return [word[match.end() :] if match else word for word, match in zip(words, found, strict=True)]


def _unmarked(words: list[str]) -> list[str] | None:
    found = [_BULLET.match(word) for word in words]
    return [word[match.end() :] for word, match in zip(words, found, strict=True) if match] if all(found) else None


def _unquoted(words: list[str]) -> list[str] | None:
    found = [_QUOTED.fullmatch(word) for word in words]
    if sum(map(bool, found)) < 0.8 * len(words):
        return None
    return [match[2] if match else word for word, match in zip(words, found, strict=True)]


def grid(rows: Sequence[Sequence[str]], asked: Asked) -> list[TaggedLine]:
    """Return words with tags of rows of cells: which column is which shows from what is in them."""
    columns = [list(column) for column in zip_longest(*rows, fillvalue="")]
    tags = _tag_column(columns, asked)
    if tags is None or len(columns) == 1:
        return [None] * len(rows)
    read = [asked.tag(cell) for cell in columns.pop(tags)]
    words = max(columns, key=lambda column: asked.likeness(c for c, tag in zip(column, read, strict=True) if tag))
    return [[(word, tag)] if tag and word else None for word, tag in zip(words, read, strict=True)]


def _tag_column(columns: Sequence[Sequence[str]], asked: Asked) -> int | None:
    """Return the last of those with the most tags; a column of bare types only where no other has tags."""
    for typed in (True, False):
        counts = [sum(bool(asked.tag(cell, typed=typed)) for cell in column) for column in columns]
        if any(counts):
            return max(range(len(counts)), key=lambda at: (counts[at], at))
    return None


def _tabs(lines: Sequence[str], asked: Asked) -> list[TaggedLine]:
    return _by_cells(lines, [[cell.strip(" ") for cell in line.split("\t")] for line in lines], asked)


def _pipes(lines: Sequence[str], asked: Asked) -> list[TaggedLine]:
    cells = [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", re.sub(r"^\||(?<!\\)\|$", "", line))]
        for line in lines
    ]
    for number in range(1, len(lines)):
        if lines[number].strip() and re.fullmatch(r"[\s|:=-]+", lines[number]) and "-" in lines[number]:
            cells[number - 1] = cells[number] = []  # a header with the rule below it
    return _by_cells(lines, cells, asked)


def _by_cells(lines: Sequence[str], cells: list[list[str]], asked: Asked) -> list[TaggedLine]:
    places = [number for number, row in enumerate(cells) if len(row) > 1]
    rows: list[TaggedLine] = [None] * len(lines)
    for place, row in zip(places, grid([cells[place] for place in places], asked), strict=True):
        rows[place] = row
    return rows


def _separated(separator: str, *, first: bool = False) -> Callable[[Sequence[str], Asked], list[TaggedLine]]:
    """Return a reader of lines of one word or several with the separator before each tag."""
    between = re.compile(separator)
    several = re.compile(rf"(\S+)(?:{separator})(\S+?)[,;]?(?:\s+|$)")

    def read(line: str, asked: Asked) -> TaggedLine:
        row: list[Pair] = []
        at = 0
        while found := several.match(line, at):
            tag = asked.tag(found[2])
            if not tag:
                break
            row.append((found[1], tag))
            at = found.end()
        if row and at == len(line):
            return row
        partly = _partly(line, between, asked) if line.count(" ") > 1 else None
        if partly:
            return partly
        places = [(match.start(), match.end()) for match in between.finditer(line) if match.start() > 0]
        for start, end in places if first else reversed(places):
            tag = asked.tag(line[end:])
            if tag and line[:start].strip():
                return [(line[:start].strip(), tag)]
        return None

    return lambda lines, asked: [read(line, asked) for line in lines]


def _partly(line: str, separator: re.Pattern[str], asked: Asked) -> TaggedLine:
    """Read the sentence in one line, with tags at its entities alone: `sporadic ataxia/B-Disease`."""
    row, tagged = [], False
    for item in line.split():
        found = list(separator.finditer(item))
        if found and found[-1].start() > 0 and is_strong(item[found[-1].end() :]):
            row.append((item[: found[-1].start()], asked.tag(item[found[-1].end() :]) or OUTSIDE))
            tagged = True
        else:
            row.append((item, OUTSIDE))
    return row if tagged and asked.likeness(word for word, _ in row) > _LIKE else None


def _spaces(lines: Sequence[str], asked: Asked) -> list[TaggedLine]:
    rows = [_spaced(line.split(), asked) for line in lines]
    outside = any(tag == OUTSIDE for row in rows for _, tag in row or ())
    # Without any word outside, "hepatitis B" is a name.
    return [
        row if row and (outside or is_strong(line.split()[-1])) else None for row, line in zip(rows, lines, strict=True)
    ]


def _spaced(items: Sequence[str], asked: Asked) -> TaggedLine:
    """Read words and tags in turn; or words before each tag, where the tags are plain ones."""
    tags = [_clear(item, asked) for item in items[1::2]]
    if tags and all(tags) and (len(items) % 2 == 0 or len(items) > 6):  # an odd one: the answer was cut
        return [(word, tag or OUTSIDE) for word, tag in zip(items[::2], tags, strict=False)]
    last = _clear(items[-1], asked, typed=True) if len(items) == 3 else None
    if last:  # a number, a word and its tag; and the word may look like a tag
        return [(" ".join(items[:2]), last)]
    row: list[Pair] = []
    words: list[str] = []
    for item, after in zip(items, [*items[1:], ""], strict=False):
        tag = _clear(item, asked, typed=True) if words and not is_strong(after) else None
        if tag:
            row.append((" ".join(words), tag))
            words = []
        else:
            words.append(item)
    return row if row and not words and (is_strong(items[-1]) or 3 * len(row) >= len(items)) else None


def _clear(item: str, asked: Asked, *, typed: bool = False) -> Tag | None:
    """Return what a tag says; `i`, `b` and `o` are words of a sentence, and so may be a type's name."""
    bare = item.strip("*`,;.")
    if (len(bare) == 1 and bare.islower()) or bare.casefold() in ("other", "none", "outside"):
        return None
    return asked.tag(item, typed=typed)


_STYLES = (
    _tabs,
    _pipes,
    _spaces,
    _separated(r"\s*(?:[-=]>|→|⇒)\s*"),
    _separated(r"\s+[-–—]+\s+", first=True),
    _separated(r"\s+:\s+"),
    _separated(r":\s*"),
    _separated(r"\s*=\s*"),
    _separated(r"\s*(?=[(\[{<])"),
    _separated(r"\s+/\s+"),
    _separated(r"(?<!<)/|/(?![A-Za-z][\w-]*>)"),  # but not that of </b>
    _separated(r"\s*\|\s*"),
    _separated(r"\s*[,;]\s*"),
    _separated(r"_"),
)
_HEADING = re.compile(r"\W*[A-Za-z][\w ]{0,20}:\W*\s")


def _rows(lines: Sequence[str], asked: Asked) -> Iterator[list[Pair]]:
    """Yield words of lines that stand above a line of as many tags."""
    pairs: list[Pair] = []
    above: list[str] = []
    for line in lines:
        items = line.split()
        for words, below in ((above, items), (_untitled(" ".join(above)), _untitled(line))):
            tags = [asked.tag(item) for item in below]
            if tags and len(words) == len(tags) and all(tags):
                pairs += [(word, tag or OUTSIDE) for word, tag in zip(words, tags, strict=True)]
                break
        above = items or above
    yield pairs


def _bare_tags(lines: Sequence[str], asked: Asked) -> Iterator[list[Pair]]:
    """Yield the tokens of the sentence with as many tags as they are."""
    for items in ("\n".join(lines).split(), _untitled(" ".join(lines))):
        tags = [asked.tag(item) for part in items for item in part.split(",") if item]
        if len(tags) == len(asked.tokens) and all(tags):
            yield [(token, tag or OUTSIDE) for token, tag in zip(asked.tokens, tags, strict=True)]


def _untitled(line: str) -> list[str]:
    return _HEADING.sub("", line, count=1).split()
