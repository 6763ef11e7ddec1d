"""Reads the answers of LLMs to whether a sentence says that two things are related.

Strongest first: an answer that is nothing but a verdict, a verdict behind its key (`label: Yes`, `therefore no`; of
several the last), a verdict that an explanation follows, one that closes the answer, and what the prose says.
"""

from __future__ import annotations

import re

from clinsynth.tasks.relation.config import LABELS
from clinsynth.tasks.relation.labels import LABEL_NAME, NEGATIVE, POSITIVE, VALUE, cell_labels, read_labels
from clinsynth.text.peeling import bounded, peeled, sentences, table_cells
from clinsynth.types import CLEAN, REPAIRED, UNUSABLE, Reading

_FLAGS = re.VERBOSE | re.IGNORECASE
_YES_NO = r"(?:yes|no|true|false|related|not\s+related|unrelated)"
# Both, as a question offers them: "Yes or No", "(Yes/No)"; and turns of speech with a "no" that denies nothing.
_OPTIONS = re.compile(
    rf"[(\[]?[\"'*`]*\b{_YES_NO}\b[\"'*`]*\s*(?:/|\||\b(?:and/or|or|and)\b)\s*[\"'*`]*\b{_YES_NO}\b[\"'*`]*[)\]]?"
    r"|[(\[]?(?<![\d.])(?:1\s*(?:/|\bor\b)\s*0|0\s*(?:/|\bor\b)\s*1)(?![\d.])[)\]]?",
    re.IGNORECASE,
)
_IDIOM = re.compile(
    r"\b(?:(?:there(?:'s|\s+is|\s+can\s+be)\s+)?no\s+(?:doubt|question|wonder|problem|uncertainty)|not\s+only|no\s+less"
    r"|no\s+matter|nothing|no[\s-]one|no\.\s?(?=\d))\b",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"(?=.*\byes\b)(?=.*\bno\b)\W*(?:if\b|.*\b(?:yes|no)\b[\"'*`,\s]*(?:if|when|for)\b.*\b(?:yes|no)\b)", _FLAGS
)
# A further example that the LLM makes up once it has answered.
_TURN = re.compile(r"^\W*(?:sentence|text|input|question|instruction|user|human|q)\b[ #\d]*[\"'*]*\s*:", re.I | re.M)
_OPENING = re.compile(
    r"""(?:[\W_]*\b(?:sure|certainly|of\ course|okay|ok|absolutely|well|assistant|model|hmm|great|here\ is\ my\ answer
        |(?:based\ on|according\ to|in|from|given)\ (?:the|this)\ (?:given\ |provided\ |above\ )?(?:sentence|text|case)
        |i\ (?:think|believe|would\ say|conclude)(?:\ that)?)\b)*[\W_]*?(?=[\w✅✔☑❌✗✘])""",
    _FLAGS,
)
_FOLLOWS = re.compile(
    r"""[\"'*`_)\]}]*\s*(?:\Z|\n|[^\w\s@\"'*`])|[\"'*`]*\s+(?:as|because|but|due|for|given|here|however|i|in|is|it|its
        |neither|relation|since|the|there|therefore|they|this|though|although|to|while|with|based|according)\b""",
    _FLAGS,
)
_DIGIT_FOLLOWS = re.compile(r"[\"'*`_)\]}.]*\s*(?:\Z|\n|[,;(}|]|\.\s|[-–—:]\s)")
_CONDITIONAL = re.compile(r"[\"'*`]*,?\s+(?:if|when|would|were|only\s+if|unless)\b", re.IGNORECASE)
_NEGATION = r"(?:not|never|neither|nor|cannot|can't|\w+n't)"
_LINK = rf"""(?:(?:is|are|be|should|must|will|would|has|to|thus|therefore|then|clearly|simply|also|indeed|definitely
    |likely|most|probably|firm|clear|definite|as|an?|the|this|that|it|sentence|pair|with|label|exists?|present|still|{_NEGATION})\b
    |[:=?]|[-=]>|→|[-–—]|[\"'*`_()\[\]{{}},<\\$]|\s)"""
