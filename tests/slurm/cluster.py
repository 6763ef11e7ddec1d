"""Slurm on this machine: munged, slurmctld and slurmd of one node, with a folder for all that they keep."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
NODE = "localhost"

CONFIG = """\
ClusterName=clinsynth
SlurmctldHost={node}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=2
SlurmctldPort={controller}
SlurmdPort={daemon}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=0,sched_interval=1,bf_interval=1
MpiDefault=none
ReturnToService=2
KillWait=10
MailProg=/bin/true
NodeName={node} CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


def lacking() -> str:
    """Return why there can be no Slurm here; empty where there can."""
    missing = [name for name in DAEMONS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        return f"no {', '.join(missing)}: apt-get install slurm-wlm munge"
    return "" if os.geteuid() == 0 else "its daemons are started as root"


class Cluster:
    """One node, which can be lost and come back."""

    def __init__(self, folder: Path, *, cpus: int = 2) -> None:
        self.folder = folder
        for name, mode in (("munge", 0o711), ("state", 0o755), ("spool", 0o755)):
            (folder / name).mkdir(mode=mode)
        key = folder / "munge/key"
        key.write_bytes(os.urandom(64))
        key.chmod(0o400)
        told = CONFIG.format(folder=folder, node=NODE, cpus=cpus, controller=_port(), daemon=_port())
        (folder / "slurm.conf").write_text(told, encoding="utf-8")
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._start_all()
        except BaseException:
            self.stop()
            raise

    def _start_all(self) -> None:
        munge = self.folder / "munge"
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed", "log-file": "log"}
        self._start(
            "munged", "--foreground", "--force", *(f"--{option}={munge / name}" for option, name in files.items())
        )
        until((munge / "socket").exists)
        self._start("slurmctld", "-D")
        self.bring_back()

    def _start(self, *command: str) -> None:
        path = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin")
        assert path is not None
        self._started[command[0]] = subprocess.Popen(
            [path, *command[1:]], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def ask(self, *words: str) -> str:
        """Return what a command of Slurm prints."""
        return subprocess.run(words, env=self.environment, check=True, capture_output=True, text=True).stdout

    def state(self) -> str:
        """Return that of the node; empty where nobody answers."""
        with suppress(subprocess.CalledProcessError):
            return self.ask("sinfo", "--noheader", "--format=%T").strip()
        return ""

    def lose_node(self) -> None:
        """Kill the node's daemon and all that runs for jobs at once, as a power failure would."""
        daemon = self._started.pop("slurmd")
        for pid in (daemon.pid, *self._of_jobs()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.wait()
        self.ask("scontrol", "update", f"nodename={NODE}", "state=down", "reason=lost")

    def _of_jobs(self) -> Iterator[int]:
        """Return the processes that this Slurm has started on the node, by what their environment says."""
        ours = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                told = (process / "environ").read_bytes().split(b"\0")
                step = (process / "comm").read_text().strip() == "slurmstepd"
                if ours in told and (step or any(each.startswith(b"SLURM_JOB_ID=") for each in told)):
                    yield int(process.name)

    def bring_back(self) -> None:
        """Start the node's daemon, and wait until jobs may come."""
        self._start("slurmd", "-D", "-N", NODE)
        until(lambda: self.state() in ("idle", "mixed", "allocated"))

    def empty(self) -> None:
        """Cancel whatever waits or runs."""
        self.ask("scancel", "--signal=KILL", "--full", "--user=root")
        self.ask("scancel", "--user=root")
        until(lambda: not self.ask("squeue", "--noheader"))

    def stop(self) -> None:
        """End all that was started, jobs first."""
        with suppress(subprocess.CalledProcessError, FileNotFoundError, TimeoutError):
            self.empty()
        for process in reversed(self._started.values()):
            process.terminate()
        for pid in self._of_jobs():  # which wait for daemons that are gone
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._started.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(holds: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait until something holds; raises TimeoutError where it does not."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} seconds")
        time.sleep(0.1)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
