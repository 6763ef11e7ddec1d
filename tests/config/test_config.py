from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from clinsynth import config, tasks
from clinsynth.errors import ConfigError
from clinsynth.stages.overrides import combinations
from support import Command, Composed

CONF = config.conf_folder()
KEYLESS = {"experiment", "hydra", "search", "targets"}
GROUPS = sorted({folder.name for folder in CONF.iterdir() if folder.is_dir()} - KEYLESS)
NEEDED = {
    "predict": ("model=m", "input=notes.txt"),
    "compare": ("runs=[abc0,abc1]",),
    "export": ("corpus=latest", "to=there"),
    "convert": ("from=train.tsv", "to=there", "format=brat"),
    "sweep": ("target=table7",),
    "dataset=terms": ("dataset.units=terms.txt", "dataset.entity_type=Disease"),
    **{f"llm={name}": ("llm.model=m",) for name in ("azure", "bedrock", "llamacpp", "lmstudio", "local", "ollama")},
    **{f"llm={name}": ("llm.model=m",) for name in ("openrouter", "transformers", "vllm", "vllm_offline")},
}
"""What a stage or an option does not go without."""


def stages_with(group: str) -> list[str]:
    """Stages among whose defaults the group is."""
    found = []
    for stage in config.STAGES:
        defaults: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{stage}.yaml"))
        names = [name.split("@")[0] for entry in defaults["defaults"] if isinstance(entry, dict) for name in entry]
        found += [stage] * ({f"override {group}", f"/{group}", group} & set(names) != set())
    return found


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def jobs(experiment: str) -> list[list[str]]:
    """Overrides of every job in the grid of an experiment."""
    params = OmegaConf.select(OmegaConf.load(CONF / "experiment" / f"{experiment}.yaml"), "hydra.sweeper.params")
    return combinations(params)


def test_every_group_belongs_to_a_stage() -> None:
    included_by_datasets = {"guidelines", "pool"}
    assert {group for group in GROUPS if not stages_with(group)} == included_by_datasets
    assert "train" in stages_with("backbone")


@pytest.mark.parametrize("group", [group for group in GROUPS if stages_with(group)])
def test_every_option_becomes_typed_settings(group: str, composed: Composed) -> None:
    """In the first of the stages that have the group; `test_every_stage_takes_its_groups` is about the others."""
    stage = stages_with(group)[0]
    for option in options(group):
        chosen_option = f"{group}={option}"
        settings = composed(stage, chosen_option, *NEEDED.get(stage, ()), *NEEDED.get(chosen_option, ()))
        assert isinstance(settings, config.STAGES[stage])
        chosen = getattr(settings, group)
        assert is_dataclass(chosen) or group == "prompt_language"  # whose keys are names of prompts
        name = getattr(chosen, "name", option)
        assert option.startswith(getattr(name, "value", name)) or option == "kshot"


@pytest.mark.parametrize("stage", config.STAGES)
def test_every_stage_takes_its_groups(stage: str, composed: Composed) -> None:
    """With the last option of each of them at once."""
    groups = [group for group in GROUPS if stage in stages_with(group) and group != "hydra"]
    chosen = [f"{group}={options(group)[-1]}" for group in groups if options(group)]
    needed = [word for option in chosen for word in NEEDED.get(option, ())]
    assert isinstance(composed(stage, *chosen, *needed, *NEEDED.get(stage, ())), config.STAGES[stage])


def test_the_demo_compares_sources_and_annotators(composed: Composed) -> None:
    parts = ("train/demo/annotators", "train/demo/sources", "train/demo/relation", "train/demo/criteria")
    settings = [composed("train", f"experiment={part}", *job) for part in parts for job in jobs(part)]
    assert [(found.dataset.task, found.source.name.value, found.annotator.name) for found in settings] == [
        ("ner", "synthetic", "seed"),
        ("ner", "synthetic", "gazetteer"),
        ("ner", "synthetic", "llm"),
        ("ner", "original", "llm"),
        ("ner", "augmented", "llm"),
        *(("relation", source, "default") for source in ("original", "synthetic", "augmented")),
        *(("multilabel", source, "default") for source in ("original", "synthetic", "augmented")),
    ]
    assert {found.tracking.table for found in settings} == {"demo"}
    assert {(found.size.per_unit, found.units.max) for found in settings[:5]} == {(5, 40)}


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("backbone.lrr=1e-4", "'backbone.lrr'"),
        ("trainer.epoch=3", "'trainer.epoch'"),
        ("dataset.entity=Drug", "'dataset.entity'"),
        ("dataset.files.train.sha=0", "'dataset.files.train.sha'"),
        ("sead=1", "'sead'"),
    ],
)
def test_a_misspelt_key_is_named(word: str, named: str, clinsynth: Command) -> None:
    said = clinsynth("train", word)
    assert said.status == 2
    assert f"Could not override {named}" in said.err
    assert "`clinsynth train --help` lists" in " ".join(said.err.split())


