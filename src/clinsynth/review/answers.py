"""The answers of a review, wherever they were given: on sheets, on the page, in Label Studio."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinsynth import tasks
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files import sheets
from clinsynth.files.sources import no_file
from clinsynth.review import folder as folders
from clinsynth.review import label_studio
from clinsynth.review.folder import CORRECT, SHEETS, WRONG, Review, ReviewItem, Written

NAMED = 5
"""Items that a message names; it counts the others."""


@dataclass(frozen=True)
class Answers:
    """Answers by annotator and item, once read: `correct`, `wrong`, or a label as `Reviewer.given` writes it, which may
    hold more than the given one."""

    given: dict[str, dict[str, str]]
    silent: tuple[str, ...]
    """Annotators who have a sheet and answered nothing at all; they do not count."""


def gather_answers(folder: Path, *, review: Review, named: Sequence[str]) -> list[Written]:
    """Return the answers in the files that are named, or in all sheets, exports and the page of a review's folder."""
    if named:
        return [written for name in named for written in _of_file(_there(Path(name)), review)]
    files = sorted(path for path in (folder / SHEETS).glob("*") if path.suffix.lower() in (".csv", ".json"))
    found = [written for path in files for written in _of_file(path, review)]
    for annotator in folders.annotators(folder):
        found += [Written(annotator, *answer) for answer in folders.read_answers(folder, annotator).items()]
    return found


def collect_answers(
    written: Iterable[Written], *, review: Review, items: Sequence[ReviewItem], folder: Path, skip: bool
) -> Answers:
    """Return the answers once read; raises DataFormatError that names all missing, unknown, doubled or unread ones."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    everyone: dict[str, None] = {}
    for one in written:
        everyone[one.annotator] = None
        if one.answer:
            found[one.annotator][one.item].append(one.answer)
    read = {name: _read_all(answers, review=review, items=items, skip=skip) for name, answers in found.items()}
    if problems := [f"{annotator} {said}" for annotator, (_, faults) in read.items() for said in faults]:
        raise DataFormatError(f"{'; '.join(problems)}. Mend the answers, and import them again.")
    given = {annotator: answers for annotator, (answers, _) in read.items()}
    if not given:
        raise ConfigError(
            f"nobody has answered the review in {folder} yet: fill in the column `answer` of {folder / SHEETS}, name "
            "other files as review.sheets=[ann.csv], or answer on the page, `clinsynth review action=serve`."
        )
    return Answers(given, tuple(annotator for annotator in everyone if annotator not in found))


def read_answer(answer: str, *, item: ReviewItem, review: Review) -> str:
    """Return an answer in its usual form; raises ValueError, which says what is accepted."""
    room = tasks.kind(review.task).reviewer
    if review.blind:
        return room.read(answer, text=item.text, labels=review.labels)
    verdict = answer.strip().casefold()
    if verdict == CORRECT:
        return CORRECT
    if verdict == WRONG:
        others = [choice for choice in room.choices(review.labels) if choice != item.given]
        return others[0] if len(others) == 1 and not room.SEVERAL else WRONG
    try:
        label = room.read(answer, text=item.text, labels=review.labels)
    except ValueError as error:
        raise ValueError(f"{CORRECT}, {WRONG}, or {error}") from error
    same = room.agrees(label, given=item.given) and room.agrees(item.given, given=label)
    return CORRECT if same else label


def _there(path: Path) -> Path:
    if not path.is_file():
        raise no_file(path, said="review.sheets: no file")
    return path


def _of_file(path: Path, review: Review) -> list[Written]:
    """Return the answers of a file: a sheet is named by its annotator, an export names them itself."""
    if path.suffix.lower() == ".json":
        return label_studio.read_export(path, review)
    rows = sheets.read_sheet(path, columns=("id", "answer"))
    return [Written(path.stem, row["id"], row["answer"]) for row in rows if row["id"] or row["answer"]]


def _read_all(
    answers: dict[str, list[str]], *, review: Review, items: Sequence[ReviewItem], skip: bool
) -> tuple[dict[str, str], list[str]]:
    """Return what one annotator says of each item, and what is wrong with the answers."""
    by_id = {item.id: item for item in items}
    doubled: list[str] = []
    unread: list[str] = []
    accepted = ""
    found: dict[str, str] = {}
    for id, item in by_id.items():
        try:
            said = {read_answer(answer, item=item, review=review) for answer in answers.get(id, [])}
        except ValueError as error:
            unread.append(f"{id} {answers[id][0][:40]!r}")
            accepted = accepted or str(error)
            continue
        if len(said) > 1:
            doubled.append(f"{id} ({' and '.join(map(repr, sorted(said)))})")
        elif said:
            found[id] = said.pop()
    unknown = [id for id in answers if id not in by_id]
    missing = [] if skip else [id for id in by_id if not answers.get(id)]
    problems = [
        (unknown, f"answers rows that this review does not have: {_listed(unknown)}"),
        (doubled, f"answers twice, and differently: {_listed(doubled)}"),
        (unread, f"has answers that cannot be read: {_listed(unread)}; accepted is {accepted}"),
        (missing, f"has no answer to {_listed(missing)} (review.on_missing=skip goes on without)"),
    ]
    return found, [said for ids, said in problems if ids]


def _listed(found: Sequence[str]) -> str:
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more
