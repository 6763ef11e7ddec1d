"""Answers of GLiNER to the questions of `clinsynth zero_shot`, as recordings: a baseline that people take as it is.

    clinsynth zero_shot dataset=sample_ner prompt.name=gliner 'prompt.text=$text'       # leaves requests.jsonl
    python benchmarks/gliner_answers.py outputs/zero_shot/.../requests.jsonl gliner.jsonl --labels Disease
    clinsynth zero_shot dataset=sample_ner prompt.name=gliner 'prompt.text=$text' 'llm.recordings=[gliner.jsonl]'

The second command runs in an environment of its own, without clinsynth, for gliner wants an earlier transformers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


def main(words: Sequence[str] | None = None) -> None:
    """Answer each request with the words of its text and their tags."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("requests", type=Path, help="requests.jsonl, each with a text as its whole message")
    parser.add_argument("answers", type=Path, help="recordings to be written")
    parser.add_argument("--labels", nargs="+", required=True, help="types of the dataset, as in Disease")
    parser.add_argument("--model", default="urchade/gliner_medium-v2.1", help="name on the hub, or a folder")
    parser.add_argument("--threshold", type=float, default=0.5, help="how sure the model has to be")
    given = parser.parse_args(words)

    from gliner import GLiNER

    model = GLiNER.from_pretrained(given.model)
    with given.requests.open(encoding="utf-8") as requests, given.answers.open("w", encoding="utf-8") as answers:
        for row in map(json.loads, requests):
            text = row["messages"][-1]["content"]
            found = model.predict_entities(text, given.labels, threshold=given.threshold)
            row |= {"model": Path(given.model).name, "completion": "\n".join(tagged(text, found))}
            answers.write(json.dumps(row, ensure_ascii=False) + "\n")


def tagged(text: str, entities: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each word of a text that is split by blanks with its tag; an entity counts from the word it begins in."""
    start = 0
    for word in text.split(" "):
        end = start + len(word)
        inside = next((entity for entity in entities if entity["start"] < end and entity["end"] > start), None)
        tag = "O" if inside is None else f"{'B' if inside['start'] >= start else 'I'}-{inside['label']}"
        yield f"{word}\t{tag}"
        start = end + 1


if __name__ == "__main__":
    main()
