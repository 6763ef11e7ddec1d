"""Finds the names of criteria in an answer, in all their spellings, and puts private characters in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clinsynth.text.peeling import normalised, phrase

# Names in private characters: those that count anywhere (A1), and everyday words (sleep), which count as answers only.
_CODE, _EVERYDAY = 0xF0000, 0x100000
NAME = "[\U000f0000-\U000ffffd\U00100000-\U0010fffd]"
_STRONG = "[\U000f0000-\U000ffffd]"
_WEAK = "[\U00100000-\U0010fffd]"
_CODED = re.compile(r"(?P<letters>[A-Z]{1,4})(?P<between>[-. ]?)(?P<digits>\d{1,3})", re.IGNORECASE)
_RANGE = re.compile(r"\b([A-Z]{1,4}[-.]?)(\d{1,3})(?:[-–—]|\s(?:to|through|thru)\s)(?:\1)(\d{1,3})\b", re.IGNORECASE)
_QUOTING = re.compile(rf"([\"`]|\*\*|'|__)\s*({_WEAK})\s*\1")


class Names:
    """Turns names and meanings into private characters and back."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = tuple(labels)
        self._known = [*labels]  # and those that answers make up
        self._forms = {_form(alias): name for name, meaning in labels.items() for alias in (meaning, name)}
        aliases = sorted((alias for item in labels.items() for alias in item if _form(alias)), key=len, reverse=True)
        joined = "|".join(phrase(_pieces(alias)) for alias in aliases)
        self._alias = re.compile(rf"(?:{joined or '(?!)'})(?!\.\d)", re.IGNORECASE)
        shapes = [found for name in labels if (found := _CODED.fullmatch(name))]
        self._letters = {len(found["letters"]) for found in shapes}
        self._digits = {len(found["digits"]) for found in shapes}
        self._families = {found["letters"].upper() for found in shapes}

    def stands_in(self, text: str) -> bool:
        """Say whether a text has a name or a meaning."""
        return bool(self._alias.search(normalised(text)))

    def coded(self, text: str) -> str:
        """Return a text with a private character in the place of each name and meaning."""
        text = "".join(sign for sign in text if ord(sign) < _CODE)
        text = re.sub(_RANGE, self._range, text)
        text = self._alias.sub(self._code, text)
        if self._families:
            text = re.sub(rf"(?<![\w-]){_CODED.pattern}(?![\w-]|\.\d)", self._made_up, text, flags=re.IGNORECASE)
        text = _QUOTING.sub(lambda found: chr(ord(found[2]) - _EVERYDAY + _CODE), text)
        return re.sub(r"\*\*|__|[`\"“”]|(?<!\w)'|'(?!\w)", "", text)

    def names(self, text: str, *, everyday: bool) -> list[str]:
        """Return the names that private characters of a text stand for, those of everyday words only if asked to."""
        return [self._known[(ord(sign) & 0xFFFF)] for sign in re.findall(NAME if everyday else _STRONG, text)]

    def sorted(self, held: Mapping[str, bool]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return labels that hold, and names that hold and are no labels."""
        labels = tuple(name for name in self.labels if held.get(name))
        return labels, tuple(name for name in held if held[name] and name not in self.labels)

    def _range(self, found: re.Match[str]) -> str:
        first, last = int(found[2]), int(found[3])
        if _form(found.group()) in self._forms or not 0 < last - first < 30:
            return found.group()
        return ", ".join(f"{found[1]}{number}" for number in range(first, last + 1))

    def _code(self, found: re.Match[str]) -> str:
        name = self._forms[_form(found.group())]
        anywhere = any(map(str.isdigit, name)) or (len(name) > 1 and name.isupper() and found.group().isupper())
        longer = _form(found.group()) != _form(name) and len(found.group().split()) > 3  # a whole meaning
        return chr((_CODE if anywhere or longer else _EVERYDAY) + self._known.index(name))

    def _made_up(self, found: re.Match[str]) -> str:
        """Code a name of the same pattern that is no label: an everyday word unless of the same letters."""
        if len(found["letters"]) not in self._letters or len(found["digits"]) not in self._digits:
            return found.group()
        name = found.group().upper()
        if name not in self._known:
            self._known.append(name)
        strong = found["letters"] in self._families
        return chr((_CODE if strong else _EVERYDAY) + self._known.index(name))


def _form(alias: str) -> str:
    """Return what is alike in all spellings of a name or meaning."""
    return "".join(_words(alias)).casefold()


def _pieces(alias: str) -> list[str]:
    """Return words, of which a code may be written in two: `A1` as `A-1`."""
    code = _CODED.fullmatch(normalised(alias))
    return [code["letters"], code["digits"]] if code else _words(alias)


def _words(alias: str) -> list[str]:
    return re.findall(r"[^\W_]+", normalised(alias))
