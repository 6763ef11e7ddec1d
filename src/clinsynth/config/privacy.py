"""Settings of what is planted in gold, to see where it comes out."""

from __future__ import annotations

from dataclasses import dataclass

from clinsynth.config.options import check, option


@dataclass
class PrivacyConfig:
    """The canaries of gold train; in keys by the hashes of gold, which they change."""

    canaries: int = option(
        0, "so many copies of rows of gold train begin with a made-up number, which is looked for later", keyless=True
    )
    copies: int = option(1, "how often each of these rows stands in gold train", keyless=True)
    seed: int = option(0, "random number of the numbers and the rows", keyless=True)

    def __post_init__(self) -> None:
        check(0 <= self.canaries <= 1000, "privacy.canaries", self.canaries, "0 to 1000")
        check(1 <= self.copies <= 100, "privacy.copies", self.copies, "1 to 100")
        check(self.seed >= 0, "privacy.seed", self.seed, "0 or more")
