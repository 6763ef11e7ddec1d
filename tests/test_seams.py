"""Settings stop at the stage's door, and what is looked up is looked up in a mapping that mypy checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import clinsynth
from clinsynth import config, tasks

ROOT = Path(clinsynth.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
BELOW = [path for path in MODULES if path.relative_to(ROOT).parts[0] != "stages"]
WHOLE = {schema.__name__ for schema in config.STAGES.values()} | {"CorpusConfig"}


def nodes(kind: Any) -> Iterator[type]:
    """A schema and all that it holds."""
    if is_dataclass(kind):
        yield kind  # type: ignore[misc]
        for hint in get_type_hints(kind).values():
            for inner in (hint, *get_args(hint)):
                yield from nodes(inner)


SETTINGS = {
    item.name
    for schema in (*config.STAGES.values(), *tasks.schemas().values())
    for node in nodes(schema)
    for item in fields(node)
}
"""Names of all keys of the config."""


NO_SETTINGS = {
    "cli/series.py": {"sweeps.Failures.sweep"},  # of the process
    "cli/sweeps.py": {"Failures.sweep"},  # as above
    "files/annotated/bioc.py": {"added.text"},  # of an element of XML
    "llm/account.py": {"planned.requests"},  # of a bill
    "reports/predictions.py": {"tally.documents", "tally.answers"},  # how many there are
    "search/__init__.py": {"tree.task", "tree.candidates"},
    "tasks/relation/completions.py": {"last.labels", "last.texts"},  # of a row that is being read
}
"""Objects of a module's own that have a field of such a name."""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def written(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Attributes that are assigned to, but for an object's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not own:
                yield node


def test_a_name_that_is_set_is_found() -> None:
    tree = ast.parse("self.size = 1\nsettings.size = 1\nself.settings.units.only = [a]\nx.size: int = 2\nx.seed += 1")
    assert sorted(ast.unparse(found) for found in written(tree) if found.attr in SETTINGS) == [
        "self.settings.units.only",
        "settings.size",
        "x.seed",
        "x.size",
    ]


@pytest.mark.parametrize("path", BELOW, ids=named)
def test_nothing_below_the_stages_sets_a_field_of_a_setting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    found = {ast.unparse(node) for node in written(tree) if node.attr in SETTINGS}
    assert found <= NO_SETTINGS.get(named(path), set())
    assert "setattr(" not in text
    assert "vars(found).update" not in text


@pytest.mark.parametrize("path", [*(ROOT / "stages").glob("*.py"), *(ROOT / "stages/targets").glob("*.py")], ids=named)
def test_stages_change_copies_alone(path: Path) -> None:
    found = [
        ast.unparse(node) for node in written(ast.parse(path.read_text(encoding="utf-8"))) if node.attr in SETTINGS
    ]
    assert [one for one in found if one.startswith(("settings.", "self.settings", "material.settings"))] == []


@pytest.mark.parametrize(
    "room", ["tasks", "corpora", "quality", "learning", "llm", "review", "analysis", "publishing"], ids=str
)
def test_rooms_below_take_no_whole_settings(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        names = {
            node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)
        }
        assert not names & WHOLE, named(path)


@pytest.mark.parametrize("path", BELOW, ids=named)
def test_no_module_is_looked_for_by_a_string(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "import_module" not in text
    assert "__import__" not in text
    if path.relative_to(ROOT).parts[0] not in ("config", "reports"):  # of YAML, which has no types
        assert "cast(" not in text.replace("autocast(", "")