@pytest.mark.parametrize(
    "key",
    [
        "backbone.lrr",
        "trainer.epoch",
        "dataset.entity",
        "dataset.files.train.sha",
        "dataset.files.valid",
        "sead",
        "paths.models",
    ],
)
@pytest.mark.parametrize("plus", ["+", "++"])
def test_a_key_that_is_added_has_to_be_known(plus: str, key: str, composed: Composed) -> None:
    with pytest.raises(ConfigError, match=f"^there is no key {key}: "):
        composed("train", f"{plus}{key}=1")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("trainer: {epoch: 3}", "Key 'epoch' not in 'TrainerConfig'"),
        ("sead: 1", "Key 'sead' not in 'TrainConfig'"),
        ("backbone: {lr: high}", "Value 'high' of type 'str' could not be converted to Float"),
    ],
)
def test_a_mistake_in_an_experiment_file_is_named(
    content: str, named: str, clinsynth: Command, workspace: Path
) -> None:
    file = workspace / "mine" / "experiment" / "train" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"# @package _global_\n{content}\n", encoding="utf-8")
    said = clinsynth("train", "--config-dir", "mine", "experiment=train/own")
    assert said.status == 2
    assert named in " ".join(said.err.split())


def test_an_experiment_file_of_ones_own_is_found(clinsynth: Command, workspace: Path) -> None:
    file = workspace / "mine" / "experiment" / "train" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\ntrainer: {epochs: 7}\n", encoding="utf-8")
    said = clinsynth("train", "--config-dir", "mine", "experiment=train/own", "--cfg", "job")
    assert said.status == 0
    assert "epochs: 7" in said.out


OUT_OF_RANGE = [
    "seed=-1",
    "source.examples=0",
    "source.examples=-5",
    "backbone.lr=0",
    "backbone.lr=-1e-5",
    "backbone.lr=1",
    "backbone.lr=nan",
    "backbone.max_length=7",
    "backbone.max_length=8193",
    "backbone.batch_size=0",
    "trainer.epochs=0",
    "trainer.min_steps=-1",
    "trainer.max_epochs=1",
    "trainer.holdout=-0.1",
    "trainer.holdout=0.9",
    "trainer.warmup=-0.1",
    "trainer.warmup=1",
    "trainer.weight_decay=-0.01",
    "trainer.gradient_clip=0",
    "trainer.devices=[-1]",
    "trainer.accumulate=0",
    "trainer.accelerator=tpu",
    "trainer.precision=16",
]


@pytest.fixture(scope="module")
def whole() -> DictConfig:
    """The config of a training; to compose it takes a third of a second."""
    from hydra import compose, initialize_config_dir

    config.register(tasks.schemas())
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", overrides=["source=original", "trainer.epochs=3"])


def with_value(whole: DictConfig, word: str) -> Any:
    """The typed settings, with a value as it would be written on the command line."""
    key, _, value = word.partition("=")
    changed = whole.copy()
    OmegaConf.update(changed, key, OmegaConf.create(f"value: {value}")["value"])
    return config.typed(changed, config.STAGES["train"])


