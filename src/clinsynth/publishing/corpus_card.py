"""The card of an exported corpus, `assets/templates/corpus.md.jinja` filled in."""

from __future__ import annotations

from shlex import quote

from huggingface_hub import DatasetCard, DatasetCardData

import clinsynth
from clinsynth import tasks
from clinsynth.analysis.leakage import verdict
from clinsynth.corpora import Corpus
from clinsynth.corpora.labelling import OF
from clinsynth.corpora.manifest import BY_LLM, BY_MODEL, Manifest
from clinsynth.corpora.reviewed import DISPUTED, WRONG
from clinsynth.files import parquet
from clinsynth.publishing import licences
from clinsynth.reports.analyses import HEADINGS, measures
from clinsynth.reports.markdown import code, escaped, fenced, markdown_table, number
from clinsynth.reports.templates import template_text
from clinsynth.types import Metrics

SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}


CONFIDENCES = {
    BY_LLM: {
        "confidence": "the probability that the LLM gave to the labels that it wrote for the text, 0 to 1",
        "confidences": "that of each entity, where there are some",
    },
    BY_MODEL: {
        "confidence": "the probability that a trained model gives to the label that it is least sure of, 0 to 1",
        OF: "`model`: whose the confidence is",
    },
}
BOTH = "of the LLM the probability of the labels that it wrote, of a model that of its least sure label, 0 to 1"


def corpus_card(corpus: Corpus, *, name: str, on_hub: bool, licence: str, analysis: Metrics | None) -> str:
    """Return the card; `name` is the repository, or the folder, `analysis` is of the newest `clinsynth analyse`."""
    manifest, first = corpus.manifest, corpus.examples[0]
    title = f"Synthetic text for {manifest.dataset}"
    kind = tasks.kind(manifest.task)
    row = parquet.with_entities(first.to_json() | {"text": first.text}, first)
    found = measures(analysis) if analysis else {}
    sure = _confidences(manifest)
    card = DatasetCard.from_template(
        _card_data(corpus, title=title, licence=licence),
        template_str=template_text("corpus.md"),
        code=code,
        escaped=escaped,
        fenced=fenced,
        number=number,
        quote=quote,
        markdown_table=markdown_table,
        title=title,
        name=name,
        folder=name.rpartition("/")[2],
        on_hub=on_hub,
        licence=licence,
        version=clinsynth.__version__,
        manifest=manifest,
        examples=len(corpus.examples),
        models=", ".join(map(code, manifest.models)),
        prompt=manifest.prompt.text or "",
        numbered=kind.numbered,
        units_are_labels=bool(set(manifest.labels) & set(corpus.units)),
        columns=[column for column in dict.fromkeys((*row, *sure)) if column != "text"],
        meanings={**kind.examples.COLUMNS, **sure},
        labels=", ".join(map(code, manifest.labels)),
        statistics=list(dict.fromkeys(name for column in manifest.statistics.values() for name in column)),
        judged=manifest.reviewed,
        gone=sum(manifest.rejected.get(reason, 0) for reason in (WRONG, DISPUTED)),
        review=manifest.review,
        verdict=verdict(analysis) if analysis else (),
        headings=["", *HEADINGS],
        measures={heading: [list(map(escaped, one.cells)) for one in ones] for heading, ones in found.items()},
    )
    return str(card).strip() + "\n"


def _confidences(manifest: Manifest) -> dict[str, str]:
    """Return the columns that say how sure of its labels a text's annotator is, with what they mean."""
    found = [CONFIDENCES[one] for one in manifest.whose if one in CONFIDENCES]
    together = {name: meaning for columns in found for name, meaning in columns.items()}
    return together | ({"confidence": BOTH} if len(found) > 1 else {})


def _card_data(corpus: Corpus, *, title: str, licence: str) -> DatasetCardData:
    size = next((name for most, name in SIZES.items() if len(corpus.examples) < most), "1M<n<10M")
    configs = [("default", parquet.KEPT)] + ([("rejected", parquet.REJECTED)] if corpus.manifest.rejected else [])
    return DatasetCardData(
        language=corpus.manifest.language,
        pretty_name=title,
        task_categories=[f"{'text' if any(one.label for one in corpus.examples) else 'token'}-classification"],
        size_categories=[size],
        annotations_creators=["machine-generated"],
        tags=["clinsynth", "synthetic", corpus.manifest.task],
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
