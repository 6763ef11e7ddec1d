"""Search for a prompt: an LLM proposes some, samples of each are compared, the best is varied, round by round."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from clinsynth import datasets, stages
from clinsynth.artifacts import ArtifactStore, digest, write_whole
from clinsynth.config import JudgeName, SearchConfig, conf_folder
from clinsynth.errors import ConfigError
from clinsynth.llm import RECORDED, open_llm
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
from clinsynth.types import Completion, Gold, Request, Summary


def main(settings: SearchConfig, *, job: Job) -> None:
    _check_name(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    stages.leave_proposals(corpus_settings(settings), gold=gold, folder=job.folder)
    artifacts = Path(settings.paths.artifacts)
    if settings.llm.name != RECORDED:
        planned = stand_ins(settings, sampler=Sampler(settings, gold=gold, ask=_asks_nobody))
        told = settings.generation
        if asking.settled(settings.llm, planned, asking=told, artifacts=artifacts, at_most=True):
            return
        check_consent(settings.dataset, planned, asking=told, llm=settings.llm, what="its units or rows")
    folder = _folder(settings)
    ledger = Ledger(settings.tracking, store=ArtifactStore(artifacts))
    ledger.bury_dead()
    key = run_key(settings, gold=gold)
    with ledger.claim(f"folder-{digest(str(folder.resolve()))}"), ledger.claim(key):
        summary = None if settings.force or not _repeats(settings) else ledger.finished(key)
        if summary is not None and _winner(settings).is_file():
            print(f"This search is finished (run {summary.run_id}): skipped. force=true makes it again. See {folder}.")
        else:
            summary = _run(settings, job=job, gold=gold, key=key, ledger=ledger)
    if summary is not None:
        summary.write(job.folder)


def _check_name(settings: SearchConfig) -> None:
    """A winner of the name of an option that there is would never be found."""
    taken = sorted(path.stem for path in (conf_folder() / "prompt").glob("*.yaml"))
    if settings.name in taken or not re.fullmatch(r"\w[\w-]*", settings.name):
        raise ConfigError(
            f"name={settings.name} cannot be that of the prompt that wins: it has to be letters, digits, - and _, and "
            f"none of those that there are: {', '.join(taken)}."
        )


def _folder(settings: SearchConfig) -> Path:
    """Made and tried before anything is paid for."""
    folder = Path(settings.to)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise ConfigError(f"to={settings.to} cannot be written to: {error.strerror}. Choose another folder.") from error


def _winner(settings: SearchConfig) -> Path:
    """An option of the group `prompt`, for `--config-dir`."""
    return Path(settings.to) / "prompt" / f"{settings.name}.yaml"


def _repeats(settings: SearchConfig) -> bool:
    """Whether the same settings give the same search; files with answers and sheets may have changed."""
    return settings.llm.name != RECORDED and settings.judge.name is not JudgeName.file


def _run(settings: SearchConfig, *, job: Job, gold: Gold, key: str, ledger: Ledger) -> Summary | None:
    """None where the search waits for a person."""
    with ledger.run(
        experiment=settings.dataset.name,
        name=f"search-{settings.judge.name.value}-{settings.llm.model or settings.llm.name}",
        run_key=key,
        description=cards.run_description(job),
        tags=job.tags,
    ) as run:
        run.params(cards.stage_params(settings, choices=job.choices))
        run.text(job.resolved, "config.yaml")
        if settings.llm.name == RECORDED:
            tree = _search(settings, gold=gold, ask=_recorded(settings, folder=job.folder), run=run)
        else:
            with asking.Session(settings.llm, artifacts=Path(settings.paths.artifacts), run=run) as session:
                tree = _search(settings, gold=gold, ask=_asked(settings, session=session), run=run)
        if not tree.finished:
            run.tag("waiting", "for a person, who fills in a sheet")
            return None
        write_whole(_winner(settings), cards.prompt_option(tree, settings=settings))
        run.file(_winner(settings))
        best = tree.contests[-1].verdicts[tree.contests[-1].winner]
        summary = Summary(run.id, key, None, None, 0, {"search/score": best["score"]})
        summary.write(job.folder)
        run.file(job.folder / "summary.json")
    command = f"clinsynth generate --config-dir={shlex.quote(settings.to)} prompt={settings.name} ..."
    tables.show_winner(tree, place=_winner(settings), command=command)
    return summary


_PLACES = ("files", "recordings", "licence", "public", "test")
"""Of a dataset: changes no request."""


def run_key(settings: SearchConfig, *, gold: Gold) -> str:
    """Digest of what changes the search."""
    llm, names = settings.llm, ("rounds", "candidates", "samples", "requests", "task", "to")
    return digest(
        {
            "gold": gold.hashes,
            "dataset": {name: value for name, value in asdict(settings.dataset).items() if name not in _PLACES},
            "judge": asdict(settings.judge) | {"name": settings.judge.name.value},
            "llm": [llm.name, llm.model, llm.temperature, llm.max_tokens],
            "prompts": [asdict(settings.propose), asdict(settings.augment)],
            "quality": settings.quality.filters(),
            "generation": [settings.generation.seed, settings.generation.max_attempts],
        }
        | {name: getattr(settings, name) for name in names}
    )


def _search(settings: SearchConfig, *, gold: Gold, ask: Ask, run: ActiveRun) -> Tree:
    folder = Path(settings.to)
    tree = Tree()
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
    write_whole(folder / "tree.json", json.dumps(tree.to_json(), indent=2, ensure_ascii=False) + "\n")
    write_whole(folder / "tree.md", cards.prompt_tree(tree))
    figures.prompt_tree(tree).savefig(folder / "tree.png")
    run.measured([("search/score", found.verdicts[found.winner]["score"], found.number) for found in tree.contests])
    if settings.tracking.may_hold_text(public=settings.dataset.public):
        for name in ("tree.json", "tree.md", "tree.png"):
            run.file(folder / name)


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
            raise asking.unanswered(
                f"{what}: {len(missing)} of {len(requests)} answers are missing, the first is {missing[0].id!r}.",
                missing,
                llm=llm,
                folder=folder,
                hint="Files with earlier answers stay in the list.",
            )
        return found

    return ask


def _asks_nobody(requests: Sequence[Request], what: str) -> dict[str, Completion]:
    raise AssertionError("an estimate asks nothing")
