"""Keys of corpora, and all that decides one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clinsynth.config.corpus import KEEP, Reviewed
from clinsynth.config.labelling import Material
from clinsynth.keys.hashing import Hashes, digest, digest_each
from clinsynth.keys.settings import first, later, listed, named
from clinsynth.keys.versions import CORPUS
from clinsynth.types import Unlabelled

if TYPE_CHECKING:
    from clinsynth.config import AnnotatorConfig, CorpusConfig, QualityConfig, SizeConfig


def corpus_settings(settings: CorpusConfig, *, version: str) -> dict[str, Any]:
    """Return what of the settings changes a corpus; the completions themselves are covered by its digest.

    `version` is that of the task's writer.
    """
    share, generation = settings.seed_ratio, settings.generation
    return {
        "version": [CORPUS, version],
        "dataset": named(settings.dataset),
        "units": [*first(settings.units), *first(share), generation.seed, *later(settings.units, share)],
        "size": named(settings.size),
        "llm": listed(settings.llm),
        "request": [*first(settings.prompt), generation.per_request, *later(settings.prompt, generation)],
        "annotator": named(settings.annotator),
        "quality": named(settings.quality),
    } | (reviewed(settings.quality) | negatives(settings) | texts(settings))


def negatives(settings: CorpusConfig) -> dict[str, Any]:
    """Return how negatives are asked for; nothing where there are none."""
    if not settings.units.negatives:
        return {}
    return {"negatives": named(settings.negatives) | {"line": settings.dataset.negatives_line()}}


def texts(settings: CorpusConfig) -> dict[str, Any]:
    """Return which real texts are labelled; nothing where the LLM writes them."""
    return {"texts": named(settings.texts)} if settings.material is Material.texts else {}


def reviewed(quality: QualityConfig) -> dict[str, Any]:
    """Return what people's judgement does to corpora; nothing where they stay as they are."""
    return {} if quality.reviewed is Reviewed.keep else {"reviewed": quality.reviewed.value}


def units_of(settings: CorpusConfig, *, version: str) -> str:
    """Return the key of the units that a corpus asks about, whatever their size, labels and filters."""
    content = corpus_settings(settings, version=version)
    others = {name: value for name, value in content.items() if name not in ("size", "annotator", "quality")}
    return digest(others | {"dataset": settings.dataset.name})


def corpus_content(
    *,
    labels: Sequence[str],
    units: Sequence[str],
    size: SizeConfig,
    annotator: AnnotatorConfig,
    lexicon: Sequence[str],
    quality: QualityConfig,
    test_texts: Iterable[Sequence[str]],
    completions: Iterable[Sequence[Any]],
    negatives: int = 0,
    language: str | None = None,
    checked: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Return all that decides what a corpus is, and nothing else.

    `completions` are rows of unit, replicate, text, reason of the end, and the text of the labels where there is one.
    `negatives` is how many of them are wanted. Of a `lexicon` that has types the order counts, of others it does not:
    these come sorted. `language` is that of the texts, where terms are found otherwise than in English. `checked` is
    what a task's own checks hang on.
    """
    return {
        "labels": labels,
        "units": digest(units),
        "size": named(size),
        "annotator": [annotator.name, digest(lexicon), *later(annotator)],
        "quality": named(quality),
        "test": digest(sorted(test_texts)) if quality.test_copies else None,
        "completions": digest_each(completions),
    } | {
        name: value
        for name, value in (
            ("negatives", negatives),
            ("language", language),
            ("checked", digest(checked) if checked else None),
        )
        if value
    }


def judged_content(base: str, *, review: str, how: Reviewed) -> dict[str, Any]:
    """Return what decides a corpus as people's judgement leaves it; `base` and `review` are whole digests."""
    return {"base": base, "review": review, "reviewed": how.value}


def merged_content(corpora: Sequence[str], *, test: Iterable[str]) -> dict[str, Any]:
    """Return what decides several corpora as one: their whole digests, and the test texts that none may copy."""
    return {"merged": list(corpora), "test": digest(sorted(test))}


def labelled_content(base: str) -> dict[str, Any]:
    """Return what decides a corpus whose labels are a model's; the digest of its texts, `base`, says which model's."""
    return {"base": base, "labelled": "model"}


def cleaned_content(base: str, *, quality: QualityConfig, learner: Sequence[Any]) -> dict[str, Any]:
    """Return what decides a corpus without its label errors: the corpus, what is done, and by what they are found."""
    return {"base": base, **label_errors(quality), "learner": list(learner)}


def label_errors(quality: QualityConfig) -> dict[str, Any]:
    """Return what becomes of label errors; nothing where they stay."""
    return {} if quality.label_errors == KEEP else {"label_errors": quality.label_errors, "folds": quality.folds}


def completed_content(*, labels: Sequence[str], how: Unlabelled, gold: Hashes) -> dict[str, Any]:
    """Return what decides corpora of fewer labels as one of all of these, beside the corpora themselves."""
    terms = {"gold": dict(gold)} if how is Unlabelled.lexicon else {}
    return {"labels": list(labels), "unlabelled": how.value} | terms
