"""Ask an LLM for what a corpus needs and is not there yet; build the corpus."""

from __future__ import annotations

from pathlib import Path

from clinsynth import corpora, datasets, stages
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import GenerateConfig, LLMMode
from clinsynth.corpora.generation import Generation, check_consent
from clinsynth.corpora.plans import plan
from clinsynth.llm import RECORDED, batch, cache_path, open_llm
from clinsynth.llm.budget import Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.client import Client
from clinsynth.llm.view import View
from clinsynth.reports import cards, tables
from clinsynth.stages import Job
from clinsynth.tasks.base import config_room, synthesis_room
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Gold, Summary


def main(settings: GenerateConfig, *, job: Job) -> None:
    config_room(settings.dataset.task).resolve(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data))
    store = ArtifactStore(Path(settings.paths.artifacts))
    stages.leave_proposals(settings, gold=gold, folder=job.folder)
    if settings.llm.name == RECORDED:
        corpus = corpora.make(settings, gold=gold, store=store)
        tables.show_corpus_counts(corpus)
        return
    generation = _plan(settings, gold=gold)
    check_consent(settings, generation.requests)
    cache = CompletionCache(cache_path(store.root))
    if settings.generation.cancel:
        print(f"{batch.cancel(settings.llm, cache=cache)} batches are cancelled.")
        return
    if settings.generation.dry_run:
        tables.show_estimate(estimate(settings, generation, cache=cache), model=settings.llm.model or "")
        return
    run_key = digest(corpora.settings_key(settings) | {"gold": gold.hashes})
    ledger = Ledger(settings.tracking, store=store)
    name = f"generate-{settings.llm.name}-{cards.size(settings)}-{settings.annotator.name}"
    ledger.bury_dead()
    key = f"generate-{run_key}"
    with (
        ledger.claim(key),
        ledger.run(
            experiment=settings.dataset.name,
            name=name,
            run_key=key,
            corpus=None,
            description=cards.run_description(job),
        ) as run,
    ):
        run.params(cards.corpus_params(settings, choices=job.choices))
        _ask(settings, generation, cache=cache, run=run)
        corpus = corpora.make(settings, gold=gold, store=store)
        run.tag("corpus", corpus.digest)
        tables.show_corpus_counts(corpus)
        summary = Summary(run.id, run_key, corpus.digest, None, len(corpus.examples))
        summary.write(job.folder)
    print(f"Train on it: clinsynth train with the same settings. See it: clinsynth show corpus={corpus.digest}")


def estimate(settings: GenerateConfig, generation: Generation, *, cache: CompletionCache) -> Spend:
    """What asking would take; the second requests of annotator=llm are as long as the first answers."""
    client = Client(settings.llm, cache=cache, offline=True)
    return client.estimate(generation.requests, labelled=settings.annotator.name == "llm")


def _plan(settings: GenerateConfig, *, gold: Gold) -> Generation:
    room = synthesis_room(settings.dataset.task)
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    return Generation(settings, plan(settings, gold=gold, llm=llm, room=room), gold=gold, room=room)


def _ask(settings: GenerateConfig, generation: Generation, *, cache: CompletionCache, run: ActiveRun) -> None:
    """Logs and prints what was spent, however it ends."""
    with View(f"{settings.dataset.name} from {settings.llm.model}", counts=generation.counts) as view:
        kind = batch.BatchClient if settings.llm.mode is LLMMode.batch else Client
        client = kind(settings.llm, cache=cache, watch=view)
        try:
            client.answer(generation.requests, follow_up=generation)
        finally:
            cache.close()
            spend = client.progress.spend
            run.metrics(spend.metrics())
            tables.show_spend(spend)
    tables.show_short(generation.short, wanted=generation.plan.per_unit or generation.plan.in_all or 0)
