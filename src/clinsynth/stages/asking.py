"""Before a stage asks an LLM: the answers that there are, and what others will cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinsynth.asking import clients, sessions
from clinsynth.config import (
    AskingConfig,
    CorpusConfig,
    DatasetConfig,
    DistillConfig,
    LLMConfig,
    SearchConfig,
    ZeroShotConfig,
)
from clinsynth.errors import ConfigError
from clinsynth.llm import KnownCompletions
from clinsynth.llm.account import Further, nothing_further
from clinsynth.reports.console import say
from clinsynth.reports.spending import show_estimate, show_spend
from clinsynth.task import Shots
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Request


def completions_of(settings: CorpusConfig | ZeroShotConfig | SearchConfig | DistillConfig) -> KnownCompletions:
    """Return the answers that the LLM of a job has given."""
    return clients.open_completions(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))


def ends_before_asking(
    llm: LLMConfig,
    requests: Sequence[Request],
    *,
    asking: AskingConfig,
    artifacts: Path,
    dataset: DatasetConfig,
    what: str,
    labelled: Further = nothing_further,
    at_most: bool = False,
    own_texts: str = "",
    shots: Shots | None = None,
) -> bool:
    """Show what asking will take; return whether the user wants no answers: a dry run, or an end to batches.

    Raises ConfigError where `what` the requests show of the dataset may not be sent; a dry run says so.
    `labelled` says which requests an answer to come gives rise to. `own_texts` is the path of a user's own texts.
    `at_most`: the requests stand for others, of which some may be answered already. `shots` may stand in those that
    follow.
    """
    if asking.cancel:
        print(f"{sessions.cancel_batches(llm, artifacts=artifacts)} batches are cancelled.")
        return True
    planned = sessions.estimate(llm, requests, artifacts=artifacts, labelled=labelled)
    show_estimate(planned, model=llm.model or "", dry_run=asking.dry_run, at_most=at_most)
    try:
        sessions.check_consent(dataset, requests, asking=asking, llm=llm, what=what, own_texts=own_texts, shots=shots)
    except ConfigError as refusal:
        if not asking.dry_run:
            raise
        say(f"Without generation.dry_run it is refused: {refusal}")
    return asking.dry_run


def session(
    llm: LLMConfig, *, artifacts: Path, run: ActiveRun, ledger: Ledger, texts: bool = False
) -> sessions.Session:
    """Return a session whose cost is shown when it is left; `texts` may stand in MLflow's traces of its requests."""
    return sessions.Session(llm, artifacts=artifacts, run=run, ledger=ledger, show=show_spend, texts=texts)