_KEY = re.compile(
    rf"""(?P<before>\b{_NEGATION}\s+(?:be\s+)?)?\b(?P<key>{LABEL_NAME}|verdict|prediction|conclusion|decision
        |judge?ment|choice|predict(?:ed)?|labell?ed|classif(?:y|ied)|marked|choose|chose|selected|assign(?:ed)?
        |(?P<so>therefore|thus|hence|consequently|accordingly|overall|finally|in\ (?:conclusion|summary)|so))\b
        (?:\s(?:to|for|of|between)\s[^.,;:?!\n]{{1,80}}?(?=\s(?:is|are|should|would|will|must)\b|\s?[:=]))?
        (?P<link>{_LINK}{{1,30}}?)(?P<verdict>{VALUE.pattern})""",
    _FLAGS,
)
_LAST = re.compile(rf"(?:\A|[.!?:;=|\t\n→>]|\s[-–—])\s*(?P<verdict>{VALUE.pattern})[\W_]*\Z", _FLAGS)
_CLAUSE = re.compile(
    r"[.!?;:\n]+|,?\s\b(?:but|however|although|though|whereas|while|because|since|despite|even if)\b", re.IGNORECASE
)
_SO = re.compile(r"\W*(?:therefore|thus|hence|consequently|accordingly|overall|so|in (?:conclusion|summary))\b", re.I)
_OPEN = re.compile(
    rf"""\b(?:if|whether|unclear|unsure|uncertain|unable|unknown|insufficient|determin\w+|cannot|can't|could\ not
        |not\ (?:\w+\ )?(?:clear|sure|possible|certain|enough|sufficient|comfortable)|hard\ to|difficult\ to|assess|help
        |{_NEGATION}\ (?:know|say|tell))\b""",
    _FLAGS,
)
_REFUSAL = re.compile(
    r"\b(?:i(?:'m|\s+am)\s+(?:sorry|unable|not\s+able)|i\s+(?:cannot|can't|won't)|as\s+an\s+ai)\b", re.I
)
_DENIED = re.compile(rf"\b(?:no|{_NEGATION}|without|lacks?|absence|absent|fails?|failed|unlikely|independent)\b", re.I)
_BOND = (
    r"(?:(?:inter)?relat(?:ed|ion(?:ship)?)|associat(?:ed|ion)|link(?:ed|age)?|connect(?:ed|ion)|correlat(?:ed|ion))s?"
)
_ABSENT = re.compile(rf"\b{_BOND}[\"'*]*\s*[:=]\s*[\"'*]*(?:none|absent)\b", re.IGNORECASE)
_BOUND = re.compile(
    rf"""\bthere(?:'s|\s+\w+(?:\s+to\s+be)?)(?:\s\w+){{0,4}}\s{_BOND}\b
        |\b(?:is|are|be|was|were)(?:\s[\w-]+){{0,4}}\s(?:related|associated|linked|connected|correlated)\b
        |\b(?:have|has|having|shows?|indicates?|suggests?|describes?|demonstrates?|states?|reports?
            |expresses|implies|supports?|establish(?:es)?|contains?|mentions?)(?:\s[\w-]+){{0,4}}\s{_BOND}\b
        |\b{_BOND}(?:\s\w+){{0,8}}\s(?:exists?|is\ (?:present|stated|described|established|indicated|shown))\b
        |\A\W*(?:related|associated|linked|connected)\b""",
    _FLAGS,
)
# `Y`, `Class 1`: where an answer opens with it, behind a key, or as what a sentence belongs to.
_SHORT = re.compile(
    rf"""(?:^|[{{,])[\W_]*(?:(?:the\s+)?(?:(?:final|predicted|correct)\s+)?
            (?:{LABEL_NAME}|category|prediction)(?:(?:\s+is)?[^\w\n]*|[\s_\#-]{{0,3}}))?
            (?:(?P<letter>[yn])|(?<=[a-z][\s_\#:=-])(?P<digit>[01]))
            (?=[\W_]*$|[\"'*`_)\]}}]*(?:[,.;:]\s|\s*[(\[]|\s+[-–—]\s))
        |\b(?:belongs\s+to|falls\s+into|is\s+in|is\s+of|as)\s+class\s+(?P<class>[01])(?![\w.]?\w)""",
    _FLAGS | re.MULTILINE,
)
LONGEST = 2_000
"""Characters of an answer that are looked at, at either end: a verdict opens or closes it."""


def read_verdict(text: str, *, question: str, sentence: str) -> Reading:
    """Return `Yes`, `No` or, where the completion cannot be used, `None`; it may repeat the whole prompt `question`."""
    if text.strip() in LABELS:
        return Reading(text.strip(), CLEAN)
    repeated = [question, sentence, *(part for part in sentences(question) if len(part.split()) > 5)]
    label = _read(bounded(peeled(text, repeated=repeated), most=LONGEST))
    return Reading(label, REPAIRED if label else UNUSABLE)


