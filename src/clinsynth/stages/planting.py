"""Gold with canaries in it, where a user wants some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clinsynth.analysis import canaries
from clinsynth.config import PrivacyConfig
from clinsynth.errors import ConfigError
from clinsynth.keys import digest
from clinsynth.task import Examples
from clinsynth.types import CANARIES, Gold


def with_canaries(gold: Gold, *, privacy: PrivacyConfig, of: Examples) -> Gold:
    """Return gold whose train has further rows, which carry canaries; the others keep their numbers.

    Raises ConfigError where there is no gold train.
    """
    if not privacy.canaries:
        return gold
    rows = [row for _, _, row in planted(gold, privacy=privacy, of=of)] * privacy.copies
    told = [privacy.canaries, privacy.copies, privacy.seed]
    return replace(gold, train=[*gold.train, *rows], hashes=gold.hashes | {CANARIES: digest(told)})


def planted(gold: Gold, *, privacy: PrivacyConfig, of: Examples) -> list[tuple[Any, str, Any]]:
    """Return the rows that carry a canary, each behind the row that it is a copy of and the number; `gold` has none."""
    if not gold.trainable:
        raise ConfigError(
            f"privacy.canaries={privacy.canaries} are put into copies of gold train, of which there is none."
        )
    codes = canaries.codes(privacy.canaries, seed=privacy.seed)
    chosen = canaries.carriers(gold.trainable, number=len(codes), seed=privacy.seed)
    return [(row, code, canaries.carrying(row, code, of=of)) for row, code in zip(chosen, codes, strict=True)]
