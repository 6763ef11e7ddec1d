"""Results of reviews in the artifact store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import DataFormatError
from clinsynth.review import results
from clinsynth.review.verdicts import Judgement

JUDGEMENT = Judgement(
    "r-1", 0, "Gout hurts.", "gout", "Gout", "Gout", agrees=True, disputed=False, votes={"correct": 1}
)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("judgements.jsonl", lambda path: path.write_text(path.read_text().replace("true", "false", 1))),
        ("judgements.jsonl", lambda path: path.write_text("")),
        ("judgements.jsonl", Path.unlink),
        ("manifest.json", lambda path: path.write_text(path.read_text()[:40])),
    ],
)
def test_a_result_that_was_changed_is_named_with_what_mends_it(
    tmp_path: Path, name: str, harm: Callable[[Path], object]
) -> None:
    store, content = ArtifactStore(tmp_path), {"subject": "corpus", "of": "abc"}
    kept = results.keep_result(content, judgements=[asdict(JUDGEMENT)], entries={}, store=store)
    assert results.of_corpus("abc", store=store) == kept
    assert kept.judgements == (JUDGEMENT,)
    harm(kept.folder / name)
    with pytest.raises(DataFormatError, match=f"rm -r {kept.folder}.*clinsynth review action=import"):
        results.of_corpus("abc", store=store)
