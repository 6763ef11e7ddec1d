"""A job as several, on as many machines as there are: the parts in any order, and a last command that joins them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinsynth.config.options import check, option

MERGE = "merge"

_ACCEPTED = "0/8 to 7/8 for one of eight parts, merge/8 for the command that joins them, or with shards=8 0 to 7, merge"


@dataclass(frozen=True)
class Shard:
    """One of `of` parts by its `number` from 0, or with `None` the joining of them all."""

    number: int | None
    of: int

    @property
    def merges(self) -> bool:
        return self.number is None

    @property
    def name(self) -> str:
        """Return how it is written on the command line."""
        return f"{MERGE if self.number is None else self.number}/{self.of}"


@dataclass
class Sharded:
    """The keys of a stage whose job can be cut into parts; the result is the same for any number of them."""

    shard: str | None = option(
        None,
        "i/n: do part i of n, from 0, in any order and on any machine; merge/n joins the parts when all are done",
        keyless=True,
    )
    shards: int | None = option(
        None, "the n of shard=i, as a sweep has it: -m shards=8 shard='range(0,8)'", keyless=True
    )

    @property
    def part(self) -> Shard | None:
        """Return the part that is to be done; `None` for the whole. Raises ConfigError for what is none."""
        if self.shard is None:
            check(self.shards is None, "shards", self.shards, "null without shard=i")
            return None
        given = self.shard if self.shards is None else f"{self.shard}/{self.shards}"
        found = re.fullmatch(rf"(\d+|{MERGE})/([1-9]\d*)", given)
        number = None if found is None or found[1] == MERGE else int(found[1])
        good = found is not None and (number is None or number < int(found[2]))
        check(good, "shard", given, _ACCEPTED)
        assert found is not None
        return Shard(number, int(found[2]))

    def __post_init__(self) -> None:
        _ = self.part
