"""Results of reviews in the artifact store, and what they make of gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from clinsynth import keys
from clinsynth.artifacts import FILES, ArtifactStore, check_files, read_entry
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.json_lines import read_json_lines, write_json_lines
from clinsynth.review import adjudications
from clinsynth.review.folder import Review
from clinsynth.review.verdicts import Judgement
from clinsynth.task import Task
from clinsynth.types import ADJUDICATED, Gold

KIND = "review"
JUDGEMENTS = "judgements.jsonl"


@dataclass(frozen=True)
class Result:
    """The judgements of one import."""

    digest: str
    """12 hex digits, as in the folder's name."""
    folder: Path
    judgements: tuple[Judgement, ...]
    whole_digest: str
    """64 hex digits, for keys."""


def review_content(
    review: Review, *, items: Sequence[str], answered: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return all that decides the judgements; `items` are their ids."""
    return keys.review_content(
        subject=review.subject.value,
        dataset=review.name,
        of=review.digest,
        blind=review.blind,
        items=items,
        answered=answered,
    )


def keep_result(
    content: dict[str, Any], *, judgements: Sequence[Mapping[str, Any]], entries: dict[str, Any], store: ArtifactStore
) -> Result:
    """Put a result into the store, anew where it is there already: what was imported last is what holds."""

    def build(folder: Path) -> dict[str, Any]:
        write_json_lines(folder / JUDGEMENTS, judgements)
        return entries | {"date": datetime.now(UTC).isoformat(timespec="microseconds")}

    return _load(store.build(KIND, version=keys.JUDGED, content=content, builder=build, replace=True))


def of_corpus(corpus: str, *, store: ArtifactStore) -> Result:
    """Return the newest result of a corpus, by its digest; raises ConfigError where there is none."""
    found = _newest(store, subject="corpus", of=corpus)
    if found is None:
        raise ConfigError(
            f"nobody has reviewed the corpus {corpus} (quality.reviewed, units.errors_on): `clinsynth review "
            f"action=export corpus={corpus}` makes sheets for it, and `clinsynth review action=import corpus={corpus}` "
            "reads them."
        )
    return found


def adjudicated(gold: Gold, *, task: Task, store: ArtifactStore) -> Gold:
    """Return gold whose test set are the rows that people labelled anew, with the labels they gave.

    Where nobody has, labels that come with the project (`dataset.adjudicated`) take their place. None of these rows is
    learnt from, whichever split it stands in. Raises ConfigError where there are neither, DataFormatError where they
    are of other gold.
    """
    name = task.dataset.name
    result = _newest(store, subject="gold", dataset=name)
    adjudication = None
    if result is None and task.dataset.adjudicated:
        shipped = adjudications.judged(task.dataset, gold=gold)
        result = Result(shipped.digest[:12], shipped.path, shipped.judgements, shipped.digest)
        adjudication = shipped.summary
    if result is None:
        raise ConfigError(
            f"dataset.test=adjudicated: no rows of {name} have been labelled anew. `clinsynth review action=export "
            f"dataset={name}` draws some, and `clinsynth review action=import dataset={name}` reads the answers."
        )
    by_text = {example.text: example for split in (gold.devel, gold.train, gold.test) for example in split}
    absent = [row.text for row in result.judgements if row.text not in by_text]
    if absent:
        raise DataFormatError(
            f"{result.folder}: {len(absent)} of {len(result.judgements)} texts of the review are not in the gold files "
            f"of {name}, the first is {absent[0][:60]!r}: the files are others than those that were reviewed. Review "
            f"these: `clinsynth review action=export dataset={name}`."
        )
    withheld = frozenset(row.text for row in result.judgements)
    relabelled = task.kind.reviewer.relabelled
    test = [
        relabelled(by_text[row.text], row.answer, labels=task.labels)
        for row in result.judgements
        if row.answer is not None and not row.disputed
    ]
    if not test:
        raise DataFormatError(f"{result.folder}: no row of {name} has got a label that a majority agrees on.")
    tested = {example.text for example in gold.test}
    return replace(
        gold,
        test=test,
        own_test=[*gold.test, *(by_text[row.text] for row in result.judgements if row.text not in tested)],
        devel=[example for example in gold.devel if example.text not in withheld],
        hashes=gold.hashes | {ADJUDICATED: result.digest},
        withheld=withheld,
        adjudication=adjudication,
    )


def _newest(store: ArtifactStore, **wanted: str) -> Result | None:
    """Return the result that was imported last."""
    found = []
    for path in store.root.glob(f"{KIND}-*/manifest.json"):
        manifest = read_entry(path.parent, mend=_mend(path.parent))
        if wanted.items() <= manifest["content"].items():
            found.append((manifest["date"], path.parent))
    return _load(max(found)[1]) if found else None


def _load(folder: Path) -> Result:
    manifest = read_entry(folder, mend=_mend(folder))
    check_files(folder, manifest.get(FILES, {}), mend=_mend(folder))
    judgements = tuple(Judgement(**row) for row in read_json_lines(folder / JUDGEMENTS))
    return Result(manifest["digest"][:12], folder, judgements, manifest["digest"])


def _mend(folder: Path) -> str:
    return f"Remove it, `rm -r {quote(str(folder))}`, and import the answers again, `clinsynth review action=import`."
