"""Forms that annotators fill in: a CSV for each, and how to answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinsynth import tasks
from clinsynth.artifacts import write_whole
from clinsynth.files import sheets
from clinsynth.review.folder import ANYONE, CORRECT, SHEETS, WRONG, Review, ReviewItem
from clinsynth.review.marking import escaped

HOW = "how-to-answer.md"


def write_sheets(folder: Path, review: Review, *, items: Sequence[ReviewItem], annotators: Sequence[str]) -> list[Path]:
    """Write an empty sheet for each, alike but for the name, and a page that says how to answer."""
    columns = ("id", "text", "answer", "comment") if review.blind else ("id", "text", "label", "answer", "comment")
    rows = [_row(item, review) for item in items]
    paths = [folder / SHEETS / f"{name}.csv" for name in annotators or [ANYONE]]
    for path in paths:
        sheets.write_sheet(path, rows, columns=columns)
    write_whole(folder / HOW, instructions(review))
    return paths


def question_of(review: Review) -> str:
    """Return the question, whether the label is shown or not."""
    question = tasks.kind(review.task).reviewer.question(review.labels)
    return question if review.blind else f"Is the label right? It answers: {question}"


def accepted_labels(review: Review) -> list[str]:
    """Return the labels that may be written, a line each."""
    room = tasks.kind(review.task).reviewer
    choices = room.choices(review.labels)
    if not choices:
        kinds = room.marks(review.labels)
        said = [f"{kind} ({_plain(review.meanings[kind])})" if kind in review.meanings else kind for kind in kinds]
        typed = f"each part with its type behind it, such as `ataxia ({kinds[0]})`; types are {'; '.join(said)}"
        return [room.FREE[0], *([typed] if len(kinds) > 1 else []), *room.FREE[1:]]
    means = {choice: " (none of these)" for choice in choices if choice not in review.labels}
    means |= {label: f" ({_plain(meaning)})" for label, meaning in review.meanings.items()}
    several = f"several of them with `{room.BETWEEN}` between them, such as `{room.BETWEEN.join(choices[:2])}`"
    return [f"`{choice}`{means.get(choice, '')}" for choice in choices] + [several] * room.SEVERAL


def instructions(review: Review) -> str:
    labels = [f"- {line}" for line in accepted_labels(review)]
    lines = [f"# {question_of(review)}", ""]
    if review.blind:
        lines += ["Write into the column `answer`:", "", *labels, ""]
    else:
        marked = " Its parts stand between `**` in the text." if _free(review) else ""
        lines += [f"The label stands in the column `label`.{marked} Write into the column `answer`:", ""]
        lines += [f"- `{CORRECT}`", f"- `{WRONG}`, if you do not say what is right", ""]
        lines += ["or, instead of `wrong`, what is right:", "", *labels, ""]
    lines += ["Upper and lower case do not matter. Leave the column `id` as it is; `comment` is yours and is not read."]
    lines += ["Judge each text by itself, and alone: agreement says something only where nobody has asked the others."]
    if not review.blind and tasks.kind(review.task).reviewer.SEVERAL:
        lines += ["A label is right where the text describes it, whatever else the text describes too."]
    return "\n".join(lines) + "\n"


def _plain(meaning: str) -> str:
    """Return what a label means on one line, without HTML that a viewer of Markdown would show."""
    return escaped(" ".join(meaning.split()))


def _row(item: ReviewItem, review: Review) -> dict[str, str]:
    text = item.text if review.blind or not _free(review) else _marked(item)
    return {"id": item.id, "text": text, "label": item.given, "answer": "", "comment": ""}


def _free(review: Review) -> bool:
    """Say whether the label is some parts of the text."""
    return not tasks.kind(review.task).reviewer.choices(review.labels)


def _marked(item: ReviewItem) -> str:
    text = item.text
    for entity in sorted(item.entities, key=lambda entity: -int(entity["start"])):
        start, end = entity["start"], entity["end"]
        text = f"{text[:start]}**{text[start:end]}**{text[end:]}"
    return text
