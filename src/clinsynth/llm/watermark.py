"""A mark in the choice of tokens, which its owner finds again (green lists, Kirchenbauer et al. 2023)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Watermark:
    """A mark: behind each token a part of the vocabulary, the green one, is preferred; the secret says which."""

    secret: str = field(repr=False)
    bias: float = 2.0
    """Added to the logits of green tokens."""
    share: float = 0.25
    """The part of the vocabulary that is green, 0 to 1."""

    @property
    def hashing_key(self) -> int:
        """Return the number that seeds the green lists: of 32 bits, for more are lost in PyTorch's generator."""
        return int.from_bytes(self._digest[:4], "big") | 1

    @property
    def fingerprint(self) -> str:
        """Return 12 digits that tell secrets apart and give none away that is long enough not to be guessed."""
        return self._digest[4:10].hex()

    @property
    def known_by(self) -> dict[str, Any]:
        """Return what decides marked answers, as keys have it."""
        return {"fingerprint": self.fingerprint, "bias": self.bias, "share": self.share}

    @property
    def _digest(self) -> bytes:
        return hashlib.sha256(f"clinsynth/watermark/{self.secret}".encode()).digest()
