"""Where the configuration lies."""

from __future__ import annotations

from pathlib import Path


def conf_folder() -> Path:
    """Return `conf/` of a checkout, or the copy inside an installed wheel."""
    packaged = Path(__file__).parents[1] / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "conf"
