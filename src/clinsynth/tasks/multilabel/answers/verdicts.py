"""What the words behind a criterion say of it: met, not met, or nothing; a hedge does not say that it is met."""

from __future__ import annotations

import re

_FLAGS = re.VERBOSE | re.IGNORECASE
YES = r"(?:yes|y|true|1(?!\.\d)|met|present|fulfilled|satisfied|applies|applicable|positive|definitely|✓|✔|☑|✅|\[x\])"
NO = r"""(?:no|n|false|0(?!\.\d)|unmet|absent|negative|none|n/a|✗|✘|❌|☐|☒|\[\s?\]
    |(?:is\ |was\ |does\ |are\ )?(?:not|n't)\b
    |(?:isn't|doesn't|wasn't|cannot)\b|insufficient|excluded|unlikely)"""
_KNOWING = r"""(?:assess|assign|classif|comment|conclu|confirm|decid|determin|diagnos|establish|evaluat|judg|rate\b
    |say\b|tell\b|infer|know\b|rule\b|verif)\w*"""
HEDGE = rf"""(?:unclear|unknown|uncertain|undetermined|undeterminable|indeterminate|unsure|inconclusive|ambiguous
    |equivocal|doubtful|questionable|debatable|maybe|perhaps|possibly|null|nil|tbd|to\ be\ determined|insufficient
    |(?:not|n't)\ (?:\w+\ )?(?:sure|clear|certain|enough|sufficient|possible|known)|(?:no|not\ enough)\ information
    |(?:cannot|can't|can\ not|could\ not|couldn't)\ (?:be\ )?{_KNOWING}
    |(?:hard|difficult|impossible)\ to\ (?:be\ )?{_KNOWING})"""
_WEAK_HEDGE = (
    r"(?:possible|partial(?:ly)?|low|limited|borderline|mixed|some)(?=\W*\Z|\s*[,;:.(–—-]|\s+(?:met|fulfilled)\b)"
)
_END = r"(?=\W*\Z|\s*[^\w\s]|\s+(?:because|since|as|for|the|there|this|it|he|she|due|given|but|although|though|,)\b)"
VERDICT = re.compile(rf"\W*?(?:(?P<yes>{YES})|(?P<no>{NO}|{HEDGE}|\?))(?!\w)", _FLAGS)
_FIRST = re.compile(rf"\W*?(?:(?P<yes>{YES})(?!\w){_END}|(?P<no>{NO})(?!\w)(?:{_END}|(?<=not)\b))", _FLAGS)
_HEDGED = re.compile(
    rf"\W*(?:(?:it|this|that|there|evidence|i)\b\s*(?:is|'s|are|am|'m|remains?)\s+|(?:is|remains?)\s+)?"
    rf"(?:{HEDGE}|{_WEAK_HEDGE})(?!\w)|\s*[-–—?]+[\s).,;\]]*\Z",
    _FLAGS,
)
_LAST = re.compile(
    rf"(?:[:.=→>|(–—]|\s-)\s*(?:(?P<no>{NO}(?:\s(?:met|present|fulfilled|applicable|satisfied))?|{HEDGE})|(?P<yes>{YES}))"
    r"[\s.)\]]*\Z",
    _FLAGS,
)
_NUMBER = re.compile(
    r"""[\s(~≈<>=]*(?:(?P<share>[01]?\.\d+)(?![\w.])
        |(?P<part>\d+(?:\.\d+)?)\s*(?:%|percent\b|(?:/|out\ of)\s*(?P<whole>[1-9]\d*))
        (?=\W*\Z|\s*[,;:.()–—-]|\s+(?:likel|probab|confiden|sure|certain|chance|met\b)))""",
    _FLAGS,
)
_DENIAL = re.compile(
    r"""\b(?:not|isn't|wasn't|doesn't)\s(?:\w+\s){0,2}(?:met|present|applicable|fulfilled|described|evident|satisfied|apply
        |meet|mentioned|enough)\b
        |\bno\ssuch\b|\A\W*no\s(?:\w+\s){0,2}(?:evidence|indication|mention|sign|deficits?|information|description|support)\b""",
    _FLAGS,
)
_OPEN = re.compile(
    rf"""\b(?:{HEDGE})\s+(?:whether|if|that|which|from|to)\b
        |\b(?:is|are|remains?|was|were|seems?)\s+(?:\w+\s)?(?:{HEDGE}|possible|partial)\s*\Z
        |\b(?:unable|(?:not|n't)\s(?:\w+\s)?(?:able|possible|comfortable|qualified|trained|allowed)|inappropriate)\b
        |\b(?:cannot|can't|can\ not|won't|will\ not|don't|do\ not|not)\s(?:\w+\s)?
            (?:{_KNOWING}|feel|help|assist|provide|give|answer)
        |\b(?:needs?|requires?|consult|see|seek|contact|ask|only)\s(?:\w+\s){{0,4}}?(?:clinician|professional|doctor
            |specialist|physician|psychologist|psychiatrist|assessment|evaluation|diagnosis|expert)\b""",
    _FLAGS,
)


def first_verdict(said: str) -> bool | None:
    """Return what words say that begin with a verdict, a hedge or a number; `None` for a description."""
    if found := _NUMBER.match(said):
        part = float(found["share"] or found["part"])
        return part / (1 if found["share"] else float(found["whole"] or 100)) >= 0.5
    if _HEDGED.match(said):
        return False
    verdict = _FIRST.match(said)
    return bool(verdict["yes"]) if verdict else None


def holds(said: str) -> bool:
    """Say whether what follows a name and a colon affirms it: a verdict, or else a description that denies nothing."""
    verdict = first_verdict(said)
    if verdict is None and (last := _LAST.search(said)):
        return bool(last["yes"])
    return not _DENIAL.search(said) if verdict is None else verdict


def cell_holds(cell: str) -> bool | None:
    """Return what a cell of a table says of a criterion: a tick, or what words would say; `None` for a description."""
    if not cell.strip(" .-–—"):
        return False
    return True if cell.strip().casefold() == "x" else first_verdict(cell)


def is_open(clause: str) -> bool:
    """Say whether a clause leaves open what is met: it doubts, declines or sends to someone else."""
    return bool(_OPEN.search(clause))
