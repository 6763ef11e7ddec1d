"""Every key by which something is found again: a run, a corpus, a paid answer, a review, an artifact.

A key is the sha256 of the canonical JSON of all that decides a result, and of nothing else. What the settings add to
it is declared beside their fields (`config.options.option`): a field stands in keys unless it is `keyless` (a path, a
worker, a device, an endpoint: it changes no result), and a field that came later says with `before` which value means
"as before this field came" (its default of that day, never the current one): with that value it stands in no key, so
that a new field re-keys no finished run, paid answer or review (after `SKIP_DEFAULT_ARGUMENTS` of allenai/tango).

`tests/golden/` holds the keys of the first edition. A change that moves one on purpose bumps a version.
"""

from __future__ import annotations

from clinsynth.keys.corpora import (
    cleaned_content,
    completed_content,
    corpus_content,
    corpus_settings,
    judged_content,
    labelled_content,
    merged_content,
    units_of,
)
from clinsynth.keys.hashing import digest, file_digest, path_digest
from clinsynth.keys.others import (
    converted_content,
    export,
    export_content,
    folder,
    gold_digest,
    report,
    review,
    review_content,
    review_item,
    shard,
)
from clinsynth.keys.paid import answers, request
from clinsynth.keys.runs import (
    analysis,
    detection,
    distillation,
    generation,
    how_it_learns,
    model_content,
    prediction,
    search,
    training,
    zero_shot,
)
from clinsynth.keys.settings import named
from clinsynth.keys.versions import CORPUS, DISTILL, JUDGED, TRAIN

__all__ = [
    "CORPUS",
    "DISTILL",
    "JUDGED",
    "TRAIN",
    "analysis",
    "answers",
    "cleaned_content",
    "completed_content",
    "converted_content",
    "corpus_content",
    "corpus_settings",
    "detection",
    "digest",
    "distillation",
    "export",
    "export_content",
    "file_digest",
    "folder",
    "generation",
    "gold_digest",
    "how_it_learns",
    "judged_content",
    "labelled_content",
    "merged_content",
    "model_content",
    "named",
    "path_digest",
    "prediction",
    "report",
    "request",
    "review",
    "review_content",
    "review_item",
    "search",
    "shard",
    "training",
    "units_of",
    "zero_shot",
]
