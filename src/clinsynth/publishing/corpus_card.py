"""The card of an exported corpus, `assets/templates/corpus.md.jinja` filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

import clinsynth
from clinsynth import tasks
from clinsynth.analysis.leakage import verdict
from clinsynth.corpora import Corpus
from clinsynth.corpora.reviewed import DISPUTED, WRONG
from clinsynth.files import parquet
from clinsynth.publishing import licences
from clinsynth.reports.analyses import HEADINGS, measures
from clinsynth.reports.console import ABSENT
from clinsynth.reports.markdown import code, escaped, fenced, markdown_table, number
from clinsynth.reports.templates import template_text
from clinsynth.types import Metrics

SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}

ANNOTATORS = {
    "none": "a text has the label that the LLM was asked for, or that its answer gave",
    "seed": "the unit that a text was asked for is labelled, and nothing else",
    "gazetteer": "every entity of a lexicon that stands in a text is labelled",
    "llm": "a second request, in which the LLM lists the entities of a text",
}


def corpus_card(corpus: Corpus, *, name: str, on_hub: bool, licence: str, analysis: Metrics | None) -> str:
    """Return the card; `name` is the repository, or the folder, `analysis` is of the newest `clinsynth analyse`."""
    manifest = corpus.manifest
    title = f"Synthetic text for {manifest['dataset']}"
    rejected = manifest["rejected"]
    card = DatasetCard.from_template(
        _card_data(corpus, title=title, licence=licence),
        template_str=template_text("corpus.md"),
        code=code,
        escaped=escaped,
        fenced=fenced,
        share=_share,
        counts_table=_counts_table,
        shares_table=_shares_table,
        title=title,
        name=name,
        folder=name.rpartition("/")[2],
        on_hub=on_hub,
        licence=licence,
        version=clinsynth.__version__,
        manifest=manifest,
        examples=len(corpus.examples),
        models=", ".join(map(code, manifest["models"])),
        prompt=manifest["prompt"]["text"] or "",
        numbered=tasks.kind(manifest["task"]).numbered,
        units_are_labels=bool(set(manifest["labels"]) & set(corpus.units)),
        columns=_columns(corpus),
        annotator=ANNOTATORS.get(manifest["annotator"], "see clinsynth"),
        statistics=_statistics_table(manifest["statistics"]),
        judged=manifest.get("reviewed"),
        gone=sum(rejected.get(reason, 0) for reason in (WRONG, DISPUTED)),
        review=manifest.get("review"),
        review_table=_review_table(manifest.get("review") or {}),
        verdict=verdict(analysis) if analysis else (),
        measures=_measures(analysis) if analysis else {},
    )
    return str(card).strip() + "\n"


def _card_data(corpus: Corpus, *, title: str, licence: str) -> DatasetCardData:
    size = next((name for most, name in SIZES.items() if len(corpus.examples) < most), "1M<n<10M")
    configs = [("default", parquet.KEPT)] + ([("rejected", parquet.REJECTED)] if corpus.manifest["rejected"] else [])
    return DatasetCardData(
        language=["en"],
        pretty_name=title,
        task_categories=[f"{'text' if any(one.label for one in corpus.examples) else 'token'}-classification"],
        size_categories=[size],
        annotations_creators=["machine-generated"],
        tags=["clinsynth", "synthetic", corpus.manifest["task"]],
        configs=[
            {
                "config_name": config,
                "data_files": [{"split": "train", "path": f"{path.partition('/')[0]}/train-*.parquet"}],
            }
            | ({"default": True} if config == "default" else {})
            for config, path in configs
        ],
        **licences.named(licence),
    )


def _columns(corpus: Corpus) -> dict[str, str]:
    """Return the meaning of each column."""
    first, labels = corpus.examples[0], ", ".join(map(code, corpus.manifest["labels"]))
    of_task = tasks.kind(corpus.manifest["task"]).examples.COLUMNS
    told = {
        "text": "as the LLM wrote it",
        "unit": "what it was asked about",
        "replicate, index": "which request about the unit, and the place in its answer",
    }
    row = parquet.with_entities(first.to_json() | {"text": first.text}, first)
    told |= {name: of_task.get(name, "").replace("{labels}", labels) for name in row if name != "text"}
    if corpus.manifest["rejected"]:
        told["reason, detail"] = "of the config `rejected` alone: why a text was not kept"
    return told


def _counts_table(
    counts: Mapping[str, float], *, head: str = "", unit: str = "number", sign: Callable[[object], str] = escaped
) -> str:
    return markdown_table([head, unit], [(sign(name), number(value)) for name, value in counts.items()], right=(1,))


def _statistics_table(found: Mapping[str, Mapping[str, float]]) -> str:
    names = dict.fromkeys(name for column in found.values() for name in column)
    rows = [
        [escaped(name), *(number(column[name]) if name in column else ABSENT for column in found.values())]
        for name in names
    ]
    return markdown_table(["", *map(escaped, found)], rows, right=range(1, len(found) + 1))


def _review_table(review: Mapping[str, Any]) -> str:
    """Return the numbers of a review; of the annotators only how many they were."""
    rows = [
        (escaped(name), ("no", "yes")[value] if isinstance(value, bool) else number(value))
        for name, value in review.items()
        if isinstance(value, int | float)
    ]
    return markdown_table(["", ""], rows, right=(1,))


def _shares_table(shares: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [(escaped(label), _share(share)) for label, share in shares.items()]
    return markdown_table(["of these", "right"], rows, right=(1,))


def _share(share: Mapping[str, Any]) -> str:
    """Return it in percent, with its interval and what it was counted on."""
    value, low, high = (f"{100 * share[name]:.1f}" for name in ("share", "low", "high"))
    return f"{value}% (95% interval {low} to {high}; {share['hits']} of {share['of']})"


def _measures(analysis: Metrics) -> dict[str, str]:
    return {
        heading: markdown_table(["", *HEADINGS], [list(map(escaped, one.cells)) for one in found], right=(1, 2, 3))
        for heading, found in measures(analysis).items()
    }
