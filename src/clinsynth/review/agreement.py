"""How far several annotators agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fleiss(table: Sequence[Sequence[str]]) -> float | None:
    """Return Fleiss' kappa of items, each with the answer of every annotator; `None` where it is not defined."""
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa  # a second to import

    if not table or len(table[0]) < 2 or len({answer for row in table for answer in row}) < 2:
        return None
    return float(fleiss_kappa(aggregate_raters(np.array(table))[0]))
