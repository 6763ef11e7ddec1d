from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from clinsynth import config, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import ConfigError
from clinsynth.files.sources import resolve
from clinsynth.reports.report import Report
from clinsynth.search.tree import CandidatePrompt, Tree
from clinsynth.stages import grid, targets
from clinsynth.stages.targets import answers, curves
from clinsynth.stages.targets.asked import Asked
from clinsynth.tracking import Ledger
from clinsynth.types import Summary
from support import Command

SMOKE = "scale=smoke"


@pytest.fixture(autouse=True)
def registered() -> None:
    config.register(tasks.schemas())


def ledger(folder: Path) -> Ledger:
    tracking = config.TrackingConfig(f"sqlite:///{folder}/mlruns/mlflow.db", str(folder / "mlruns/artifacts"), None)
    return Ledger(tracking, store=ArtifactStore(folder / "artifacts"))


def finished(
    folder: Path, key: str, *, f1: float, counts: bool = True, metrics: bool = True, of: grid.Planned | None = None
) -> str:
    """A run as `train` leaves it: of ten test examples a share `f1` is right; on the corpus of a job."""
    corpus = answers.current(of) if of else None
    with ledger(folder).run(experiment="sample", name="r", run_key=key, corpus=corpus, description="") as run:
        scores = {f"test/{name}": f1 for name in ("precision", "recall", "f1")}
        if metrics:
            run.metrics(scores | {"test/f1_low": 0.1, "test/f1_high": 0.9, "time/train_s": 30.0})
        if counts:
            run.counts(np.array([[int(place < 10 * f1), 1, 1] for place in range(10)]))
        summary = Summary(run.id, key, None, None, 1, scores)
        summary.write(folder)
        run.file(folder / "summary.json")
        return run.id


def report(clinsynth: Command, *words: str) -> tuple[str, Path]:
    """What was printed, and where it was written."""
    said = clinsynth("report", SMOKE, *words)
    assert said.status == 0, said.err
    return said.out, Path("outputs/report/smoke")


def jobs(target: str) -> dict[tuple[str, ...], str]:
    """Run key by what a job's overrides say, without the dataset."""
    found = grid.jobs(target, scale="smoke")
    return {tuple(word for word in job.overrides if not word.startswith("dataset=")): job.run_key for job in found}


def test_a_table_has_the_runs_of_its_grid_and_names_the_jobs_that_lack(clinsynth: Command, with_store: Path) -> None:
    keys = jobs("table8")
    first = finished(with_store, keys["source=original", "size=t100", "seed=0"], f1=0.4)
    finished(with_store, keys["source=original", "size=t100", "seed=1"], f1=0.5, counts=False)
    finished(with_store, keys["source=synthetic", "size=t100", "seed=0"], f1=0.9, metrics=False)  # ended half-way
    finished(with_store, "of somebody else", f1=0.99)
    text, folder = report(clinsynth, "target=table8")
    assert (folder / "table8.md").read_text(encoding="utf-8") in text
    assert "| original | minilm | 2 | 45.0 ± 7.1 |" in text
    assert "| synthetic t100 | minilm | 0 of 2 | missing |" in text
    assert "## 4 of the jobs have no run" in text
    assert "4 can run: `clinsynth sweep target=table8 scale=smoke` does it." in text
    alone = "clinsynth train experiment=train/smoke/table8 source=synthetic size=t100 seed=0 hydra.mode=RUN"
    assert f"    {alone}\n" in text
    assert "99.0" not in text
    assert "out of 2 runs" in text
    with (folder / "table8.runs.csv").open(encoding="utf-8") as file:
        assert next(row["run"] for row in csv.DictReader(file)) == first
    assert (folder / "table8.tex").read_text(encoding="utf-8").startswith(r"\begin{table}")
    assert "missing" in (folder / "table8.csv").read_text(encoding="utf-8")


def test_what_a_table_shows_is_held_against_its_claims(clinsynth: Command, with_store: Path) -> None:
    for job in grid.jobs("table7", scale="smoke"):
        finished(with_store, job.run_key, f1=0.2 if "annotator=seed" in job.overrides else 0.9, of=job)
    text, _ = report(clinsynth, "target=table7")
    claim = "| the gazetteer's labels beat those of the unit alone | sample_ner | synthetic n5 gazetteer | "
    assert f"{claim}synthetic n5 seed | f1 | +70.0 [" in text
    assert "have no run" not in text


def test_a_store_without_runs_has_nothing_but_gaps(clinsynth: Command, with_store: Path) -> None:
    text, _ = report(clinsynth, "target=table8")
    assert "## 6 of the jobs have no run" in text
    assert "out of 0 runs" in text


def test_answers_that_nobody_has_given_are_told_from_jobs_that_have_not_run(
    clinsynth: Command, with_store: Path
) -> None:
    text, _ = report(clinsynth, "target=table2")
    assert "2 can run: `clinsynth sweep target=table2 scale=smoke`" in text
    assert "1 lacks answers of an LLM." in text
    assert "    clinsynth zero_shot dataset=sample_ner llm=openai\n" in text
    assert "`sweep` and `report` with `-- llm=openai` behind them" in text
    text, _ = report(clinsynth, "target=figure3")
    assert "4 can run" in text
    ask = "clinsynth generate dataset=sample_relation size.total=100 seed_ratio.value=0.5 llm=openai"
    assert f"    {ask}\n" in text


