"""Ask an LLM for what a corpus needs and is not there yet; build the corpus."""

from __future__ import annotations

from pathlib import Path

from clinsynth import corpora, datasets, stages
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import GenerateConfig
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.plans import plan
from clinsynth.llm import RECORDED, open_llm
from clinsynth.llm.consent import check_consent
from clinsynth.reports import cards, tables
from clinsynth.stages import Job, asking
from clinsynth.tasks.base import config_room, synthesis_room
from clinsynth.tracking import Ledger
from clinsynth.types import Gold, Summary


def main(settings: GenerateConfig, *, job: Job) -> None:
    config_room(settings.dataset.task).resolve(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    store = ArtifactStore(Path(settings.paths.artifacts))
    stages.leave_proposals(settings, gold=gold, folder=job.folder)
    if settings.llm.name == RECORDED:
        corpus = corpora.make(settings, gold=gold, store=store)
        tables.show_corpus_counts(corpus)
        return
    generation = _plan(settings, gold=gold)
    requests, labelled = generation.requests, settings.annotator.name == "llm"
    if asking.settled(settings.llm, requests, asking=settings.generation, artifacts=store.root, labelled=labelled):
        return
    check_consent(settings.dataset, requests, asking=settings.generation, llm=settings.llm, what="its units or rows")
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
            description=cards.run_description(job),
            tags=job.tags,
        ) as run,
    ):
        run.params(cards.corpus_params(settings, choices=job.choices))
        with asking.Session(settings.llm, artifacts=store.root, run=run) as session:
            session.ask(requests, title=settings.dataset.name, follow_up=generation, counts=generation.counts)
        tables.show_short(generation.short, wanted=generation.plan.per_unit or generation.plan.in_all or 0)
        corpus = corpora.make(settings, gold=gold, store=store)
        run.tag("corpus", corpus.digest)
        tables.show_corpus_counts(corpus)
        summary = Summary(run.id, run_key, corpus.digest, None, len(corpus.examples))
        summary.write(job.folder)
    print(f"Train on it: clinsynth train with the same settings. See it: clinsynth show corpus={corpus.digest}")


def _plan(settings: GenerateConfig, *, gold: Gold) -> Generation:
    room = synthesis_room(settings.dataset.task)
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    return Generation(settings, plan(settings, gold=gold, llm=llm, room=room), gold=gold, room=room)
