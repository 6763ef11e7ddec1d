"""Search for a prompt: an LLM proposes some, samples of each are compared, the best is varied, round by round."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from omegaconf import OmegaConf

from clinsynth import keys, tasks
from clinsynth.artifacts import write_whole
from clinsynth.asking.sessions import Session, unanswered
from clinsynth.config import JudgeName, SearchConfig, conf_folder
from clinsynth.errors import ConfigError, MissingCompletions
from clinsynth.llm import RECORDED
from clinsynth.reports.prompt_search import show_contest, show_winner, tree_figure, tree_markdown
from clinsynth.search import search
from clinsynth.search.judges import judge_of
from clinsynth.search.planning import stand_ins
from clinsynth.search.sampling import Ask, Sampler
from clinsynth.search.sheets import Waiting
from clinsynth.search.tree import Tree
from clinsynth.stages import Job, asking, naming, replay, resolving
from clinsynth.stages.frame import Entry, Frame
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.types import Completion, Gold, Request, Summary


def main(settings: SearchConfig, *, job: Job) -> None:
    _check_name(settings)
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    task = tasks.open(settings.dataset)
    if task.exchange:
        raise ConfigError(
            "dataset.written=in_turns: a search compares prompts that write a whole text in one request; leave it out."
        )
    proposal = task.writer.propose(gold, recorded=settings.llm.name == RECORDED)
    replay.write_proposals(proposal.files, folder=job.folder)
    settings = resolving.changed(settings, dataset=proposal.dataset)
    artifacts = Path(settings.paths.artifacts)
    if settings.llm.name != RECORDED:
        planned = stand_ins(settings, sampler=_sampler(settings, gold=gold, ask=_asks_nobody))
        told = settings.generation
        if asking.ends_before_asking(
            settings.llm,
            planned,
            asking=told,
            artifacts=artifacts,
            dataset=settings.dataset,
            what="its units or rows",
            at_most=True,
        ):
            return
    folder = _folder(settings)
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job)
    key = keys.search(settings, gold=gold.hashes)
    with frame.ledger.claim(keys.folder(folder)), frame.ledger.claim(key):
        finished = frame.finished(
            partial(_finished, frame.ledger, settings, key=key),
            force=settings.force,
            skipped=f"This search is finished (run $run): skipped. force=true makes it again. See {folder}.",
        )
        if finished is None:
            _run(settings, gold=gold, key=key, frame=frame)


def _sampler(settings: SearchConfig, *, gold: Gold, ask: Ask) -> Sampler:
    return Sampler(settings, task=tasks.open(settings.dataset), gold=gold, ask=ask)


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
    """Say whether the same settings give the same search; files with answers and sheets may have changed."""
    return settings.llm.name != RECORDED and settings.judge.name is not JudgeName.file


def _finished(ledger: Ledger, settings: SearchConfig, *, key: str) -> Summary | None:
    """The run of such a search, where it gives the same again and what it has found is still there."""
    return ledger.finished(key) if _repeats(settings) and _winner(settings).is_file() else None


def _run(settings: SearchConfig, *, gold: Gold, key: str, frame: Frame) -> None:
    """Search; there is no summary where the search waits for a person."""
    entry = Entry(
        key,
        experiment=settings.dataset.name,
        name=f"search-{settings.judge.name.value}-{settings.llm.model or settings.llm.name}",
        params=naming.stage_params(settings, choices=frame.job.choices),
    )
    with frame.begin(entry) as run:
        if settings.llm.name == RECORDED:
            tree = _search(settings, gold=gold, ask=_recorded(settings, folder=frame.job.folder), run=run)
        else:
            artifacts, ledger = Path(settings.paths.artifacts), frame.ledger
            with asking.session(settings.llm, artifacts=artifacts, run=run, ledger=ledger) as session:
                tree = _search(settings, gold=gold, ask=_asked(settings, session=session), run=run)
        if not tree.finished:
            run.tag("waiting", "for a person, who fills in a sheet")
            return
        write_whole(_winner(settings), _prompt_option(tree, settings=settings))
        run.file(_winner(settings))
        best = tree.contests[-1].verdicts[tree.contests[-1].winner]
        frame.end(run, Summary(run.id, key, None, None, 0, {"search/score": best["score"]}))
    command = f"clinsynth generate --config-dir={shlex.quote(settings.to)} prompt={settings.name} ..."
    show_winner(tree, place=_winner(settings), command=command)


def _prompt_option(tree: Tree, *, settings: SearchConfig) -> str:
    """Return YAML of the best prompt, for `conf/prompt/` or `--config-dir`."""
    best = tree.winner
    assert best is not None
    rounds = len(tree.contests)
    head = f"# Found by `clinsynth search_prompts`: {best.name} of {len(tree.candidates)} prompts in {rounds} rounds.\n"
    content = {"name": settings.name, "text": best.text.replace("${", "\\${")}  # no interpolation of OmegaConf
    return head + OmegaConf.to_yaml(OmegaConf.create(content))


def _search(settings: SearchConfig, *, gold: Gold, ask: Ask, run: ActiveRun) -> Tree:
    folder = Path(settings.to)
    tree = Tree()
    judge = judge_of(settings, gold=gold, ask=ask, folder=folder)
    try:
        sampler = _sampler(settings, gold=gold, ask=ask)
        search(settings, sampler=sampler, judge=judge, tree=tree, watch=show_contest)
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
    write_whole(folder / "tree.md", tree_markdown(tree))
    tree_figure(tree).savefig(folder / "tree.png")
    run.measured([("search/score", found.verdicts[found.winner]["score"], found.number) for found in tree.contests])
    if settings.tracking.may_hold_text(public=settings.dataset.public):
        for name in ("tree.json", "tree.md", "tree.png"):
            run.file(folder / name)


def _asked(settings: SearchConfig, *, session: Session) -> Ask:
    """Answers of a live LLM."""
    completions = asking.completions_of(settings)

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        session.ask(requests, title=what)
        found = completions.find(requests)
        missing = [request for request in requests if request.id not in found]
        if missing:
            raise MissingCompletions(
                f"{what}: {len(missing)} of {len(requests)} requests have no answer. {completions.explain(missing)} "
                "All others are kept, and the same command asks for these again; generation.seed=1 draws other units.",
                requests=missing,
            )
        return found

    return ask


def _recorded(settings: SearchConfig, *, folder: Path) -> Ask:
    """Answers out of files; requests that have none are left as a file to fill in."""
    completions = asking.completions_of(settings)

    def ask(requests: Sequence[Request], what: str) -> dict[str, Completion]:
        found = completions.find(requests)
        missing = [request for request in requests if request.id not in found]
        if missing:
            raise unanswered(
                f"{what}: {len(missing)} of {len(requests)} answers are missing, the first is {missing[0].id!r}.",
                missing,
                completions=completions,
                folder=folder,
                hint="Files with earlier answers stay in the list.",
            )
        return found

    return ask


def _asks_nobody(requests: Sequence[Request], what: str) -> dict[str, Completion]:
    raise AssertionError("an estimate asks nothing")