SECRET = "sk-5f3a9c"


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("dataset.guidelines", "${oc.env:OPENAI_API_KEY}"),
        ("dataset.licence", "CC0 ${oc.env:MY_LLM,none}."),
        ("prompt.text", "Write $n sentences about $entity ${oc.env:OPENAI_${.name}_KEY}"),
        ("dataset.guidelines", "${oc.decode:'${oc.env:MY_LLM}'}"),
        ("dataset.guidelines", "${dataset.licence}"),
        ("tracking.uri", "https://host/?token=${oc.env:OPENAI_API_KEY}"),
        ("units.only", ["gout", "${oc.env:OPENAI_API_KEY}"]),
    ],
)
def test_no_secret_of_the_environment_gets_into_the_settings(
    key: str, written: Any, whole: DictConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{SECRET}\n")
    monkeypatch.setenv("MY_LLM", SECRET)
    changed = whole.copy()
    OmegaConf.update(changed, "llm.api_key_env", "MY_LLM")
    if written == "${dataset.licence}":
        OmegaConf.update(changed, "dataset.licence", "${oc.env:OPENAI_API_KEY}")
    if "${.name}" in written:
        OmegaConf.update(changed, "prompt.name", "API")
    OmegaConf.update(changed, key, written)
    with pytest.raises(ConfigError, match=r"which takes (OPENAI_API_KEY|MY_LLM) out of the environment") as raised:
        config.typed(changed, config.STAGES["train"])
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("paths.artifacts", "${oc.env:SCRATCH}/token"),
        ("paths.data", "${oc.env:SCRATCH,data}"),
        ("tracking.uri", "postgresql://me:${oc.env:DB_PASSWORD}@host/mlflow"),
        ("dataset.licence", "as ${dataset.name}"),
        ("dataset.guidelines", SECRET),
    ],
)
def test_other_interpolations_are_as_they_were(
    key: str, written: str, whole: DictConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRATCH", "/scratch/me")
    monkeypatch.setenv("SECRET_PLACE", "/scratch")
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    changed = whole.copy()
    OmegaConf.update(changed, key, written)
    config.typed(changed, config.STAGES["train"])


@pytest.mark.parametrize("name", ["..", ".", "...", ".mine", "a/b", "..\\mine", "a\nb", "", " ", "mine ", "x" * 101])
def test_a_dataset_cannot_be_named_like_another_folder(name: str, whole: DictConfig) -> None:
    changed = whole.copy()
    OmegaConf.update(changed, "dataset.name", name)
    with pytest.raises(ConfigError, match=r"(?s)dataset\.name=.* is out of range: it has to be a name"):
        config.typed(changed, config.STAGES["train"])


@pytest.mark.parametrize("word", OUT_OF_RANGE)
def test_a_value_out_of_range_is_refused(word: str, whole: DictConfig) -> None:
    key, _, _ = word.partition("=")
    with pytest.raises(ConfigError, match=rf"^{key}=\S+ is out of range: it has to be "):
        with_value(whole, word)


@pytest.mark.parametrize(
    "word",
    [
        "seed=0",
        "source.examples=1",
        "source.examples=null",
        "backbone.lr=1e-9",
        "backbone.lr=0.99",
        "backbone.max_length=8",
        "backbone.max_length=8192",
        "backbone.batch_size=1",
        "trainer.min_steps=0",
        "trainer.max_epochs=3",
        "trainer.holdout=0",
        "trainer.holdout=0.89",
        "trainer.warmup=0",
        "trainer.weight_decay=0",
        "trainer.devices=[1]",
        "trainer.accumulate=1",
        "trainer.accelerator=mps",
        "trainer.precision=16-mixed",
    ],
)
def test_a_value_at_the_edge_of_its_range_is_accepted(word: str, whole: DictConfig) -> None:
    key, _, value = word.partition("=")
    found = with_value(whole, word)
    for part in key.split("."):
        found = getattr(found, part)
    assert found == OmegaConf.create(f"value: {value}")["value"]


@pytest.mark.parametrize(
    "word",
    ["seed=many", "seed=1.5", "trainer.save_model=perhaps", "backbone.lr=high", "source.name=copied", "seed=null"],
)
def test_a_value_of_another_type_is_refused(word: str, composed: Composed) -> None:
    from hydra.errors import HydraException

    key, _, value = word.partition("=")
    with pytest.raises((HydraException, OmegaConfBaseException)) as raised:
        composed("train", word)
    said = f"{raised.value}\n{raised.value.__cause__}"
    assert key in said
    assert value in said or "None" in said


@pytest.mark.parametrize(
    ("stage", "words", "key"),
    [
        ("train", ("backbone.name_or_path=???",), "backbone.name_or_path"),
        ("train", ("dataset.entity_type=???",), "dataset.entity_type"),
        ("train", ("trainer.epochs=???", "seed=???"), "seed, trainer.epochs"),
    ],
)
def test_a_missing_value_is_named(stage: str, words: tuple[str, ...], key: str, composed: Composed) -> None:
    with pytest.raises(ConfigError, match=f"^no value for {key}: give one as "):
        composed(stage, *words)


def test_a_split_can_be_added_on_the_command_line(composed: Composed) -> None:
    found = composed("train", "dataset.files.devel.path=mine.tsv").dataset
    assert list(found.files.given()) == ["train", "test", "devel"]
    assert found.files.devel.path == "mine.tsv"


@pytest.mark.parametrize(("variable", "expected"), [(None, "data"), ("/gold", "/gold")])
def test_where_gold_data_is(
    variable: str | None, expected: str, composed: Composed, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv("CLINSYNTH_DATA", variable)
    assert composed("train").paths.data == expected


@pytest.mark.parametrize("stage", config.STAGES)
def test_every_key_of_a_stage_has_a_line_of_help(stage: str) -> None:
    listed = config.documented(config.STAGES[stage])
    assert listed
    assert [key for key, meaning in listed if not meaning] == []


@pytest.mark.parametrize("task", tasks.TASKS)
def test_every_key_of_a_task_has_a_line_of_help(task: str) -> None:
    schema = tasks.schemas()[task]
    listed = config.documented(schema, "dataset.")
    own = {f"dataset.{item.name}" for item in fields(schema)} - {"dataset.files"}
    assert own | {"dataset.files.test.path"} <= {key for key, _ in listed}
    assert [key for key, meaning in listed if not meaning] == []
