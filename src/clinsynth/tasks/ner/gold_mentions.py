"""The units that gold itself names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clinsynth.errors import ConfigError
from clinsynth.task import typed_unit
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.text.entities import Sentence


def gold_mentions(train: Sequence[Sentence], *, dataset: NerDataset) -> list[str]:
    """Return the unique mentions, case folded, each in its most frequent form; of several types each behind its own.

    By frequency, then alphabetically. Of forms that are equally frequent the first in the file is taken. Raises
    ConfigError where there are none.
    """
    forms: dict[tuple[str, int], Counter[str]] = {}
    types = tuple(dataset.types)
    rank = {name: place for place, name in enumerate(types)}
    for sentence in train:
        for span in sentence.spans:
            mention = sentence.mention(span)
            forms.setdefault((mention.casefold(), rank[span.label]), Counter())[mention] += 1
    if not forms:
        raise ConfigError(
            f"{dataset.name} has neither gold train nor a list of units: give one as dataset.units=terms.txt."
        )
    ordered = sorted(forms, key=lambda key: (-forms[key].total(), key))
    found = [(forms[key].most_common(1)[0][0], types[key[1]]) for key in ordered]
    return [typed_unit(term, type=kind) if len(types) > 1 else term for term, kind in found]
