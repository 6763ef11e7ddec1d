"""`python -m clinsynth.cli.series FILE`: commands one after another, in a process that loads its libraries once.

Workers of joblib stay for the next command, too: to load Lightning takes them longer than to train a small job.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from clinsynth.cli import sweeps
from clinsynth.cli.main import INTERRUPTED, main


def alone(command: Sequence[str]) -> int:
    """Run a command as if it were the first one of the process: a sweep before it had its own end."""
    sweeps.Failures.sweep = None
    return main(command)


def run(path: Path) -> int:
    """Run each command of a JSON list; 130 when Ctrl-C has stopped them.

    A command is taken off the list before it runs: who starts this again after it was killed goes on with the next.
    """
    while left := json.loads(path.read_text(encoding="utf-8")):
        command, *others = left
        path.write_text(json.dumps(others), encoding="utf-8")
        try:
            if alone(command) == INTERRUPTED:
                return INTERRUPTED
        except Exception:  # a bug in one is no reason to leave out the others
            traceback.print_exc()
    return 0


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
