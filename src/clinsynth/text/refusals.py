"""Recognises an answer in which an LLM says that it will not, or may not, do what it was asked for."""

from __future__ import annotations

import re

from clinsynth.text.peeling import LINE_END, SIGNS, said
from clinsynth.text.words import plain

LONGEST = 2000
"""Characters from the beginning that are looked at; what is said later is not the point of an answer."""

_SPOKEN = {
    r"\bcan ?(?:'t| not)": "cannot",
    r"\bwon't\b": "will not",
    r"\b(do|should|would)n't\b": r"\1 not",
    r"\b(it|that|this|here)'s\b": r"\1 is",
    r"\bi'm\b": "i am",
    r"\bwe're\b": "we are",
    r"\b(i|we)'d\b": r"\1 would",
    r"\b(i|we)'ll\b": r"\1 will",
}
_CONTRACTIONS = [(re.compile(pattern), written) for pattern, written in _SPOKEN.items()]

_UNABLE = r"""(?:cannot|will\ not|would\ (?:rather|prefer)\ not(?:\ to)?|should\ not|refuse\ to
    |(?:am|are)\ (?:\w+\ )?(?:unable|not\ (?:\w+\ )?(?:able|allowed|permitted|authori[sz]ed|programmed|designed))\ to
    |(?:am|are)\ not\ (?:\w+\ )?comfortable(?:\ with)?|do\ not\ feel\ comfortable(?:\ with)?)"""
_DECLINE = (
    r"(?:(?:must|have\ to|need\ to|will|would\ have\ to|am\ going\ to)\ (?:\w+\ )?decline|(?:\w+ly\ )?decline\ to)"
)
# What a patient would not say of himself (`assist`), or only of another thing than an answer (`write a letter`).
_TASK = r"""(?:assist|comply|fulfil+(?:ing)?|help\ (?:with|you)|generat(?:e|ing)|diagnose|engage\ in\ (?:this|that|such)
    |accommodate\ (?:this|that|such|your)|answer\ (?:this|that|your))\b"""
_TELL = r"""(?:writ(?:e|ing)|creat(?:e|ing)|provid(?:e|ing)|produc(?:e|ing)|giv(?:e|ing)|shar(?:e|ing)|complet(?:e|ing)
    |compos(?:e|ing)|respond|process|continue|discuss|label|annotat(?:e|ing)|classify|offer|supply|simulat(?:e|ing))\b"""
_SUCH = r"""(?:\b(?:requests?|sentences?|examples?|content|texts?|information|advice|prompts?|tasks?|materials?
    |instructions?|diagnos[ei]s|labels?|annotations?|criteria|statements?|answers?|about)\b
    |\b(?:this|that|it|these|those)(?=\ ?(?:[.!?]|$)))"""
_WILL_NOT = rf"(?:i|we)\ (?:\w+ly\ )?(?:{_DECLINE}|{_UNABLE}\ (?:\w+ly\ )?(?:{_TASK}|{_TELL}[^.!?]*?{_SUCH}))"
_PROFESSION = r"(?:i\ am\ not|as)\ an?\ (?:\w+[ -]){0,3}(?:doctor|physician|clinician|professional|model|ai|assistant)"

_SORRY = r"(?:i\ am\ (?:\w+\ )?sorry|sorry|my\ apologies|i\ apologi[sz]e)"

