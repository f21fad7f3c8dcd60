"""The lab's kernels, for tests: ``uml("true")`` and ``debian("true")`` run a command in one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from lkm.lab import LabResult, run
from tests.support.trees import debian_kernel

#: The lkm of this installation.
LKM = str(Path(sys.executable).with_name("lkm"))


def uml(*command: str | bytes, **options: Any) -> LabResult:
    """Run the command in User-Mode Linux; ``options`` as lkm.lab.run has them."""
    return run(command, "uml", **options)


def debian(*command: str | bytes, **options: Any) -> LabResult:
    """Run the command in Debian's own kernel, by QEMU; ``options`` as lkm.lab.run has them."""
    return run(command, debian_kernel(), **options)


def start(
    kernel: str, *command: str, environment: dict[str, str], options: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start ``lkm lab run`` in a session of its own; return it running, its output a pipe."""
    words = [LKM, "lab", "run", "--kernel", kernel, *options, "--", *command]
    return subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
