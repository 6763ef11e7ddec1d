"""The config of the stages that look after what lies on the disk: answers, corpora, models, runs, and the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.llm import LLMConfig
from clinsynth.config.options import check, option
from clinsynth.config.places import PathsConfig, TrackingConfig

CacheAction = Enum("CacheAction", ["stats", "export", "import", "verify", "forget", "prices", "audit", "move"])


@dataclass
class ForgetConfig:
    """The answers that are forgotten: those to which all that is given applies."""

    dataset: str | None = option(None, "asked for this dataset, as ids of requests begin: dataset/prompt/unit#0")
    prompt: str | None = option(None, "asked with this prompt")
    unit: str | None = option(None, "asked about this unit")
    reason: str | None = option(
        None, "that ended so (stop, length), or are no answers for this reason (refusal, empty, content filter ...)"
    )
    since: str | None = option(None, "that came on this day or after it, such as 2025-01-31 or 2025-01-31T18:00")
    before: str | None = option(None, "that came before this day")

    def __post_init__(self) -> None:
        for name in ("since", "before"):
            value = getattr(self, name)
            try:
                datetime.fromisoformat(value or "2025-01-31")
            except ValueError:
                check(False, f"forget.{name}", value, "a date such as 2025-01-31 or 2025-01-31T18:00")


@dataclass
class CacheConfig:
    """The completions that were paid for: count them, check them, take them elsewhere, forget some."""

    action: CacheAction = option(
        MISSING,
        "stats; verify; export to recordings (to=...); import recordings (file=...), as answers of model=...; "
        "forget those that forget.* names, so that they are asked for again; prices: the list of prices that is "
        "kept, of models whose name holds model=..., of provider=...; audit: what was sent where, and whether the log "
        "of it is whole; move: all into another place (to=...), such as postgresql://NAME@HOST/DATABASE",
    )
    forget: ForgetConfig = field(default_factory=ForgetConfig)
    dry_run: bool = option(MISSING, "forget: print what it would be, and change nothing")
    place: str | None = option(
        None,
        "where the answers are (also as from=...), as llm.cache has it; null is what CLINSYNTH_CACHE says, else "
        "completions.db of paths.artifacts",
    )
    to: str | None = option(None, "export: the JSON lines to write; move: a file or postgresql://NAME@HOST/DATABASE")
    file: str | None = option(None, "import: the JSON lines to read")
    model: str | None = option(
        None, "export, forget: only answers of this llm.model; import: whose answers they are; prices: a part of a name"
    )
    provider: str | None = option(None, "prices: whose, as llm.price_provider has it")
    prompts: bool = option(MISSING, "false leaves prompts out of the export, which can then not be replayed")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


StoreAction = Enum("StoreAction", ["usage", "prune", "check"])


@dataclass
class StoreConfig:
    """See how much room results take, whether they are whole, and delete what can go; paid answers always stay."""

    action: StoreAction = option(
        MISSING,
        "usage: how large everything is; check: whether corpora, models, answers and runs are whole; prune: delete "
        "saved models but for the best of each dataset, and what killed jobs have left",
    )
    keep: int = option(MISSING, "prune: so many models of each dataset stay, those with the best scores")
    jobs: bool = option(
        MISSING, "prune: true deletes the folders of jobs (outputs, multirun) that have not changed for a day"
    )
    dry_run: bool = option(MISSING, "prune: true lists what would go, and deletes nothing")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check(self.keep >= 0, "keep", self.keep, "0 or more")


@dataclass
class DoctorConfig:
    """Look whether everything that clinsynth needs is there and works, and how to mend what does not."""

    llm: LLMConfig = MISSING
    timeout_s: float = option(MISSING, "seconds to wait for the model hub and for the LLM's server")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check(self.timeout_s > 0, "timeout_s", self.timeout_s, "more than 0")
