"""What the pages say can be done: links, commands, targets of make, files and tests that are named, the site itself."""

from __future__ import annotations

import copy
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import OmegaConf

from clinsynth import config, tasks
from clinsynth.cli.main import named_runs
from clinsynth.stages import doctor
from support import environment

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOP = [ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY")]
GENERATED = [path for path in sorted((DOCS / "results").glob("*.md")) if path.name != "README.md"]
"""Written by `clinsynth report` at the commits that they name; what they tell to run belongs to those."""
WRITTEN = [*TOP, *(path for path in sorted(DOCS.rglob("*.md")) if path not in GENERATED)]

FENCE = re.compile(r"^ *```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> Iterator[tuple[str, str, str]]:
    """Language, title and content of each fenced block."""
    for found in FENCE.finditer(path.read_text(encoding="utf-8")):
        yield found[1], found[2] or "", found[3]


@cache
def hooks() -> Any:
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_hooks"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def reference() -> str:
    return str(hooks().reference())


@cache
def prose(path: Path) -> str:
    """A page without its code, the configuration reference in its place."""
    text = path.read_text(encoding="utf-8")
    if hooks().MARK in text:
        text = text.replace(hooks().MARK, reference())
    return FENCE.sub("", text)


@cache
def anchors(path: Path) -> frozenset[str]:
    """The headings of a page as addresses, as MkDocs and GitHub make them."""
    found = set()
    for line in re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE):
        title, _, given = line.partition(" {: #")
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        found.add(given.removesuffix(" }") or re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower()))
    return frozenset(found)


