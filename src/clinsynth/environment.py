"""What libraries read from the environment when they are imported, and what kind of disk a path lies on."""

from __future__ import annotations

import os
import re
from pathlib import Path

_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_DISABLE_TELEMETRY": "true",
    "DISABLE_TELEMETRY": "true",
    "DISABLE_SAFETENSORS_CONVERSION": "true",  # transformers would name a model that has none to a service of the hub
    # Threads that spin but shortly before they sleep: a job alone trains a tenth faster than with none of it, of two by
    # hand each a seventh slower. libgomp's own 300,000 turns make two of them ten times slower (benchmarks/README.md).
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "1000",
    "TOKENIZERS_PARALLELISM": "false",  # warns at every fork otherwise
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def settle_environment() -> None:
    """Set, where nothing else is said: no telemetry, and good neighbours on shared cores."""
    for variable, value in _DEFAULTS.items():
        os.environ.setdefault(variable, value)


_NETWORK = re.compile(
    r"(fuse\.)?(nfs\d?|cifs|smb\w*|lustre|gpfs|ceph|glusterfs|beegfs|afs|9p|orangefs|panfs|pvfs2|sshfs|s3fs|gcsfuse)"
)


def network_file_system(path: Path, *, mounts: Path = Path("/proc/mounts")) -> str | None:
    """Return the type of the file system that a resolved path lies on, where it is one of a network; else `None`."""
    if not mounts.is_file():
        return None
    lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    points = [(Path(line[1].replace("\\040", " ")), line[2]) for line in lines if len(line) > 2]
    above = [(len(point.parts), kind) for point, kind in points if path.is_relative_to(point)]
    kind = max(above, key=lambda found: found[0], default=(0, ""))[1]
    return kind if _NETWORK.fullmatch(kind) else None
