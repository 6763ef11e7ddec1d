"""Parts what an LLM says from what it thinks, repeats or makes up, by the tokens of chat templates."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""<\|(?P<bar>[^|<>]{1,40})\|>|<｜(?P<wide>[^｜<>]{1,40})｜>   # <|eot_id|>
        |</?(?P<plain>s|bos|eos)>|<(?P<turn>(?:start|end)_of_turn)>
        |\[(?P<square>/?(?:INST|SYS))\]|<<(?P<system>/?SYS)>>|\[(?P<thought>/?THINK)\]|\[(?P<end>BOS|EOS)\]""",
    re.VERBOSE | re.IGNORECASE,
)
_MARKED = re.compile(
    r"(?P<before>[^\s<>\]] ?)?(?P<begin><s>)[^<>\n]{1,200}(?P<end></s>)(?(before)| ?(?=[^\s<>\[]))", re.IGNORECASE
)
"""A part of a sentence that is marked, and no beginning and end of a turn."""
_HEADERS = frozenset(("start", "im_start", "start_header_id", "start_of_turn", "channel", "start_of_role"))
"""A role, or the name of a channel, follows these."""
_ROLES = {"assistant": True, "model": True, "final": True, "chatbot": True} | dict.fromkeys(
    ("user", "system", "tool", "developer", "human", "observation", "analysis", "commentary"), False
)
"""Whether what stands under it is said to the one who has asked."""
_OTHERS = frozenset(("user", "human", "inst"))
"""Once something is said, these open another exchange, which an LLM makes up."""
_ROLE = re.compile(rf"\s*(?P<role>{'|'.join(_ROLES)})\b[:\s]*", re.IGNORECASE)
_OPENED = re.compile(r"inst|think|sys|begin_of_thought|start_thinking|thinking")
_CLOSED = re.compile(r"/(?:inst|think|sys)|end_of_thought|end_thinking|/thinking")


def turns(text: str, *, instructions: bool) -> list[tuple[str, bool]]:
    """Return the pieces of a text between the tokens of a chat template, each with whether it is said.

    Not said are channels for thoughts, the turns of others and all that follows them, and where `instructions` are
    told apart what is asked (`[INST] ... [/INST]`). The token that closes such a part may stand alone, for the template
    of the prompt has opened it.
    """
    found: list[tuple[str, bool]] = []
    end, void = len(text.rstrip()), 0  # so many pieces are not said after all
    at, said, answered, heads, over = 0, True, False, False, False
    tokens = [token for token in _tokens(text) if instructions or not (token["square"] or token["system"])]
    for token in [*tokens, None]:
        piece = text[at : token.start() if token else None]
        role = _ROLE.match(piece) if heads else None
        if role:
            piece, said = piece[role.end() :], _ROLES[role["role"].lower()]
            over = over or (answered and role["role"].lower() in _OTHERS)
        found.append((f"{piece}\n" if token else piece, said and not over))
        answered = answered or (said and bool(piece.strip()))
        if token is None:
            break
        at, name = token.end(), (token[token.lastgroup or 0]).strip().lower()
        heads = name in _HEADERS
        over = over or (answered and name in _OTHERS)
        if name in _ROLES:
            said = _ROLES[name]
        elif _OPENED.fullmatch(name):
            said = False
        elif _CLOSED.fullmatch(name):
            if said and at < end:
                void, answered = len(found), False
            said = True
        elif not heads and name not in ("message", "end_header_id", "constrain"):
            said = True
    return [(piece, said and number >= void) for number, (piece, said) in enumerate(found)]


def _tokens(text: str) -> list[re.Match[str]]:
    """Return the tokens of chat templates in a text, in order, without those that mark a part of a sentence."""
    if "<" not in text and "[" not in text:  # of which each begins with one
        return []
    marked = {place for part in _MARKED.finditer(text) for place in (part.start("begin"), part.start("end"))}
    return [token for token in _TOKEN.finditer(text) if token.start() not in marked]