def test_answers_are_asked_for_once_for_all_jobs_that_share_them(clinsynth: Command, with_store: Path) -> None:
    text, _ = report(clinsynth, "target=figure2", "--", "llm=local", "llm.model=m")
    asking = [line.strip() for line in text.splitlines() if line.startswith("    clinsynth generate ")]
    most = "dataset=sample_ner size.per_unit=5 units.max=12 annotator=llm llm=local llm.model=m"
    assert asking == [f"clinsynth generate {most}"]
    assert "behind them then make" not in text  # it is that LLM's table already


def test_a_run_on_earlier_answers_is_no_run_of_the_job(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = jobs("table8")["source=synthetic", "size=t100", "seed=0"]
    run = finished(with_store, key, f1=0.4)
    assert "| synthetic t100 | minilm | 0 of 2 | missing |" in report(clinsynth, "target=table8")[0]
    job = next(job for job in grid.jobs("table8", scale="smoke") if job.run_key == key)
    ledger(with_store).tag(run, "corpus", str(answers.current(job)))
    assert "| synthetic t100 | minilm | 1 of 2 | 40.0 |" in report(clinsynth, "target=table8")[0]


def test_an_axis_of_the_users_own_makes_rows_of_its_own(clinsynth: Command, with_store: Path) -> None:
    words = ("--", "backbone.lr=1e-4,1e-3", "seed=0", "source=original")
    found = grid.jobs("table8", scale="smoke", overrides=words[1:])
    for job, f1 in zip(found, (0.3, 0.7), strict=True):
        finished(with_store, job.run_key, f1=f1)
    text, _ = report(clinsynth, "target=table8", *words)
    assert "| original backbone.lr=0.0001 | minilm | 1 | 30.0 |" in text
    assert "| original backbone.lr=0.001 | minilm | 1 | 70.0 |" in text


def test_recordings_of_two_llms_make_rows_of_their_own(clinsynth: Command, with_store: Path) -> None:
    theirs = resolve("assets:recordings/gad.examples.jsonl").read_text(encoding="utf-8")
    Path("one.jsonl").write_text(theirs, encoding="utf-8")
    Path("two.jsonl").write_text(theirs.replace("patients", "people"), encoding="utf-8")
    words = ("--", "llm.recordings=[one.jsonl],[two.jsonl]", "seed=0", "source=synthetic", "size=t100")
    found = grid.jobs("table8", scale="smoke", overrides=words[1:])
    assert len({job.run_key for job in found}) == 1
    for job, f1 in zip(found, (0.3, 0.7), strict=True):
        finished(with_store, job.run_key, f1=f1, of=job)
    text, _ = report(clinsynth, "target=table8", *words)
    assert "| synthetic t100 llm.recordings=[one.jsonl] | minilm | 1 | 30.0 |" in text
    assert "| synthetic t100 llm.recordings=[two.jsonl] | minilm | 1 | 70.0 |" in text
    assert "2 jobs, 2 are done, 0 are left" in clinsynth("sweep", SMOKE, "target=table8", *words).out


@pytest.mark.parametrize("words", [("seed_ratio=r050",), ("source=original",), ("backbone=bert",), ("llm=chatgpt",)])
def test_overrides_hold_where_a_stage_has_their_key(
    clinsynth: Command, with_store: Path, words: tuple[str, ...]
) -> None:
    for target in ("figure2", "table2"):
        if target == "figure2" or words[0] in ("backbone=bert", "llm=chatgpt"):
            report(clinsynth, f"target={target}", "--", *words)


def test_an_override_that_holds_nowhere_is_a_mistake(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("report", "target=table7", SMOKE, "--", "zero_shot.limit=3")
    assert said.status == 2
    assert "zero_shot.limit=3 behind -- holds for no job of table7" in " ".join(said.err.split())


def test_a_dataset_of_the_users_own_is_found_beside_theirs(clinsynth: Command, with_store: Path) -> None:
    place = with_store / "my conf (1)" / "dataset" / "mine.yaml"
    place.parent.mkdir(parents=True)
    content = (config.conf_folder() / "dataset" / "sample_ner.yaml").read_text(encoding="utf-8")
    place.write_text(content.replace("name: sample_ner", "name: mine"), encoding="utf-8")
    said = clinsynth("report", "target=table4", SMOKE, f"--config-dir={place.parents[1]}", "--", "dataset=mine")
    assert said.status == 0, said.err
    assert "\n## mine, labels of `llm`" in said.out


def test_a_deleted_run_is_a_gap_again(clinsynth: Command, with_store: Path) -> None:
    key = jobs("table8")["source=original", "size=t100", "seed=0"]
    run = finished(with_store, key, f1=0.4)
    assert "| 1 of 2 | 40.0 |" in report(clinsynth, "target=table8")[0]
    ledger(with_store).client.delete_run(run)
    assert "| 0 of 2 | missing |" in report(clinsynth, "target=table8")[0]


def test_a_run_whose_artifacts_are_gone_still_counts(clinsynth: Command, with_store: Path) -> None:
    for key in (key for words, key in jobs("table8").items() if "source=original" in words):
        finished(with_store, key, f1=0.4)
    for place in with_store.glob("mlruns/artifacts/**/counts.csv"):
        place.unlink()
    text, _ = report(clinsynth, "target=table8")
    assert "| original | minilm | 2 | 40.0 ± 0.0 |" in text


def test_a_figure_has_its_curves_and_their_table(clinsynth: Command, with_store: Path) -> None:
    for job in grid.jobs("figure2", scale="smoke"):
        finished(with_store, job.run_key, f1=0.3 if "size=n1" in job.overrides else 0.6, of=job)
    text, folder = report(clinsynth, "target=figure2")
    assert (folder / "figure2.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (folder / "figure2.svg").read_bytes()
    assert "![Figure 2" in text
    assert "| F1 grows with the number of sentences | sample_ner | synthetic n5 llm | synthetic n1 llm |" in text


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (
            "table1",
            ("sample_ner/zero_shot/test-0000#0", "Please do NER task for", "- A1: deficits in social-emotional"),
        ),
        ("table6", ("Generate 3 positive and 3 negative examples", "@DISEASE$. | Yes |", "prompt `mentions`", "$n")),
    ],
)
def test_prompts_are_shown_as_they_are_sent(
    clinsynth: Command, with_store: Path, target: str, words: tuple[str, ...]
) -> None:
    text, folder = report(clinsynth, f"target={target}")
    assert all(word in text for word in words)
    assert not list(folder.glob("*.csv"))


def test_samples_are_shown_with_their_entities(clinsynth: Command, with_store: Path) -> None:
    text, folder = report(clinsynth, "target=table4")
    assert text.count("\n## sample_ner, labels of ") == 2
    bold = [line.count("**") // 2 for line in text.splitlines() if line.startswith("- ")]
    assert len(bold) == 16
    assert sum(bold[:8]) == 8  # the unit of each sentence, and nothing else
    assert sum(bold[8:]) > 8
    page = (folder / "table4.html").read_text(encoding="utf-8")
    assert page.count("<mark>") == sum(bold)


def test_without_a_search_the_report_says_how_to_make_one(clinsynth: Command, with_store: Path) -> None:
    text, folder = report(clinsynth, "target=figure1")
    assert "clinsynth search_prompts dataset=ncbi_disease llm=openai" in text
    assert not (folder / "figure1.png").exists()


def test_the_newest_search_is_shown(clinsynth: Command, with_store: Path) -> None:
    tree = Tree("notes", [CandidatePrompt("1.1", None, "Write $n sentences about $entity", ("A.",), ())])
    place = with_store / "prompts" / "mine" / "tree.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(tree.to_json()), encoding="utf-8")
    text, folder = report(clinsynth, "target=figure1")
    assert "The search of prompts/mine/tree.json." in text
    assert "Write $n sentences about $entity" in text
    assert (folder / "figure1.png").is_file()
    assert not list(with_store.glob("mlruns/artifacts/reports/**/figure1.*"))  # it may show what is not public


def test_what_is_written_is_a_run_of_its_own(clinsynth: Command, with_store: Path) -> None:
    report(clinsynth, "target=table8")
    (run,) = ledger(with_store).tagged("target", "table8")
    assert (run.data.tags["stage"], run.data.tags["scale"], run.info.status) == ("report", "smoke", "FINISHED")
    kept = {path.name for path in with_store.glob("mlruns/artifacts/reports/**/table8.*")}
    written = {path.name for path in Path("outputs/report/smoke").glob("table8.*")}
    assert written == {f"table8.{ending}" for ending in ("md", "html", "csv", "claims.csv", "tex", "runs.csv")}
    assert kept == written | {"table8.scores.json", "table8.claims.json"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("target=table99",), "target=table99 is no table or figure of the papers"),
        (("target=table7", "scale=huge"), "scale=huge is none: scales are paper, mini, smoke"),
        ((), "say what to report"),
        (("table=mine", "target=table7"), "say what to report"),
    ],
)
def test_a_mistake_is_told(clinsynth: Command, with_store: Path, words: tuple[str, ...], said: str) -> None:
    found = clinsynth("report", *words)
    assert found.status == 2
    assert said in " ".join(found.err.split())


def test_a_target_that_fails_leaves_the_others_alone(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(asked: Asked) -> Report:
        raise ConfigError("no curves today.")

    monkeypatch.setattr(curves, "make_report", refuse)
    said = clinsynth("report", "target=all", SMOKE)
    assert said.status == 1
    assert said.err.count("no curves today.") == 2
    folder = with_store / "outputs/report/smoke"
    assert {path.stem for path in folder.glob("*.md")} == set(targets.named("all")) - {"figure2", "figure3"}