def _read(text: str) -> str | None:
    text = _SHORT.sub(_spelt_out, text)
    text = "\n".join(_without_rules(line) for line in _IDIOM.sub(" ", _OPTIONS.sub(" ", text)).split("\n")).strip()
    for turn in _TURN.split(text):
        if labels := _pure(turn):
            return labels.pop() if len(labels) == 1 else None
        if label := _keyed(turn) or _leading(turn) or _in_cells(turn):
            return label
    if _ABSENT.search(text):
        return NEGATIVE
    return _closing(text) or (None if _REFUSAL.search(text) else _of_prose(text))


def _spelt_out(found: re.Match[str]) -> str:
    value = found["letter"] or found["digit"] or found["class"]
    return f"label: {POSITIVE if value in 'yY1' else NEGATIVE}"


def _without_rules(line: str) -> str:
    """Return a line without what an answer would mean: `If there is a relation, it is Yes, otherwise No.`"""
    return " ".join(part for part in sentences(line) if not _RULE.match(part)) if _RULE.search(line) else line


def _pure(text: str) -> set[str]:
    """Return the labels of a text that is nothing else; `read_labels` looks at 100 characters."""
    if len([cell for cell in re.split(r"[|\t]", text) if cell.strip()]) > 1:
        return set()
    text = re.sub(r"[\s|_*<>=\\]+", " ", text).strip()
    return read_labels(text, digits=True) if len(text) <= 100 else set()


def _keyed(text: str) -> str | None:
    label = None
    for part in sentences(text):
        for found in _KEY.finditer(part):
            if _is_keyed(found) and _stands(found, part) and not _is_supposed(found, part):
                denied = bool(found["before"]) != bool(re.search(rf"\b{_NEGATION}\b", found["link"], re.IGNORECASE))
                label = POSITIVE if bool(found["yes"]) != denied else NEGATIVE
    return label


def _is_keyed(found: re.Match[str]) -> bool:
    """Say whether a key and its verdict belong together: a verdict other than yes and no needs a sign of that."""
    if found["value"].casefold() in ("yes", "no"):
        return True
    return not found["so"] and bool(re.search(r"[:=>→]|\b(?:is|be|as)\b", found["link"], re.IGNORECASE))


def _is_supposed(found: re.Match[str], sentence: str) -> bool:
    """Say whether a verdict is one only in a case: `If there was one, the label would be Yes.`"""
    before = sentence[: found.start()]
    return bool(re.match(r"\W*if\b", before, re.I) or ("would" in found["link"] and re.search(r"\bif\b", before, re.I)))


def _leading(text: str) -> str | None:
    opening = _OPENING.match(text)
    found = VALUE.match(text, opening.end() if opening else 0)
    if found and _stands(found, text):
        return POSITIVE if found["yes"] else NEGATIVE
    return None


def _stands(found: re.Match[str], text: str) -> bool:
    """Say whether a verdict is one, and no part of what follows: `no longer`, `1. `, `positive for`."""
    value = found["value"].casefold()
    if _CONDITIONAL.match(text, found.end("value")):
        return False
    if value in ("0", "1"):
        return bool(_DIGIT_FOLLOWS.match(text, found.end("value")))
    free = value == "yes" or " " in value or value.startswith(("un", "not", "non"))
    return free or bool(_FOLLOWS.match(text, found.end("value")))


def _in_cells(text: str) -> str | None:
    """Return the label in a row of a table: the last row that has one."""
    for line in reversed(text.split("\n")):
        cells = table_cells(line)
        found = set().union(*cell_labels(cells, 0)) if len(cells) > 1 else set()
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _closing(text: str) -> str | None:
    if labels := _pure(text.rsplit("\n", 1)[-1]):
        return labels.pop() if len(labels) == 1 else None
    found = _LAST.search(text[-80:])
    if found and found["value"] not in "01":
        return POSITIVE if found["yes"] else NEGATIVE
    return None


def _of_prose(text: str) -> str | None:
    """Return what the first clause says, or what a conclusion does, or what all clauses agree on."""
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    said = [(_said(clause), bool(_SO.match(clause))) for clause in clauses]
    if said and said[0][0]:
        return said[0][0]
    concluded = [label for label, so in said if label and so]
    if concluded:
        return concluded[-1]
    labels = {label for label, _ in said if label}
    return labels.pop() if len(labels) == 1 else None


def _said(clause: str) -> str | None:
    if _OPEN.search(clause):
        return None
    denied = _DENIED.search(clause) and re.search(rf"\b{_BOND}\b", clause, re.IGNORECASE)
    if denied or re.search(r"\bunrelated\b", clause, re.IGNORECASE):
        return NEGATIVE
    return POSITIVE if _BOUND.search(clause) else None
