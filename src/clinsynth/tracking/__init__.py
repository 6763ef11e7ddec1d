"""MLflow, the ledger of runs; this room alone imports it.

A job is known by its run key. While it runs, its process holds a lock file named by that key, so
that nothing is done twice side by side, and a run that claims to run while its lock is free is dead.
"""

from clinsynth.tracking.active import LONGEST_PARAM, ActiveRun
from clinsynth.tracking.ledger import Ledger
from clinsynth.tracking.tags import ANSWERS, ARM_KEY, CORPUS, HOST, LOCK, RUN_KEY, SENT, VIEW, WEIGHTS_KEY
from clinsynth.tracking.traces import Traced

__all__ = [
    "ANSWERS",
    "ARM_KEY",
    "CORPUS",
    "HOST",
    "LOCK",
    "LONGEST_PARAM",
    "RUN_KEY",
    "SENT",
    "VIEW",
    "WEIGHTS_KEY",
    "ActiveRun",
    "Ledger",
    "Traced",
]
