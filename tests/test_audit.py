"""What `make audit` says of licences, without a network."""

from __future__ import annotations

from email.message import Message

import pytest

import licences


def metadata(**fields: str) -> Message:
    told = Message()
    for name, value in fields.items():
        for one in value.split("|"):
            told[name.replace("_", "-")] = one
    return told


@pytest.mark.parametrize(
    ("told", "said", "accepted"),
    [
        ({"License_Expression": "Apache-2.0 AND MIT"}, "Apache-2.0 AND MIT", True),
        ({"License_Expression": "GPL-3.0-only OR MIT"}, "GPL-3.0-only OR MIT", True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, "MIT AND GPL-3.0-only", False),
        ({"Classifier": "License :: OSI Approved :: BSD License|Topic :: X"}, "BSD License", True),
        ({"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, None, False),
        ({"License": "MIT License\n\nPermission is hereby"}, "MIT License", True),
        ({"License": "all rights reserved"}, "all rights reserved", False),
        ({"Name": "skops"}, "MIT", True),
        ({"Name": "new"}, "unknown", False),
    ],
)
def test_a_licence_is_read_and_judged(told: dict[str, str], said: str | None, accepted: bool) -> None:
    found = licences.licence(metadata(**told))
    assert said is None or found == said
    assert licences.is_accepted(found) is accepted


def test_all_that_is_installed_may_be_used() -> None:
    found = licences.licences()
    assert {"torch", "transformers", "mlflow"} <= found.keys()
    assert {name: said for name, said in found.items() if not licences.is_accepted(said)} == {}
