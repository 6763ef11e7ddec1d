"""The manifest of a corpus: typed in the code, and on the disk as it always was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinsynth.corpora.manifest import Manifest
from clinsynth.types import Prompt

STORED: dict[str, Any] = {"kind": "corpus", "version": "1.ner-1", "digest": "ab" * 32, "content": {"labels": ["O"]}}
ASKED: dict[str, Any] = {"models": ["m"], "prompt": {"name": "sentences", "text": None}, "annotator": "seed"}
COUNTED: dict[str, Any] = {"counts": {"units": 1, "not needed": 0}, "rejected": {}, "short": {"ataxia": 2}}
DESCRIBED: dict[str, Any] = {"described": {"sentences": 3}, "statistics": {"synthetic": {"words, mean": 1.5}}}
ABOUT: dict[str, Any] = {"task": "ner", "labels": ["O"], "dataset": "mine"}
LATER: dict[str, Any] = {"public": False, "licence": "", "meanings": {}}

FILES: dict[str, dict[str, Any]] = {
    "written": STORED | ABOUT | LATER | ASKED | COUNTED | DESCRIBED,
    "of an early release": STORED | ABOUT | ASKED | COUNTED | DESCRIBED,
    "merged": STORED | ABOUT | LATER | ASKED | {"corpora": ["1", "2"]} | COUNTED | DESCRIBED,
    "judged": STORED | ABOUT | LATER | ASKED | COUNTED | DESCRIBED | {"reviewed": {"base": "1", "review": "2"}},
    "reviewed": STORED | ABOUT | LATER | ASKED | COUNTED | DESCRIBED | {"review": {"n": 4, "by label": {}}},
    "of a later release": STORED | ABOUT | LATER | ASKED | COUNTED | DESCRIBED | {"colour": "red", "unknown": 1},
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_comes_back_as_it_was_byte_by_byte(content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=2)
    manifest = Manifest.from_json(json.loads(text))
    assert json.dumps(manifest.to_json(), indent=2) == text
    assert STORED | manifest.entries() == content
    assert (manifest.prompt, manifest.short) == (Prompt("sentences", None), {"ataxia": 2})


@pytest.mark.parametrize("content", [{}, STORED, ABOUT | ASKED, FILES["written"] | {"prompt": 3}], ids=str)
def test_what_is_no_manifest_of_a_corpus_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Manifest.from_json(content)
