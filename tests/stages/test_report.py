from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.types import Summary
from support import Command

ROWS = [("20", "0", 0.3), ("20", "1", 0.5), ("null", "0", 0.75)]


@pytest.fixture
def table(with_store: Path) -> Path:
    """A workspace whose store has the runs of the table `main`, and a run of another."""
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    ledger = Ledger(tracking, store=ArtifactStore(Path("artifacts")))
    for number, (examples, seed, f1) in enumerate([*ROWS, ("60", "0", 0.99)]):
        with ledger.run(experiment="mine", name="run", run_key=str(number), corpus=None, description="") as run:
            named = {"dataset.name": "mine", "dataset.task": "ner"}
            run.params(named | {"source": "original", "source.examples": examples, "seed": seed})
            run.metrics({"test/f1": f1, "examples": 130 if examples == "null" else int(examples)})
            run.counts(np.array([[1, 1, 1]] * round(20 * f1) + [[0, 1, 1]] * (20 - round(20 * f1))))
            run.tag("table.main" if number < len(ROWS) else "table.other", "true")
    return with_store


@pytest.mark.parametrize("figure", ["curve", "bars"])
def test_a_table_and_its_figure(figure: str, clinsynth: Command, table: Path) -> None:
    status, out, err = clinsynth("report", "table=main", f"figure={figure}")
    assert (status, err) == (0, "")
    header, few, whole, *rest = out.splitlines()
    assert header.split()[:2] == ["main:", "mine"]
    assert few.split()[0] == "20"
    assert "40.0 ± 14.1" in few
    assert whole.split()[0] == "all"
    assert "75.0" in whole.split()
    assert "99.0" not in out
    assert "Figure: outputs/report/main-mine.png" in rest
    assert (table / "outputs/report/main-mine.png").read_bytes().startswith(b"\x89PNG")


def test_rows_are_compared_with_one_of_them(clinsynth: Command, table: Path) -> None:
    """By means over seeds: the first row has 40 points, the second one 75."""
    said = clinsynth("report", "table=main", "against=first")
    assert (said.status, said.err) == (0, "")
    (found,) = re.findall(r"against 20 +F1 \[95% interval\]\nall +\+35\.0 \[\+(\d+\.\d), \+(\d+\.\d)\]\n", said.out)
    assert 5 < float(found[0]) < 35 < float(found[1]) < 65
    run = re.findall(
        r"20: (\w{6}), \w{6}; all: \w{6}\.", " ".join(clinsynth("report", "table=main", "against=x").err.split())
    )
    assert re.search(r"\nall +\+35\.0 \[", clinsynth("report", "table=main", f"against={run[0]}").out)


def test_the_figure_is_drawn_where_it_is_wanted(clinsynth: Command, table: Path) -> None:
    assert clinsynth("report", "table=main", "to=papers/figures").status == 0
    assert (table / "papers/figures/main-mine.png").is_file()


def test_each_dataset_has_a_table_and_a_figure_of_its_own(clinsynth: Command, with_store: Path) -> None:
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    ledger = Ledger(tracking, store=ArtifactStore(Path("artifacts")))
    for name, task, source in (("a", "relation", "original"), ("b", "multilabel", "original"), ("a", "relation", "x")):
        with ledger.run(experiment=name, name="run", run_key=name + source, corpus=None, description="") as run:
            run.params({"dataset.name": name, "dataset.task": task, "source": source, "source.examples": "null"})
            run.metrics({"test/precision": 0.5, "test/recall": 0.5, "test/f1": 0.5, "examples": 5})
            run.tag("table.both", "true")
    lines = clinsynth("report", "table=both").out.splitlines()
    heads = [line for line in lines if line.startswith("both: ")]
    assert [head.split()[1] for head in heads] == ["a", "b"]
    assert "always yes" in heads[0]
    assert "macro" in heads[1]
    assert sum(line.startswith("against original") for line in lines) == 1
    assert {path.name for path in (with_store / "outputs/report").glob("*.png")} == {"both-a.png", "both-b.png"}


def test_runs_without_a_table_are_reported(clinsynth: Command, table: Path) -> None:
    """As the jobs of a sweep, by the summaries that each leaves, also where it was done before; or by their ids."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{Path.cwd()}/mlruns/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    ids = {float(run.data.metrics["test/f1"]): run.info.run_id for run in found}
    for number, f1 in enumerate((0.3, 0.75)):
        (table / "multirun" / str(number)).mkdir(parents=True)
        Summary(ids[f1], "key", None, None, 20, {}).write(table / "multirun" / str(number))
    said = clinsynth("report", "sweep=multirun")
    assert (said.status, said.err) == (0, "")
    assert {"30.0", "75.0"} <= set(said.out.split())
    assert "99.0" not in said.out
    assert (table / "outputs/report/multirun-mine.png").is_file()
    assert f"mlflow ui --backend-store-uri sqlite:///{table}/mlruns/mlflow.db" in said.out
    said = clinsynth("report", f"runs=[{ids[0.99][:12]},{ids[0.3]}]")
    assert {"30.0", "99.0"} <= set(said.out.split())
    assert "75.0" not in said.out


def test_a_table_without_runs_says_how_to_make_some(clinsynth: Command, table: Path) -> None:
    said = clinsynth("report", "table=nothing")
    assert said.status == 2
    assert "`clinsynth train tracking.table=nothing ...`" in " ".join(said.err.split())
    assert not list(table.rglob("*.png"))


def test_the_figure_is_the_one_that_is_asked_for(
    clinsynth: Command, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    drawn: list[tuple[int, int]] = []  # bars and lines

    def note(figure: Figure, path: Path) -> None:
        drawn.append((len(figure.axes[0].patches), len(figure.axes[0].lines)))

    with monkeypatch.context() as patch:
        patch.setattr(Figure, "savefig", note)
        for name in ("bars", "curve"):
            assert clinsynth("report", "table=main", f"figure={name}").status == 0
    assert drawn == [(2, 2), (0, 1)]  # error bars have caps, which are lines
