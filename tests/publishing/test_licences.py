from __future__ import annotations

import pytest

from clinsynth.publishing import licences


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CC0-1.0", {"license": "cc0-1.0"}),
        ("mit", {"license": "mit"}),
        ("unknown", {"license": "unknown"}),
        (
            "unstated; the repository that it is taken from is MIT",
            {"license": "other", "license_name": "unstated-the-repository-that-it-is-taken-from-is-mit"},
        ),
    ],
)
def test_licences_are_named_as_on_the_hub(name: str, expected: dict[str, str]) -> None:
    assert licences.named(name) == expected
