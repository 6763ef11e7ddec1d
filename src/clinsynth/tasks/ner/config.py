"""What a dataset of this task says beyond the common keys."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config import DatasetConfig, option


@dataclass
class NerDataset(DatasetConfig):
    entity_type: str = option(MISSING, "the one entity type, as in the tags B-Disease, I-Disease")


DATASET = NerDataset
