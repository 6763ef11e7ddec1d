"""Dataclass schema of the config: types, ranges and a line of help for every key.

Values stand in `conf/`; here is what they may be. `register` puts the schemas into Hydra's
ConfigStore, so that a misspelt key fails while the config is composed; `typed` turns a composed
config into the dataclasses, whose `__post_init__` checks ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import Any, cast, get_type_hints

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from clinsynth.config.asking import RULES, AskingConfig, OnMissing, PromptConfig
from clinsynth.config.chats import (
    AnswerJudgeConfig,
    ChatConfig,
    DistillConfig,
    FeedbackConfig,
    Objective,
    ScoredBy,
    ServeConfig,
    TalkingConfig,
)
from clinsynth.config.corpus import (
    LANGUAGE,
    AnnotatorConfig,
    ColumnsConfig,
    DatasetConfig,
    FileConfig,
    FilesConfig,
    QualityConfig,
    Reviewed,
    SizeConfig,
    TestName,
    UnitList,
)
from clinsynth.config.folder import conf_folder
from clinsynth.config.labelling import DRAW, NEAREST, TRAIN, LabelAskingConfig, Material, Pick, TextsConfig
from clinsynth.config.llm import LLMConfig, LLMMode, PriceConfig, Structured, WhenCut, check_names_no_secret
from clinsynth.config.options import check, option
from clinsynth.config.places import PathsConfig, TrackingConfig
from clinsynth.config.privacy import PrivacyConfig
from clinsynth.config.secrets import check_no_secrets
from clinsynth.config.served import serve
from clinsynth.config.shards import Shard, Sharded
from clinsynth.config.stages import (
    STAGES,
    AnalyseConfig,
    AnalysisConfig,
    CorpusConfig,
    Detect,
    GenerateConfig,
    JudgeName,
    SearchConfig,
    TrainConfig,
    ZeroShotConfig,
)
from clinsynth.config.sweeping import Launcher, SweepAction, SweepConfig
from clinsynth.config.tools import (
    AS_IT_IS,
    CompareConfig,
    ConvertConfig,
    ExportConfig,
    FigureName,
    PredictConfig,
    PredictionConfig,
    ReportConfig,
    ReviewAction,
    ReviewConfig,
    ShowConfig,
)
from clinsynth.config.training import BackboneConfig, SourceConfig, SourceName, Strategy, TrainerConfig
from clinsynth.config.units import NegativesConfig, UnitsConfig
from clinsynth.config.upkeep import CacheAction, CacheConfig, DoctorConfig, StoreAction, StoreConfig
from clinsynth.errors import ConfigError
from clinsynth.types import Prompt


def register(datasets: Mapping[str, type]) -> None:
    """Make schemas and served options known to Hydra, `datasets` by task; a call, so that importing has no effect."""
    from clinsynth.config.remembered import remember_compositions  # Hydra's insides

    serve()
    remember_compositions()
    for stage, schema in STAGES.items():
        _store("schema", stage, schema)
    for task, schema in datasets.items():
        _store("schema/dataset", task, schema)
    store = ConfigStore.instance()
    vars(store)["__deepcopy__"] = lambda memo: store  # else Hydra copies all schemas, a fifth of each composition


@cache
def _store(group: str, name: str, schema: Any) -> None:
    """Tell Hydra of a schema, which it remembers as long as the process lives; once, for that takes a while."""
    ConfigStore.instance().store(group=group, name=name, node=schema)


def typed(config: DictConfig, schema: type) -> Any:
    """Return the composed config as dataclasses; raises ConfigError for what is missing or out of range."""
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise ConfigError(f"no value for {', '.join(missing)}: give one as {missing[0]}=... on the command line.")
    check_no_secrets(config)
    settings = OmegaConf.to_object(config)
    assert isinstance(settings, schema)
    unknown = _unknown(settings)
    if unknown:
        raise ConfigError(f"there is no key {', '.join(unknown)}: `clinsynth STAGE --help` lists keys.")
    return cast(Any, settings)


@lru_cache(maxsize=32)
def named_prompt(name: str) -> Prompt:
    """Return the prompt of `conf/prompt/<name>.yaml`; a task asks for its own each time that it is opened."""
    content: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "prompt" / f"{name}.yaml"))
    return Prompt(**content)


def _unknown(value: Any, prefix: str = "") -> list[str]:
    """Return the keys outside the schema, which Hydra lets in where they are written with a plus."""
    if isinstance(value, dict):
        return [key for name, inner in value.items() for key in _unknown(inner, f"{prefix}{name}.")]
    if not is_dataclass(value):
        return []
    known = {item.name for item in fields(value)}
    found = [f"{prefix}{name}" for name in vars(value) if name not in known]
    return found + [key for name in sorted(known) for key in _unknown(getattr(value, name), f"{prefix}{name}.")]


def documented(schema: type, prefix: str = "") -> list[tuple[str, str]]:
    """Return every key below a schema with its line of help."""
    found: list[tuple[str, str]] = []
    hints = get_type_hints(schema)
    for item in fields(schema):
        kind = hints[item.name]
        if is_dataclass(kind) and isinstance(kind, type):
            found += documented(kind, f"{prefix}{item.name}.")
        else:
            found.append((f"{prefix}{item.name}", item.metadata.get("help", "")))
    return found
