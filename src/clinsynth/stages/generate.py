"""Ask an LLM for what a corpus needs and is not there yet; build the corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clinsynth import corpora, keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import GenerateConfig
from clinsynth.corpora import Corpus, Generation, Recipe
from clinsynth.errors import ConfigError
from clinsynth.llm import RECORDED, KnownCompletions
from clinsynth.llm.budget import SAMPLES, Spend
from clinsynth.llm.cached import CachedCompletions
from clinsynth.reports.counts import show_rejected, show_short
from clinsynth.reports.spending import show_outcome
from clinsynth.stages import Job, asking, labelling, naming, replay, resolving
from clinsynth.stages.frame import Entry, Frame, log_corpus, log_gold
from clinsynth.tracking import ActiveRun
from clinsynth.types import Summary


def main(settings: GenerateConfig, *, job: Job) -> Corpus | None:
    """Run the stage; return the corpus, `None` where it ends before there is one (a part, dry run, waiting batch)."""
    resolved = resolving.load_and_resolve(settings)
    settings, recipe = resolved.settings, resolved.recipe
    store, completions = ArtifactStore(Path(settings.paths.artifacts)), asking.completions_of(settings)
    replay.write_proposals(resolved.proposed, folder=job.folder)

    def make() -> Corpus:
        return replay.made(resolved, completions=completions, store=store)

    own = recipe.gold.texts and settings.annotator.name != "llm"
    if settings.llm.name == RECORDED or own:
        _refuse_parts(settings)
        return _seen(make())
    generation = _planned(settings, recipe=recipe, completions=completions)
    ahead = generation.anew()
    if asking.ends_before_asking(
        settings.llm,
        corpora.asked_ahead(ahead, completions=completions),
        asking=settings.generation,
        artifacts=store.root,
        dataset=settings.dataset,
        what="its units or rows",
        labelled=ahead.further,
        own_texts="" if settings.texts.public else labelling.own_texts(settings),
        shots=recipe.writing.shots,
        at_most=bool(ahead.foreseen),
    ):
        return None
    run_key = keys.generation(settings, version=recipe.version, gold=recipe.gold.hashes)
    if not generation.tops_up:
        _ask_part(settings, generation, run_key=run_key, job=job)
        return None
    return _seen(_asked(settings, generation, make=make, run_key=run_key, job=job))


def _planned(settings: GenerateConfig, *, recipe: Recipe, completions: KnownCompletions) -> Generation:
    """Return what is to be asked: all, or one part of it; raises ConfigError where parts lack that are joined."""
    plan, part = corpora.plan_requests(recipe, completions=completions), settings.part
    if part is None:
        return Generation(recipe, plan)
    if part.number is not None:
        return Generation(recipe, corpora.part_of(plan, number=part.number, of=part.of), tops_up=False)
    assert isinstance(completions, CachedCompletions), "recorded ones have no parts"
    if lacking := corpora.unasked(recipe, plan, of=part.of, completions=completions):
        named = ", ".join(f"shard={number}/{part.of} ({lacking[number]:,} requests)" for number in sorted(lacking))
        raise ConfigError(
            f"{len(lacking)} of {part.of} parts are not asked yet, as far as {completions.path} knows: {named}. Do "
            "them with the same settings otherwise; what they have put into another cache comes here with `clinsynth "
            "cache action=move`. Without shard= all that lacks is asked for here."
        )
    return Generation(recipe, plan)


def _refuse_parts(settings: GenerateConfig) -> None:
    if settings.part is not None:
        raise ConfigError(
            f"shard={settings.part.name}: parts are of what a live LLM is asked (llm=openai, llm=local), and here "
            "nobody is asked: leave it out."
        )


def _ask_part(settings: GenerateConfig, generation: Generation, *, run_key: str, job: Job) -> None:
    """Ask the LLM for a part of the answers, of which another command makes the corpus."""
    part = settings.part
    assert part is not None
    frame, entry = _entered(settings, run_key=keys.shard(run_key, name=part.name), job=job)
    with frame.ledger.claim(entry.key), frame.begin(entry) as run:
        _ask(settings, generation, frame=frame, run=run)
        Summary(run.id, run_key, None, None, generation.usable.total()).write(job.folder)
    print(f"Part {part.name} is done. When all are: the same command with shard=merge/{part.of} makes the corpus.")


def _entered(settings: GenerateConfig, *, run_key: str, job: Job) -> tuple[Frame, Entry]:
    """Return the frame and the entry of the job."""
    entry = Entry(
        f"generate-{run_key}",
        experiment=settings.dataset.name,
        name=f"generate-{settings.llm.name}-{naming.size_name(settings)}-{settings.annotator.name}",
        params=naming.corpus_params(settings, choices=job.choices),
        config=False,
    )
    return Frame.open(settings.tracking, paths=settings.paths, job=job), entry


def _ask(settings: GenerateConfig, generation: Generation, *, frame: Frame, run: ActiveRun) -> Spend:
    """Get all that is to be asked answered; return the bill."""
    public = settings.dataset.public and (settings.texts.public or not labelling.own_texts(settings))
    texts = settings.tracking.may_hold_text(public=public)
    store, ledger = frame.store.root, frame.ledger
    with asking.session(settings.llm, artifacts=store, run=run, ledger=ledger, texts=texts) as session:
        session.ask(
            generation.requests,
            title=settings.dataset.name,
            follow_up=generation,
            instead=generation.without,
            counts=generation.counts,
        )
    return session.spend


def _asked(
    settings: GenerateConfig, generation: Generation, *, make: Callable[[], Corpus], run_key: str, job: Job
) -> Corpus:
    """Ask the LLM, and return the corpus that `make` makes of what it has answered."""
    frame, entry = _entered(settings, run_key=run_key, job=job)
    with frame.ledger.claim(entry.key), frame.begin(entry) as run:
        spend = _ask(settings, generation, frame=frame, run=run)
        show_short(generation.short, wanted=generation.plan.chosen.wanted_of)
        corpus = make()
        _show_outcome(spend, generation, corpus=corpus)
        if settings.llm.logprobs and corpus.manifest.confidence is None:
            print(
                "No label has a confidence (llm.logprobs=true): the LLM has written none (annotator=llm, or task "
                "relation), or its answers came without the probabilities of their tokens.",
                flush=True,
            )
        run.tag("corpus", corpus.digest)
        log_gold(run, generation.recipe.gold, dataset=settings.dataset, context="shown")
        log_corpus(run, corpus, dataset=settings.dataset, context="written")
        summary = Summary(run.id, run_key, corpus.digest, None, len(corpus.examples))
        summary.write(job.folder)
    return corpus


def _show_outcome(spend: Spend, generation: Generation, *, corpus: Corpus) -> None:
    """Print what was asked, answered, mended and rejected, with samples of what was rejected."""
    rejected = corpus.manifest.rejected
    show_outcome(spend, cut=generation.cut, mended=generation.mended, kept=len(corpus.examples), rejected=rejected)
    show_rejected(rejected, corpus.rejected(), each=SAMPLES)


def _seen(corpus: Corpus) -> Corpus:
    """Print what can be done with the corpus, and return it; raises ConfigError where it is empty."""
    show = f"clinsynth show corpus={corpus.digest}"
    if not corpus.examples:
        raise ConfigError(
            f"the corpus {corpus.digest} is empty: no text of the LLM was kept, and there is nothing to train on. "
            f"`{show}` prints rejected texts with their reasons; the answers are kept, and are not asked for again "
            "when an annotator or a filter is changed."
        )
    print(f"Train on it: clinsynth train with the same settings. See it: {show}")
    return corpus
