"""The cost of the answers that corpora, and the arms of a table, are made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain

from clinsynth import corpora
from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import ClinsynthError
from clinsynth.llm import bills
from clinsynth.llm.bills import Bill
from clinsynth.llm.databases import cache_place, is_there
from clinsynth.reports.arms import Arm
from clinsynth.reports.spending import ArmCost, cost_table
from clinsynth.reports.tables import ReportTable

ASKED = "llm/usd"
"""The metric of a run that has asked an LLM about test examples: what all their answers have cost."""
TOKENS = ("llm/tokens_in", "llm/tokens_out")


def bill_of(corpus: corpora.Corpus, *, store: ArtifactStore) -> Bill:
    """Return what the answers of a corpus have cost, as far as the cache holds them."""
    manifest = corpus.manifest
    return bills.bill_of(
        cache_place(store.root),
        dataset=manifest.dataset,
        served_by=set(manifest.models),
        places={(row["unit"], row["replicate"]) for row in chain(corpus.rows(), corpus.rejected())},
    )


def table_of(arms: Sequence[Arm], *, store: ArtifactStore) -> ReportTable | None:
    """Return what the answers of each arm have cost, by kept example and by point; `None` where nobody was paid."""
    if not is_there(cache_place(store.root)):
        return None

    @cache
    def of_corpus(digest: str) -> tuple[Bill, int] | None:
        try:
            corpus = corpora.load_corpus(corpora.find_corpus(digest, store=store))
        except ClinsynthError:  # pruned, or damaged, which a table of scores need not know
            return None
        return bill_of(corpus, store=store), len(corpus.examples)

    costs = []
    for arm in arms:
        digests = {run.corpus for run in arm.runs if run.corpus}
        found = [one for digest in sorted(digests) if (one := of_corpus(digest)) is not None and one[0].answers]
        if found and len(found) == len(digests):
            each = ArmCost(arm, _mean([bill for bill, _ in found]), sum(kept for _, kept in found) / len(found))
            costs.append(each)
        elif not digests and arm.mean(ASKED):
            costs.append(ArmCost(arm, _asked(arm), None))
    return cost_table(costs) if costs else None


def _mean(found: Sequence[Bill]) -> Bill:
    """Return the mean of the corpora of an arm, one a seed of its generation."""
    known = [bill.usd for bill in found if bill.usd is not None]
    usd = sum(known) / len(found) if len(known) == len(found) else None
    return Bill(sum(bill.answers for bill in found), round(sum(bill.tokens for bill in found) / len(found)), usd)


def _asked(arm: Arm) -> Bill:
    return Bill(tokens=round(sum(arm.mean(name) or 0 for name in TOKENS)), usd=arm.mean(ASKED))