_REFUSAL = re.compile(
    rf"""(?:[^.!?"“”]*[,;—-]\s?)?(?:(?:but|and|so)\ )?{_WILL_NOT}
        |(?:unfortunately|regrettably|sorry),?\ (?:but\ )?{_WILL_NOT}
        |{_PROFESSION}\b[^.!?]*\b(?:cannot|unable|not\ able|do\ not\ have)\b
        |{_SORRY}\b[^.!?]{{0,20}}(?:\bi\ cannot|\bi\ will\ not)\W*$
        |(?:[^.!?"“”]*[,;]\s?)?(?:but\ )?(?:i|we)\ cannot(?:\ do\ (?:that|this|so))?\W*$
        |it\ (?:would|is)\ (?:not\ be|not)\ (?:appropriate|ethical|possible|right)\ (?:for\ me\ )?to\ {_TELL}
        |(?:this|the|your)\ (?:request|prompt|content)\ (?:\w+\ )?
            (?:violates|goes\ against|is\ against|was\ (?:flagged|blocked)|cannot\ be|is\ not\ (?:allowed|permitted))
        |my\ (?:guidelines|programming|policies|policy|training)\ (?:\w+\ )?(?:do\ not|prevents?|prohibits?|forbids?)
        |(?:{_SORRY}|request\ (?:denied|refused|rejected))\W*$""",
    re.VERBOSE,
)
_FOREIGN = re.compile(
    r"""(?:(?:lo\ siento|lamentablemente|disculpe?)\W+(?:pero\ )?)?
            no\ puedo\ (?:ayudar|generar|proporcionar|cumplir|escribir)
        |(?:es\ tut\ mir\ leid\W+(?:aber\ )?ich\ kann|leider\ kann\ ich|ich\ kann\ (?:ihnen|dir|dabei))\b
            .*\b(?:nicht|keine[nr]?)\b
        |(?:(?:je\ suis\ )?désolée?\W+(?:mais\ )?)?
            je\ ne\ (?:peux|suis)\ pas\ (?:fournir|générer|vous|en\ mesure|écrire)
        |mi\ dispiace\W+(?:ma\ )?non\ posso|(?:desculpe|lamento|sinto\ muito)\W+(?:mas\ )?não\ posso
        |(?:很|非常)?(?:抱歉|对不起)\W*.{0,12}(?:无法|不能)|申し訳(?:ありません|ございません)""",
    re.VERBOSE,
)
_END = re.compile(r"[.!?](?=\s|$)|\n|$")
_ITEM = re.compile(r"^\s*(?:\d{1,3}[.):]|[-*•|])\s*\S", re.MULTILINE)
_MARK = re.compile(r"\W*(?:\d{1,3}[.):]\s*)?\W*")
_BUT = re.compile(r"(?:[,;]|[.!?]\s)\s*(?:but|however|that said|nevertheless|still)\b,?\s*")
_OFFER = re.compile(
    r"""\b(?:i|we)\ (?:can|could|would|will|am\ happy|am\ able|recommend|suggest|encourage|hope)\b
        |\b(?:you\ (?:can|could|may)|if\ you|instead|please|feel\ free|consult|seek|let\ me|happy\ to)\b
        |\b(?:it\ is|there\ (?:is|are)|this\ is)\b""",
    re.VERBOSE,
)


def is_refusal(text: str) -> bool:
    """Say whether a text refuses, be it a whole completion or one line of it.

    A text that refuses and then does what it was asked for, as a list or after a "but", does not; one that
    offers something else does.
    """
    spoken = plain(LINE_END.sub("\n", said(text).strip()[:LONGEST]).translate(SIGNS)).casefold()
    spoken = spoken[_MARK.match(spoken).end() :]  # type: ignore[union-attr]
    for pattern, written in _CONTRACTIONS:
        spoken = pattern.sub(written, spoken)
    end = _refused(spoken)
    return end is not None and not _answers(spoken[end:])


def _refused(spoken: str) -> int | None:
    """Return where the refusal ends that the first or second sentence is; `None` where neither is one."""
    start = 0
    for _ in range(2):
        end = _END.search(spoken, start).end()  # type: ignore[union-attr]
        found = _REFUSAL.match(spoken[:end], start) or _FOREIGN.match(spoken[:end], start)
        if found:
            return found.end()
        start = end + len(spoken[end:]) - len(spoken[end:].lstrip())
    return None


def _answers(rest: str) -> bool:
    """Say whether what stands behind a refusal is an answer all the same."""
    if len(items := list(_ITEM.finditer(rest))) > 1:
        return not _OFFER.search(rest[: items[0].start()])
    but = _BUT.search(rest)
    return but is not None and not _OFFER.match(rest, but.end())
