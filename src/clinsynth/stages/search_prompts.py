"""Search for a prompt: an LLM proposes some, samples of each are compared, the best is varied, round by round."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from clinsynth import datasets, stages
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import SearchConfig
from clinsynth.errors import MissingCompletions
from clinsynth.llm import RECORDED, open_llm, recorded
from clinsynth.llm.consent import check_consent
from clinsynth.reports import cards, figures, tables
from clinsynth.search import search
from clinsynth.search.judges import judge_of
from clinsynth.search.planning import stand_ins
from clinsynth.search.sampling import Ask, Sampler, corpus_settings
from clinsynth.search.sheets import Waiting
from clinsynth.search.tree import Tree
from clinsynth.stages import Job, asking
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Completion, Gold, Request


def main(settings: SearchConfig, *, job: Job) -> None:
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data))
    stages.leave_proposals(corpus_settings(settings), gold=gold, folder=job.folder)
    artifacts = Path(settings.paths.artifacts)
    live = settings.llm.name != RECORDED
    if live:
        planned = stand_ins(settings, sampler=Sampler(settings, gold=gold, ask=_asks_nobody))
        check_consent(settings.dataset, planned, asking=settings.generation, llm=settings.llm, what="its units or rows")
        if asking.settled(settings.llm, planned, asking=settings.generation, artifacts=artifacts):
            return
    ledger = Ledger(settings.tracking, store=ArtifactStore(artifacts))
    ledger.bury_dead()
    key = run_key(settings, gold=gold)
    with (
        ledger.claim(key),
        ledger.run(
            experiment=settings.dataset.name,
            name=f"search-{settings.judge.name.value}-{settings.llm.model or settings.llm.name}",
            run_key=key,
            description=cards.run_description(job),
        ) as run,
    ):
        run.params(cards.stage_params(settings, choices=job.choices))
        run.text(job.resolved, "config.yaml")
        if live:
            with asking.Session(settings.llm, artifacts=artifacts, run=run) as session:
                tree = _search(settings, gold=gold, ask=_asked(settings, session=session), run=run)
        else:
            tree = _search(settings, gold=gold, ask=_recorded(settings, folder=job.folder), run=run)
        if tree.finished:
            place = _write_winner(settings, tree, run=run)
            command = f"clinsynth generate --config-dir={settings.to} prompt={settings.name} ..."
            tables.show_winner(tree, place=place, command=command)


def run_key(settings: SearchConfig, *, gold: Gold) -> str:
    """Digest of what changes the search."""
    llm, names = settings.llm, ("rounds", "candidates", "samples", "requests", "task", "to")
    return digest(
        {
            "gold": gold.hashes,
            "judge": asdict(settings.judge) | {"name": settings.judge.name.value},
            "llm": [llm.name, llm.model, llm.temperature, llm.max_tokens],
            "prompts": [asdict(settings.propose), asdict(settings.augment)],
            "quality": asdict(settings.quality),
            "generation": [settings.generation.seed, settings.generation.max_attempts],
        }
        | {name: getattr(settings, name) for name in names}
    )


def _search(settings: SearchConfig, *, gold: Gold, ask: Ask, run: ActiveRun) -> Tree:
    folder = Path(settings.to)
    tree = Tree(settings.task or Sampler(settings, gold=gold, ask=ask).brief.task)
    judge = judge_of(settings, gold=gold, ask=ask, folder=folder)
    try:
        search(settings, gold=gold, ask=ask, judge=judge, tree=tree, watch=tables.show_contest)
    except Waiting as waiting:
        print(
            f"\n{waiting.path} waits for you: give every candidate a number in the column `score`, higher is better, "
            "and the same command again."
        )
    finally:
        _keep(settings, tree, folder=folder, run=run)
    return tree


def _keep(settings: SearchConfig, tree: Tree, *, folder: Path, run: ActiveRun) -> None:
    """The tree as far as it goes: for programs, for readers, and as a figure."""
    if not tree.candidates:
        return
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(tree.to_json(), indent=2, ensure_ascii=False)
    (folder / "tree.json").write_text(content + "\n", encoding="utf-8")
    (folder / "tree.md").write_text(cards.prompt_tree(tree), encoding="utf-8")
    figures.prompt_tree(tree).savefig(folder / "tree.png")
    run.measured([("search/score", found.verdicts[found.winner]["score"], found.number) for found in tree.contests])
    if settings.tracking.may_hold_text(public=settings.dataset.public):
        for name in ("tree.json", "tree.md", "tree.png"):
            run.file(folder / name)


def _write_winner(settings: SearchConfig, tree: Tree, *, run: ActiveRun) -> Path:
    """An option of the group `prompt`, for `--config-dir`."""
    place = Path(settings.to) / "prompt" / f"{settings.name}.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(cards.prompt_option(tree, settings=settings), encoding="utf-8")
    run.file(place)
    return place


def _asked(settings: SearchConfig, *, session: asking.Session) -> Ask:
    """Answers of a live LLM."""
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        session.ask(requests, title=what)
        return llm.find(requests)

    return ask


def _recorded(settings: SearchConfig, *, folder: Path) -> Ask:
    """Answers out of files; requests that have none are left as a file to fill in."""
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        found = llm.find(requests)
        missing = [request for request in requests if request.id not in found]
        if missing:
            place = folder / "requests.jsonl"
            recorded.write_requests(place, missing)
            raise MissingCompletions(
                f"{what}: {len(missing)} of {len(requests)} answers are missing, the first is {missing[0].id!r}. "
                f"{llm.explain(missing)} A live LLM (llm=openai, llm=local) is asked for them; or give answers as "
                f"llm.recordings=[mine.jsonl]: the requests are in {place}, to be answered there (`completion`).",
                requests=missing,
            )
        return found

    return ask


def _asks_nobody(requests: Sequence[Request], what: str) -> dict[str, Completion]:
    raise AssertionError("an estimate asks nothing")
