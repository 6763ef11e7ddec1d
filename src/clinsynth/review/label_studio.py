"""The same questions for Label Studio, and the answers in what it exports as JSON.

https://labelstud.io/guide/task_format: an export is a list of tasks, each with its `data` and `annotations`;
an annotation has `completed_by` and `result`, a list of what was chosen, marked or written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from clinsynth import tasks
from clinsynth.artifacts import write_whole
from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.label_studio import characters
from clinsynth.review.folder import CORRECT, WRONG, Review, ReviewItem, Written
from clinsynth.review.forms import question_of
from clinsynth.review.marking import COLOURS, colours
from clinsynth.text.parts import Place, name_places, whole_words, with_type

TASKS, CONFIG = "label_studio.json", "label_studio.xml"

VERDICT, ANSWER, MENTIONS = "verdict", "answer", "mentions"
"""Names of what annotators use, in the config and in the results."""

NONE = "none"
"""Answer where nothing should be marked; a verdict where parts are, for nothing that is marked anew could say it."""


def write_tasks(folder: Path, review: Review, *, items: Sequence[ReviewItem]) -> None:
    tasks_for = [{"data": _data(item, review)} for item in items]
    write_whole(folder / TASKS, json.dumps(tasks_for, indent=1, ensure_ascii=False) + "\n")
    write_whole(folder / CONFIG, config(review))


def config(review: Review) -> str:
    """Return the labelling config: one question, and where the label is shown, what is right instead of a wrong one."""
    room = tasks.kind(review.task).reviewer
    choices, kinds = room.choices(review.labels), colours(room.marks(review.labels))
    wrong = f' visibleWhen="choice-selected" whenTagName="{VERDICT}" whenChoiceValue="{WRONG}"'
    lines = [f"<View>\n  <Header value={quoteattr(question_of(review))}/>", '  <Text name="text" value="$text"/>']
    if not review.blind:
        verdicts = [CORRECT, WRONG, *([] if choices else [NONE])]
        lines.append('  <Header value="label: $label"/>')
        lines += _choices(VERDICT, verdicts, more=' choice="single" required="true"')
    if choices:
        several = "multiple" if room.SEVERAL else "single"
        more = f' choice="{several}"' + (' required="true"' if review.blind else wrong)
        lines += _choices(ANSWER, choices, more=more)
    else:
        shades = [f" background={quoteattr(COLOURS[number][0])}" if len(kinds) > 1 else "" for number in kinds.values()]
        labels = "".join(f"<Label value={quoteattr(kind)}{shade}/>" for kind, shade in zip(kinds, shades, strict=True))
        lines.append(f'  <Labels name="{MENTIONS}" toName="text">{labels}</Labels>')
    lines += [f'  <Header size="6" value={quoteattr(f"{name}: {means}")}/>' for name, means in review.meanings.items()]
    return "\n".join([*lines, "</View>"]) + "\n"


def read_export(path: Path, review: Review) -> list[Written]:
    """Return the answers of a JSON export; raises DataFormatError for tasks that `write_tasks` has not made."""
    reviewer = tasks.kind(review.task).reviewer
    kinds = reviewer.marks(review.labels)
    between = f" {reviewer.BETWEEN} " if kinds else reviewer.BETWEEN
    nothing = NONE if review.blind and not reviewer.choices(review.labels) else ""
    widened: dict[str, str] = {}
    try:
        exported = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(exported, list):
            raise TypeError("it is no list of tasks")
        found = [
            Written(
                _name(annotation.get("completed_by")),
                str(task["data"]["id"]),
                _answer(annotation["result"], between=between, text=task["data"]["text"], kinds=kinds, widened=widened)
                or nothing,
            )
            for task in exported
            for annotation in task["annotations"]
            if not annotation.get("was_cancelled")
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataFormatError(
            f"{path} is no export of Label Studio that can be read ({type(error).__name__}: {error}): export the "
            "project as JSON (not JSON-MIN or CSV)."
        ) from error
    if widened:
        (marked, words), *others = widened.items()
        more = f", and {len(others)} more" if others else ""
        print(f"{path}: marks within words count as the whole words: {marked!r} as {words!r}{more}.")
    return found


def _data(item: ReviewItem, review: Review) -> dict[str, str]:
    return {"id": item.id, "text": item.text} | ({} if review.blind else {"label": item.given})


def _choices(name: str, values: Sequence[str], *, more: str) -> list[str]:
    listed = "".join(f"<Choice value={quoteattr(value)}/>" for value in values)
    return [f'  <Choices name="{name}" toName="text"{more}>{listed}</Choices>']


def _name(user: Any) -> str:
    """Return an annotator's address, or number."""
    if isinstance(user, dict):
        user = user.get("email") or user.get("username") or user.get("id")
    return f"annotator {user}" if user is None or isinstance(user, int) else str(user)


def _answer(
    result: Sequence[dict[str, Any]], *, between: str, text: str, kinds: Sequence[str], widened: dict[str, str]
) -> str:
    """Return an answer as a sheet would have it: what is right, or else the verdict.

    What is marked within a word is added to `widened`, with the words that it counts as.
    """
    found: dict[str, list[str]] = {VERDICT: [], ANSWER: []}
    marked: dict[Place, str] = {}
    for part in result:
        if part.get("from_name") == MENTIONS:
            marked[_marked(part["value"], text=text, widened=widened)] = _kind(part["value"], kinds=kinds)
        elif part.get("from_name") in found:
            found[part["from_name"]] += part["value"]["choices"]
    verdict = "".join(found[VERDICT])
    if verdict in (CORRECT, NONE):
        return verdict
    named = zip(name_places(marked, text=text), sorted(marked), strict=True)
    parts = [with_type(part, marked[place]) if len(kinds) > 1 else part for part, place in named]
    return between.join(found[ANSWER] or parts) or verdict


def _kind(value: dict[str, Any], *, kinds: Sequence[str]) -> str:
    """Return the type of a mark; raises ValueError for one that there is not, where there are several."""
    kind = "".join(value.get("labels", ())[:1])
    if len(kinds) > 1 and kind not in kinds:
        raise ValueError(f"a mark is labelled {kind!r}, which is none of {', '.join(kinds)}")
    return kind


def _marked(value: dict[str, Any], *, text: str, widened: dict[str, str]) -> Place:
    """Return the place of the words that are marked; raises ValueError where it is none in the text."""
    start, end = characters(value, text=text)
    place = whole_words(start, end, text=text) if 0 <= start < end <= len(text) else None
    if place is None:
        raise ValueError(f"a mark from {value['start']} to {value['end']} is no part of {text[:60]!r}")
    marked, words = text[start:end].strip(), text[slice(*place)]
    if marked != words:
        widened[marked] = words
    return place
