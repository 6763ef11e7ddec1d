"""The licences of all that is installed beside clinsynth, by what the packages say of themselves.

`python tests/licences.py` lists them, and ends with 1 where one is none of those that are accepted.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from typing import Any

ACCEPTED = re.compile(
    r"MIT(-0|-CMU)?|(\d-Clause )?BSD(-\d-Clause)?|0BSD|Apache( Software|-| License)?( ?2\.0)?( WITH LLVM-exception)?|"
    r"ISC|PSF(-2\.0)?|Python Software Foundation|MPL-2\.0|Mozilla Public 2\.0|CNRI-Python|BSL-1\.0|Zlib|CC0-1\.0|HPND|"
    r"LGPL-3\.0-only|Unlicense|(LicenseRef-)?NVIDIA( |-)Proprietary( Software)?",
)
"""Licences that ask for no more than their text and, of MPL and LGPL, changes to the library's own files, which is
installed beside us and not copied (psycopg); NVIDIA's come with PyTorch."""

READ = {"huey": "MIT", "skops": "MIT"}
"""Packages whose licence is in a file alone, as it was read there."""


def licence(told: Any) -> str:
    """Return the licence that a package's metadata name: the expression, else the classifiers, else the free text."""
    if expression := told.get("License-Expression"):
        return str(expression)
    named = [name.rpartition(" :: ")[2] for name in told.get_all("Classifier") or [] if name.startswith("License ::")]
    said = " AND ".join(name for name in named if name != "OSI Approved") or (told.get("License") or "").strip()
    return said.splitlines()[0][:60] if said else READ.get(told["Name"], "unknown")


def is_accepted(said: str) -> bool:
    """Say whether all parts of a licence are accepted, or one of those among which one may choose."""
    plain = re.sub(r"\s*\(.*?\)| License\b", "", said)
    ways = [re.split(r" AND |; ", way) for way in plain.split(" OR ")]
    return any(all(ACCEPTED.fullmatch(part.strip("() ")) for part in way) for way in ways)


def licences() -> dict[str, str]:
    """Return the licence of every package that is installed, but for clinsynth itself."""
    found = {one.metadata["Name"]: licence(one.metadata) for one in distributions()}
    return {name: found[name] for name in sorted(found, key=str.casefold) if name != "clinsynth"}


def main() -> int:
    """Print all, those last that are not accepted."""
    found = licences()
    for name, said in found.items():
        print(f"{name}  {said}")
    refused = [f"{name} ({said})" for name, said in found.items() if not is_accepted(said)]
    if refused:
        print(f"Not accepted by tests/licences.py: {', '.join(refused)}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
