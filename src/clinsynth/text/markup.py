"""Takes off markup that an LLM wraps its texts in: HTML and XML, LaTeX, Markdown. What stands in it stays."""

from __future__ import annotations

import html
import re
from collections import Counter

TAG = re.compile(
    r"""</?(?P<name>[a-z][\w:.-]*)(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s<>"']+))*\s*/?>
        |<!--(?:(?!<!--).)*?-->|<\?\w[^<>]*>|<!\[CDATA\[|\]\]>|<!doctype[^<>]*>""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
TEXT_NAME = re.compile(
    r"(?:(?:generated|example|clinical|input|output)[ _-]?)?"
    r"(?:sentence|text|example|statement|sample|behaviou?r|vignette|observation|content|description)s?[ _-]?\d*",
    re.IGNORECASE,
)
"""The name of an element, a field or a column that holds a text."""
_HEAD = re.compile(r"<(head|style|script)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"</t[dh]>\s*<t[dh]\b[^<>]*>", re.IGNORECASE)
_LEAF = re.compile(
    r"<(?P<name>[a-z][\w:.-]*)(?:\s[^<>]*)?>(?P<text>(?:(?!</?[a-z]|<!).)*)</(?P=name)\s*>", re.IGNORECASE | re.DOTALL
)
_LISTED = re.compile(r"^\s*(?:\d{1,3}[.):]|[-*•]\s)", re.MULTILINE)
_BLOCK = frozenset(
    {"p", "li", "ol", "ul", "dl", "dt", "dd", "div", "br", "hr", "tr", "table", "thead", "tbody", "html", "body"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "pre", "blockquote", "root", "data", "doc"}
    | {"document", "list", "items", "output", "outputs", "answer", "answers", "result", "results", "response"}
)
_INLINE = frozenset(
    {"b", "i", "em", "strong", "u", "sub", "sup", "span", "a", "mark", "font", "small", "big", "code", "tt", "q"}
    | {"cite", "abbr", "ins", "del", "strike"}
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]\w{1,20});", re.IGNORECASE)

_LATEX = re.compile(r"\\(?:item|begin|end|section|documentclass|text\w*|emph|paragraph)\b")
_MATH = re.compile(r"(?<![\w$])\$(?![\s$])([^$\n]{1,80}?)(?<![\s\\])\$(?![\d\w])|\\\((.{1,80}?)\\\)")
_MARK = re.compile(r"[$\\\[~=`*_]")
"""A sign of which Markdown's emphasis, links and escapes, and formulas have at least one."""
_PREAMBLE = re.compile(
    r"\\(?:begin|end|documentclass|usepackage|(?:sub)*section|title|author|label|setlength|maketitle|noindent|centering)"
    r"\*?(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\}(?:\[[^\]\n]*\])?)*"
)
_COMMAND = re.compile(r"\\(?:text\w*|emph|underline|math\w+|ensuremath|mbox|boxed)\s*\{([^{}]*)\}")


def without_tags(text: str) -> str:
    """Return a text with its elements as lines; those of a list, or of a name that tells a text, as lines of a list."""
    text = _HEAD.sub("\n", text) if "<" in text else text
    if TAG.search(text):
        text = _LEAF.sub(_without_part, TAG.sub(_without_inline, _CELL.sub(" | ", text)))
        leaves = [leaf for leaf in _LEAF.finditer(text) if leaf["text"].strip()]
        number = Counter(_kind(leaf["name"]) for leaf in leaves)
        told = {name for name in number if TEXT_NAME.fullmatch(name)}
        listed = told or {name for name in number if number[name] > 1 and name not in ("td", "tr", "th")}
        text = TAG.sub("\n", _LEAF.sub(lambda leaf: _line(leaf, listed, number), text))
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text) if "&" in text else text


def _without_inline(tag: re.Match[str]) -> str:
    """Return nothing in the place of a tag for a part of a sentence."""
    return "" if (tag["name"] or "").lower() in _INLINE else tag.group()


def _without_part(leaf: re.Match[str]) -> str:
    """Return what stands in an element that is a part of a sentence, be its name what it may."""
    name, whole = _kind(leaf["name"]), leaf.string
    if name in _BLOCK or name in ("td", "th") or TEXT_NAME.fullmatch(name):
        return leaf.group()
    before, after = whole[max(0, leaf.start() - 20) : leaf.start()], whole[leaf.end() : leaf.end() + 20]
    part = re.search(r"[^\W\d_][,;]?[^\S\n]*$", before) or re.match(r"[^\S\n]*[^<\s]", after)
    return leaf["text"] if part else leaf.group()


def _line(leaf: re.Match[str], listed: set[str], number: Counter[str]) -> str:
    name, text = _kind(leaf["name"]), leaf["text"]
    if name in ("td", "th"):
        return f"\n| {' '.join(text.split())} |\n"
    if name not in listed:
        return f"\n{text}\n"
    whole = number[name] == 1 and "\n" in text.strip()
    return f"\n{text}\n" if whole or _LISTED.search(text) else f"\n- {' '.join(text.split())}\n"


def _kind(name: str) -> str:
    """Return the name of an element without its number: s1, s2."""
    name = name.lower()
    return name if re.fullmatch(r"h\d", name) else name.rstrip("0123456789").rstrip("_-")


def without_latex(text: str) -> str:
    """Return a text with the items of LaTeX as lines of a list, and without its commands."""
    if not _LATEX.search(text):
        return text
    text = re.sub(r"\\item\b\s*(?:\[[^\]\n]*\])?", "\n- ", _PREAMBLE.sub("\n", text))
    text = _COMMAND.sub(r"\1", _COMMAND.sub(r"\1", text))
    return re.sub(r"\\\\\s*$", "", text, flags=re.MULTILINE).replace("~", " ").replace("``", '"').replace("''", '"')


def without_marks(text: str) -> str:
    """Return a text without Markdown's emphasis, links and escapes, and without the dollars round a formula."""
    if not _MARK.search(text):
        return text
    text = _MATH.sub(lambda found: found[1] or found[2], text)
    text = re.sub(r"!?\[([^\[\]]+)\]\((?:https?:|www\.|#)[^()\s]*\)", r"\1", text)
    text = re.sub(r"\\([^\w\s])", r"\1", text)
    text = re.sub(r"(~~|==|`{1,3})(?=\S)([^~=`]+?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"\A(\*{1,3})(\w.*\S)\1\Z", r"\2", text)
    return re.sub(r"(?<![\w_])_(\S(?:[^_]*\S)?)_(?![\w_])", r"\1", text)
