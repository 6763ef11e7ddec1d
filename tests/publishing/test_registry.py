"""Saved models in MLflow: searched by their scores, registered, loaded and served by name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import clinsynth as package
from support import TINY, Command

TEXTS = ["Loss of dystrophin  was seen.", "", "Asthma\tand myotonic dystrophy."]


@pytest.fixture
def trained(with_store: Path, tiny_bert: Path) -> package.api.Trained:  # type: ignore[name-defined]
    return package.train("sample_ner", "source=original", f"backbone.name_or_path={tiny_bert}", TINY)


def test_a_registered_model_is_found_and_served(
    trained: package.api.Trained,  # type: ignore[name-defined]
    clinsynth: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mlflow
    from fastapi.testclient import TestClient
    from mlflow import MlflowClient
    from mlflow.pyfunc import scoring_server

    uri = f"sqlite:///{Path('mlruns/mlflow.db').resolve()}"
    client = MlflowClient(tracking_uri=uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (found,) = client.search_logged_models(
        experiments, order_by=[{"field_name": "metrics.test/f1", "ascending": False}]
    )
    assert (found.source_run_id, found.model_type, found.tags["folder"]) == (trained.run_id, "ner", str(trained.model))
    scores = {metric.key: (metric.value, metric.dataset_name) for metric in found.metrics}
    assert scores["test/f1"] == (trained.score, "sample_ner")
    assert found.params["source"] == "original"

    for number in ("1", "2"):
        said = clinsynth(
            "export", "model=latest", f"to=exports/{number}", "register=diseases", "alias=champion", "force=true"
        )
        assert (said.status, said.err) == (0, "")
        assert f"registered: diseases, version {number}." in said.out
        assert "mlflow models serve -m models:/diseases@champion" in said.out
    assert int(client.get_model_version_by_alias("diseases", "champion").version) == 2

    assert "MLFLOW_TRACKING_URI" not in os.environ, "what comes next in this process would go to that store"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    model = mlflow.pyfunc.load_model("models:/diseases@champion")
    assert [column.name for column in model.metadata.signature.inputs] == ["text"]
    assert "spans" in json.dumps(model.metadata.signature.outputs.to_dict())
    with TestClient(scoring_server.init(model)) as served:
        rows = {"columns": ["text"], "data": [[text] for text in TEXTS]}
        answer = served.post("/invocations", json={"dataframe_split": rows})
    with package.load_model(trained.model, "predict.accelerator=cpu") as here:
        wanted = [{"spans": [dict(span) for span in spans]} for spans in here(TEXTS)]
    assert answer.json() == {"predictions": wanted}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("corpus=latest", "register=a"), "register is of models"),
        (("model=latest", "alias=champion"), "alias=champion is of a model in MLflow's registry"),
    ],
)
def test_what_cannot_be_registered_is_refused(words: tuple[str, ...], said: str, clinsynth: Command) -> None:
    found = clinsynth("export", "to=exports/it", *words)
    assert (found.status, said in " ".join(found.err.split())) == (2, True)
