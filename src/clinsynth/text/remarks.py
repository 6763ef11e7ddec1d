"""Tells what an LLM says beside its texts: greetings, refusals, and notes at the end of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

REMARKS = r"""(?:sure|certainly|of\ course|absolutely|sorry)[,!.:]|(?:here|below)\ (?:are|is)\ |
    (?:these|all|the)\ (?:sentences|examples)\ |i\ (?:hope\ th|can't|cannot)|i'm\ (?:sorry|happy|glad)|
    as\ an?\ (?:ai|language\ model)\b|let\ me\ know|please\ let\ me|feel\ free|would\ you\ like|
    if\ you\ (?:need|would\ like|want)\ |note\ that\ (?:these|the\ sentences|all)|note:"""
"""Opens a line that an LLM says beside what it was asked for."""

_SORRY = r"""(?:i(?:'m|\ am)\ (?:so\ |very\ |really\ )?sorry|sorry|apologies|my\ (?:sincere\ )?apologies
    |i\ (?:do\ |must\ |sincerely\ )?apologi[sz]e)"""
_WRITE = r"(?:generat|writ|provid|creat|produc|assist|help|fulfil|comply|answer|respond|feel\ comfortable)"
_REFUSAL = re.compile(
    rf"""\W*(?:(?:unfortunately|regrettably|however|hello|hi|{_SORRY}
            |(?:as|being)\ an?\ [\w -]{{0,30}}(?:ai|model|assistant)\b[^,.\n]{{0,40}})\b[\s,.;:!—–-]*(?:but\ |that\ )?)*
        (?:i|we)(?:'m|\ am|'re|\ are)?\ (?:currently\ |really\ )?
        (?:not\ (?:able|comfortable|allowed|permitted|willing|going)|unable|cannot|can\ not|can't|won't|will\ not
            |(?:must|have\ to|need\ to)\ (?:\w+\ )?(?:decline|refuse)|decline|refuse|do\ not|don't)\b
        [^.\n]{{0,60}}?\b{_WRITE}\w*
    |\W*(?:{_SORRY}\b|as\ an?\ (?:ai|language\ model)\b
        |i(?:'m|\ am)\ (?:just\ |only\ )?an?\ (?:ai|(?:large\ )?language\ model|(?:virtual\ |ai\ )?assistant)\b
        |(?:this|your|the)\ (?:request|prompt|question|input)\b[^.\n]{{0,40}}
            \b(?:violat|against|inappropriat|flagg|filter|polic|blocked|cannot\ be)
        |it\ (?:is|'s|would\ be)\ (?:not\ (?:possible|appropriate)|impossible|inappropriate)
            \ (?:for\ me\ )?to\ {_WRITE}
        |lo\ siento|es\ tut\ mir\ leid|leider\ kann\ ich|(?:je\ suis\ )?d[ée]sol[ée]|mi\ dispiace|desculpe
        |sinto\ muito|抱歉|对不起|很抱歉|我无法|申し訳|죄송)""",
    re.VERBOSE | re.IGNORECASE,
)
_ASIDE = re.compile(
    rf"""{REMARKS}|(?:okay|ok|great|got\ it|alright)[,!.:]|here's\ |(?:is|was)\ there\ anything\ else
        |i\ (?:have\ |'ve\ |will\ |'ll\ )?(?:generat|written|wrote)|do\ you\ (?:want|need)\ me|happy\ to\ help
        |(?:in\ )?(?:this|each|every)\ sentence\b|(?:assistant|user|human|system|analysis|final)\s*:?\s*$
        |\[?(?:end|continued?|to\ be\ continued|and\ so\ on)\b[^\w]*$|the\ end\W*$""",
    re.VERBOSE | re.IGNORECASE,
)
_THINKING = re.compile(
    r"""\W*(?:okay|ok|alright|hmm+|so|well|first|let\ me|let's|the\ user|we|i)\b.{0,200}?
        (?:\bthe\ user\ (?:wants|asks|is\ asking|has\ asked|asked|requests|needs)
        |\b(?:we|i)\ (?:need|have|should|must|ought)\ (?:to\ )?
            (?:write|generate|produce|create|provide|come|make|output|think|craft|\w+\ sentences)
        |\blet(?:\ me|'s)\ (?:think|start|brainstorm|draft|see|try|write|craft|produce))""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

_GRAMMAR = "|".join(
    (
        r"(?:active|passive) voice",
        r"(?:simple|compound|complex|declarative|interrogative|cleft|passive|active|short|long) sentence",
        r"sentence (?:structure|type|pattern|length)|this sentence",
        r"(?:relative|subordinate|main|dependent|participial) clause|(?:noun|verb|prepositional) phrase",
        r"subject position|word count|\d+ words\b|entity (?:first|last|in the middle)",
    )
)
"""What notes on a sentence are about, and no clinical text is."""
_KEYS = "|".join(
    (
        r"notes?|nb|n\.b\.|translations?|explanations?|rationales?|reason(?:ing)?|structure|comments?|remarks?|analysis",
        r"keywords?|labels?|entit(?:y|ies)|mentions?|sources?|pmid|doi|word count|justification",
        "spanish|french|german|chinese|italian|portuguese|japanese|english|russian|arabic|hindi|korean|dutch",
        "español|français|deutsch|italiano|português",
    )
)
_KEYED = rf"[(\[{{*_]*\s*(?:in )?(?:{_KEYS})\b(?:\s*\([^()]*\))?[*_]*\s*[:：]"
_ABBREVIATED = ("spp", "sp", "vs", "al", "var", "approx")
_NOT_AN_END = "".join(rf"(?<!\b{word}\.)" for word in _ABBREVIATED) + r"(?<!\.[a-z]\.)(?<!\.\s[a-z]\.)"
_END = rf"(?<=[.!?…。]){_NOT_AN_END}[\"”»')\]]?"
_BRACKETED = r"[*_]*(?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\]|\{[^{}\n]*\}|（[^（）\n]*）)[*_]*\.?"
_OPEN = r"\s*(?<![(\[{*_])[(\[{*_]++"
_NOTES = tuple(
    (signs, re.compile(pattern, re.IGNORECASE))
    for signs, pattern in (
        (":：", rf"{_END}\s*{_KEYED}.*$"),  # ... last year. Note: it is passive.
        ("([{（", rf"{_END}\s*{_BRACKETED}\s*$"),  # ... last year. (Passive.)
        # ... last year. - Passive.
        ("-–—/|#~<", rf"{_END}\s+(?:[-–—]{{1,3}}|//|\|\|?|/|\#|~|<[-–=]+)\s+\S.*$"),
        ("→⇒←>", rf"{_END}\s*(?:[→⇒←]|[-=]>)\s*\S.*$"),  # ... last year. -> Passive.
        ("*_", rf"{_END}\s+[*_][^*_]+[*_]\s*$"),  # ... last year. *Passive.*
        # ... last year (Spanish: el año pasado). ... last year (passive voice).
        (":：", rf"{_OPEN}\s*(?:in )?(?:{_KEYS})\b[^()\[\]]{{0,30}}[:：][^()\[\]]{{0,500}}[)\]}}*_]++(?=[.!?]?$)"),
        ("([{*_", rf"{_OPEN}[^()\[\]]{{0,300}}?(?:{_GRAMMAR})[^()\[\]]{{0,300}}[)\]}}*_]++(?=[.!?]?$)"),
        # ... last year - in the passive voice.
        ("-–—→=", rf"\s+(?:[-–—]{{1,3}}|→|[-=]>)\s+[^.]{{0,200}}?\b(?:{_GRAMMAR})\b.*$"),
    )
)
"""Patterns of notes, each with the signs of which a text has to have one to hold such a note: most have none."""
_LONGEST = 10_000
"""Characters of a text whose end is looked at."""
_SHORTEST = 3
"""Words before a note."""
_LED = re.compile(
    rf"""(?:[*_]{{1,2}}[^*_:\n]{{1,40}}:[*_]{{1,2}}\s+(?=\S+\s\S)
        |[*_]{{0,2}}(?:(?:generated|example|sample|output|clinical)\ )?
            (?:sentence|text|example|output|answer|statement|response|behaviou?r|vignette|observation)
            (?:\ ?\#?\d{{1,3}})?(?:\ \([^()]{{0,40}}\))?[*_]{{0,2}}\s?[:：]\s+
        |[^.:\n]{{0,30}}\b(?:{_GRAMMAR.replace(" ", "[ ]")})[^.:\n]{{0,20}}:\s+)(?=\S)""",
    re.VERBOSE | re.IGNORECASE,
)


def begins_as_refusal(text: str) -> bool:
    """Say whether a text begins as an LLM does that will not write."""
    return bool(_REFUSAL.match(text.replace("’", "'")))


def is_remark(text: str) -> bool:
    """Say whether a line is said beside the texts."""
    keyed = re.match(_KEYED, text, re.IGNORECASE)
    shouted = keyed and keyed.group().isupper()  # RATIONALE: as of an abstract's part
    return bool(_ASIDE.match(text)) or begins_as_refusal(text) or bool(keyed and not shouted)


def is_thinking(text: str) -> bool:
    """Say whether an answer begins as thoughts do, whose marks are in the template or left out."""
    return bool(_THINKING.match(text.strip()[:400]))


def without_notes(text: str) -> tuple[str, list[str]]:
    """Return a text without notes on it, translations, and a title such as `Sentence:`; and the notes."""
    notes: list[str] = []
    led = _LED.match(text)
    text = text[led.end() :] if led else text
    while len(text) <= _LONGEST:
        found = next((match for note in _possible_notes(text) if (match := note.search(text))), None)
        if found is None or len(text[: found.start()].split()) < _SHORTEST:
            break
        notes.append(found.group().strip())
        text = f"{text[: found.start()]}{text[found.end() :]}".rstrip()
    return text, notes


def _possible_notes(text: str) -> Iterator[re.Pattern[str]]:
    return (note for signs, note in _NOTES if any(sign in text for sign in signs))
