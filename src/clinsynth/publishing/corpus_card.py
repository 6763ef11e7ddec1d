"""The card of an exported corpus: what a stranger has to know before using it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import DatasetCardData

import clinsynth
from clinsynth import tasks
from clinsynth.analysis.leakage import verdict
from clinsynth.corpora import Corpus, Manifest
from clinsynth.corpora.reviewed import DISPUTED, WRONG
from clinsynth.publishing import licences, parquet
from clinsynth.publishing.markdown import code, escaped, fenced, number, page, table
from clinsynth.reports.analyses import HEADINGS, sections
from clinsynth.types import Metrics

SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}

ANNOTATORS = {
    "none": "a text has the label that the LLM was asked for, or that its answer gave",
    "seed": "the unit that a text was asked for is labelled, and nothing else",
    "gazetteer": "every entity of a lexicon that stands in a text is labelled",
    "llm": "a second request, in which the LLM lists the entities of a text",
}

PAPERS = (
    "- Tang et al. 2023, *Does Synthetic Data Generation of LLMs Help Clinical Text Mining?*, "
    "[arXiv 2303.04360](https://arxiv.org/abs/2303.04360)\n"
    "- Woolsey et al. 2024, *Utilizing LLMs to Generate Synthetic Data to Increase the Performance of BERT-Based "
    "Neural Networks*, [arXiv 2405.06695](https://arxiv.org/abs/2405.06695)"
)


def corpus_card(corpus: Corpus, *, name: str, on_hub: bool, licence: str, analysis: Metrics | None) -> str:
    """`name` is the repository, or the folder; `analysis` are the metrics of the newest `clinsynth analyse`."""
    manifest = corpus.manifest
    return page(
        _head(corpus, licence=licence),
        {
            f"# {escaped(_title(manifest))}": [_what(corpus), _gold_text(corpus)],
            "## Use it": _use(corpus, name=name, on_hub=on_hub),
            "## Columns": [_columns(corpus)],
            "## Prompt": [
                f"{code(manifest.prompt.name)}; `$word` stands for what a request puts there, `$$` for a dollar.",
                fenced(manifest.prompt.text or ""),
            ],
            "## Labels": _labels(manifest),
            "## Counts": _counts(manifest),
            "## Beside gold": _statistics(manifest),
            "## Review by people": [_judged(manifest), *_review(manifest.review, judged=manifest.reviewed is not None)],
            "## Leakage": _leakage(analysis, manifest=manifest),
            "## Licence": _licence(manifest, licence),
            "## Limits": [
                "Synthetic text may be wrong: it is written to be learnt from, not to be believed, and its labels "
                "were not all checked. It says nothing about how often something occurs. Not for diagnosis or "
                "treatment."
            ],
            "## Where it comes from": _digests(manifest),
        },
    )


def _title(manifest: Manifest) -> str:
    return f"Synthetic text for {manifest.dataset}"


def _head(corpus: Corpus, *, licence: str) -> str:
    manifest = corpus.manifest
    examples = corpus.examples
    size = next((name for most, name in SIZES.items() if len(examples) < most), "1M<n<10M")
    configs = [("default", parquet.KEPT)] + ([("rejected", parquet.REJECTED)] if manifest.rejected else [])
    data = DatasetCardData(
        language=["en"],
        pretty_name=_title(manifest),
        task_categories=["text-classification" if any(one.label for one in examples) else "token-classification"],
        size_categories=[size],
        annotations_creators=["machine-generated"],
        tags=["clinsynth", "synthetic", manifest.task],
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
    return str(data.to_yaml())


def _what(corpus: Corpus) -> str:
    manifest = corpus.manifest
    models = ", ".join(map(code, manifest.models))
    return (
        f"{len(corpus.examples)} labelled texts for the task {code(manifest.task)}, written by an LLM ({models}) to "
        f"train a model for {code(manifest.dataset)}. The texts are synthetic: they were generated, not collected. "
        f"What people have labelled is called gold below. Made with clinsynth {clinsynth.__version__}."
    )


def _gold_text(corpus: Corpus) -> str:
    """What of gold is in it."""
    manifest = corpus.manifest
    said = ["Gold text in it:"]
    if tasks.kind(manifest.task).numbered:
        said.append("none is copied into it on purpose; a unit is the number of a request.")
    elif set(manifest.labels) & set(corpus.units):
        said.append("none is copied into it on purpose; a unit is a label, whose meaning the LLM was told.")
    else:
        said.append(
            f"the names of its {manifest.counts['units']} units (column `unit`, and in the texts), which are terms "
            "that the texts were asked about: names of entities in gold train, or those of a list."
        )
    if "$examples" in (manifest.prompt.text or ""):
        said.append(
            "Requests showed the LLM labelled rows of gold train; they are not here, but a text may echo one of them."
        )
    copies = manifest.rejected.get("test_copy", 0)
    if copies:
        said.append(f"{copies} of the rejected texts stand word for word in the gold test split.")
    return " ".join(said)


def _use(corpus: Corpus, *, name: str, on_hub: bool) -> list[str]:
    load = f'from datasets import load_dataset\n\nkept = load_dataset("{name}", split="train")'
    if corpus.manifest.rejected:
        load += f'\nrejected = load_dataset("{name}", "rejected", split="train")  # each with its reason'
    folder = name.rpartition("/")[2]
    fetch = [f"hf download {name} --repo-type dataset --local-dir {folder}"] if on_hub else []
    train = f"clinsynth train dataset={corpus.manifest.dataset} 'source.corpora=[{folder}]'"
    where = f"{code(folder)} is this folder: say the path to it, or run this in the folder around it."
    return [
        fenced(load, "python"),
        "Train on it, with the scores of the gold test set:",
        fenced("\n".join([*fetch, train]), "sh"),
        "" if on_hub else where,
    ]


def _columns(corpus: Corpus) -> str:
    told = {
        "text": "as the LLM wrote it",
        "unit": "what it was asked about",
        "replicate, index": "which request about the unit, and the place in its answer",
    }
    row = parquet.with_entities(corpus.examples[0].to_json() | {"text": corpus.examples[0].text}, corpus.examples[0])
    of_task = tasks.kind(corpus.manifest.task).examples.COLUMNS
    labels = ", ".join(map(code, corpus.manifest.labels))
    told |= {name: of_task.get(name, "").replace("{labels}", labels) for name in row if name != "text"}
    if corpus.manifest.rejected:
        told["reason, detail"] = "of the config `rejected` alone: why a text was not kept"
    return "\n".join(f"- `{name}`: {meaning}" for name, meaning in told.items())


def _labels(manifest: Manifest) -> list[str]:
    annotator = manifest.annotator
    rows = [(escaped(name), number(value)) for name, value in manifest.described.items()]
    meanings = "\n".join(f"- {code(name)}: {escaped(str(told))}" for name, told in (manifest.meanings or {}).items())
    by = f"Annotator {code(annotator)}: {ANNOTATORS.get(annotator, 'see clinsynth')}."
    return [by, meanings, table(["", "number"], rows)]


def _counts(manifest: Manifest) -> list[str]:
    counts = [(escaped(name), number(value)) for name, value in manifest.counts.items()]
    reasons = [(code(name), number(value)) for name, value in manifest.rejected.items()]
    short = len(manifest.short)
    return [
        table(["", "number"], counts),
        "`parsed` are texts in the answers, `not needed` those beyond the size that was wanted.",
        f"{short} unit(s) have fewer examples than were wanted." if short else "",
        "Rejected:" if reasons else "Nothing was rejected.",
        table(["reason", "texts"], reasons) if reasons else "",
    ]


def _statistics(manifest: Manifest) -> list[str]:
    found = manifest.statistics
    names = dict.fromkeys(name for column in found.values() for name in column)
    rows = [
        [escaped(name), *(number(column[name]) if name in column else "–" for column in found.values())]
        for name in names
    ]
    return [table(["", *map(escaped, found)], rows)]


def _judged(manifest: Manifest) -> str:
    """What people's judgement has already done to these texts."""
    told = manifest.reviewed
    if not told:
        return ""
    fixed = manifest.counts.get("relabelled", 0)
    gone = sum(manifest.rejected.get(reason, 0) for reason in (WRONG, DISPUTED))
    return (
        f"People judged a sample of the corpus {code(told['base'])} (review {code(told['review'])}); this is what they "
        f"left of it: {fixed} of its texts have the label that they gave, {gone} were rejected."
    )


