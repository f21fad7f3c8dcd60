"""Runs in the guest: tries remedies. usage: remedies_guest.py FILE: a JSON list of cases, each a dict of commands.

For each a line: the statuses of sick, command and healthy (null: none), and what the command printed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lkm.kernel.linux import LinuxKernel
from lkm.names import ModuleName


def shell(command: str) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout + done.stderr


def main(cases: list[dict[str, str]], tree: Path) -> None:
    kernel = LinuxKernel()
    base = {module.name for module in kernel.state().modules}
    kept = [tree / "kernel/fs/fat/fat.ko", tree / "kernel/fs/fat/msdos.ko", *tree.glob("modules.*")]
    Path("/run/kept").mkdir()
    for path in kept:
        shutil.copy(path, "/run/kept")
    os.makedirs("/run/case")
    os.chdir("/run/case")
    for case in cases:
        setup = shell(case["setup"]) if case["setup"] else (0, "")
        sick = shell(case["sick"])[0] if case["sick"] else None
        pid = Path("/run/pid").read_text().strip() if os.path.exists("/run/pid") else ""
        status, out = shell(f"{case['by']} {case['command'].replace('@PID@', pid)}")
        healthy = shell(case["healthy"]) if case["healthy"] else (None, "")
        print(json.dumps([setup, sick, status, out[-4000:], healthy]), flush=True)
        tidy(kernel, base, kept, pid, tree)


def tidy(kernel: LinuxKernel, base: set[ModuleName], kept: list[Path], pid: str, tree: Path) -> None:
    """Make the guest as it was."""
    if pid:
        shell(f"kill {pid}; rm /run/pid; sleep 0.1")
    shell("umount '/run/a disk' /run/disk /run/full; swapoff -a; losetup -D; rm -f /etc/modprobe.d/zz.conf")
    Path("/proc/sys/kernel/modprobe").write_text("/sbin/modprobe\n")
    shutil.rmtree(tree / "extra", ignore_errors=True)
    for path in kept:
        shutil.copy(f"/run/kept/{path.name}", path)
    for _ in range(4):
        for module in kernel.state().modules:
            if module.name not in base:
                kernel.unload(module.name)


if __name__ == "__main__":
    with open(sys.argv[1]) as listed:
        rows = json.load(listed)
    main(rows, Path(sys.argv[2]))
