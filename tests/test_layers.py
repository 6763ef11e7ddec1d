"""Imports run down the layers, and never in a circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import clinsynth

ROOT = Path(clinsynth.__file__).parent

LAYERS = (
    "environment errors types closed",
    "config",
    "keys",
    "task",
    "artifacts prompts scoring tracking",
    "files",
    "text",
    "llm",
    "learning",
    "datasets",
    "tasks",
    "models",
    "pyfunc",
    "asking",
    "quality",
    "analysis",
    "review",
    "corpora",
    "search",
    "reports",
    "papers",
    "publishing",
    "stages",
    "cli",
    "api",
    "spacy",
    "__main__",
)
"""Rooms from the ground up: each imports those of the lines above its own; those of one line may import each other."""

HEIGHT = {room: height for height, line in enumerate(LAYERS) for room in line.split()}


def module(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in ROOT.rglob("*.py")}


def room(name: str) -> str:
    """The part of the package that a module stands in."""
    return [*name.split("."), ""][1]


def packages(name: str) -> set[str]:
    """Names of all packages that a module imports, ours and others'."""
    return {found.split(".")[0] for found in imported(ast.parse(MODULES[name].read_text(encoding="utf-8")))}


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules of the package that a module imports, wherever it does; those for types alone, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are whole, so that a search finds them"
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


ARROWS = {
    name: {found for found in imported(ast.parse(path.read_text(encoding="utf-8"))) if found in MODULES} - {name}
    for name, path in MODULES.items()
}


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in MODULES} - {""} == set(HEIGHT)


def test_the_architecture_lists_the_rooms_in_this_order() -> None:
    text = (ROOT.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    lines = re.findall(r"^ {6}(\w+(?:, \w+)*)/? {2}", text, flags=re.MULTILINE)
    assert [line.replace(", ", " ") for line in lines if line != "assets"] == [*LAYERS[:-1]]


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"clinsynth"}))
def test_imports_run_down(name: str) -> None:
    up = {found for found in ARROWS[name] if room(found) and HEIGHT[room(found)] > HEIGHT[room(name)]}
    assert up == set()


def test_rooms_import_in_no_circle() -> None:
    """Those of one layer included; raises CycleError, which names the circle."""
    graph: dict[str, set[str]] = {}
    for name, targets in ARROWS.items():
        graph.setdefault(room(name), set()).update({room(found) for found in targets} - {room(name), ""})
    graph.pop("", None)
    assert len(list(TopologicalSorter(graph).static_order())) == len(HEIGHT)


def test_a_task_is_described_by_types_alone() -> None:
    for name in MODULES:
        if room(name) == "task":
            assert {room(found) for found in ARROWS[name]} <= {"task", "types"}


def test_mlflow_is_imported_in_one_room() -> None:
    assert {room(name) for name in MODULES if "mlflow" in packages(name)} == {"tracking"}


def test_hydra_is_seen_by_stages_and_command_line_alone() -> None:
    assert {room(name) for name in MODULES if "hydra" in packages(name)} == {"config", "stages", "cli"}


UNIX = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
UNIX_CALLS = {"fork", "getuid", "geteuid", "killpg", "setsid", "mkfifo", "SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM"}


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"clinsynth.cli.slurm"}))  # which is loaded where Slurm is
def test_nothing_is_asked_of_unix_alone(name: str) -> None:
    """Windows has none of these; locks are filelock's, signals SIGINT and SIGTERM."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert (packages(name) & UNIX, called & UNIX_CALLS) == (set(), set())