def _review(review: Mapping[str, Any] | None, *, judged: bool) -> list[str]:
    """Of the annotators only how many they were."""
    if not review:
        return (
            [] if judged else ["None yet: no person has checked a sample of the labels (`clinsynth review` does that)."]
        )
    correct, by_label = review.get("correct"), review.get("by label") or {}
    numbers = [
        (escaped(name), "yes" if value is True else "no" if value is False else number(value))
        for name, value in review.items()
        if isinstance(value, int | float)
    ]
    shares = [(escaped(label), _share(share)) for label, share in by_label.items()]
    return [
        f"Of a draw with as many of each label or unit, people found {_share(correct)} of the labels to be right."
        if correct
        else "",
        table(["", ""], numbers),
        table(["of these", "right"], shares) if shares else "",
        f"Review {code(str(review.get('digest', '–')))}, {escaped(str(review.get('date', 'no date')))}.",
    ]


def _share(share: Mapping[str, Any]) -> str:
    """In percent, with its interval and what it was counted on."""
    value, low, high = (f"{100 * share[name]:.1f}" for name in ("share", "low", "high"))
    return f"{value}% (95% interval {low} to {high}; {share['hits']} of {share['of']})"


def _leakage(analysis: Metrics | None, *, manifest: Manifest) -> list[str]:
    if not analysis:
        return [
            f"Not analysed. `clinsynth analyse dataset={manifest.dataset}`, with the settings that the corpus was "
            "made with, measures copies of gold, distances to it and how well the texts can be told from it; export "
            "again with force=true."
        ]
    parts = ["\n".join(f"- {escaped(sentence)}" for sentence in verdict(analysis))]
    for heading, rows in sections(analysis).items():
        cells: Sequence[Sequence[str]] = [
            (escaped(row.name), escaped(row.synthetic), escaped(row.yardstick), escaped(row.of)) for row in rows
        ]
        parts += [f"**{escaped(heading)}**", table(["", *HEADINGS], cells)]
    return parts


def _licence(manifest: Manifest, licence: str) -> list[str]:
    gold = manifest.licence
    return [
        f"Of this corpus: {escaped(licence)}."
        + (f" The gold data that it was made for: {escaped(str(gold))}." if gold and gold != licence else "")
        + " The terms of the provider of the LLM hold too; some of them rule what may be trained on its output."
    ]


def _digests(manifest: Manifest) -> list[str]:
    told = {"corpus": manifest.digest, "completions": manifest.content.get("completions")}
    lines = [f"- {name}: {code(value)}" for name, value in told.items() if value]
    if manifest.corpora:
        lines.append(f"- made of the corpora {', '.join(map(code, manifest.corpora))}")
    return ["\n".join(lines), "The method is that of", PAPERS]
