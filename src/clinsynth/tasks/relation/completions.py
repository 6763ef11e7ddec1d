"""Reads labelled examples that LLMs write: rows of a table, and the many forms they stray into.

A completion is made plain (thoughts, JSON, odd spaces, Markdown), then read line by line. A line is
layout, a heading that says which label follows, a label for the sentence before it, or (a part of)
an example. What is no usable example is returned with the reason, so that nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clinsynth.tasks.markers import Markers
from clinsynth.tasks.relation.closing_labels import closed
from clinsynth.tasks.relation.labels import (
    EXAMPLES,
    LABEL_KEY,
    NEGATIVE,
    POSITIVE,
    are_heading_words,
    opened,
    polarity,
    read_labels,
    words_of,
)
from clinsynth.tasks.relation.table_rows import SENTENCE_KEY, cells, csv_as_row, objects_as_rows, read_row
from clinsynth.text.lists import ENDS, MARK, QUOTES
from clinsynth.text.markup import without_latex, without_tags
from clinsynth.text.numbering import QUOTATION, without_signs
from clinsynth.text.peeling import LINE_END, SIGNS, parts
from clinsynth.text.remarks import REMARKS

_SIGNS = SIGNS | str.maketrans("｜", "|", "\ufe0e\ufe0f")
# Layout: code fences, rules and the line under a table's header, brackets round JSON, a number of its own.
_LAYOUT = re.compile(
    r"""(?:```|~~~)\s*\w*|[-=_*:|+\s]+|[\[\]{}(),;\s]+
        |[(\[]?\d{1,3}[.)\]:]*|[\[{]?\s?"\w+"\s?:\s?[\[{]+""",
    re.VERBOSE,
)
_COLUMN = re.compile(
    rf"(?:#|no\.?|nr\.?|id|index|number|explanation|reason|rationale|{LABEL_KEY.pattern}"
    r"|.{0,20}\byes ?/ ?no\b.{0,5})",
    re.IGNORECASE,
)
_SENTENCE_COLUMN = re.compile(
    r"(?:example |input )?(?:sentence|text|example|input)s?\b(?:.{0,60}[\w$)])?", re.IGNORECASE
)
_TITLE = re.compile(
    r"\W*(?:(?:here|these|are|is|the|some|\d+|two|three|four|five|following)\s+)*(positive|negative)\s+"
    r"(?:\w+\s+)?(?:examples?|sentences?|instances?|cases?|samples?|rows?)\b(?:[^:(]|\([^()]*\))*:?\W*",
    re.IGNORECASE,
)
_TITLED = re.compile(r"[|> ]*(?:#|(\*\*|__)[^*_]*\1\W*$)")
_ONE_EXAMPLE = re.compile(r"\b(?:example|sentence|instance|sample|pair|row)\s?#?\d", re.IGNORECASE)
_REMARK = re.compile(
    rf"""{REMARKS}|(?:okay|ok|great)[,!.:]|i\ have\ |i['’]ve\ |note\ that\ |in\ these\ examples
        |(?:note|explanation|reason|reasoning|rationale|justification|comment|remark)s?\s?:""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class LabelledRow:
    """An example that can be used: each marker once, and one label."""

    text: str
    label: str


@dataclass(frozen=True)
class Stray:
    """Lines that are no usable example, as written."""

    text: str
    reason: str
    """remark, no_label, two_labels, marker_missing or marker_doubled"""


@dataclass
class _Part:
    """A line, or what was put together from several."""

    lines: list[str]
    texts: list[str]
    labels: set[str]
    counts: tuple[int, ...]
    marked: bool = False
    remark: bool = False
    heading: str | None = None


def read_rows(text: str, *, markers: Sequence[str] = ("@GENE$", "@DISEASE$")) -> list[LabelledRow | Stray]:
    """Return all rows in the order of the completion; nothing is dropped silently."""
    text = LINE_END.sub("\n", text).translate(_SIGNS)
    known = Markers(tuple(markers))
    reader = _Reader(known)
    for part, thought in parts(text, instructions=True):
        if thought:
            reader.add_remark(part)
            continue
        part = without_latex(without_tags(known.untagged(part)))
        for line in objects_as_rows(part).split("\n"):
            reader.read_line(csv_as_row(without_signs(QUOTATION.sub("", line.strip()))))
    return [reader.result(part) for part in reader.parts]


class _Reader:
    def __init__(self, markers: Markers) -> None:
        self.parts: list[_Part] = []
        self._markers = markers
        self._names = {word + end for word in words_of(" ".join(markers.markers)) for end in ("", "s")}
        self._heading: str | None = None
        self._once = False  # the heading is for one example only
        self._open = False  # the next line may go on with the last part
        self._last: _Part | None = None  # the example that a label on a line of its own would belong to
        self._labels_first: bool | None = None
        self._columns = 0  # of the table's header

    def add_remark(self, text: str) -> None:
        self._add(_Part([text.strip()], [""], set(), (), remark=True))

    def result(self, part: _Part) -> LabelledRow | Stray:
        text = _unquoted(self._markers.with_bare(" ".join(" ".join(part.texts).split()))).replace("\\|", "|")
        counts = self._markers.counts(text)
        labels = part.labels | ({part.heading} if part.heading else set())
        if part.remark or not (any(counts) or part.labels or (part.marked and part.heading)):
            reason = "remark"
        elif not all(counts):
            reason = "marker_missing"
        elif max(counts) > 1:
            reason = "marker_doubled"
        elif len(labels) == 1:
            return LabelledRow(text, labels.pop())
        else:
            reason = "two_labels" if labels else "no_label"
        return Stray(" ".join(part.lines), reason)

    def read_line(self, raw: str) -> None:
        if not raw:
            self._open = False
            return
        line = self._plain(raw)
        title = self._heading_label(raw, line)
        if title:
            self._start(title, once=bool(_ONE_EXAMPLE.search(line)))
        elif not (_LAYOUT.fullmatch(raw) or self._is_header(line)):
            self._read_example(raw, line)

    def _read_example(self, raw: str, line: str) -> None:
        rest, labels, marked, keyed = opened(line)
        if not rest and not labels:  # "Example 1:" over its sentence
            self._open = False
            return
        alone = labels if not rest else set() if labels else read_labels(rest.strip("| "), digits=False)
        if alone:
            self._label_line(raw, alone, keyed=keyed)
            return
        text, more = read_row(rest, markers=self._markers, columns=self._columns)
        if more and not text:
            self._label_line(raw, more, keyed=True)
            return
        labels |= more
        if text is not rest:  # a cell has marks and keys of its own
            text, more, _, _ = opened(text)
            labels |= more
        if not labels:
            text, labels = closed(text, markers=self._markers)
        counts = self._markers.counts(text)
        remark = not labels and bool(_REMARK.match(text) or _REMARK.match(rest))
        if not (labels or any(counts) or remark) and (_TITLED.match(raw) or line.endswith(":")):
            self._start(None, once=False)  # a heading of another kind
            remark = True
        part = _Part([raw], [text], labels, counts, marked or line.startswith("|"), remark)
        if self._goes_on(part):
            self._join(part)
        else:
            self._add(part)

    def _add(self, part: _Part) -> None:
        if not part.remark and (part.labels or any(part.counts) or part.marked):
            self._claim(part)
        self.parts.append(part)
        self._open = not part.remark and not part.labels

    def _claim(self, part: _Part) -> None:
        """Give a part the heading that it stands under, and a label on a line below it."""
        part.heading = self._heading
        if self._once:
            self._start(None, once=False)
        self._last = part

    def _goes_on(self, part: _Part) -> bool:
        """Say whether a line goes on with the one before it."""
        if not self._open or part.marked or part.remark:
            return False
        last = self.parts[-1]
        unfinished = not last.texts[-1].endswith((*ENDS, ":")) and (any(last.counts) or last.marked)
        once = all(sum(pair) <= 1 for pair in zip(last.counts, part.counts, strict=True))
        tail = not all(last.counts) or part.labels or any(part.counts)  # and not a remark below a whole sentence
        return once and bool(part.texts[0][:1].islower() or (unfinished and tail))

    def _join(self, part: _Part) -> None:
        last = self.parts[-1]
        last.lines += part.lines
        last.texts += part.texts
        last.labels |= part.labels
        last.counts = tuple(map(sum, zip(last.counts, part.counts, strict=True)))
        if self._last is not last:
            self._claim(last)
        self._open = not last.labels

    def _start(self, label: str | None, *, once: bool) -> None:
        self._heading, self._once, self._open, self._last = label, once, False, None

    def _label_line(self, raw: str, labels: set[str], *, keyed: bool) -> None:
        """Read a line that is a label: of the sentence before it, or of those after it if they come so."""
        last = self._last
        waits = last is not None and (keyed or not (last.labels or last.heading))
        if self._labels_first is None:
            self._labels_first = not waits
        if last is not None and waits and not self._labels_first:
            last.lines.append(raw)
            last.labels |= labels
            self._open = False
        elif len(labels) == 1:
            self._start(next(iter(labels)), once=False)
        else:
            self.add_remark(raw)

    def _plain(self, line: str) -> str:
        """Return a line without Markdown's escapes and emphasis, and with its markers mended."""
        line = re.sub(r"\\([^\w\s|\\\"'])", r"\1", line)
        line = re.sub(r"\*\*|(?<!\w)__|__(?!\w)", "", line)
        line = self._markers.mended(line)
        line = re.sub(r"`([^`]*)`", r"\1", line)
        line = re.sub(r"(?<![\w*$])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"\1", line)
        return re.sub(r"(?<![\w@])_(\S(?:[^_]*\S)?)_(?!\w)", r"\1", line).strip()

    def _is_header(self, line: str) -> bool:
        found = [cell.strip() for cell in cells(line)]
        sentences = [cell for cell in found if _SENTENCE_COLUMN.fullmatch(cell)]
        others = [cell for cell in found if cell and cell not in sentences]
        if not others:
            return line.startswith("|") and bool(SENTENCE_KEY.fullmatch(found[0]))
        # "| Text mining linked @GENE$ to @DISEASE$ | No |": "No" may head a column of numbers, before the text.
        columns = (_COLUMN.fullmatch(cell) or words_of(cell) <= self._names for cell in others)
        if not sentences or not all(columns) or read_labels(found[-1], digits=True):
            return False
        self._columns = len(found)
        return True

    def _heading_label(self, raw: str, line: str) -> str | None:
        """Return the label that a heading says will follow."""
        if len(line) > 200 or "|" in line.strip("| "):
            return None
        line = line.strip("|{[ ,").rstrip("*_ ")
        while mark := MARK.match(line):
            line = line[mark.end() :]
        titled = line.endswith(":") or bool(_TITLED.match(raw))
        if not line.endswith(":") and "#" not in raw and read_labels(line, digits=False):
            return None  # a label, which may be that of the sentence above
        bare = self._markers.removed(line)
        if bare != line and not (titled and EXAMPLES.search(line)):
            return None
        words = words_of(bare)
        title = _TITLE.fullmatch(line) if titled and bare == line else None
        if title and not {"positive", "negative"} <= words:
            return POSITIVE if title[1].lower() == "positive" else NEGATIVE
        if not are_heading_words(words - self._names) or not (titled or EXAMPLES.search(line)):
            return None
        if not titled and line.endswith("."):  # a sentence
            return None
        return polarity(words)


def _unquoted(text: str) -> str:
    for _ in range(3):  # and no more: peeling a long run of quotation marks would be quadratic
        whole = text.rstrip(",;")
        if len(whole) < 2 or QUOTES.get(whole[0]) != whole[-1]:
            break
        inner = whole[1:-1]
        if (" '" if whole[0] == "'" else whole[0]) in inner:  # quotes of parts: "a" and "b"
            break
        text = inner.strip()
    if text.count('"') == 1 and '"' in (text[0], text[-1]):  # its fellow was beyond the label
        text = text.strip('"').strip()
    return text