@pytest.mark.parametrize("path", [*WRITTEN, *GENERATED], ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(<?([^)\s>]+)>?\)", re.sub(r"`[^`\n]*`", "", prose(path))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


# Commands


def commands(path: Path) -> list[str]:
    """Lines of shell blocks that call clinsynth, as they stand after the continuation of lines."""
    shell = [text.replace("\\\n", " ") for language, _, text in blocks(path) if language in ("bash", "console")]
    lines = [line.strip().removeprefix("$ ") for text in shell for line in text.splitlines()]
    return [line for line in lines if line.startswith("clinsynth ")]


@pytest.fixture(scope="module")
def own_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that pages show with their names, and a prompt as a search leaves it."""
    folder = tmp_path_factory.mktemp("pages")
    for path in WRITTEN:
        for _, title, text in blocks(path):
            if title:
                (folder / title).parent.mkdir(parents=True, exist_ok=True)
                (folder / title).write_text(text, encoding="utf-8")
    searched = folder / "prompts/ncbi_disease/prompt/searched.yaml"
    searched.parent.mkdir(parents=True)
    searched.write_text("name: searched\ntext: Write $n sentences about $entity.\n", encoding="utf-8")
    return folder


WIDE = ("hydra", "search=")
"""What words begin with that are about more than a node of their own."""

BASES: dict[tuple[str, ...], Any] = {}
NODES: dict[tuple[str, ...], Any] = {}
"""What this process has composed, by stage and by option: Hydra takes a fifth of a second each time, and an option of a
group fills its own node and no other."""


@cache
def options_of(group: str) -> tuple[str, ...]:
    """Return the options of a group that clinsynth has; empty for a name that is no group."""
    repository: Any = GlobalHydra.instance().config_loader().repository
    return tuple(repository.get_group_options(group, ObjectType.CONFIG))


def cached(stage: str, options: Sequence[str], *, search: Sequence[str]) -> Any:
    """Return the config of a stage with options of groups."""
    whole = (*search, *(word for word in options if "/" in word.partition("=")[0] or word.startswith(WIDE)))
    plain = [word for word in options if word not in whole]
    if new := [word for word in plain if (*search, word) not in NODES]:
        made = compose(stage, overrides=[*whole, *new])
        NODES.update({(*search, word): made[word.partition("=")[0]] for word in new})
    if (stage, *whole) not in BASES:
        BASES[stage, *whole] = compose(stage, overrides=list(whole))
    found = copy.deepcopy(BASES[stage, *whole])
    for word in plain:
        found[word.partition("=")[0]] = NODES[*search, word]
    return found


def check(stage: str, words: Sequence[str], *, search: Sequence[str] = (), sweep: bool = False) -> None:
    """Compose a job, or the first one of a sweep; raises where Hydra or the schema refuse it, or an option is none."""
    parsed = OverridesParser.create().parse_overrides(list(words))
    options, values = list[str](), dict[str, Any]()
    for override, word in zip(parsed, words, strict=True):
        name, several = override.key_or_group, override.is_sweep_override()
        assert sweep or not several, f"{word} is a sweep: it needs -m"
        texts = list(override.sweep_string_iterator()) if override.is_discrete_sweep() else [word.partition("=")[2]]
        if known := options_of(name) if "/" not in name else ():
            options.append(f"{name}={texts[0]}")
            unknown = [] if search else sorted(set(texts) - {*known, "null"})
            assert unknown == [], f"{word}: no option {', '.join(unknown)}"
        elif "/" in name or name.startswith("hydra"):
            options.append(f"{name}={texts[0]}")
        else:
            values[name] = _one_of(override)
    composed = cached(stage, options, search=search)
    added = {override.key_or_group for override in parsed if override.is_add() or override.is_force_add()}
    for name, value in values.items():
        OmegaConf.update(composed, name, value, merge=True, force_add=name in added)
    config.typed(composed, config.STAGES[stage])


def _one_of(override: Override) -> Any:
    """Return a value of an override: of a sweep its first one."""
    if override.is_discrete_sweep():
        return next(iter(override.sweep_iterator()))
    value = override.value()
    return value.start if isinstance(value, IntervalSweep) else value


def check_command(line: str, *, pages: Path) -> None:
    """Compose all that a command of a page would run; raises where a part of it would be refused."""
    _, stage, *words = shlex.split(line, comments=True)
    if stage in ("--help", "STAGE", "demo"):
        return
    assert stage in config.STAGES, stage
    words = named_runs(stage, words)
    later = words[words.index("--") + 1 :] if "--" in words else []
    words = words[: words.index("--")] if "--" in words else words
    folders = [word.partition("=")[2] for word in words if word.startswith("--config-dir=")]
    overrides = [word for word in words if "=" in word and not word.startswith("-")]
    assert set(words) - set(overrides) <= {
        "-m",
        "--help",
        "--cfg",
        "job",
        *(f"--config-dir={name}" for name in folders),
    }
    search = [f"hydra.searchpath=[{','.join(f'file://{pages / name}' for name in folders)}]"] if folders else []
    sweeps = "-m" in words or any(word.startswith("search=") for word in words)
    check(stage, overrides, search=search, sweep=sweeps)
    if later:
        check("train", [word for word in later if not word.startswith("hydra")], sweep=True)


@pytest.mark.parametrize("path", [path for path in WRITTEN if commands(path)], ids=named)
def test_commands_compose(path: Path, own_config: Path, workspace: Path) -> None:
    config.register(tasks.schemas())
    refused = {}
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        for line in commands(path):
            try:
                check_command(line, pages=own_config)
            except Exception as error:
                refused[line] = f"{type(error).__name__}: {error}"
    assert refused == {}


def test_a_command_that_is_wrong_is_refused(own_config: Path, workspace: Path) -> None:
    config.register(tasks.schemas())
    wrong = (
        "train dataset=none_such",
        "train seeds=1",
        "train seed=0,1",
        "train -m size=n1,none_such",
        "train seed=x",
        "generate llm=local",
        "trian",
    )
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        for words in wrong:
            with pytest.raises(Exception, match=r"\w"):
                check_command(f"clinsynth {words}", pages=own_config)


def test_targets_of_make_are_there() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    code = [text for path in WRITTEN for *_, text in blocks(path)]
    pages = [path.read_text(encoding="utf-8") for path in WRITTEN]
    told = {name for text in code for name in re.findall(r"^make ([a-z][a-z0-9-]*)", text, re.MULTILINE)}
    told |= {name for text in pages for name in re.findall(r"(?:`|^    )make ([a-z][a-z0-9-]*)", text, re.MULTILINE)}
    assert {"demo", "test", "docs", "table7"} <= told
    said = subprocess.run(["make", "--dry-run", *sorted(told)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr


# Names


def test_files_that_are_named_are_there() -> None:
    """Paths in backticks, but for those with a gap to fill in."""
    gone = []
    for path in TOP:
        for name in re.findall(r"`((?:src|tests|conf|docs|benchmarks)/[^`\s]*)`", path.read_text(encoding="utf-8")):
            if not re.search(r"[<*{]|\.\.\.|mine", name) and not (ROOT / name).exists():
                gone.append(f"{path.name}: {name}")
    assert gone == []


def test_tests_that_are_named_are_there() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", tests))
    told = {name for path in TOP for name in re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8"))}
    assert told - there == set()


# The configuration reference


def test_the_reference_names_every_key_and_option() -> None:
    text = reference()
    schemas = [*config.STAGES.values()]
    names = {key for schema in schemas for key, _ in config.documented(schema)}
    names |= {key for schema in tasks.schemas().values() for key, _ in config.documented(schema, "dataset.")}
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        for group in ("dataset", "source", "size", "seed_ratio", "annotator", "quality", "llm", "judge", "backbone"):
            assert options_of(group), group
            names |= set(options_of(group))
    lacking = sorted(name for name in names if f"`{name}`" not in text)
    assert lacking == []
    helps = {help for schema in schemas for _, help in config.documented(schema) if "|" not in help}
    assert sorted(help for help in helps if help.replace("<", "&lt;") not in text) == []


# The site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a warning."""
    if importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    told = environment(NO_MKDOCS_2_WARNING="1")
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, env=told)
    assert said.returncode == 0, said.stderr
    return folder


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    fetched = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?((?:https?:)?//[^\"'\s>]+)|<link\b[^>]*>")
    outside = set()
    for page in pages:
        for found in fetched.finditer(page.read_text(encoding="utf-8")):
            tag = found[0]
            if found[1] or re.search(r"href=[\"']?(?:https?:)?//", tag):
                outside.add(tag)
    for style in site.rglob("*.css"):
        outside |= set(re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^\"')]+", style.read_text(encoding="utf-8")))
    assert outside == set()


def test_the_site_has_the_reference(site: Path) -> None:
    text = (site / "configuration.html").read_text(encoding="utf-8")
    assert hooks().MARK not in text
    assert 'id="llm"' in text
    assert "llm.max_cost_usd" in text


def test_every_extra_has_its_line() -> None:
    """In the guide; what `clinsynth doctor` looks for is among them."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (`[^|]+) \|", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    named_extras = set(re.findall(r"`([^`]+)`", " ".join(rows)))
    extras = set(content["project"]["optional-dependencies"])
    assert named_extras == extras
    assert set(doctor.EXTRAS) < extras
