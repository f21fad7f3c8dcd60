"""User-Mode Linux: Debian's kernel built as a program (package user-mode-linux), with about 900 modules."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lkm.errors import LabError
from lkm.lab.guest import Machine, Pipes, in_bytes
from lkm.lab.xstate import preload, too_large_for_uml

PACKAGE = "user-mode-linux"


def machine(directory: Path, pipes: Pipes, *, memory: str, append: str) -> Machine:
    """Return how to start the guest whose files are in ``directory``. Raises LabError when something is missing."""
    program = shutil.which("linux.uml")
    if program is None:
        raise LabError("linux.uml is not installed", hint=f"apt-get install --no-install-recommends {PACKAGE}")
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": memory_directory(in_bytes(memory))}
    if too_large_for_uml():
        # A file in memory: it needs no directory that lets programs be mapped, and is never left behind.
        pipes.given["preload"] = os.memfd_create("lkm-xstate")
        os.write(pipes.given["preload"], preload())
        environment["LD_PRELOAD"] = f"/proc/self/fd/{pipes.given['preload']}"
    out, status = pipes.given["out"], pipes.given["status"]
    command = [program, *options(directory, memory, append, out, pipes.given.get("err", out), status)]
    return Machine(command, environment, one_cpu=True)


def options(directory: Path, memory: str, append: str, out: int, err: int, status: int) -> list[str]:
    """Return the kernel's command line."""
    return [
        f"mem={memory}",
        *("rootfstype=hostfs", "rootflags=/", "ro", f"init={directory}/init-uml.sh", f"LAB_DIR={directory}"),
        # Consoles: the kernel's log, then the three of the lab's; descriptors for output, no input.
        *("con=null", "con0=null,fd:1", f"con1=null,fd:{out}", f"con2=null,fd:{err}", f"con3=null,fd:{status}"),
        f"uml_dir={directory}/",
        # Half of the boot time: the measurements of the processor and of the RAID 6 routines.
        *("quiet", "lpj=36000000", "initcall_blacklist=raid6_select_algo"),
        *append.split(),
    ]


def memory_directory(size: int, candidates: Sequence[str] = ()) -> str:
    """Return a directory that can hold the guest's memory, a file of ``size`` bytes that is mapped executable.

    It is removed at once by the kernel, and takes up only what the guest uses. Raises LabError when there is none.
    """
    tried = []
    for path in candidates or ("/dev/shm", tempfile.gettempdir(), "/var/tmp"):
        try:
            found = os.statvfs(path)
        except OSError as error:
            tried.append(f"{path}: {error.strerror}")
            continue
        if not os.access(path, os.W_OK | os.X_OK):
            tried.append(f"{path}: cannot be written")
        elif found.f_flag & os.ST_NOEXEC:
            tried.append(f"{path}: mounted noexec")
        elif found.f_bavail * found.f_frsize < size:
            tried.append(f"{path}: {found.f_bavail * found.f_frsize >> 20} MiB free")
        else:
            return path
    raise LabError(
        f"no directory can hold the guest's memory of {size >> 20} MiB ({'; '.join(tried)})",
        hint="set TMPDIR to a directory with room, or give the guest less (--memory)",
    )
