"""Run one command in a throwaway kernel."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lkm.errors import LabError
from lkm.lab import job
from lkm.lab.guest import Machine, Pipes, Relay, in_bytes, kernel_log, run_directory, started

#: Status of a run that took too long, and of one whose kernel ended before the command did.
TIMEOUT, DIED = 124, 125


@dataclass(frozen=True)
class LabResult:
    """What became of the command. ``log`` is the kernel's console, of use when the guest died or never came up."""

    status: int
    stdout: bytes
    stderr: bytes
    log: str
    #: "exited": ``status`` is the command's own; "timeout", "died": it is TIMEOUT or DIED.
    end: str
    #: Whether the guest came as far as to start the command.
    began: bool


def run(
    command: Sequence[str | bytes],
    kernel: str | os.PathLike[str] = "uml",
    *,
    timeout: float = 120.0,
    rw: str | os.PathLike[str] | None = None,
    append: str = "",
    memory: str = "512M",
    cwd: str | os.PathLike[str] | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    merge: bool = False,
) -> LabResult:
    """Boot a throwaway kernel, run the command in it as root, return how that ended.

    ``kernel``: "uml", or the path of a Debian kernel package (the .deb, or where it is unpacked), run by QEMU.
    ``timeout``: seconds from the start of the kernel. ``append``: more kernel command line.
    ``rw``: a directory of the host that the guest may write; all else that it writes is gone with it.
    ``cwd``: where to run, else where this process is.
    ``stdout``, ``stderr``: descriptors that output goes to as it comes; without, it is kept for the result.
    ``merge``: errors go where the output goes, in their order.
    Raises LabError when there is no such kernel or it cannot be started at all.
    """
    if not command:
        raise LabError("there is no command to run")
    if shutil.which("busybox") is None and not os.path.exists("/bin/busybox"):
        raise LabError("busybox is not installed", hint="apt-get install --no-install-recommends busybox-static")
    names = ("out", "status") if merge else ("out", "err", "status")
    in_bytes(memory)
    try:
        place = os.fsencode(os.path.abspath(cwd)) if cwd is not None else os.getcwdb()
    except FileNotFoundError:
        raise LabError("the working directory is gone") from None
    writable = os.path.realpath(rw) if rw is not None else ""
    if writable and not os.path.isdir(writable):
        raise LabError("no directory that the guest could write", writable)
    settings = {"LAB_RW": writable, "LAB_SPLIT": "" if merge else "1", "LAB_DATE": str(int(time.time()))}
    with run_directory() as directory, Pipes(names) as pipes:
        (directory / "command").write_bytes(job.command_text(command, place, dict(os.environ)))
        (directory / "env").write_bytes(job.settings_text({**settings, "LAB_DIR": str(directory)}))
        for name in ("init-uml.sh", "job.sh"):
            (directory / name).write_bytes((job.SCRIPTS / name).read_bytes())
            (directory / name).chmod(0o700)
        if os.fspath(kernel) == "uml":
            from lkm.lab import uml

            machine = uml.machine(directory, pipes, memory=memory, append=append)
        else:
            from lkm.lab import qemu

            machine = qemu.machine(directory, pipes, Path(kernel), memory=memory, append=append, rw=writable)
        return _watch(machine, directory, pipes, {"out": stdout, "err": stderr}, timeout)


def _watch(
    machine: Machine, directory: Path, pipes: Pipes, targets: dict[str, int | None], timeout: float
) -> LabResult:
    relay = Relay(pipes, targets, time.monotonic() + timeout)
    end = "died"
    with started(machine, directory, pipes) as guest:
        try:
            relay.until_end(guest)
        except TimeoutError:
            end = "timeout"
        log = kernel_log(directory)
    said = relay.kept["status"].split()
    if end == "died" and len(said) > 1:
        end = "exited"
    status = int(said[1]) if end == "exited" else {"died": DIED, "timeout": TIMEOUT}[end]
    return LabResult(status, bytes(relay.kept["out"]), bytes(relay.kept.get("err", b"")), log, end, bool(said))
