"""The same as the command line, from Python: what functions return, that jobs are the same ones, what mistakes say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

import clinsynth
from clinsynth.errors import ConfigError, DataFormatError
from support import TINY, Command, python

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small(tiny_bert: Path) -> list[str]:
    return [f"backbone.name_or_path={tiny_bert}", *(word for word in TINY if not word.startswith("source."))]


def test_importing_takes_a_moment() -> None:
    code = (
        "import time; begin = time.process_time(); import clinsynth; print(time.process_time() - begin); "
        "import sys; print({'torch', 'hydra', 'mlflow', 'pandas'} & set(sys.modules))"
    )
    seconds, loaded = python("-c", code).out.splitlines()
    assert float(seconds) < 0.3
    assert loaded == "set()"


def test_a_dataset_has_its_splits(workspace: Path) -> None:
    found = clinsynth.load_dataset("sample_ner")
    assert (found.name, found.task, found.labels) == ("sample_ner", "ner", ("O", "B-Disease", "I-Disease"))
    assert (len(found.train), len(found.devel), len(found.test)) == (130, 0, 130)
    table = found.train.to_pandas()
    assert list(table) == ["text", "tokens", "tags", "entities"]
    first = table.entities[0][0]
    assert table.text[0][first["start"] : first["end"]] == first["text"]
    assert repr(found) == "<sample_ner (ner): train 130, devel 0, test 130>"


def test_a_corpus_is_a_table(workspace: Path) -> None:
    made = clinsynth.generate("sample_ner", ["size=n1", "annotator=llm"], "units.max=8")
    found = clinsynth.load_corpus("latest")
    assert made is not None
    assert made == found
    table = found.to_pandas()
    assert {"text", "unit", "replicate", "tokens", "tags", "entities"} <= {*table}
    assert len(table) == len(found) == len(found.to_datasets()) == 8
    assert found.to_datasets()[0]["text"] == found.examples[0].text == table.text[0]
    assert found.counts["kept"] == 8
    shown = found._repr_html_()
    assert shown.count("<li>") == 8
    assert f"<mark>{table.entities[0][0]['text']}<small>Disease" in shown


def test_texts_are_escaped_where_they_are_shown() -> None:
    from clinsynth.api import Texts
    from clinsynth.text.entities import Sentence

    shown = Texts("<b>", [Sentence(("<script>",), ())] * 12)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "the first 10 of 12 texts" in shown


def test_a_finished_job_is_that_of_the_command_line(
    with_store: Path, small: list[str], clinsynth: Command, capfd: pytest.CaptureFixture[str]
) -> None:
    import clinsynth as package

    words = ("source=original", *small)
    assert clinsynth("train", "dataset=sample_ner", *words).status == 0
    trained = package.train("sample_ner", words)
    assert "This job is finished" in capfd.readouterr().out
    assert trained.score == trained.scores["test/f1"]
    assert trained.model is not None
    assert (trained.examples, trained.corpus) == (130, None)
    assert f"<td>{trained.run_id}</td>" in trained._repr_html_()
    job = package.compose("train", "dataset=sample_ner", *words)
    assert package.train(job) == trained
    model = package.load_model(trained.run_id[:8])
    assert model.folder == package.load_model(trained.model).folder == package.load_model().folder
    assert model.labels == ("O", "B-Disease", "I-Disease")


def test_a_model_gives_spans_with_offsets(marking_model: Path, clinsynth: Command) -> None:
    import clinsynth as package

    texts = ["  Loss of\tdystrophin \n was seen. ", "", "Asthma and myotonic dystrophy."]
    with package.load_model(marking_model, "predict.accelerator=cpu") as model:
        found = model(texts)
        assert found == model.predict(texts) == list(model.stream(iter(texts)))
        assert model(texts[0]) == found[0]
        assert repr(model) == f"<model for ner: {marking_model}>"
        with pytest.raises(ConfigError, match=r"take a list of texts; one text is read by model\(text\)"):
            model.predict(texts[0])
    assert found[1] == []
    spans = [(text, span) for text, listed in zip(texts, found, strict=True) for span in listed]
    assert spans
    for text, span in spans:
        assert span.text == text[span.start : span.end] == span["text"]
        assert 0 < span.score <= 1
        assert dict(span) == {
            "start": span.start,
            "end": span.end,
            "label": "Disease",
            "score": span.score,
            "text": span.text,
        }
    Path("in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    assert clinsynth("predict", f"model={model.folder}", "input=in.jsonl", "predict.accelerator=cpu").status == 0
    lines = [json.loads(line) for line in Path("predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["spans"] for line in lines] == [[dict(span) for span in listed] for listed in found]


def test_a_model_of_labels_gives_those_that_a_text_has(tiny_student: Any, tmp_path: Path, workspace: Path) -> None:
    settings = clinsynth.compose("train", "dataset=sample_relation").settings
    rows = list(clinsynth.load_dataset("sample_relation").train)[:4]
    tiny_student(settings.dataset, rows, epochs=1, lr=1e-4).save(tmp_path / "model")
    model = clinsynth.load_model(tmp_path / "model", "predict.accelerator=cpu")
    (label,) = model(rows[0].text)
    assert label.label in model.labels
    assert dict(label) == {"label": label.label, "score": label["score"]}
    with pytest.raises(DataFormatError, match="text 1: "):
        model([rows[0].text, "no marker"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: clinsynth.compose("trian"), "'trian' is not a stage. Did you mean train?"),
        (lambda: clinsynth.compose("train", "trainer.epoch=3"), "Did you mean trainer.epochs?"),
        (lambda: clinsynth.load_dataset("sample_nerr"), "Did you mean sample_ner"),
        (lambda: clinsynth.load_corpus("abc123"), "corpus=abc123 is no corpus"),
        (lambda: clinsynth.load_model("not there"), "model=not there is neither a folder nor an MLflow run"),
        (lambda: clinsynth.train(clinsynth.compose("generate")), "this one is of generate"),
        (lambda: clinsynth.convert("nowhere.txt", "to.conll", format="conll"), "nowhere.txt"),
    ],
)
def test_a_mistake_is_one_paragraph(call: Any, said: str, workspace: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        call()


def test_what_is_no_function_of_it_is_said() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        _ = clinsynth.trian


def as_tiny(code: str, small: list[str]) -> str:
    """Code of the documentation with settings that make it quick."""
    words = ", ".join(map(repr, [*small, "units.max=6"]))
    code = code.replace('"size=n10"', '"size=n1", "units.max=6"')
    code = re.sub(r"(train\(\"sample_ner\", )", rf"\1{words}, ", code)
    return re.sub(r"(compose\(\"train\", )", rf"\1{words}, ", code)


def test_every_snippet_of_the_page_runs(with_store: Path, small: list[str]) -> None:
    (with_store / "notes.txt").write_text("He has asthma.\n", encoding="utf-8")
    names: dict[str, Any] = {}
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(as_tiny(code, small), "docs/python.md", "exec"), names)
    assert (with_store / "corpus.conll").is_file()
    assert 0 <= names["found"].metrics["analysis/told_apart"] <= 1


def test_the_notebook_runs(with_store: Path, small: list[str]) -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "is kept without its output"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = as_tiny(cell.source, small).replace('"size=n10"', '"size=n1", "units.max=6"')
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(with_store)}}).execute()
    shown = [
        output.data["text/html"] for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output
    ]
    assert "<mark>" in shown[0]
    assert "95% interval" in shown[-2]
