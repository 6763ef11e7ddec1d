"""People judge synthetic examples, or label rows of gold anew: sheets for them, and what their answers come to."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from clinsynth import corpora, datasets, keys, tasks
from clinsynth.artifacts import ArtifactStore, write_whole
from clinsynth.config import DatasetConfig, OnMissing, ReviewAction, ReviewConfig, TestName
from clinsynth.errors import ClinsynthError, ConfigError
from clinsynth.keys import digest
from clinsynth.reports import reviews
from clinsynth.review import answers, drawing, forms, label_studio, results
from clinsynth.review import folder as folders
from clinsynth.review.folder import Review, ReviewItem, Subject
from clinsynth.stages import Job
from clinsynth.stages.frame import Entry, Frame
from clinsynth.types import Summary

HOME = Path("reviews")
RESULT, REPORT = "result.json", "result.md"


@dataclass(frozen=True)
class Place:
    """The place of a review, and the words that name it on the command line."""

    folder: Path
    words: str

    def command(self, action: str) -> str:
        return f"clinsynth review action={action} {self.words}"


def main(settings: ReviewConfig, *, job: Job) -> None:
    store = ArtifactStore(Path(settings.paths.artifacts))
    if settings.corpus is not None and settings.dataset is not None:
        raise ConfigError("corpus and dataset are both given: a review is of a synthetic corpus, or of gold.")
    if settings.action is ReviewAction["export"]:
        _export(settings, store=store)
    elif settings.action is ReviewAction["import"]:
        _import(settings, job=job, store=store)
    else:
        from clinsynth.review import serving  # Streamlit is an extra of the package

        told = settings.review
        folder = _found(settings, store=store).folder
        serving.serve(folder, annotators=told.annotators, host=told.host, port=told.port, browser=told.browser)


def _export(settings: ReviewConfig, *, store: ArtifactStore) -> None:
    place = _place(settings, store=store)
    _refuse_to_lose(place, force=settings.force)
    review, items = _drawn(settings, store=store)
    if settings.force:
        _make_room(place.folder)
    label_studio.write_tasks(place.folder, review, items=items)
    paths = forms.write_sheets(place.folder, review, items=items, annotators=settings.review.annotators)
    folders.write_review(place.folder, review, items=items)
    reviews.show_drawn(
        review,
        items=items,
        asked=settings.review.n,
        where={
            "to fill in": ", ".join(map(str, paths)),
            "how": str(place.folder / forms.HOW),
            "Label Studio": f"{place.folder / label_studio.TASKS}, {place.folder / label_studio.CONFIG}",
            "on a page": place.command("serve"),
            "then": place.command("import"),
        },
    )


def _drawn(settings: ReviewConfig, *, store: ArtifactStore) -> tuple[Review, list[ReviewItem]]:
    """Return the review that is asked for, and the examples that are shown."""
    if settings.dataset is not None:
        return _drawn_from_gold(settings.dataset, settings=settings)
    told = settings.review
    corpus = corpora.load_corpus(corpora.find_corpus(settings.corpus or "latest", store=store))
    if not corpus.examples:
        raise ConfigError(f"the corpus {corpus.digest} has no examples: quality control has rejected them all.")
    manifest = corpus.manifest
    review = Review(
        Subject.corpus,
        name=manifest.dataset,
        digest=corpus.digest,
        task=manifest.task,
        labels=tuple(manifest.labels),
        meanings=dict(manifest.meanings or {}),
        blind=bool(told.blind),
        seed=told.seed,
        public=bool(manifest.public),
    )
    kind = tasks.kind(review.task)
    groups = [example.label for example in corpus.examples] if kind.numbered else corpus.units
    doubted = {place for place, row in enumerate(corpus.rows()) if corpora.DOUBT in row}
    return review, drawing.draw_from_corpus(
        corpus.examples,
        groups=groups,
        reviewer=kind.reviewer,
        labels=review.labels,
        source=review.digest,
        number=told.n,
        seed=told.seed,
        first=doubted,
    )


def _drawn_from_gold(dataset: DatasetConfig, *, settings: ReviewConfig) -> tuple[Review, list[ReviewItem]]:
    """Return the same of rows of test that are labelled anew."""
    told = settings.review
    if dataset.test is not TestName.gold:
        raise ConfigError("dataset.test=adjudicated: a review draws from gold itself; leave it out.")
    task = tasks.open(dataset)
    gold = datasets.open_gold(task, data=Path(settings.paths.data))
    if not gold.test:
        raise ConfigError(f"{dataset.name} has no test split to label anew: give dataset.files.test.path=...")
    review = Review(
        Subject.gold,
        name=dataset.name,
        digest=digest(gold.hashes)[:12],
        task=task.name,
        labels=task.labels,
        meanings=dict(task.meanings),
        blind=True if told.blind is None else told.blind,
        seed=told.seed,
        public=dataset.public,
    )
    return review, drawing.draw_from_gold(
        gold,
        folds=dataset.fold_number() is not None,
        shown=dataset.shown_rows(),
        reviewer=task.kind.reviewer,
        labels=review.labels,
        source=review.digest,
        number=told.n,
        seed=told.seed,
    )


def _import(settings: ReviewConfig, *, job: Job, store: ArtifactStore) -> None:
    from clinsynth.review.judging import judge_review  # takes a second

    place = _found(settings, store=store)
    review, items = folders.read_review(place.folder)
    corpus = corpora.find_corpus(review.digest, store=store) if review.subject is Subject.corpus else None
    written = answers.gather_answers(place.folder, review=review, named=settings.review.sheets)
    skip = settings.review.on_missing is OnMissing.skip
    answered = answers.collect_answers(written, review=review, items=items, folder=place.folder, skip=skip)
    verdict = judge_review(items, answered=answered.given, review=review)
    content = results.review_content(review, items=[item.id for item in items], answered=answered.given)
    told = reviews.review_facts(verdict)
    result = results.keep_result(
        content, judgements=[asdict(one) for one in verdict.judgements], entries={"result": told}, store=store
    )
    report = reviews.review_markdown(verdict, review=review, result=result.digest)
    whole = {"digest": result.digest} | reviews.review_result(verdict)
    write_whole(place.folder / RESULT, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    write_whole(place.folder / REPORT, report)
    if corpus is not None:
        date = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"digest": result.digest, "date": date, "blind": review.blind} | told
        corpora.note_in_manifest(corpus, store=store, review=entry)
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job)
    summary = _log(settings, review, frame=frame, place=place, result=result, metrics=reviews.review_metrics(verdict))
    use = {
        Subject.gold: f"dataset={review.name} dataset.test=adjudicated",
        Subject.corpus: f"dataset={review.name} quality.reviewed=fix",
    }
    if answered.silent:
        print(f"No answers at all, and so not counted: {', '.join(answered.silent)}.")
    reviews.show_reviewed(
        review,
        verdict,
        where={
            "review": f"{result.digest} ({place.folder / REPORT})",
            "MLflow run": summary.run_id,
            "use it": f"clinsynth train {use[review.subject]} ..."
            + (" (or quality.reviewed=drop)" if corpus is not None else ""),
        },
    )


def _log(
    settings: ReviewConfig,
    review: Review,
    *,
    frame: Frame,
    place: Place,
    result: results.Result,
    metrics: dict[str, float],
) -> Summary:
    """A run for each set of answers."""
    key = keys.review(result.whole_digest)
    corpus = review.digest if review.subject is Subject.corpus else None
    about = {"dataset": review.name, "task": review.task, "subject": review.subject, "blind": review.blind}
    entry = Entry(
        key,
        experiment=review.name,
        name=f"review-{review.subject}-{review.digest}",
        params=about | {"review": result.digest, "review.seed": review.seed, "of": review.digest},
        corpus=corpus,
    )
    with frame.ledger.claim(key):
        finished = frame.finished(
            partial(frame.ledger.finished, key, corpus=corpus),
            force=settings.force,
            skipped="These answers are logged (run $run): force=true logs them again.",
        )
        if finished:
            return finished
        with frame.begin(entry) as run:
            run.dataset(
                name=f"{review.name} {review.subject}", digest=review.digest, source=str(place.folder), context="judged"
            )
            run.metrics(metrics)
            for name in (RESULT, REPORT):
                run.file(place.folder / name)
            if settings.tracking.may_hold_text(public=review.public):
                run.file(result.folder / results.JUDGEMENTS)
            return frame.end(run, Summary(run.id, key, corpus, None, len(result.judgements), metrics))


def _place(settings: ReviewConfig, *, store: ArtifactStore) -> Place:
    if settings.dataset is not None:
        name, words = settings.dataset.name, f"dataset={settings.dataset.name}"
    elif settings.folder is not None and settings.corpus is None:
        name, words = "", ""
    else:
        name = corpora.find_corpus(settings.corpus or "latest", store=store).name.rpartition("-")[2]
        words = f"corpus={name}"
    if settings.folder is None:
        return Place(HOME / name, words)
    return Place(Path(settings.folder), f"folder={settings.folder}")


def _found(settings: ReviewConfig, *, store: ArtifactStore) -> Place:
    """Return where a review is; raises ConfigError that names those that there are."""
    named = settings.folder or settings.corpus or settings.dataset
    there = sorted(path.parent for path in HOME.glob(f"*/{folders.REVIEW}"))
    if not named and len(there) == 1:
        return Place(there[0], f"folder={there[0]}")
    place = _place(settings, store=store)
    if not (place.folder / folders.REVIEW).is_file() and there:
        raise ConfigError(
            f"there is no review in {place.folder}. There are: {', '.join(map(str, there))}; say which one as "
            f"folder={there[-1]}, or draw examples with `clinsynth review action=export {place.words}`."
        )
    return place


def _refuse_to_lose(place: Place, *, force: bool) -> None:
    if not (place.folder / folders.REVIEW).is_file() or force:
        return
    names = _answered(place.folder)
    raise ConfigError(
        f"there is a review in {place.folder}{f', with answers of {_listed(names)}' if names else ''}: "
        f"`{place.command('serve')}` and `{place.command('import')}` go on with it. force=true draws anew"
        f"{', and puts that one aside' if names else ''}; folder=... makes another beside it."
    )


def _make_room(folder: Path) -> None:
    """Put what people answered aside as a whole; replace empty sheets."""
    if not (folder / folders.REVIEW).is_file():
        return
    names = _answered(folder)
    if names:
        aside = next(path for n in count(1) if not (path := folder.with_name(f"{folder.name}-before-{n}")).exists())
        folder.rename(aside)
        print(f"The review that was there, with answers of {_listed(names)}, is now {aside}.")
    else:
        (folder / folders.REVIEW).unlink()  # first, for without it there is no review whose items are others
        shutil.rmtree(folder / folders.SHEETS, ignore_errors=True)
        print(f"The review that was there had no answers: it is replaced, and so are its sheets in {folder}.")


def _answered(folder: Path) -> list[str]:
    """Return who has answered, or may have."""
    try:
        review, _ = folders.read_review(folder)
        written = answers.gather_answers(folder, review=review, named=())
    except ClinsynthError:
        return ["someone (not all of it can be read)"]
    found = Counter(one.annotator for one in written if one.answer)
    return [f"{name} ({number})" for name, number in found.items()] or ["an import"] * (folder / RESULT).is_file()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
