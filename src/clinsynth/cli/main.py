"""`clinsynth STAGE [overrides]`: finds the stage, hands over to Hydra, says errors in one paragraph."""

from __future__ import annotations

import errno
import os
import sys
import textwrap
import traceback
from collections.abc import Sequence

import hydra
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from clinsynth import config, stages, tasks
from clinsynth.cli import help, sweeps
from clinsynth.cli.signals import sigterm_as_ctrl_c
from clinsynth.errors import ClinsynthError
from clinsynth.stages.overrides import quoted

USER_MISTAKE, INTERRUPTED = 2, 130

# What the machine refuses, as opposed to a file that our own code forgot to make.
_REFUSALS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EISDIR,
}


SEPARATOR = "--"


def main(words: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 2 a mistake that the user can mend, 130 Ctrl-C; a bug raises."""
    stage, *given = list(sys.argv[1:] if words is None else words) or ["--help"]
    overrides = of_each_job(given)
    settle_environment()
    if stage in ("-h", "--help", "help"):
        help.show_stages()
        return 0
    if stage not in config.STAGES:
        return _complain(f"{stage!r} is not a stage. Stages: {', '.join(config.STAGES)}. See `clinsynth --help`.")
    config.register(tasks.schemas())
    try:
        if {"-h", "--help"} & set(overrides):
            help.show_stage(stage, [word for word in overrides if not word.startswith("-")])
        else:
            with sigterm_as_ctrl_c():
                _hand_over(stage, overrides)
    except KeyboardInterrupt:
        print("\nStopped. What is finished is kept: the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    except (HydraException, OmegaConfBaseException) as error:
        return _complain(help.explained(error, stage, overrides))
    except ValueError as error:
        if "Config group override must be" not in str(error):  # Hydra's word for size=5, which is no option's name
            _complain_of_sweep()
            raise
        return _complain(help.no_option(stage, overrides))
    except ClinsynthError as error:
        return _complain_of_sweep() or _complain(str(error), status=error.status)
    except OSError as error:
        if error.errno not in _REFUSALS and _raised_by_a_stage(error):
            raise
        return _complain(
            f"{error.filename or 'a file'} cannot be written: {error.strerror}. Jobs write below the current folder; "
            "choose others with output=, to= or folder=, where the stage has it, and with hydra.run.dir=, "
            "hydra.sweep.dir=, paths.artifacts=, tracking.artifacts=."
        )
    except Exception:
        _complain_of_sweep()
        raise
    return 0


def settle_environment() -> None:
    """Set what libraries read when they are imported: no telemetry, and good neighbours on shared cores."""
    for variable in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY"):
        os.environ.setdefault(variable, "true")
    # Threads that wait without spinning: two jobs side by side ran twice as fast, one alone a tenth slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # warns at every fork otherwise
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def _hand_over(stage: str, overrides: list[str]) -> None:
    """Run the stage under Hydra, which reads `sys.argv`."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise to us instead of printing
    given, sys.argv = sys.argv, ["clinsynth", *flags_first(overrides)]
    try:
        hydra.main(version_base="1.3", config_path=str(config.conf_folder()), config_name=stage)(stages.run)()
    except sweeps.JobError as failed:
        raise failed.error from None
    finally:
        sweeps.Progress.end()
        sys.argv = given


def of_each_job(words: Sequence[str]) -> list[str]:
    """Return words with what is behind `--` as the list `overrides` of `sweep` and `report`, quoted for Hydra."""
    if SEPARATOR not in words:
        return list(words)
    place = words.index(SEPARATOR)
    return [*words[:place], f"overrides=[{','.join(map(quoted, words[place + 1 :]))}]"]


def flags_first(words: Sequence[str]) -> list[str]:
    """Hydra's flags, with their values, before the overrides that they rule: argparse takes no others."""
    flags: list[str] = []
    others: list[str] = []
    before = ""
    for word in words:
        takes_value = before.startswith("--") and "=" not in before + word and before != "--multirun"
        (flags if word.startswith("-") or takes_value else others).append(word)
        before = word
    return [*flags, *others]


def _raised_by_a_stage(error: BaseException) -> bool:
    """False where Hydra could not even make the folder of the job."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__", "").startswith("clinsynth.stages") for frame, _ in frames)


def _complain(message: str, *, status: int = USER_MISTAKE) -> int:
    width = 100
    print(
        textwrap.fill(f"clinsynth: {' '.join(message.split())}", width, break_long_words=False, break_on_hyphens=False),
        file=sys.stderr,
    )
    return status


def _complain_of_sweep() -> int:
    """List the failed jobs of a sweep, if that is what failed."""
    failed = sweeps.failures(sweeps.Failures.sweep)
    for failure in failed:
        _complain(f"job {failure['job']} failed: {failure['error'].strip().splitlines()[-1]}")
        print(f"  again: {sweeps.rerun_command(failure)}", file=sys.stderr)
    return USER_MISTAKE if failed and not any(failure["bug"] for failure in failed) else 0
